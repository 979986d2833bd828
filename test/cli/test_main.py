# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""The command line: what it prints, and that every wrong input is one clear line without a traceback."""

import importlib.util
import json

import pytest
from command_line import run_cli
from graphs import constant_bytes
from saved_runs import save_run

from ros_rl.errors import ConfigError
from ros_rl.robot import robot_names
from ros_rl.runs.checkpoints import newest_whole
from ros_rl.runs.run_folder import CHECKPOINT
from ros_rl.settings.loading import load_settings
from ros_rl.settings.registry import ALL_TASKS


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["train", "nope"], f"unknown task 'nope'; valid: {', '.join(sorted({*ALL_TASKS} - {'bringup', 'gym'}))}"),
        (["train", "mock_point", "--agent", "nope"], "unknown agent 'nope'; valid: "),
        (["train", "mock_point", "--driver", "nope"], "invalid choice: 'nope'"),
        pytest.param(
            ["train", "mock_point", "--set", "robot=nope"],
            f"unknown robot 'nope'; valid: {', '.join(robot_names())}",
            marks=pytest.mark.ros,
        ),
        (["train", "mock_point", "--set", "learner.nope=1"], "unknown setting 'learner.nope'; valid in learner:"),
        (["train", "mock_point", "--set", "control.rate_hz=fast"], "'control.rate_hz' is 'fast', expected float"),
        (["train", "mock_point", "--set", "control.delay=9"], "'control.delay' is 9, out of range"),
        (["train", "mock_point", "--set", "nonsense"], "expected key.path=value"),
        (["train", "mock_point", "--robot-minutes", "-1"], "--robot-minutes: -1 is not a number of minutes above 0"),
        (["run", "mock_point", "--agent", "a", "--robot-minutes", "nan"], "nan is not a number of minutes above 0"),
        (["train", "mock_point", "--params-file", "/none.yaml"], "/none.yaml: No such file"),
        (["train", "mock_point", "--preset", "nope"], "unknown preset 'nope'; valid: a1_dreamer, crossq, debug"),
        (["train", "a1_walk", "--set", "control.rate_hz=30"], "not a multiple of the physics step"),
        (["train", "mock_point", "--resume", "/none"], "/none holds no checkpoint"),
        (["train", "mock_point", "--agent", "dqn"], "agent 'dqn' chooses discrete actions, those of control.comm"),
        (["train", "mock_point", "--set", "agent.name=dqn"], "--set agent.name=dqn: agent 'dqn' chooses discrete"),
        (["run", "mock_point", "--agent", "none.onnx", "--set", "agent.name=dqn"], "cannot change the agent file"),
        (["train", "mock_point", "--set", "agent.gamma=0"], "agent.gamma is 0.0, allowed: above 0, to 1"),
        (["train", "mock_point", "--agent", "sac", "--set", "agent.gamma=1.5"], "'agent.gamma' is 1.5, out of range"),
        (["train", "mock_point", "--agent", "sac", "--set", "learner.replay.n_step=101"], "allowed: 1 to 100"),
        (
            ["train", "mock_point", "--gui"],
            "unknown setting 'driver.backend.gui'; valid in driver.backend 'mock': none",
        ),
        (["train", "a1_walk", "--driver", "external", "--set", "driver.auto_recover=true"], "is no simulator"),
        (["eval", "a1_walk", "--agent", "a.onnx", "--driver", "external"], "invalid choice: 'external'"),
        (["train", "mock_point", "--set", "agent.name=[1]"], "--set agent.name=[1]: unknown agent [1]; valid:"),
        (["train", "mock_point", "--set", "task.name={a: 1}"], "task.name is 'mock_point' by this command"),
        (["train", "mock_point", "--set", "task.name=a1_walk"], "task.name is 'mock_point' by this command"),
        (["train", "mock_point", "--namespace", "a\nb"], "namespace 'a\\nb' is no name that ROS allows"),
        (["train", "mock_point", "--seed", "3", "--set", "seed=4"], "--set 'seed=4': seed is 3 by this command or"),
        (
            ["train", "mock_point", "--driver", "mock", "--set", "driver.backend=7"],
            "--set 'driver.backend=7': driver.backend.name is 'mock' by this command or another of its options",
        ),
        (["bringup", "mock", "--set", "robot=a1"], "--set 'robot=a1': robot is 'mock' by this command"),
        (["run", "a1_wlak"], "unknown task 'a1_wlak'; valid: a1_back, "),
        (["record", "a1_wlak"], "unknown task 'a1_wlak'; valid: a1_back, "),
        (["run", "mock_point"], "who is to act? --agent FILE or --teleop keyboard"),
        (["train", "xarm_reach", "--interventions", "0.1"], "--interventions 0.1 by whom? --expert NAME"),
        (["train", "xarm_reach", "--interventions", "2"], "--interventions: 2 is not a share in [0, 1]"),
        (["train", "mock_point", "--teleop", "joystick", "--seeds", "0", "1"], "--teleop joystick is for one run"),
        (
            ["train", "--env", "gym:Pendulum-v1", "--expert", "reach"],
            "--expert is for robots and cannot stand with --env",
        ),
        (["record", "xarm_reach"], "who shows it? --expert NAME or --teleop"),
        (["record", "xarm_reach", "--expert", "reach", "--teleop", "joystick"], "one of --expert and --teleop"),
        (["record", "xarm_reach", "--expert", "rech"], "unknown expert 'rech'; valid: "),
        (["record", "a1_walk", "--expert", "reach"], "expert 'reach' goes to a goal_position, which task 'a1_walk'"),
        (["run", "--agent", "a.onnx"], "neither of TASK and --env given; name one"),
        (["bla"], "invalid choice: 'bla'"),
    ],
)
def test_wrong_usage_is_one_line_and_exit_code_2(capsys, tmp_path, arguments, complaint) -> None:
    out = ["--out", str(tmp_path / "out")] if len(arguments) > 1 else []
    code, printed, error = run_cli(capsys, *arguments, *out)
    assert (code, printed) == (2, "")
    assert error.startswith("ros-rl: error: ") and error.count("\n") == 1
    assert complaint in error
    assert not (tmp_path / "out").exists()


