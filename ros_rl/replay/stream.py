# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""What a robot saw, one observation after the other, as a model with a memory learns from it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from ros_rl.replay.ring import Ring
from ros_rl.replay.sum_tree import Index


@dataclass(frozen=True)
class Stream:
    """Observations in their order, (batch, length, ...), float32 (images: uint8), and what led to each of them.

    Nothing led to the first of an episode, of which each has its zeros. The observation in which an episode ended is
    there, too, before the first one of the next.
    """

    observation: np.ndarray
    """(batch, length, observation_size)"""
    action: np.ndarray
    """(batch, length, actions): the decision before it"""
    reward: np.ndarray
    """(batch, length)"""
    terminated: np.ndarray
    """(batch, length), 0 or 1: whether the task ended with it"""
    first: np.ndarray
    """(batch, length), 0 or 1: whether nothing that is held in this row led to it"""
    images: Mapping[str, np.ndarray] = field(default_factory=dict)
    """(batch, length, height, width, channels) by name"""


def streams(ring: Ring, place: Index) -> Stream:
    """The observations around transitions of one source, one more in each row than transitions are.

    A transition gives the observation after it; the first of a chain, and of a row, that before it as well. So of rows
    that hold several chains the last observations are left out.

    Args:
        ring: Holds them.
        place: Of the transitions, in their order, (batch, length - 1).
    """
    batch, steps = place.shape
    begins = ring.position[place] == 0
    begins[:, 0] = True
    after = np.arange(steps) + np.cumsum(begins, 1)
    source, first = np.zeros((batch, steps + 1), np.int64), np.zeros((batch, steps + 1), bool)
    for where, is_first in ((after, False), (after - 1, True)):
        row, column = np.nonzero((where <= steps) & (begins | (not is_first)))
        source[row, where[row, column]] = place[row, column]
        first[row, where[row, column]] = is_first
    led = ~first
    images = ring.images.after(source, ring.successor)
    for name, before in ring.images.at(source[first]).items():
        images[name][first] = before
    return Stream(
        np.where(led[..., None], ring.next_observation[source], ring.observation[source]),
        ring.action[source] * led[..., None],
        ring.reward[source] * led,
        ring.terminated[source] * led,
        first.astype(np.float32),
        images,
    )
