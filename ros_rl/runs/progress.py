# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""What the learner tells about its training: episodes, rates, and how far the robot has come. No ROS."""

from __future__ import annotations

import dataclasses
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ros_rl.types import Transition

_EPISODES = 5  # that means are taken over


@dataclass
class _Running:
    """An episode that has not ended."""

    episode: int
    steps: int = 0
    sums: dict[str, float] = field(default_factory=dict)


class EpisodeStatistics:
    """Returns and the task's metrics of the last episodes of all robots, from the transitions as they come."""

    def __init__(self) -> None:
        self.episodes = 0
        """Episodes that ended."""
        self.terminations = 0
        """Of them, those that the task terminated."""
        self._running: dict[str, _Running] = {}  # by source
        self._means: deque[dict[str, float]] = deque(maxlen=_EPISODES)

    def state(self) -> dict[str, Any]:
        """What `restore` takes; JSON can hold it."""
        running = {source: dataclasses.asdict(each) for source, each in self._running.items()}
        counts = {"episodes": self.episodes, "terminations": self.terminations}
        return counts | {"running": running, "means": list(self._means)}

    def restore(self, state: Mapping[str, Any]) -> None:
        """Go on from what `state` gave."""
        self.episodes, self.terminations = state["episodes"], state["terminations"]
        self._running = {source: _Running(**each) for source, each in state["running"].items()}
        self._means = deque(state["means"], maxlen=_EPISODES)

    def add(self, transition: Transition, metrics: Mapping[str, float]) -> None:
        """Take a transition, with the task's metrics at its end."""
        running = self._running.get(transition.source)
        if running is None or running.episode != transition.episode:
            self._finish(transition.source)
            running = self._running[transition.source] = _Running(transition.episode)
        running.steps += 1
        for name, value in {"episode_return": transition.reward, **metrics}.items():
            running.sums[name] = running.sums.get(name, 0.0) + value
        self.terminations += transition.terminated
        if transition.terminated or transition.truncated:
            self._finish(transition.source)

    def _finish(self, source: str) -> None:
        over = self._running.pop(source, None)
        if over is not None:
            self.episodes += 1
            means = {name: total / over.steps for name, total in over.sums.items()}
            self._means.append(means | {"episode_return": over.sums["episode_return"]})

    def means(self) -> dict[str, float]:
        """Return and measures, means over the last episodes; empty before the first has ended."""
        if not self._means:
            return {}
        return {name: float(np.mean([item.get(name, np.nan) for item in self._means])) for name in self._means[-1]}


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
