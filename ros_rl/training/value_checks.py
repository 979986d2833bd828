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
        agent: What learns; None if nothing does.
        replay: Where its transitions are stored.
    """

    def __init__(self, watch: ValueWatch, agent: Agent | None, replay: ReplayBuffer) -> None:
        self.watch, self.agent, self.replay = watch, agent, replay
        if agent is not None:
            agent.watch = watch

    def add(self, transition: Transition) -> None:
        """Take a transition that has just been stored; the last of an episode has its values compared."""
        self.watch.transition(transition)
        if transition.terminated or transition.truncated:
            self._compare(transition.terminated)

    def _compare(self, terminated: bool) -> None:
        """Compare the values of the episode that has just ended, if nothing of it is missing."""
        if self.agent is None:
            return
        for episode in self.replay.episodes_since(self.replay.added - 1):
            seen = self.agent.look(episode)
            if seen is not None:
                self.watch.episode(seen[0].mean(0).numpy(), episode.reward.tolist(), terminated)

    def look(self) -> None:
        """Rank the critics' features when that is due, on transitions of all ages."""
        if self.agent is None or not len(self.replay) or not self.watch.rank_due:
            return
        places = np.linspace(0, len(self.replay) - 1, min(_ROWS, len(self.replay))).astype(np.int64)
        seen = self.agent.look(self.replay.at(places))
        if seen is not None:
            self.watch.features(seen[1])
