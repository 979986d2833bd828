# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""``ros-rl doctor``: what it says and how it ends, alone and with a robot in a process of its own."""

import subprocess
import sys

import pytest
from command_line import run_cli

from ros_rl.cli import doctor
from ros_rl.runs.doctor import Check, clock, installed, real_time


def test_what_is_missing_and_needed_is_fatal() -> None:
    checks = {check.name: check for check in installed(("no_such_client",))}
    assert checks["no_such_client"].fatal and "install no_such_client" in checks["no_such_client"].fix
    assert not checks["numpy"].fatal and checks["numpy"].found[0].isdigit()


def test_hints_are_never_fatal() -> None:
    assert not any(check.fatal for check in (*real_time(), clock()))


@pytest.mark.parametrize(
    ("checks", "code", "last"),
    [
        ([Check("a", "well")], 0, "nothing to fix"),
        ([Check("a", "so so", "do this")], 0, "  a: do this"),
        ([Check("a", "so so", "do this"), Check("b", "bad", "do that", fatal=True)], 1, "  a: do this"),
    ],
)
def test_it_ends_with_what_to_fix(checks, code, last, capsys) -> None:
    assert doctor._close(checks) == code
    assert capsys.readouterr().out.splitlines()[-1] == last


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["nobody"], "unknown robot 'nobody'"),
        (["mock"], "what moves mock? its file names none: say --driver NAME"),
        (["mock", "--driver", "mock", "--set", "task.name=x"], "knows driver.backend and control only"),
        (["mock", "--driver", "mock", "--set", "driver.backend.speed=1"], "unknown setting 'driver.backend.speed'"),
        (["--measure-delay"], "--measure-delay needs ROBOT"),
        (["--driver", "mock"], "--driver needs ROBOT"),
        (["--set", "control.rate_hz=2"], "--set needs ROBOT"),
        (["mock", "--driver", "mock", "--set", "control=5"], "--set control=5: a doctor knows"),
        (["mock", "--driver", "mock", "--set", "driver.backend=5"], "--set driver.backend=5: a doctor knows"),
        (["a1", "--set", "driver.mode=real_time"], "--set driver.mode=real_time: a doctor knows"),
        (["a1", "--driver", "xarm"], "driver 'xarm' is not for robot 'a1', whose file has hardware for unitree_a1"),
        (["a1", "--driver", "external"], "driver 'external' is a program of somebody else's"),
        (["ur5e"], "what moves ur5e? its file has hardware for ur_rtde, ros2_control: say --driver NAME"),
        (["xarm6"], "driver.backend.address is empty"),
        (["sphero"], "control.rate_hz is 20, but a Sphero"),
        (["a1", "--measure-delay", "--joint", "knee"], "--joint knee: a1 has FR_hip_joint"),
        (["a1", "--measure-delay", "--amplitude", "nan"], "argument --amplitude: nan is not in (0, 0.3] rad or m"),
        (["a1", "--measure-delay", "--amplitude", "2"], "argument --amplitude: 2 is not in (0, 0.3] rad or m"),
    ],
)
def test_wrong_arguments_are_one_line(arguments, complaint, capsys) -> None:
    code, _, errors = run_cli(capsys, "doctor", *arguments)
    assert code == 2 and complaint in errors and len(errors.splitlines()) == 1


@pytest.mark.ros
def test_a_whole_visit() -> None:
    command = [sys.executable, "-m", "ros_rl.cli", "doctor", "mock", "--driver", "mock"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert done.returncode in (0, 1), done.stderr  # a loaded machine may keep the mock from its rate
    for line in ("installed", "punctual", "two processes", "there and back", "mock by mock", "link"):
        assert line in done.stdout
    assert "to fix" in done.stdout
