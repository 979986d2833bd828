# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Feeds the watch with what updates do not hold: rewards, finished episodes and the critics' features."""

from __future__ import annotations

import numpy as np

from ros_rl.agents.agent import Agent
from ros_rl.replay.buffer import ReplayBuffer
from ros_rl.types import Transition
from ros_rl.watch.value_watch import ValueWatch

_ROWS = 256  # transitions whose features are ranked


class ValueChecks:
    """Shows an agent's critics to its watch.

    Args:
        watch: Of this training.
        agent: What learns.
        replay: Where its transitions are stored.
    """

    def __init__(self, watch: ValueWatch, agent: Agent, replay: ReplayBuffer) -> None:
        self.watch, self.agent, self.replay = watch, agent, replay
        agent.watch = watch

    def add(self, transition: Transition) -> None:
        """Take a transition that has just been stored; the last of an episode has its values compared."""
        self.watch.transition(transition)
        if transition.terminated or transition.truncated:
            self._compare(transition.terminated)

    def _compare(self, terminated: bool) -> None:
        """Compare the values of the episode that has just ended, if nothing of it is missing."""
        for episode in self.replay.episodes_since(self.replay.added - 1):
            looked = self.agent.look(self.replay.as_drawn(episode.index))
            if looked is not None:
                values, _ = looked
                self.watch.episode(values.mean(0).cpu().numpy(), episode.reward.tolist(), terminated)

    def look(self) -> None:
        """Rank the critics' features when that is due, on transitions of all ages."""
        if not len(self.replay) or not self.watch.rank_due:
            return
        places = np.linspace(0, len(self.replay) - 1, min(_ROWS, len(self.replay))).astype(np.int64)
        looked = self.agent.look(self.replay.as_drawn(places))
        if looked is not None:
            _, features = looked
            self.watch.features(features)
