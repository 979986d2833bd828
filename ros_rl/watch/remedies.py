# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""What helps against values that lie, in the words of the settings that an agent really has."""

from __future__ import annotations

from collections.abc import Mapping

from ros_rl.config import iterate
from ros_rl.features import FEATURES
from ros_rl.settings.tree import Settings

REMEDIES: Mapping[str, str] = {
    "agent.targets": "target networks (agent.targets polyak)",
    "agent.tau": "a smaller agent.tau",
    "agent.copy_every": "a larger agent.copy_every",
    "agent.critics": "more critics (agent.critics)",
    "agent.bootstrap": "double Q-learning (agent.bootstrap double)",
    "learner.replay.n_step": "a longer learner.replay.n_step",
    "learner.replay.alpha": "a smaller learner.replay.alpha",
    "agent.normalisation": "layer norm (agent.normalisation layer)",
    "agent.layer_norm": "layer norm (agent.layer_norm true)",
    "agent.learning_rate": "a smaller agent.learning_rate",
    "agent.largest_value": "a larger agent.largest_value",
    "agent.reward_scale": "rewards in units of their returns (agent.reward_scale returns)",
    "learner.batch_size": "larger batches (learner.batch_size)",
    "learner.updates_per_step": "fewer updates per step (learner.updates_per_step)",
}
"""By the setting to change, in the order in which to try; Van Hasselt et al. 2018 measured most of them."""


def remedies(settings: Settings) -> dict[str, str]:
    """Those of `REMEDIES` that a run can use: its agent has the setting, and a change of it has an effect."""
    agent, replay = settings.agent, settings.learner.replay
    useless = {f"agent.{name}" for name in agent.without_remedy()}
    useless |= {f"learner.replay.{name}" for name in agent.unused_replay()}
    if _changes_goals(settings):  # which it does with single steps
        useless.add("learner.replay.n_step")
    if replay.priority == "uniform" or replay.alpha == 0.0:
        useless.add("learner.replay.alpha")
    if not agent.replays:
        useless.add("learner.updates_per_step")
    usable = {key for key, _, _ in iterate(settings)} - useless
    return {key: text for key, text in REMEDIES.items() if key in usable}


def _changes_goals(settings: Settings) -> bool:
    """Whether replayed transitions get other goals."""
    kinds = [FEATURES[name].kind for name in settings.task.observation if name in FEATURES]
    return "goal" in kinds and settings.agent.relabel_fraction > 0.0
