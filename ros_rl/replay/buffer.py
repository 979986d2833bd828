# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""The replay buffer: uniform or prioritised draws, n-step returns, sequences and episodes (see docs/replay.md)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from ros_rl.errors import ConfigError
from ros_rl.formats.arrays import read_arrays, write_arrays
from ros_rl.layout import Field
from ros_rl.replay.batch import Batch
from ros_rl.replay.batches import Batches
from ros_rl.replay.chains import chained
from ros_rl.replay.collected import collected_rewards
from ros_rl.replay.episode_lengths import EpisodeLengths
from ros_rl.replay.memory import check_memory
from ros_rl.replay.ring import Ring
from ros_rl.replay.sampler import Sampler
from ros_rl.replay.stream import Stream, streams
from ros_rl.replay.sum_tree import Index
from ros_rl.settings.replay import ReplaySettings
from ros_rl.types import Array, Transition


class ReplayBuffer:
    """Holds the newest `capacity` transitions and samples them, with replacement.

    Args:
        capacity: Transitions held.
        observation_size: Values per observation.
        action_size: Values per action.
        seed: Of the sampling.
        gamma: Discount per step, in (0, 1].
        settings: How `sample` draws, and over how many steps; None: uniformly, single steps.
        images: Fields of the images beside the observations.
        frames: With how many observations each is given: itself and those before it in its episode, of which the
            oldest is repeated where there are fewer.
        chunk: Actions of a decision, of which `sample` gives all; more than 1 only with single steps drawn uniformly.

    Raises:
        ConfigError: gamma is outside (0, 1], or there is too little memory.
    """

    def __init__(
        self,
        capacity: int,
        observation_size: int,
        action_size: int,
        seed: int = 0,
        gamma: float = 0.99,
        settings: ReplaySettings | None = None,
        images: Sequence[Field] = (),
        frames: int = 1,
        chunk: int = 1,
    ) -> None:
        if not 0.0 < gamma <= 1.0:
            raise ConfigError(f"agent.gamma is {gamma}, allowed: above 0, at most 1")
        check_memory(capacity, observation_size, action_size, images)
        self.capacity, self.gamma, self.frames, self.chunk = capacity, gamma, frames, chunk
        self.settings = settings or ReplaySettings()
        self._ring = Ring(capacity, observation_size, action_size, images)
        self._rng = np.random.default_rng([seed, 0xBEEF])
        self._sampler = Sampler(self._ring, self.settings, chunk, self._rng)
        self._batches = Batches(self._ring, gamma, self.settings.n_step, frames, chunk)
        self.lengths = EpisodeLengths()
        """Of the episodes that were added."""

    @property
    def added(self) -> int:
        """Transitions ever added."""
        return self._ring.added

    def __len__(self) -> int:
        """Transitions held now."""
        return self._ring.held

    def add(self, transition: Transition) -> None:
        """Store a transition, over the oldest one when full.

        Raises:
            ConfigError: A value is not finite as a float32, or an image is not as its field says; nothing is stored.
        """
        length = self._ring.add(transition)
        if transition.terminated or transition.truncated:
            self.lengths.note(length)
            self.lengths.tell_short("learner.replay.n_step", self.settings.n_step, "every sum is a whole return")

    def sample(self, size: int) -> Batch:
        """Draw `size` transitions by priority, with their n-step sums, as the settings say; or chunks, all alike.

        Raises:
            ConfigError: The buffer is empty, or holds no chunk.
        """
        return self._batches.drawn(*self._sampler.draw(size), self._rng)

    def as_drawn(self, index: Index) -> Batch:
        """What `sample` gives of these places, (batch,), all with a weight of 1; also of chunks that are cut."""
        return self._batches.drawn(index, np.ones(len(index), np.float32), np.random.default_rng(0))

    @property
    def holds_chunk(self) -> bool:
        """Whether there is a chunk to draw; always where decisions are for one step."""
        return self._sampler.holds_chunk

    def sample_steps(self, size: int) -> Batch:
        """Draw `size` single steps uniformly whatever the settings, as a model of the dynamics needs them.

        Raises:
            ConfigError: The buffer is empty.
        """
        return self.at(self._sampler.uniform(size))

    def sequences(self, batch: int, length: int) -> Batch:
        """Draw windows of consecutive single steps within one episode, all windows alike, (batch, length, ...).

        Raises:
            ConfigError: No `length` transitions in a row are held.
        """
        return self.at(self._sampler.windows(batch, length))

    def streams(self, batch: int, length: int, whole: bool = False) -> Stream:
        """Draw what a robot saw one observation after the other, through the ends of episodes, (batch, length, ...).

        Args:
            batch: How many rows.
            length: Observations in each, at least 2.
            whole: Whether each row is to be of one episode.

        Raises:
            ConfigError: No robot has made as many transitions, or no episode has.
        """
        return streams(self._ring, self._sampler.rows(batch, length - 1, whole))

    def episodes(self) -> list[Batch]:
        """Every episode of which each step is held, up to its end, as single steps in order; the oldest first."""
        return self.episodes_since(0)

    def episodes_since(self, added: int, begun: int = 0) -> list[Batch]:
        """As `episodes`, only those that ended after `added` transitions had been added, and began after `begun`."""
        found = self._ring.episodes(max(0, self.added - added))
        return [self.at(index) for index in found if self._ring.age(index[0]) < self.added - begun]

    def newest(self, count: int) -> Batch:
        """The `count` newest single steps, or all if fewer are held; the oldest first."""
        return self.at(self._ring.newest(min(count, len(self))))

    def ordered(self) -> Batch:
        """All single steps, robot by robot; the oldest of each first."""
        return self.at(self._ring.windows(1)[0])

    def everything(self) -> Batch:
        """All single steps that are held."""
        return self.at(np.arange(len(self)))

    def collected(self) -> Array:
        """The rewards of an episode up to each step that is held, discounted by their age; see `collected_rewards`."""
        return collected_rewards(self._ring, self.gamma)

    def holds(self, length: int) -> bool:
        """Whether `sequences` of this length can be drawn."""
        return bool(len(self._ring.windows(length)[1]))

    def holds_streams(self, length: int) -> bool:
        """Whether `streams` of this length can be drawn."""
        return bool(len(self._ring.rows(length - 1)[1]))

    def transitions(self, newest: int | None = None) -> Iterator[Transition]:
        """What is held, robot by robot, the oldest of each first; ticks and episodes are numbered anew.

        What was one chain is one chain again, wherever it begins.

        Args:
            newest: How many of the newest; None: all.
        """
        place = self._ring.windows(1)[0]
        return chained(self._ring, place if newest is None else place[self._ring.age(place) < newest])

    def at(self, index: Index) -> Batch:
        """The single steps at these places of the ring, in any shape."""
        return self._batches.single(index)

    def update_priorities(self, index: Index, priority: Array) -> None:
        """Replace the priorities of transitions that were drawn; without priorities nothing happens.

        Args:
            index: `Batch.index`.
            priority: Errors of either sign, (batch,); which errors, `ReplaySettings.priority` says.

        Raises:
            ConfigError: A priority is not finite; none is replaced.
        """
        self._sampler.update_priorities(index, priority)

    def state(self) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
        """What `restore` takes: all that is held, as views, and what is no array, such as where the sampling stands."""
        arrays = self._ring.state() | self._sampler.state()
        return arrays, {"rng": self._rng.bit_generator.state, "sources": self._ring.sources}

    def restore(self, arrays: Mapping[str, np.ndarray], about: Mapping[str, Any], path: Path) -> None:
        """Take over what `state` gave. If no priorities are there, all that is held has the largest one.

        Of more transitions than this buffer holds it takes the newest.

        Args:
            arrays: By name.
            about: What is no array.
            path: Where they come from, for messages.

        Raises:
            ConfigError: The sizes differ from this buffer's.
        """
        kept = self._ring.restore(arrays, about["sources"], path)
        self._rng.bit_generator.state = about["rng"]
        self._sampler.restore(arrays, kept)

    def save(self, path: Path) -> None:
        """Write all that is held, and where the sampling stands, to a file of its own."""
        with path.open("wb") as file:
            write_arrays(file, *self.state())

    def load(self, path: Path) -> None:
        """Read what `save` wrote; see `restore`.

        Raises:
            RunFolderError: The file is broken.
            ConfigError: The sizes differ from this buffer's.
        """
        self.restore(*read_arrays(path), path)
