# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Behaviour cloning on Gymnasium environments: from a run of the same environment, without a step in it."""

import json
import threading
from pathlib import Path
from typing import Any

import gym_points  # noqa: F401 (registers the environments)
import numpy as np
import pytest
from command_line import run_cli
from kept import newest, save_replay

from ros_rl.deploy.onnx_graph import OnnxGraph
from ros_rl.gym.environment import Environment
from ros_rl.gym.training import GymTraining
from ros_rl.replay.buffer import ReplayBuffer
from ros_rl.runs.checkpoints import REPLAY
from ros_rl.runs.run_folder import CHECKPOINT, RunFolder
from ros_rl.settings.loading import load_settings
from ros_rl.settings.tree import Settings
from ros_rl.types import Transition

POINT = "test/Point-v0"


def settings_of(agent: dict[str, Any], env: str = POINT) -> Settings:
    once = {"evaluator": {"final_episodes": 1, "video": False}, "learner": {"batch_size": 64}}
    return load_settings("gym", overrides=[once, {"task.env": env}, {"agent": agent}])


def linear_run(folder: Path, agent: dict[str, Any], remembers: bool = False) -> Path:
    """A run's folder whose 300 actions are half of what was observed."""
    settings, rng = settings_of(agent), np.random.default_rng(0)
    layout = Environment(POINT, remembers=remembers).layout
    replay = ReplayBuffer(settings.learner.replay_capacity, layout.size, 1)
    for tick in range(300):
        x = rng.uniform(-1, 1, (2, layout.size))
        replay.add(Transition(tick, 0, x[0], 0.5 * x[0, :1], 0.0, x[1], False, False))
    RunFolder(folder).write_config(settings)
    save_replay(folder / CHECKPOINT, replay)
    return folder


def cloning(log: Path, **agent: Any) -> Settings:
    return settings_of({"name": "bc", "hidden": 32, "updates": 400, "learning_rate": 3e-3, "log": str(log)} | agent)


@pytest.mark.parametrize("agent", ["sac", "mpc"])
def test_clones_a_run_without_a_step(tmp_path: Path, agent: str) -> None:
    """An agent that plans has stored its last action behind what the environment shows; the clone does not see it."""
    known = {"name": agent} | ({"model": {"reward": "learned", "termination": "never"}} if agent == "mpc" else {})
    log = linear_run(tmp_path / "run", known, remembers=agent == "mpc")
    run = GymTraining(cloning(log), lambda line: None)
    assert run.run(RunFolder(tmp_path / "clone"), threading.Event())
    training = run.training
    assert (training.env_steps, training.rounds, len(training.replay)) == (0, 400, 300)
    assert run.state.progress["episodes"] == 0 and run.state.final_evaluation is not None
    exported = OnnxGraph.load(tmp_path / "clone" / "agent.onnx")
    for x in (-0.8, -0.1, 0.5):
        fields = {"observation": np.array([x], np.float32)}
        found = exported.run(fields, np.zeros(0, np.float32), np.ones(1, np.float32), 1.0).action
        np.testing.assert_allclose(found, [0.5 * x], atol=0.05)


def test_goes_on_where_it_was_stopped(tmp_path: Path) -> None:
    settings = cloning(linear_run(tmp_path / "run", {"name": "sac"}), updates=30)
    first, stop = GymTraining(settings, lambda line: None), threading.Event()
    train = first.training.train

    def train_and_stop() -> dict[str, float]:
        if first.training.rounds == 9:
            stop.set()
        return train()

    first.training.train = train_and_stop  # type: ignore[method-assign]
    assert not first.run(RunFolder(tmp_path / "clone"), stop)
    assert first.training.rounds == 10 and not first.state.evaluations
    second = GymTraining(settings, lambda line: None)
    second.resume(tmp_path / "clone" / CHECKPOINT)
    assert second.run(RunFolder(tmp_path / "clone"), threading.Event())
    assert second.training.rounds == 30


def test_from_the_command_line(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """The steps of a real run, cloned; --set holds beside --agent."""
    small = ["--eval-episodes", "1", "--set", "agent.hidden=8", "--set", "evaluator.video=false"]
    train = ["train", "--env", f"gym:{POINT}", *small]
    early = ["--set", "learner.warmup_steps=10"]
    assert run_cli(capsys, *train, "--agent", "sac", "--steps", "20", *early, "--out", str(tmp_path / "sac"))[0] == 0
    bc = [*train, "--agent", "bc", "--set", "agent.updates=5", "--set", f"agent.log={tmp_path / 'sac'}"]
    code, printed, error = run_cli(capsys, *bc, "--out", str(tmp_path / "bc"))
    assert (code, error) == (0, "") and "with bc on gymnasium" in printed
    summary = json.loads((tmp_path / "bc" / "summary.json").read_text())
    assert (summary["env_steps"], summary["updates"], summary["evaluation"]["episodes"]) == (0, 5, 1)


def test_logs_that_do_not_fit_are_refused(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    log = linear_run(tmp_path / "run", {"name": "sac"})
    broken = linear_run(tmp_path / "broken", {"name": "sac"})
    (newest(broken / CHECKPOINT) / REPLAY).write_bytes(b"PK\x03\x04 broken")
    other = linear_run(tmp_path / "other", {"name": "sac"}, remembers=True)  # wider than its settings say
    for env, path, complaint in (
        (POINT, "", "agent.log is '', allowed: the folder of a run"),
        (POINT, tmp_path / "none", f"agent.log: {tmp_path / 'none'} holds no run"),
        (POINT, broken, "holds no whole checkpoint: 00001_at_300: replay.safetensors has 11 bytes, written were "),
        (POINT, other, "observations of (2,) values"),
        (
            "test/Falling-v0",
            log,
            "observes the environment 'test/Point-v0', this run the environment 'test/Falling-v0'",
        ),
        ("test/Choice-v0", log, "agent 'bc' chooses continuous actions, those of 'test/Choice-v0' are discrete"),
    ):
        arguments = ["train", "--env", f"gym:{env}", "--agent", "bc", "--set", f"agent.log={path or repr('')}"]
        code, printed, error = run_cli(capsys, *arguments, "--out", str(tmp_path / "out"))
        assert (code, printed, error.count("\n")) == (2, "", 1)
        assert complaint in error
    assert not (tmp_path / "out").exists()


@pytest.mark.ros
def test_robot_cannot_learn_from_the_log_of_an_environment(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    log = linear_run(tmp_path / "run", {"name": "sac"})
    arguments = ["train", "mock_point", "--agent", "bc", "--set", f"agent.log={log}", "--out", str(tmp_path / "out")]
    code, _, error = run_cli(capsys, *arguments)
    assert code == 2 and "observes the environment 'test/Point-v0', this run joint_position[2]" in error
    assert not (tmp_path / "out").exists()
