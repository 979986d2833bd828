# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""What cannot work on a machine is one line before anything starts: display, middleware, discovery, home, pipes."""

import os
import signal
import subprocess
import sys
from contextlib import nullcontext
from pathlib import Path
from types import SimpleNamespace

import pytest
from command_line import run_cli

from ros_rl.backends.display import check_display
from ros_rl.errors import ConfigError, RosRlError
from ros_rl.runs.machine import check_machine, check_ros_variables
from ros_rl.runs.state import RunState

ROOT = Path(__file__).resolve().parents[2]
CLI = [sys.executable, "-m", "ros_rl.cli"]


@pytest.mark.ros
@pytest.mark.parametrize(
    ("variables", "arguments", "complaint"),
    [
        ({"DISPLAY": ""}, ["--driver", "pybullet", "--gui"], "but there is no display here: DISPLAY is not set"),
        ({"DISPLAY": ":4711"}, ["--driver", "pybullet", "--gui"], "there is no display here: "),
        ({"ROS_AUTOMATIC_DISCOVERY_RANGE": "OFF"}, [], "ROS_AUTOMATIC_DISCOVERY_RANGE is OFF, so nodes would never"),
        ({"RMW_IMPLEMENTATION": "rmw_none_cpp"}, [], "RMW_IMPLEMENTATION is 'rmw_none_cpp', with which no node starts"),
        ({}, ["--namespace", "my-robot"], "namespace 'my-robot' is no name that ROS allows"),
        ({}, ["--namespace", "1robot"], "'robot1' is one"),
        ({}, ["--out", "/dev/null/run"], "/dev/null/run cannot be written: Not a directory"),
    ],
)
def test_what_cannot_work_is_one_line(capsys, monkeypatch, tmp_path, variables, arguments, complaint) -> None:
    pytest.importorskip("rclpy")
    if "pybullet" in arguments:
        pytest.importorskip("pybullet")
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    out = [] if "--out" in arguments else ["--out", str(tmp_path / "out")]
    code, printed, error = run_cli(
        capsys, "train", "a1_walk" if "--gui" in arguments else "mock_point", *arguments, *out
    )
    assert code in (1, 2) and (printed, error.count("\n")) == ("", 1)
    assert error.startswith("ros-rl: error: ") and complaint in error and not (tmp_path / "out").exists()


@pytest.mark.ros
@pytest.mark.parametrize(
    ("drawn_by", "complaint"),
    [
        ("disabled", "MuJoCo cannot draw here: MUJOCO_GL is 'disabled'; unset it, or set it to egl"),
        ("nonsense", "MuJoCo does not start with MUJOCO_GL 'nonsense': invalid value"),
    ],
)
def test_cameras_without_anything_to_draw_with_are_one_line(capsys, monkeypatch, tmp_path, drawn_by, complaint) -> None:
    """And nothing is started: no folder is there."""
    pytest.importorskip("rclpy")
    pytest.importorskip("mujoco")
    monkeypatch.setenv("MUJOCO_GL", drawn_by)
    arguments = ["train", "ur5_pick_place", "--preset", "ur5_pixels", "--driver", "mujoco"]
    code, printed, error = run_cli(capsys, *arguments, "--out", str(tmp_path / "out"))
    assert (code, printed, error.count("\n")) == (1, "", 1) and complaint in error
    assert error.startswith("ros-rl: error: cameras are to look, but ") and not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("ending", "complaint"),
    [
        ("return ''", None),
        ("return 'it is dark'", "cameras are to look, but it is dark"),
        ("raise BackendError('it is dark')", "cameras are to look, but it is dark"),
        ("os._exit(3)", "cameras are to look, but a library speaks"),
    ],
)
def test_the_renderers_probe_hears_no_library_and_no_file_of_the_working_folder(
    tmp_path, monkeypatch, ending, complaint
) -> None:
    """The library talks before and after; a `queue.py` lies where the user is."""
    library, here = tmp_path / "library", tmp_path / "here"
    library.mkdir()
    here.mkdir()
    (library / "chatty.py").write_text(
        "import atexit, os, queue, sys\n"
        "from ros_rl.errors import BackendError\n"
        "def speak():\n    print('hello')\n    print('a library speaks', file=sys.stderr, flush=True)\n"
        "speak()\natexit.register(speak)\n"
        f"def drawing_problem():\n    {ending}\n"
    )
    for name in ("queue", "ros_rl"):
        (here / f"{name}.py").write_text("raise SystemExit('replaced')")
    before = os.environ.get("PYTHONPATH")  # an empty part of it would be the working folder
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(library), *([before] if before else [])]))
    monkeypatch.delenv("RMW_IMPLEMENTATION", raising=False)
    monkeypatch.chdir(here)
    backend = SimpleNamespace(drawn_by="chatty")
    settings = SimpleNamespace(
        driver=SimpleNamespace(backend=backend), load_robot=lambda: SimpleNamespace(cameras=("eye",))
    )
    with nullcontext() if complaint is None else pytest.raises(RosRlError, match=f"^{complaint}$"):
        check_machine(settings)


