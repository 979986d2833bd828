# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Runs of every kind of agent come back; what each can be asked for is what it has."""

import json

import pytest

from ros_rl.cli import main as cli
from ros_rl.deploy.onnx_graph import OnnxGraph
from ros_rl.errors import ConfigError
from ros_rl.runs.run_folder import CHECKPOINT, RunFolder
from ros_rl.settings.loading import load_settings
from ros_rl.training.local import train_locally
from ros_rl.training.saved_run import SavedRun

MODEL = {"model": {"members": 2, "hidden": 16}, "model_start": 40}
PLANNER = {"planner": {"samples": 8, "proposals": 2, "elites": 2}, "planner_start": 40}
MODELS = ("mbpo", "distil")
AGENTS = {
    "sac": {},
    "mbpo": MODEL | {"rollouts_per_step": 4},
    "distil": MODEL | PLANNER | {"planner_calls": 1.0},
    "dreamer": {"sequence": 4, "horizon": 2, "model": {"memory": 8, "hidden": 8, "variables": 2, "classes": 3}},
}


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    """Short runs of some agents, saved as the nodes save them."""
    folder = tmp_path_factory.mktemp("runs")
    for name, agent in AGENTS.items():
        short = {"robot_minutes": 0.06, "warmup_steps": 20, "batch_size": 16}
        overrides = {"agent": {"name": name, "hidden": 16, **agent}, "learner": short}
        episodes = "task.episode_seconds=1.5"
        settings = load_settings("mock_point", overrides=[overrides, "driver.backend.name=mock", episodes])
        *_, last = train_locally(settings)
        RunFolder(folder / name).write_config(settings)
        last.training.checkpoint(folder / name / CHECKPOINT)
    return folder


@pytest.mark.parametrize("name", AGENTS)
def test_a_run_of_any_agent_comes_back(runs, name):
    run = SavedRun(runs / name)
    assert run.training.rounds == 52
    assert OnnxGraph(run.training.graph()).contract.provenance["config"]["agent"]["name"] == name
    assert (run.agent.model is not None, run.agent.planner is not None) == (name in MODELS, name == "distil")


@pytest.mark.parametrize("name", ["mbpo", "distil"])
def test_a_model_is_judged_whoever_learned_it(runs, capsys, name):
    assert cli.main(["analyse", "model", str(runs / name), "--episodes", "1", "--horizon", "3"]) == 0
    assert "GaussianEnsemble of 2 members" in capsys.readouterr().out
    numbers = json.loads((runs / name / "analysis" / "model" / "report.json").read_text())
    assert numbers["planner_horizon"] == (3 if name == "distil" else None)
    assert len(numbers["k_step"]["held-out"]["joint_position"]["rmse"]) == 3


def test_a_plan_is_taken_apart_where_there_is_one(runs, capsys):
    assert cli.main(["analyse", "plan", str(runs / "distil"), "--tick", "3"]) == 0
    assert "chosen plan" in capsys.readouterr().out
    assert cli.main(["analyse", "plan", str(runs / "mbpo")]) == 2
    assert "is a run of agent 'mbpo', which plans nothing" in capsys.readouterr().err
    assert cli.main(["analyse", "model", str(runs / "sac")]) == 2
    assert "is a run of agent 'sac', which learns no model" in capsys.readouterr().err


def test_a_reward_that_was_learned_from_cannot_be_changed_afterwards(runs):
    SavedRun(runs / "sac", ["task.episode_seconds=3.0"])
    for name in ("sac", "mbpo"):
        with pytest.raises(ConfigError, match=r"'task\.action_weight' is 3\.0, the run has 0\.01; only these may"):
            SavedRun(runs / name, ["task.action_weight=3.0"])