def test_wrong_params_file_is_named_with_its_key(capsys, tmp_path) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text("/**:\n  ros__parameters:\n    learner: {batch_size: 0}\n")
    code, _, error = run_cli(capsys, "train", "mock_point", "--params-file", str(path))
    assert code == 2
    assert f"{path}: 'learner.batch_size' is 0, out of range" in error


@pytest.mark.parametrize("command", ["run", "eval"])
def test_agent_file_is_checked_before_anything_starts(capsys, tmp_path, command) -> None:
    settings = load_settings("mock_point")
    files = {
        "none.onnx": (None, "No such file"),
        "broken.onnx": (b"broken", "cannot be loaded"),
        "other.onnx": (constant_bytes(settings, [0.0, 0.0], robot="other"), "for robot other, the controller has mock"),
        "rate.onnx": (
            constant_bytes(settings, [0.0, 0.0], control_period=0.1),
            "period of 0.1 s, the controller has 0.05 s: use control.rate_hz=10",
        ),
    }
    for name, (content, complaint) in files.items():
        if content is not None:
            (tmp_path / name).write_bytes(content)
        code, _, error = run_cli(capsys, command, "mock_point", "--agent", str(tmp_path / name))
        assert code == 1
        assert complaint in error and error.count("\n") == 1
        assert f"agent file {tmp_path / name}: " in error


@pytest.mark.ros
def test_checkpoint_and_teacher_are_checked_before_anything_starts(capsys, tmp_path) -> None:
    pytest.importorskip("rclpy")
    run, adapt = str(save_run(tmp_path / "run")), ["--adapt", "dynamics"]
    steps = newest_whole(tmp_path / "run" / CHECKPOINT).steps
    for arguments, complaint in (
        (["--resume", run, "--agent", "sac"], "is a checkpoint of another agent (mpc), this run's is sac"),
        (["--resume", run, "--set", "agent.hidden=24"], "agent.hidden was 16, this run's is 24"),
        (
            ["--resume", run, "--set", "learner.warmup_steps=2", "--steps", str(steps - 1)],
            f"--resume {run} has learned from {steps} steps ({steps / 1200:.4g} robot minutes); {steps - 1} in all",
        ),
        (["--resume", run, "--set", "control.rate_hz=10"], "was recorded with control.rate_hz 20"),
        (["--set", "learner.robot_minutes=0.2"], "learner.warmup_steps 300 leaves none of 240 environment steps"),
        (["--agent", "distil", "--set", f"agent.teacher={run}"], "does not fit agent.hidden, agent.critics"),
        (["--agent", "distil", "--set", "agent.teacher=/none"], "agent.teacher: /none holds no run"),
        (["--agent", "bc"], "agent.log is '', allowed"),
        (
            ["--resume", run, *adapt, "--agent", "sac"],
            "agent 'sac' plans with no dynamics model; mpc does",
        ),
        (
            ["--resume", run, *adapt, "--set", "agent.act=policy"],
            "needs agent.act planner, not 'policy'",
        ),
        (["--agent", "mpc", "--set", "agent.adapt=dynamics"], "none to go on from: ros-rl train TASK --resume RUN"),
        (adapt, "--adapt dynamics needs --resume RUN: the agent that adapts"),
        (["--resume", run, "--preset", "debug"], f"--preset has no use with --resume {run}: a run brings its own"),
    ):
        code, printed, error = run_cli(capsys, "train", "mock_point", *arguments, "--out", str(tmp_path / "out"))
        assert (code, printed, error.count("\n")) == (2, "", 1)
        assert complaint in error
    code, printed, error = run_cli(capsys, "train", "xarm_reach", "--resume", run)
    assert (code, printed) == (2, "") and "is a run of mock_point, not of xarm_reach" in error
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(("package", "extra"), [("rclpy", "ros"), ("torch", "learn"), ("pybullet", "sim")])
def test_missing_package_is_told_with_the_line_that_installs_it(capsys, monkeypatch, tmp_path, package, extra) -> None:
    found = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name, *a: None if name == package else found(name, *a))
    driver = "pybullet" if package == "pybullet" else "mock"
    code, _, error = run_cli(capsys, "train", "mock_point", "--driver", driver, "--out", str(tmp_path / "out"))
    assert code == 1
    assert f"pip install 'ros_rl[{extra}]'" in error
    assert not (tmp_path / "out").exists()


