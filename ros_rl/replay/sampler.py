# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Where in the ring a draw goes: to single transitions by priority or all alike, to chunks, or to runs of them."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from ros_rl.errors import ConfigError
from ros_rl.replay.chunks import Beginnings
from ros_rl.replay.priorities import Priorities
from ros_rl.replay.ring import Ring
from ros_rl.replay.sum_tree import Index
from ros_rl.settings.replay import ReplaySettings
from ros_rl.types import Array


class Sampler:
    """Draws places of a ring, with replacement; what lies there, others read.

    Args:
        ring: What is held.
        settings: Whether priorities count, and how.
        chunk: Actions of a decision; without priorities those places are drawn where so many begin.
        rng: Draws.
    """

    def __init__(self, ring: Ring, settings: ReplaySettings, chunk: int, rng: np.random.Generator) -> None:
        self._ring, self._settings, self._chunk, self._rng = ring, settings, chunk, rng
        self._priorities = Priorities(ring.capacity, settings) if settings.priority != "uniform" else None
        self._beginnings = Beginnings(ring, chunk) if chunk > 1 else None
        self._ranked = 0  # transitions ever added, up to the newest whose priority is set

    @property
    def holds_chunk(self) -> bool:
        """Whether there is a chunk to draw; always where decisions are for one step."""
        return self._beginnings is None or bool(self._beginnings)

    def draw(self, size: int) -> tuple[Index, np.ndarray]:
        """So many places as the settings say, and the importance weight of each, both (size,).

        Raises:
            ConfigError: The buffer is empty, or holds no chunk.
        """
        if self._priorities is None:
            return self._begun(size), np.ones(size, np.float32)
        self._check_held()
        self._rank()
        index = self._priorities.draw(size, self._rng)
        return index, self._priorities.weight(index, self._ring.held, self._ring.added)

    def uniform(self, size: int) -> Index:
        """So many places whatever the settings, all alike, (size,).

        Raises:
            ConfigError: The buffer is empty.
        """
        self._check_held()
        return self._rng.integers(0, self._ring.held, size)

    def windows(self, batch: int, length: int) -> Index:
        """Places of transitions in a row within one episode, all windows alike, (batch, length).

        Raises:
            ConfigError: No `length` transitions in a row are held.
        """
        return self._runs(self._ring.windows(length), batch, length, "episode in a row")

    def rows(self, batch: int, length: int, whole: bool) -> Index:
        """Places of transitions of one robot in a row, through the ends of episodes, all rows alike, (batch, length).

        Args:
            batch: How many rows.
            length: Transitions in each.
            whole: Whether each row is to be of one episode.

        Raises:
            ConfigError: No robot has made as many transitions, or no episode has.
        """
        found = self._ring.windows(length) if whole else self._ring.rows(length)
        return self._runs(found, batch, length, "episode" if whole else "robot")

    def update_priorities(self, index: Index, priority: Array) -> None:
        """See `Priorities.update`; without priorities nothing happens."""
        if self._priorities is not None:
            self._rank()
            self._priorities.update(index, priority)

    def state(self) -> dict[str, np.ndarray]:
        """What `restore` takes; nothing without priorities."""
        if self._priorities is None:
            return {}
        self._rank()
        return self._priorities.state(self._ring.held)

    def restore(self, arrays: Mapping[str, np.ndarray], kept: Index) -> None:
        """Take over what `state` gave, of a ring that is restored already; else all have the largest priority.

        Args:
            arrays: By name.
            kept: What `Ring.restore` gave.
        """
        self._ranked = self._ring.added - self._ring.held
        if self._priorities is None:
            return
        self._priorities = Priorities(self._ring.capacity, self._settings)
        if "priority" in arrays:
            self._priorities.restore(arrays["priority"][kept], float(arrays["largest_priority"]))
            self._ranked = self._ring.added

    def _check_held(self) -> None:
        if not self._ring.held:
            raise ConfigError("the replay buffer is empty")

    def _begun(self, size: int) -> Index:
        """Places where what `draw` gives begins, all alike."""
        if self._beginnings is None:
            return self.uniform(size)
        if not self._beginnings:
            raise ConfigError(f"the replay buffer holds no {self._chunk} transitions of one episode in a row")
        return self._beginnings.draw(size, self._rng)

    def _runs(self, found: tuple[Index, Index], batch: int, length: int, of: str) -> Index:
        """So many of the runs that `Ring.windows` or `Ring.rows` found."""
        place, ends = found
        if not len(ends):
            raise ConfigError(f"the replay buffer holds no {length} transitions of one {of}")
        end = ends[self._rng.integers(0, len(ends), batch)]
        return place[end[:, None] - np.arange(length - 1, -1, -1)]

    def _rank(self) -> None:
        """Give what was added since the last draw its priority, all at once."""
        ring = self._ring
        if self._priorities is not None and ring.added > self._ranked:
            self._priorities.renew(ring.newest(min(ring.added - self._ranked, ring.held)))
        self._ranked = ring.added
