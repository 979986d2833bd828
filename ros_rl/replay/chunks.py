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
        self._known = np.zeros(1, np.int64)

    def whole(self, place: Index) -> np.ndarray:
        """Whether chunks begin at places that are held, (places,)."""
        ring, found = self._ring, np.ones(len(place), bool)
        for _ in range(self._length - 1):
            distance = ring.successor[place]
            found &= (distance > 0) | (ring.terminated[place] > 0)
            place = (place + distance) % ring.capacity
        return found

    def places(self) -> Index:
        """All of them; a look over all that is held."""
        return np.flatnonzero(self.whole(np.arange(self._ring.held)))

    def __bool__(self) -> bool:
        """Whether there is any; as long as the last known one is whole, no other is looked for."""
        if not self.whole(self._known)[0]:
            self._known = np.append(self.places(), 0)[:1]
        return bool(self.whole(self._known)[0])

    def draw(self, size: int, rng: np.random.Generator) -> Index:
        """So many of them, all alike, with replacement.

        Args:
            size: How many; there is at least one.
            rng: Draws them.
        """
        found = rng.integers(0, self._ring.held, 2 * size)
        found = found[self.whole(found)]
        if len(found) >= size:
            return found[:size]
        places = self.places()
        return places[rng.integers(0, len(places), size)]
