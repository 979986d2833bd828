# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Whole graphs of real processes, from the command line to the run folder."""

import json
import os
import shutil
import signal
import time
from pathlib import Path

import pytest

pytest.importorskip("rclpy")

from graphs import constant_bytes
from live_processes import PATIENCE, PATIENT, command, complaints, family, installed, pid_of, read_until, stop_seconds
from mcap.reader import make_reader
from summaries import SUMMARY_KEYS

from ros_rl.deploy.onnx_graph import OnnxGraph
from ros_rl.resources import share_path
from ros_rl.runs.checkpoints import damage, newest_whole
from ros_rl.settings.loading import load_settings

pytestmark = pytest.mark.ros


NULL_ROBOT = Path(__file__).parents[1] / "extending" / "null_robot.py"
BROKEN = """
from null_robot import NullRobot, NullSettings
from ros_rl.errors import BackendError


class BrokenRobot(NullRobot):
    def __init__(self, *arguments):
        raise BackendError("the cable is not plugged in")
"""
BROKEN_POINTS = """
[ros_rl.backend_settings]
broken = broken:NullSettings
[ros_rl.backends]
broken = broken:BrokenRobot
"""


@pytest.fixture
def agent(tmp_path) -> Path:
    path = tmp_path / "agent.onnx"
    path.write_bytes(constant_bytes(load_settings("mock_point"), [0.1, -0.1]))
    return path


def test_training_leaves_a_complete_run_folder(tmp_path) -> None:
    """A robot with planner, model, critics and evaluator: all that a training is made of, in some seconds."""
    pytest.importorskip("torch")
    pytest.importorskip("pybullet")
    out = tmp_path / "run"
    with command("train", "a1_walk", "--preset", "debug", "--out", str(out), *PATIENT) as process:
        printed = process.communicate(timeout=2 * PATIENCE)[0].decode()
        assert process.returncode == 0, printed
        assert not family(process.pid)
    assert "robot time       0.25 min (300 steps)" in printed
    summary = json.loads((out / "summary.json").read_text())
    assert summary.keys() >= SUMMARY_KEYS
    assert (summary["agent"], summary["env_steps"], summary["deadline_misses"]) == ("mpc", 300, 0)
    assert summary["updates"] == 100, "half an update for each step after the warm-up"
    assert summary["transitions"] + summary["dropped_transitions"] == 300
    assert summary["dropped_transitions"] == summary["faults"], "in lock-step only a guard breaks the chain"
    assert summary["evaluation"]["episodes"] == 1 and summary["evaluation"]["seconds_each"] == 1.0
    assert len(summary["curve"]) == 2 and summary["model_versions"] >= 5 and summary["plan_ms"]["p50"] > 0.0
    settings = load_settings(params_file=out / "config.yaml")
    assert settings == load_settings("a1_walk", overrides=PATIENT[1::2], preset="debug")
    assert OnnxGraph.load(out / "agent.onnx").contract.provenance["env_steps"] == 300
    for name in ("evaluations.jsonl", "evaluation.gif", "logs/driver.log"):
        assert (out / name).is_file(), name
    assert not damage(newest_whole(out / "checkpoint"))
    assert list((out / "tensorboard").iterdir())
    with (out / "log" / "log_0.mcap").open("rb") as stream:
        topics = {channel.topic for channel in make_reader(stream).get_summary().channels.values()}
    sensors = {f"/a1/{name}" for name in ("joint_states", "imu/data", "odom")}
    said = {f"/a1/{name}" for name in ("tick", "joint_command", "applied_command", "verdict", "robot_description")}
    assert topics - {"/a1/tf"} == sensors | said | {"/diagnostics"}


def test_running_an_agent_ends_by_itself(tmp_path, agent) -> None:
    """Also where modules lie in the working directory that are named as some of Python's, with a robot's own file."""
    for name in ("queue", "signal", "random"):
        (tmp_path / f"{name}.py").write_text("raise RuntimeError('a stranger')\n")
    out = tmp_path / "run"
    shutil.copy(share_path("config", "robots", "mock.yaml"), tmp_path / "own.yaml")
    options = [
        "--robot-minutes",
        "0.1",
        "--out",
        "run",
        "--namespace",
        "elsewhere",
        *PATIENT,
        "--set",
        "robot=own.yaml",
    ]
    with command("run", "mock_point", "--agent", str(agent), *options, cwd=tmp_path) as process:
        printed = process.communicate(timeout=PATIENCE)[0].decode()
        assert process.returncode == 0, printed
    summary = json.loads((out / "summary.json").read_text())
    assert summary["env_steps"] == 120 and summary["agent"] == str(agent) and summary["finished"]
    assert not complaints(out)
    assert load_settings(params_file=out / "config.yaml").robot == str(out / "robot.yaml")


def test_deaths_interruption_and_a_second_graph(tmp_path, agent) -> None:
    """One long run meets all that can happen to it."""
    arguments = ["run", "mock_point", "--agent", str(agent), *PATIENT, "--out"]
    with command(*arguments, str(tmp_path / "first")) as process:
        read_until(process, "steps/s")
        with command(*arguments, str(tmp_path / "second")) as second:
            printed = second.communicate(timeout=PATIENCE)[0].decode()
            assert second.returncode == 1
        assert "error: another graph runs in this ROS domain and namespace /mock" in printed
        assert "Traceback" not in printed
        for victim in ("controller", "driver"):
            os.kill(pid_of(process.pid, victim), signal.SIGKILL)
            read_until(process, f"{victim} ended with exit code -9; restarting it")
            read_until(process, f"{victim} is active again")
        read_until(process, "steps/s")
        began = time.monotonic()
        process.send_signal(signal.SIGINT)
        read_until(process, "stopped")
        assert process.wait(timeout=PATIENCE) == 130
        assert time.monotonic() - began < stop_seconds()
        assert not family(process.pid)
    summary = json.loads((tmp_path / "first" / "summary.json").read_text())
    assert not summary["finished"] and summary["env_steps"] > 0 and summary["best"] is None


def test_a_node_that_cannot_work_ends_the_run_with_its_reason(tmp_path, agent) -> None:
    broken = tmp_path / "broken.py"
    broken.write_text(BROKEN)
    options = ["--out", "run", "--driver", "broken", *PATIENT]
    environment = installed(tmp_path / "package", broken, BROKEN_POINTS)
    shutil.copy(NULL_ROBOT, tmp_path / "package")
    with command(
        "run", "mock_point", "--agent", str(agent), *options, environment=environment, cwd=tmp_path
    ) as process:
        printed = process.communicate(timeout=PATIENCE)[0].decode()
        assert process.returncode == 1
        assert not family(process.pid)
    assert "ros-rl: error: driver: " in printed and "Traceback" not in printed
    assert "the cable is not plugged in" in printed
