# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Whole graphs of real processes, from the command line to the run folder."""

import json
import os
import signal
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path

import pytest
import yaml

pytest.importorskip("rclpy")

from graphs import constant_bytes
from mcap.reader import make_reader
from summaries import SUMMARY_KEYS

from ros_rl.deploy.onnx_graph import OnnxGraph
from ros_rl.resources import share_path
from ros_rl.settings.loading import load_settings

pytestmark = pytest.mark.ros
PATIENCE = 120.0  # s
STOP_SECONDS = 5.0
PATIENT = ["--set", f"supervisor.start_timeout={PATIENCE}", "--set", f"driver.silence_limit={PATIENCE}"]


@contextmanager
def command(*arguments: str):
    """``ros-rl`` in a process of its own; whatever happens, nothing of it stays."""
    line = [sys.executable, "-m", "ros_rl.cli", *arguments]
    process = subprocess.Popen(line, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    try:
        yield process
    finally:
        children = family(process.pid)
        process.kill()
        process.wait()
        for pid in children:
            if pid in family(process.pid):
                os.kill(pid, signal.SIGKILL)


def family(parent: int) -> dict[int, str]:
    """Process ids of the nodes that a supervisor started, and their names."""
    found = {}
    for folder in Path("/proc").iterdir():
        try:
            environment = (folder / "environ").read_bytes().split(b"\0")
            line = (folder / "cmdline").read_bytes().decode()
        except (OSError, ValueError):
            continue
        if f"ROS_RL_PARENT={parent}".encode() in environment and "ros_rl.nodes." in line:
            found[int(folder.name)] = line.partition("ros_rl.nodes.")[2].partition("\0")[0]
    return found


def wait_for(condition, what: str, seconds: float = PATIENCE):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if value := condition():
            return value
        time.sleep(0.02)
    raise AssertionError(f"waited {seconds:g} s in vain for {what}")


def read_until(process: subprocess.Popen, text: str) -> str:
    """Lines of a process up to the one that holds `text`."""
    lines = []
    for raw in process.stdout:
        lines.append(raw.decode())
        if text in lines[-1]:
            return "".join(lines)
    raise AssertionError(f"'{text}' was never printed:\n{''.join(lines)}")


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
    left = ("checkpoint/learner.pt", "checkpoint/replay.npz", "checkpoint/received.json", "evaluation.gif")
    for name in (*left, "logs/driver.log"):
        assert (out / name).is_file(), name
    assert list((out / "tensorboard").iterdir())
    with (out / "log" / "log_0.mcap").open("rb") as stream:
        topics = {channel.topic for channel in make_reader(stream).get_summary().channels.values()}
    sensors = {f"/a1/{name}" for name in ("joint_states", "imu/data", "odom")}
    assert topics == sensors | {"/a1/tick", "/a1/applied_command", "/a1/verdict"}


def test_a_killed_learner_resumes_and_misses_nothing(tmp_path) -> None:
    """In real time the robot goes on meanwhile; every period is a transition or counted as dropped."""
    pytest.importorskip("torch")
    out = tmp_path / "run"
    options = ["--mode", "real_time", "--robot-minutes", "0.3", "--eval-every", "0", "--set", "evaluator.seconds=1"]
    options += ["--agent", "random", "--set", "learner.checkpoint_every=40", "--out", str(out)]
    with command("train", "mock_point", *options, *PATIENT) as process:
        wait_for(lambda: (out / "checkpoint" / "received.json").exists(), "a checkpoint")
        os.kill(next(pid for pid, name in family(process.pid).items() if name == "learner"), signal.SIGKILL)
        printed = process.communicate(timeout=2 * PATIENCE)[0].decode()
        assert process.returncode == 0, printed
    assert "learner ended with exit code -9; restarting it" in printed
    summary = json.loads((out / "summary.json").read_text())
    assert summary["env_steps"] >= 360
    periods = summary["transitions"] + summary["dropped_transitions"]
    assert abs(periods - summary["env_steps"]) < 30, "what went on between the two counts"


def test_running_an_agent_ends_by_itself(tmp_path, agent) -> None:
    out = tmp_path / "run"
    options = ["--robot-minutes", "0.1", "--out", str(out), "--namespace", "elsewhere", *PATIENT]
    with command("run", "mock_point", "--agent", str(agent), *options) as process:
        printed = process.communicate(timeout=PATIENCE)[0].decode()
        assert process.returncode == 0, printed
    summary = json.loads((out / "summary.json").read_text())
    assert summary["env_steps"] == 120 and summary["agent"] == str(agent)


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
            pid = next(pid for pid, name in family(process.pid).items() if name == victim)
            os.kill(pid, signal.SIGKILL)
            read_until(process, f"{victim} ended with exit code -9; restarting it")
            wait_for(lambda v=victim, p=pid: v in {n for i, n in family(process.pid).items() if i != p}, "a restart")
            read_until(process, "steps/s")
        began = time.monotonic()
        process.send_signal(signal.SIGINT)
        read_until(process, "stopped")
        assert process.wait(timeout=PATIENCE) == 130
        assert time.monotonic() - began < STOP_SECONDS
        assert not family(process.pid)
    assert not (tmp_path / "first" / "summary.json").exists(), "an interrupted run is not finished"


def test_nodes_do_not_outlive_a_killed_supervisor(tmp_path, agent) -> None:
    arguments = ["run", "mock_point", "--agent", str(agent), "--out", str(tmp_path / "run"), *PATIENT]
    with command(*arguments) as process:
        wait_for(lambda: len(family(process.pid)) == 3, "the nodes")
        read_until(process, "steps/s")
        process.kill()
        process.wait()
        wait_for(lambda: not family(process.pid), "the nodes to end", STOP_SECONDS)


def test_a_node_that_cannot_work_ends_the_run_with_its_reason(tmp_path, agent) -> None:
    robot = yaml.safe_load(share_path("config", "robots", "mock.yaml").read_text())
    robot["simulation"] = {"urdf": "cartpole/cartpole.urdf"}  # whose joints have other names
    (tmp_path / "robot.yaml").write_text(yaml.safe_dump(robot))
    options = ["--out", str(tmp_path / "run"), "--driver", "pybullet", *PATIENT]
    options += ["--set", f"robot={tmp_path / 'robot.yaml'}"]
    with command("run", "mock_point", "--agent", str(agent), *options) as process:
        printed = process.communicate(timeout=PATIENCE)[0].decode()
        assert process.returncode == 1
        assert not family(process.pid)
    assert "ros-rl: error: driver: " in printed and "Traceback" not in printed
    assert "has no joint axis_1_joint" in printed
