# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Several actions in a row as one decision: where such chunks begin, and what was done in them."""

from __future__ import annotations

import numpy as np

from ros_rl.replay.ring import Ring
from ros_rl.replay.sum_tree import Index


def chunk_actions(ring: Ring, index: Index, length: int, rng: np.random.Generator) -> np.ndarray:
    """The actions of `length` transitions one after the other, (batch, length * actions).

    Behind a chain's end they are drawn uniformly from [-1, 1]: after a termination none changes anything, and critics
    have to see that of all of them, or a policy finds those whose values are wrong.

    Args:
        ring: What is held.
        index: Where chunks begin, (batch,).
        length: Of a chunk.
        rng: Draws them.
    """
    place, going = index, np.ones(len(index), bool)
    actions = rng.uniform(-1.0, 1.0, (len(index), length, ring.action.shape[1])).astype(np.float32)
    for step in range(length):
        actions[going, step] = ring.action[place[going]]
        going = going & (ring.successor[place] > 0)
        place = (place + ring.successor[place]) % ring.capacity
    return actions.reshape(len(index), -1)


class Beginnings:
    """Where chunks begin: in front of so many transitions of one chain, or of fewer up to a termination.

    A chunk that a truncation or a gap cuts is none: what its last actions would have brought is not known.

    Args:
        ring: What is held.
        length: Of a chunk, at least 2.
    """

    def __init__(self, ring: Ring, length: int) -> None:
        self._ring, self._length = ring, length
        self._found, self._added = np.zeros(0, np.int64), -1

    def forget(self) -> None:
        """What is held was replaced."""
        self._added = -1

    def places(self) -> Index:
        """All of them, each once; found anew only when something was added."""
        ring = self._ring
        if self._added != ring.added:
            place, ends = ring.windows(self._length)
            ended = np.flatnonzero(ring.terminated[: ring.held])
            cut_short = np.unique(ring.before(ended, self._length - 2))
            self._found = np.concatenate([place[ends - (self._length - 1)], cut_short])
            self._added = ring.added
        return self._found