@pytest.mark.ros
def test_a_folder_that_ros_cannot_log_in_is_told(tmp_path) -> None:
    pytest.importorskip("rclpy")
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "ROS_LOG_DIR": "/dev/null/log"}
    command = [*CLI, "train", "mock_point", "--out", str(tmp_path / "out")]
    done = subprocess.run(command, capture_output=True, text=True, env=environment, timeout=120)
    assert done.returncode == 1 and done.stderr.count("\n") == 1
    assert done.stderr.startswith("ros-rl: error: ROS 2 does not start: failed to initialize logging")


@pytest.mark.ros
def test_a_run_needs_no_home_that_can_be_written(capsys, monkeypatch, tmp_path) -> None:
    pytest.importorskip("rclpy")
    for name, value in {"HOME": "/dev/null", "ROS_HOME": "", "ROS_LOG_DIR": ""}.items():
        monkeypatch.setenv(name, value)

    def start(*given, **named) -> tuple[RunState, bool]:
        code = "import rclpy; rclpy.init(); rclpy.create_node('x').get_logger().error('here')"
        subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, timeout=60)
        return RunState(), False

    monkeypatch.setattr("ros_rl.nodes.supervisor.supervise", start)
    handlers = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}
    assert run_cli(capsys, "train", "mock_point", "--out", str(tmp_path / "out"))[0] == 130
    for number, handler in handlers.items():
        signal.signal(number, handler)
    logs = list((tmp_path / "out" / "logs").rglob("*.log"))
    assert len(logs) == 1 and "here" in logs[0].read_text()


@pytest.mark.parametrize(
    ("name", "value", "right"),
    [
        ("ROS_DOMAIN_ID", "300", "0 to 232"),
        ("ROS_DOMAIN_ID", "-1", "0 to 232"),
        ("ROS_DOMAIN_ID", "abc", "0 to 232"),
        ("ROS_AUTOMATIC_DISCOVERY_RANGE", "off", "SUBNET, LOCALHOST, SYSTEM_DEFAULT"),
    ],
)
def test_a_wrong_variable_is_named_with_what_is_right(name, value, right) -> None:
    with pytest.raises(ConfigError, match=f"{name} is '{value}', allowed: .*{right}"):
        check_ros_variables({name: value})


@pytest.mark.parametrize("variables", [{}, {"ROS_DOMAIN_ID": "", "ROS_AUTOMATIC_DISCOVERY_RANGE": ""}])
def test_what_is_not_set_is_right(variables) -> None:
    check_ros_variables(variables)
    check_ros_variables({"ROS_DOMAIN_ID": "232", "ROS_AUTOMATIC_DISCOVERY_RANGE": "SUBNET"})


def test_a_simulator_started_by_hand_tells_of_the_missing_display(monkeypatch) -> None:
    from ros_rl.backends.pybullet.client import connect
    from ros_rl.settings.simulators.pybullet import PyBulletSettings

    monkeypatch.setenv("DISPLAY", "")
    with pytest.raises(ConfigError, match="DISPLAY is not set"):
        connect(PyBulletSettings(gui=True))
    monkeypatch.setattr(sys, "platform", "darwin")
    check_display()


@pytest.mark.parametrize("arguments", [["list"], ["settings"], ["train", "--help"]])
def test_a_reader_that_leaves_is_no_error(arguments) -> None:
    read, write = os.pipe()
    os.close(read)
    done = subprocess.run(
        [*CLI, *arguments], stdout=write, stderr=subprocess.PIPE, text=True, cwd=ROOT, timeout=60, check=False
    )
    os.close(write)
    told = [line for line in done.stderr.splitlines() if not line.endswith("mujoco takes its place")]
    assert told == [] and done.returncode in (0, 141)


@pytest.mark.parametrize(("redirected", "code", "told"), [("/dev/full", 1, "No space left on device"), ("&-", 0, "")])
def test_an_output_that_takes_nothing_is_told_in_one_line(redirected, code, told) -> None:
    command = f"{sys.executable} -m ros_rl.cli list >{redirected}"
    done = subprocess.run(["bash", "-c", command], stderr=subprocess.PIPE, text=True, cwd=ROOT, timeout=60)
    assert done.returncode == code and told in done.stderr and done.stderr.count("\n") == bool(told)


@pytest.mark.parametrize("name", ["", "nope"])
def test_make_bench_without_a_name_installs_nothing(tmp_path, name) -> None:
    environment = {**os.environ, "VENV": str(tmp_path / "venv")}
    done = subprocess.run(
        ["make", "bench", f"BENCH={name}"], cwd=ROOT, env=environment, capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 2 and "which one? make bench BENCH=<name>" in done.stdout + done.stderr
    assert not (tmp_path / "venv").exists()
