# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Draws from what a robot did and from what it was shown, each in its share of every batch."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from ros_rl.errors import ConfigError
from ros_rl.layout import Field
from ros_rl.replay.batch import Batch
from ros_rl.replay.buffer import ReplayBuffer
from ros_rl.replay.stream import Stream
from ros_rl.replay.sum_tree import Index
from ros_rl.settings.replay import ReplaySettings
from ros_rl.types import Array, Transition

Drawn = TypeVar("Drawn", Batch, Stream)

_PREFIX = "demonstrations."
_OTHER_SEED = 2**31  # beyond the seeds of runs
_ROUNDING = 1e-9


class MixedReplay(ReplayBuffer):
    """Own transitions and demonstrations, each in a buffer of its own (Ball et al. 2023, RLPD: symmetric sampling).

    A transition whose decision was a person's is both: it is kept among the robot's own, and again among the
    demonstrations (Luo et al. 2024, HIL-SERL). Sums of several rewards never go from one buffer into the other. In a
    batch the own transitions come first; the index of a demonstration lies beyond `capacity`.

    Args:
        capacity: Transitions held of each kind.
        observation_size: See `ReplayBuffer`.
        action_size: See there.
        seed: See there.
        gamma: See there.
        settings: See there; they hold for both.
        images: See there.
        frames: See there.
        chunk: See there.
        share: Of demonstrations in what is drawn, once there are any, in [0, 1].
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
        share: float = 0.5,
    ) -> None:
        super().__init__(capacity, observation_size, action_size, seed, gamma, settings, images, frames, chunk)
        self.demonstrations = ReplayBuffer(
            capacity, observation_size, action_size, seed + _OTHER_SEED, gamma, settings, images, frames, chunk
        )
        """What was shown."""
        self.corrections = 0
        """Transitions ever added whose decision was a person's."""
        self._share = share
        self._owed = 0.0  # demonstrations that are due and no whole one

    def add(self, transition: Transition) -> None:
        """See `ReplayBuffer.add`."""
        super().add(transition)
        if transition.by_person:
            self.demonstrations.add(transition)
            self.corrections += 1

    def sample(self, size: int) -> Batch:
        """See `ReplayBuffer.sample`; of the robot's own alone as long as no chunk was shown."""
        if not self.demonstrations.holds_chunk:
            return super().sample(size)
        return self._mixed(size, super().sample, self.demonstrations.sample)

    def sample_steps(self, size: int) -> Batch:
        """See `ReplayBuffer.sample_steps`."""
        return self._mixed(size, super().sample_steps, self.demonstrations.sample_steps)

    def sequences(self, batch: int, length: int) -> Batch:
        """See `ReplayBuffer.sequences`; of the robot's own alone as long as nothing so long was shown."""
        own = super().sequences
        if not self.demonstrations.holds(length):
            return own(batch, length)
        shown = self.demonstrations.sequences
        return self._mixed(batch, lambda count: own(count, length), lambda count: shown(count, length))

    def streams(self, batch: int, length: int, whole: bool = False) -> Stream:
        """See `ReplayBuffer.streams`; of the robot's own alone as long as nothing so long was shown."""
        theirs = self.demonstrations
        if not (theirs.holds(length - 1) if whole else theirs.holds_streams(length)):
            return super().streams(batch, length, whole)
        own, shown = self._shares(batch)
        parts = [super().streams(own, length, whole)] if own else []
        return _joined(parts + ([theirs.streams(shown, length, whole)] if shown else []))

    def everything(self) -> Batch:
        """See `ReplayBuffer.everything`."""
        return _joined([super().everything(), self._theirs(self.demonstrations.everything())])

    def collected(self) -> Array:
        """See `ReplayBuffer.collected`."""
        return np.concatenate([super().collected(), self.demonstrations.collected()])

    def update_priorities(self, index: Index, priority: Array) -> None:
        """See `ReplayBuffer.update_priorities`."""
        shown = index >= self.capacity
        priority = np.asarray(priority)
        if not np.isfinite(priority).all():
            raise ConfigError(
                f"{np.count_nonzero(~np.isfinite(priority))} of {priority.size} priorities are not finite"
            )
        super().update_priorities(index[~shown], priority[~shown])
        self.demonstrations.update_priorities(index[shown] - self.capacity, priority[shown])

    def state(self) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
        """See `ReplayBuffer.state`."""
        arrays, about = super().state()
        theirs, about_them = self.demonstrations.state()
        about["mixed"] = {"owed": self._owed, "corrections": self.corrections, "demonstrations": about_them}
        return arrays | {f"{_PREFIX}{name}": value for name, value in theirs.items()}, about

    def restore(self, arrays: Mapping[str, np.ndarray], about: Mapping[str, Any], path: Path) -> None:
        """See `ReplayBuffer.restore`. Where nothing was shown so far, what was shown since stays."""
        super().restore(arrays, about, path)
        mixed = about.get("mixed")
        if mixed is not None:
            theirs = {name.removeprefix(_PREFIX): value for name, value in arrays.items() if name.startswith(_PREFIX)}
            self.demonstrations.restore(theirs, mixed["demonstrations"], path)
            self._owed, self.corrections = mixed["owed"], mixed["corrections"]

    def _mixed(self, size: int, own: Callable[[int], Batch], shown: Callable[[int], Batch]) -> Batch:
        """A batch of so many, of which the demonstrations' share is exact over all that is drawn."""
        if not len(self.demonstrations):
            return own(size)
        rest, count = self._shares(size)
        parts = [own(rest)] if rest else []
        return _joined(parts + ([self._theirs(shown(count))] if count else []))

    def _shares(self, size: int) -> tuple[int, int]:
        """How many of so many are to be own ones and demonstrations."""
        due = self._owed + self._share * size
        count = min(size, int(due + _ROUNDING))
        self._owed = due - count
        return size - count, count

    def _theirs(self, batch: Batch) -> Batch:
        """A batch of demonstrations, which says so, and whose places are told from the robot's own."""
        return dataclasses.replace(batch, index=batch.index + self.capacity, shown=np.ones_like(batch.shown))


def _joined(parts: Sequence[Drawn]) -> Drawn:
    """One after the other."""
    if len(parts) == 1:
        return parts[0]
    found: dict[str, Any] = {}
    for item in dataclasses.fields(parts[0]):
        values = [getattr(part, item.name) for part in parts]
        if isinstance(values[0], Mapping):
            found[item.name] = {name: np.concatenate([value[name] for value in values]) for name in values[0]}
        else:
            found[item.name] = np.concatenate(values)
    return type(parts[0])(**found)
