# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""What a training that is stopped leaves: the controller of now, the best so far and a summary, for every agent."""

import json
import threading
import time
from pathlib import Path
from typing import Any

import gym_points
import gymnasium
import pytest

from ros_rl.deploy.onnx_graph import OnnxGraph
from ros_rl.gym.training import GymTraining
from ros_rl.runs.run_folder import RunFolder, is_finished
from ros_rl.runs.screens import result_screen
from ros_rl.runs.summary import summarise
from ros_rl.settings.loading import load_settings
from ros_rl.settings.tree import Settings

MODEL = {"members": 2, "hidden": 16, "reward": "learned", "termination": "never"}
PLANNER = {"horizon": 2, "samples": 48, "elites": 4, "iterations": 1}
LATENT = {"memory": 16, "hidden": 16, "variables": 2, "classes": 4}
AGENTS: dict[str, dict[str, Any]] = {
    "sac": {"hidden": 16},
    "td3": {"hidden": 16},
    "dqn": {"hidden": 16},
    "naf": {"hidden": 16},
    "reinforce": {"hidden": 16, "episodes": 1, "epochs": 1},
    "actor_critic": {"hidden": 16, "episodes": 1, "epochs": 1},
    "mpc": {"hidden": 16, "model_start": 10, "planner_start": 15, "model": MODEL, "planner": PLANNER},
    "mbpo": {"hidden": 16, "model_start": 10, "model": MODEL},
    "dreamer": {"hidden": 16, "sequence": 4, "horizon": 2, "model": LATENT},
    "random": {},
}


def settings_of(agent: str, *overrides: Any) -> Settings:
    env = "test/Choice-v0" if agent == "dqn" else "test/Point-v0"
    small = {
        "task": {"env": env},
        "agent": {"name": agent, **AGENTS[agent]},
        "learner": {"steps": 100, "warmup_steps": 15, "batch_size": 8},
        "evaluator": {"every": 40, "episodes": 2, "final_episodes": 2, "video": False},
    }
    return load_settings("gym", overrides=[{"agent": {"name": agent}}, small, *overrides])


@pytest.mark.parametrize("agent", AGENTS)
def test_every_agent_leaves_its_controller_and_goes_on(tmp_path: Path, agent: str) -> None:
    settings, stop = settings_of(agent), threading.Event()
    first = GymTraining(settings, lambda line: stop.set() if line.startswith("evaluation at") else None)
    with RunFolder.claim(tmp_path / "run") as folder:
        folder.write_config(settings)
        assert not first.run(folder, stop)
        folder.write_summary(summarise(settings, first.state, finished=False))
        first.state.keep_totals()
    stopped = json.loads((folder.path / "summary.json").read_text())
    assert (stopped["finished"], stopped["env_steps"], stopped["shortfall"]) == (False, 40, "")
    assert OnnxGraph.load(folder.path / "agent.onnx").contract.provenance["env_steps"] == 40
    assert (stopped["best"]["env_steps"], stopped["best"]["final"]) == (40, False)
    second = GymTraining(settings, print)
    second.resume(folder.path / "checkpoint")
    with RunFolder.claim_for("gym", None, folder.path):
        assert second.run(folder, threading.Event())
    whole = summarise(settings, second.state)
    assert [point["env_steps"] for point in whole["curve"]] == [40, 80, 100]
    assert whole["wall_minutes"] > stopped["wall_minutes"]
    if stopped["plan_ms"]["max"] is not None:  # who only explores plans nothing
        assert whole["plan_ms"]["max"] >= stopped["plan_ms"]["max"]
    best = max(whole["curve"], key=lambda point: (point["return"], point["env_steps"]))
    assert whole["best"]["env_steps"] == best["env_steps"] and whole["best"]["return_mean"] == best["return"]
    assert OnnxGraph.load(folder.path / "best.onnx").contract.provenance["env_steps"] == best["env_steps"]
    screen = result_screen(whole, "here")
    assert "last controller  agent.onnx\n" in screen and "best controller  best.onnx" in screen


class Slow(gym_points.Point):
    """Each step takes a hundredth of a second."""

    def step(self, action: Any) -> Any:
        time.sleep(0.01)
        return super().step(action)


@pytest.mark.parametrize("when", [25, 100])
def test_an_evaluation_ends_at_once_and_counts_for_nothing(tmp_path: Path, when: int) -> None:
    """Also the last one: the training then is not finished, though all its steps are done."""
    gymnasium.register("test/Slow-v0", Slow, max_episode_steps=1000)
    try:
        settings = settings_of("sac", {"task.env": "test/Slow-v0", "evaluator.every": when if when < 100 else 0})
        stop = threading.Event()
        run = GymTraining(settings, print)
        evaluate = run._evaluator.evaluate

        def interrupted(*given: Any) -> Any:
            threading.Timer(0.2, stop.set).start()
            return evaluate(*given)

        run._evaluator.evaluate = interrupted  # type: ignore[method-assign]
        folder, began = RunFolder(tmp_path), time.monotonic()
        assert not run.run(folder, stop)
        assert time.monotonic() - began < 8.0, "two episodes of 10 s were to be judged"
        assert run.state.evaluations == [] and not (tmp_path / "best.onnx").exists()
        assert OnnxGraph.load(tmp_path / "agent.onnx").contract.provenance["env_steps"] == when
        folder.write_summary(summarise(settings, run.state, finished=False))
        assert not is_finished(tmp_path)
        again = GymTraining(settings_of("sac", {"evaluator.every": 0}), print)
        again.resume(tmp_path / "checkpoint")
        assert again.run(folder, threading.Event()) and again.training.env_steps == 100
    finally:
        del gymnasium.registry["test/Slow-v0"]
