# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""An agent that adapts to another world: its dynamics alone learn, from what happens there and nothing else."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from learners import random_transition

from ros_rl.agents.mpc import MpcAgent
from ros_rl.settings.loading import load_settings
from ros_rl.training.run import TrainingRun
from ros_rl.training.training_loop import TrainingLoop

BEFORE, AFTER = 60, 90


def make_run(adapt: str, steps: int) -> TrainingRun:
    learner = {"steps": steps, "warmup_steps": 20, "checkpoint_every": 25, "batch_size": 16}
    agent = {
        "hidden": 16,
        "adapt": adapt,
        "planner_start": 30,
        "model_start": 25,
        "model": {"members": 2, "hidden": 16},
    }
    own = {"agent": {"name": "mpc", **agent}, "learner": learner, "evaluator": {"every": 0}}
    return TrainingRun(TrainingLoop(load_settings("mock_point", overrides=[own])))


def live(run: TrainingRun, start: int, stop: int) -> None:
    rng = np.random.default_rng(start)
    for index in range(start, stop):
        run.add(random_transition(run.training.spec, rng, index, episode=index // 13), {})
        run.note_steps(index + 1)
        while run.work():
            pass
        run.keep_up()


def weights(run: TrainingRun) -> dict[str, dict[str, Any]]:
    agent = run.training.agent
    assert isinstance(agent, MpcAgent)
    parts = {"model": agent.model, "policy": agent.policy, "critics": agent.critics.online, "targets": agent.targets}
    return {name: {key: value.clone() for key, value in part.state_dict().items()} for name, part in parts.items()}


def changed(before: dict[str, dict[str, Any]], after: dict[str, dict[str, Any]]) -> set[str]:
    return {name for name, part in before.items() if any(not torch.equal(part[key], after[name][key]) for key in part)}


def adapting(folder: Path) -> TrainingRun:
    run = make_run("dynamics", AFTER)
    run.resume(folder / "checkpoint")
    return run


def test_the_dynamics_alone_learn_from_the_new_world_alone(tmp_path: Path) -> None:
    first = make_run("all", BEFORE)
    first.begin(tmp_path / "first")
    live(first, 0, BEFORE - 5)  # five steps after its last checkpoint, which are of the old world, too
    run = adapting(tmp_path / "first")
    before, normalisers = weights(run), run.training.agent.model.inputs.std.clone()
    assert len(run.training.replay) == 0 and run.training.env_steps == 50 and not run.recalling
    run.begin(tmp_path / "second")
    live(run, 50, 51)
    assert run.training.allowance >= 51 + run.training.settings.learner.slack_steps, "a robot in lock-step would wait"
    live(run, 51, AFTER)
    assert changed(before, weights(run)) == {"model"}
    assert torch.equal(run.training.agent.model.inputs.std, normalisers)
    assert len(run.training.replay) == AFTER - 50 and float(run.training.agent.graph.use_planner) == 1.0


@pytest.mark.parametrize("stop", [52, 80])
def test_an_adaptation_that_was_stopped_goes_on_with_what_it_saw(tmp_path: Path, stop: int) -> None:
    first = make_run("all", BEFORE)
    first.begin(tmp_path / "first")
    live(first, 0, 50)
    run = adapting(tmp_path / "first")
    run.begin(tmp_path / "second")
    live(run, 50, stop)
    again = adapting(tmp_path / "second")
    again.begin(tmp_path / "second")
    while again.work():
        pass
    assert len(again.training.replay) == stop - 50 and again.training.env_steps == stop
    assert changed(weights(run), weights(again)) == set()
    assert again.training.allowance >= stop + again.training.settings.learner.slack_steps, "a robot would wait"
