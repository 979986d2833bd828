# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""What the learner tells about its training: episodes, rates, and how far the robot has come. No ROS."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping

import numpy as np

from ros_rl.types import Transition

_EPISODES = 5  # that means are taken over


class EpisodeStatistics:
    """Returns and the task's own measures of the last episodes, from the transitions as they come.

    Args:
        episodes: That ended before.
        falls: Of them.
    """

    def __init__(self, episodes: int = 0, falls: int = 0) -> None:
        self.episodes = episodes
        """Episodes that ended."""
        self.falls = falls
        """Of them, those that the task terminated."""
        self._current: int | None = None
        self._sums: dict[str, float] = {}
        self._steps = 0
        self._means: deque[dict[str, float]] = deque(maxlen=_EPISODES)

    def add(self, transition: Transition, success: Mapping[str, float]) -> None:
        """Take a transition, with the task's measures at its end."""
        if transition.episode != self._current:
            self._finish()
            self._current = transition.episode
        self._steps += 1
        for name, value in {"episode_return": transition.reward, **success}.items():
            self._sums[name] = self._sums.get(name, 0.0) + value
        self.falls += transition.terminated
        if transition.terminated or transition.truncated:
            self._finish()

    def _finish(self) -> None:
        if self._steps:
            self.episodes += 1
            means = {name: total / self._steps for name, total in self._sums.items()}
            self._means.append(means | {"episode_return": self._sums["episode_return"]})
        self._sums, self._steps = {}, 0

    def means(self) -> dict[str, float]:
        """Return and measures, means over the last episodes; empty before the first has ended."""
        if not self._means:
            return {}
        return {name: float(np.mean([item.get(name, np.nan) for item in self._means])) for name in self._means[-1]}


class StepCounter:
    """Environment steps of a training, across restarts of the driver, which counts from zero each time.

    Args:
        offset: Steps taken before the driver's present session.
        session: Names the driver's present session; -1 for none yet.
        last: Steps known of it.
    """

    def __init__(self, offset: int = 0, session: int = -1, last: int = 0) -> None:
        self.offset, self.session, self.last = offset, session, last

    def note(self, session: int, steps: int) -> int:
        """Take the driver's session and its steps in it; returns the steps of the training."""
        if session != self.session:
            self.offset += self.last
            self.session = session
        self.last = steps
        return self.offset + steps


class SequenceCheck:
    """Finds gaps and repetitions in the packets of one sender, also across its restarts.

    Args:
        session: Of the newest packet known; -1 for none.
        sequence: Of the newest packet known.
        received: Packets before.
        lost: Of them that never came.
    """

    def __init__(self, session: int = -1, sequence: int = -1, received: int = 0, lost: int = 0) -> None:
        self.session, self.sequence = session, sequence
        self.received = received
        self.lost = lost
        """Packets that never came."""

    def take(self, session: int, sequence: int) -> bool:
        """Note a packet; False if it is known already."""
        if session != self.session:
            self.session, self.sequence = session, -1
        if sequence <= self.sequence:
            return False
        self.lost += sequence - self.sequence - 1
        self.sequence = sequence
        self.received += 1
        return True


class Rates:
    """Increase per second of growing counts."""

    def __init__(self) -> None:
        self._time: float | None = None
        self._counts: dict[str, float] = {}

    def update(self, now: float, counts: Mapping[str, float]) -> dict[str, float]:
        """Rates [1/s] since the last call; 0 at the first.

        Args:
            now: Steady clock [s].
            counts: By name.
        """
        elapsed = now - self._time if self._time is not None else 0.0
        rates = {
            name: (value - self._counts.get(name, value)) / elapsed if elapsed > 0 else 0.0
            for name, value in counts.items()
        }
        self._time, self._counts = now, dict(counts)
        return rates
