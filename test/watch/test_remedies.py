# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""What the watch advises: only what the agent at hand has and what has an effect on it."""

import math
from typing import Any

import pytest
import torch

from ros_rl.agents.factory import make_agent
from ros_rl.config import iterate, nested
from ros_rl.features import ObservationSpec
from ros_rl.settings.loading import load_settings
from ros_rl.settings.registry import AGENT_SETTINGS
from ros_rl.watch.remedies import REMEDIES, remedies
from ros_rl.watch.value_watch import ValueWatch

OFTEN = {"agent.learning_rate", "learner.batch_size", "learner.updates_per_step"}
Q_LEARNING = {"agent.targets", "agent.tau", "agent.critics", "agent.normalisation"}
REPLAYED = (OFTEN | Q_LEARNING | {"learner.replay.n_step"}) - {"agent.targets"}
BINS = {"agent.largest_value", "agent.reward_scale"}
CROSSQ = ["agent.normalisation=batch", "agent.targets=none"]


def advised(agent: str, *overrides: str) -> set[str]:
    settings = load_settings("gym", overrides=["task.env=test/Point-v0", f"agent.name={agent}", *overrides])
    return set(remedies(settings))


@pytest.mark.parametrize(
    ("agent", "overrides", "expected"),
    [
        ("sac", [], REPLAYED),
        ("sac", ["learner.replay.priority=td_error"], REPLAYED | {"learner.replay.alpha"}),
        ("sac", ["learner.replay.priority=td_error", "learner.replay.alpha=0"], REPLAYED),
        ("sac", ["agent.targets=none"], (REPLAYED | {"agent.targets"}) - {"agent.tau"}),
        ("sac", CROSSQ, OFTEN | {"agent.targets", "agent.critics", "learner.replay.n_step"}),
        ("sac", ["agent.normalisation=layer"], REPLAYED - {"agent.normalisation"}),
        ("sac", ["agent.loss=categorical"], REPLAYED | BINS),
        ("sac", ["agent.loss=categorical", "agent.reward_scale=returns"], REPLAYED | {"agent.largest_value"}),
        ("dqn", [], (REPLAYED | {"agent.targets", "agent.copy_every"}) - {"agent.tau"}),
        ("dqn", ["agent.targets=polyak", "agent.bootstrap=same"], REPLAYED | {"agent.bootstrap"}),
        ("naf", [], REPLAYED - {"agent.critics"}),
        ("mpc", [], OFTEN | {"agent.tau", "agent.critics"}),
        ("mpc", ["agent.layer_norm=false"], OFTEN | {"agent.tau", "agent.critics", "agent.layer_norm"}),
        ("mbpo", [], OFTEN | {"agent.tau", "agent.critics"}),
        ("actor_critic", [], (OFTEN | Q_LEARNING) - {"agent.targets", "learner.updates_per_step"}),
        ("actor_critic", ["agent.data=off_policy"], REPLAYED),
        ("reinforce", [], OFTEN - {"learner.updates_per_step"}),
    ],
)
def test_only_what_the_agent_has_is_advised(agent: str, overrides: list[str], expected: set[str]) -> None:
    assert advised(agent, *overrides) == expected


@pytest.mark.parametrize("agent", sorted(set(AGENT_SETTINGS) - {"random"}))
def test_what_is_advised_is_a_setting_and_stands_in_the_sentence(agent: str) -> None:
    settings = load_settings("gym", overrides=["task.env=test/Point-v0", f"agent.name={agent}"])
    known, told = {key for key, *_ in iterate(settings)}, remedies(settings)
    assert set(told) <= known
    watch = ValueWatch(0.9, settings.learner.watch, remedies=told)
    watch.batch(torch.tensor([math.nan]), torch.tensor([0.0]))
    (warning,) = watch.warnings()
    for key, text in REMEDIES.items():
        assert text not in warning or key in told
    assert told["agent.learning_rate"] in warning and warning.count("use ") == 2


FOLLOWED = {
    "agent.targets": "polyak",
    "agent.tau": 0.001,
    "agent.copy_every": 5000,
    "agent.critics": 3,
    "agent.bootstrap": "double",
    "learner.replay.n_step": 3,
    "learner.replay.alpha": 0.3,
    "agent.normalisation": "layer",
    "agent.layer_norm": True,
    "agent.learning_rate": 1e-5,
    "agent.largest_value": 10.0,
    "agent.reward_scale": "returns",
    "learner.batch_size": 300,
    "learner.updates_per_step": 0.5,
}


@pytest.mark.parametrize("task", ["a1_walk", "xarm_reach"])
@pytest.mark.parametrize(
    "agent",
    [
        {"name": "sac"},
        {"name": "sac", "normalisation": "batch", "targets": "none"},
        {"name": "sac", "loss": "categorical"},
        {"name": "td3", "targets": "hard"},
        {"name": "td7"},
        {"name": "naf"},
        {"name": "qt_opt"},
        {"name": "actor_critic"},
        {"name": "actor_critic", "data": "off_policy"},
        {"name": "reinforce"},
        {"name": "mbpo"},
        {"name": "mpc", "layer_norm": False},
    ],
)
def test_advice_is_accepted(agent: dict[str, Any], task: str) -> None:
    """Each advised change makes other settings, and an agent."""
    assert set(FOLLOWED) == set(REMEDIES)
    plain = load_settings(task, overrides=[{"agent": agent}])
    layout = ObservationSpec(plain.load_robot(), plain.task.observation, plain.control.delay)
    for key in remedies(plain):
        changed = load_settings(task, overrides=[{"agent": agent}, nested(key, FOLLOWED[key])])
        assert changed != plain
        assert make_agent(layout, changed) is not None
