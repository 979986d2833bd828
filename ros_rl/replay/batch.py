# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Transitions as they are drawn from the replay buffer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from ros_rl.replay.sum_tree import Index


def _no_past() -> np.ndarray:
    return np.zeros((0, 0, 0), np.float32)


@dataclass(frozen=True)
class Batch:
    """Transitions as float32 arrays (images: uint8); see `ros_rl.types.Transition`. Truncation is no termination.

    The target of a value is ``reward + discount * (1 - terminated) * value(next_observation)``. Windows of sequences
    have a second dimension, (batch, length), in front of the sizes below.
    """

    observation: np.ndarray
    """(batch, observation_size)"""
    action: np.ndarray
    """(batch, actions); of a chunk one behind the other, (batch, chunk * actions)"""
    reward: np.ndarray
    """(batch,), sum of the m rewards from here on, the k-th times gamma^k, k = 0 .. m - 1"""
    next_observation: np.ndarray
    """(batch, observation_size), after these m steps"""
    terminated: np.ndarray
    """(batch,), 0 or 1: whether the task ended with the last of these steps"""
    discount: np.ndarray
    """(batch,), gamma^m"""
    weight: np.ndarray
    """(batch,), importance weight, 1 where all are drawn alike"""
    shown: np.ndarray
    """(batch,), 0 or 1: whether it is a demonstration"""
    index: Index
    """(batch,), places in the ring (int64)"""
    images: Mapping[str, np.ndarray] = field(default_factory=dict)
    """(batch, height, width, channels) by name, beside `observation`; of several frames (batch, frames, ...)"""
    next_images: Mapping[str, np.ndarray] = field(default_factory=dict)
    """The same beside `next_observation`"""
    past: np.ndarray = field(default_factory=_no_past)
    """(batch, frames - 1, observation_size): the observations before, the oldest first; see `ReplayBuffer.frames`"""
    next_past: np.ndarray = field(default_factory=_no_past)
    """The same before `next_observation`"""
