# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""``ros-rl doctor``: what it says and how it ends, alone and with a robot in a process of its own."""

import subprocess
import sys

import numpy as np
import pytest
from command_line import run_cli
from late_robot import Late

from ros_rl.backends.own_limits import OwnLimits
from ros_rl.cli import doctor, doctor_robot
from ros_rl.cli.doctor_robot import Motion, robot_checks
from ros_rl.errors import BackendError
from ros_rl.robot import load_robot
from ros_rl.runs.doctor import Check, clock, installed, real_time
from ros_rl.runtime.delay import Delay
from ros_rl.settings.backends import BackendSettings
from ros_rl.settings.nodes import ControlSettings


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


class Watched(Late):
    """In real time, for as long as a visit takes."""

    def __init__(self, robot) -> None:
        super().__init__(robot)
        self.disarm_calls = 0

    def read(self):
        self.sleep(0.004)
        return super().read()

    def disarm(self) -> None:
        self.disarm_calls += 1


@pytest.fixture
def a1(monkeypatch) -> Watched:
    found = Watched(load_robot("a1"))
    monkeypatch.setattr(doctor_robot, "construct", lambda *_: found)
    monkeypatch.setattr(doctor_robot, "_WATCH_SECONDS", 0.3)
    monkeypatch.setattr(doctor_robot, "_SETTLE_SECONDS", 0.0)
    return found


def visit(found: Watched, motion: Motion | None) -> dict[str, Check]:
    checks = robot_checks(found.robot, "unitree_a1", BackendSettings(), ControlSettings(), motion)
    return {check.name: check for check in checks}


@pytest.mark.parametrize("spoilt", [{"imu_orientation": np.array([1.0, 0, 0, 0])}, {"joint_position": np.ones(12)}])
def test_a_robot_that_is_not_fit_is_not_armed(a1, spoilt) -> None:
    a1.spoilt, a1.spoils_at = spoilt, 0.0
    checks = visit(a1, Motion(None, 0.05))
    assert a1.arm_calls == 0 and not a1.told
    assert checks["delay"].fatal and "nothing was moved" in checks["delay"].fix


def test_a_robot_that_trips_a_guard_is_stopped_and_disarmed(a1, monkeypatch) -> None:
    a1.spoilt = {"imu_orientation": np.array([1.0, 0, 0, 0])}
    monkeypatch.setattr(a1, "arm", lambda: setattr(a1, "spoils_at", a1.now))
    checks = visit(a1, Motion(None, 0.05))
    assert checks["delay"].fatal and "tilt 3.14 rad exceeds 1.30 rad" in checks["delay"].fix
    assert a1.safe_calls == 1 and a1.disarm_calls == 1 and not a1.told


def test_without_being_asked_it_listens_and_arms_nothing(a1, monkeypatch) -> None:
    calls = []
    for name in ("listen", "connect"):
        monkeypatch.setattr(a1, name, lambda name=name: calls.append(name))
    assert "delay" not in visit(a1, None)
    assert a1.arm_calls == 0 and not a1.told and calls == ["listen"]
    visit(a1, Motion("RL_calf_joint", 0.05))
    assert a1.arm_calls == 1 and a1.told and calls == ["listen", "connect"]


@pytest.mark.parametrize(("delay", "fix"), [(1, ""), (3, "set control.delay to 1; it is 3")])
def test_a_delay_that_is_measured_says_what_is_right(a1, monkeypatch, delay, fix) -> None:
    """0.2 control periods of latency are one period of delay: nothing decides sooner."""
    monkeypatch.setattr(doctor_robot, "measure_delay", lambda *_: Delay(0.01, 1.0, 0.2))
    check = doctor_robot._delayed(a1, a1.robot, ControlSettings(delay=delay), Motion(None, 0.05))
    right = "" if fix else "; control.delay 1 is right"
    assert check.found == f"10 ms = 0.20 control periods (RL_calf_joint, correlation 1.00){right}"
    assert check.fix == fix


@pytest.mark.parametrize("told", [None, 0.0, 0.1])
def test_limits_are_compared_with_the_robots_own(a1, monkeypatch, told) -> None:
    limits = a1.robot.limits
    own = None if told is None else OwnLimits("x", limits.lower + told, limits.upper, limits.velocity)
    monkeypatch.setattr(a1, "own_limits", lambda: own)
    checks = [
        check
        for check in robot_checks(a1.robot, "unitree_a1", BackendSettings(), ControlSettings(), None)
        if check.name == "own limits"
    ]
    assert not any(check.fatal for check in checks)
    expected = "it tells none" if told is None else f"{'12' if told else 'none'} narrower than its file's, by x"
    assert checks[0].found == expected and [check.fix != "" for check in checks[1:]] == [True] * (12 if told else 0)


def test_limits_that_cannot_be_asked_for_are_said_to_be_so(a1, monkeypatch) -> None:
    def fails() -> None:
        raise BackendError("code 3")

    monkeypatch.setattr(a1, "own_limits", fails)
    assert visit(a1, None)["own limits"] == Check("own limits", "not told", "code 3")


@pytest.mark.parametrize(
    ("robot", "joint"),
    [("ur5e_gripper", "wrist_3_joint"), ("xarm6_gripper", "joint6"), ("xarm6", "joint6"), ("a1", "RL_calf_joint")],
)
def test_no_gripper_moves_unless_it_is_named(robot, joint) -> None:
    assert Motion(None, 0.05).joint_of(load_robot(robot)) == joint
    assert Motion("gripper", 0.05).joint_of(load_robot(robot)) == "gripper"


@pytest.mark.ros
def test_a_whole_visit() -> None:
    command = [sys.executable, "-m", "ros_rl.cli", "doctor", "mock", "--driver", "mock"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert done.returncode in (0, 1), done.stderr  # a loaded machine may keep the mock from its rate
    for line in ("installed", "punctual", "two processes", "there and back", "mock by mock", "link"):
        assert line in done.stdout
    assert "to fix" in done.stdout