def test_finished_run_is_not_overwritten(capsys, tmp_path) -> None:
    pytest.importorskip("rclpy")
    (tmp_path / "summary.json").write_text("{}")
    code, _, error = run_cli(capsys, "train", "mock_point", "--out", str(tmp_path))
    assert code == 2 and "holds a finished run" in error
    assert (tmp_path / "summary.json").read_text() == "{}"


def test_list_version_and_settings(capsys) -> None:
    code, printed, _ = run_cli(capsys, "list")
    assert code == 0
    for name in (
        "a1_walk",
        "xarm_reach",
        "mpc",
        "pybullet",
        "external",
        "Brings the tool straight",
        "debug  Everything runs",
        "CartPole-v1 488",
    ):
        assert name in printed
    assert run_cli(capsys, "--version")[1].startswith("ros-rl ")
    code, printed, _ = run_cli(capsys, "settings", "mock_point", "--set", "control.delay=0")
    assert code == 0 and "control.delay = 0\n" in printed and "[Hz] in [1, 200]" in printed
    code, printed, _ = run_cli(capsys, "settings", "a1_walk", "--preset", "debug", "--set", "agent.hidden=24")
    assert code == 0 and "agent.hidden = 24\n" in printed and "agent.planner.samples = 48\n" in printed


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["ur5_pick_place", "--set", "robot=ur5e_griper"], "unknown robot 'ur5e_griper'; valid: a1,"),
        (["ur5_pick_place", "--set", "robot=a1"], "robot 'a1' has no sensor 'tool_position'"),
        (["ur5_pick_place", "--set", "cameras.names=[wristt]"], "has no camera 'wristt', which cameras.names asks for"),
        (["ur5_pick_place", "--set", "control.commands.heights=[0.03, 0.9]"], "allowed: up to 0.6 m, or a smaller box"),
        (["so101_reach", "--set", "task.goal_radius_max=0.6"], "m outside safety.workspace"),
        (["sphero_navigate", "--set", "task.goal=[0.79, 0]"], "task.goal [0.79, 0.0] cannot be reached"),
        (["ur5_reach", "--driver", "xarm"], "driver 'xarm' is not for robot 'ur5e'"),
    ],
)
def test_settings_refuses_what_robot_and_task_cannot_have_together(capsys, arguments, words) -> None:
    code, printed, error = run_cli(capsys, "settings", *arguments)
    assert (code, printed, error.count("\n")) == (2, "", 1) and words in error


def test_settings_of_a_robot_are_listed_without_its_address(capsys) -> None:
    code, printed, error = run_cli(capsys, "settings", "xarm_reach", "--driver", "xarm")
    assert (code, error) == (0, "") and "driver.backend.address = ''\n" in printed
    with pytest.raises(ConfigError, match="driver.backend.address is empty; give the control box's"):
        load_settings("xarm_reach", overrides=["driver.backend.name=xarm", "driver.mode=real_time"]).load_robot()


@pytest.mark.parametrize("command", ["train", "record", "run", "eval", "settings"])
def test_help_says_every_option(capsys, command) -> None:
    code, printed, _ = run_cli(capsys, command, "--help")
    assert code == 0
    for option in ("--seed", "--set", "--params-file"):
        assert option in printed


def test_eval_prints_json(capsys, tmp_path) -> None:
    agent = tmp_path / "agent.onnx"
    agent.write_bytes(constant_bytes(load_settings("mock_point"), [0.0, 0.0]))
    arguments = ["eval", "mock_point", "--agent", str(agent), "--episodes", "2", "--seconds", "0.5"]
    code, printed, _ = run_cli(capsys, *arguments, "--json")
    assert code == 0
    assert json.loads(printed)["episodes"] == 2
    assert "2 episodes of 0.5 s" in run_cli(capsys, *arguments)[1]
