# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Replayed transitions in the mirror: what a symmetric robot does on the left it could do on the right."""

from __future__ import annotations

import dataclasses

import numpy as np
import torch

from ros_rl.layout import LAST_ACTION, Layout
from ros_rl.replay.batch import Batch


class Mirror:
    """Turns transitions into their left-right mirror images, which are as true where robot and task are symmetric.

    So twice as much is known (Abdolhosseini et al. 2019, "On learning symmetric locomotion", there: duplicate tuples).
    Torch's random numbers choose, which a checkpoint holds.

    Args:
        layout: Of the observations.

    Raises:
        ValueError: The layout has no mirror image.
    """

    def __init__(self, layout: Layout) -> None:
        mirror = layout.mirror()
        if mirror is None:
            raise ValueError(f"'{layout.name}' has no left-right mirror image")
        index, sign = np.array(mirror[0]), mirror[1].astype(np.float32)
        last = layout.slices[LAST_ACTION]
        self._observation = index, sign
        self._action = index[last] - last.start, sign[last]
        self._action_size = len(self._action[0])
        self._choices = np.array(layout.mirrored_choices, np.float32)

    def __call__(self, batch: Batch) -> Batch:
        """A copy of a batch of which each transition is turned with probability 1/2.

        Not every second one: prioritised batches are ordered by age, and so the same would be turned again and again.
        """
        return self.turned(batch, (torch.rand(len(batch.index), device="cpu") < 0.5).numpy())

    def turned(self, batch: Batch, rows: np.ndarray | slice) -> Batch:
        """A copy with the mirror images of some rows, whatever their number of steps and their weights."""
        observation = _turned(batch.observation, rows, *self._observation)
        next_observation = _turned(batch.next_observation, rows, *self._observation)
        action = self._turned_action(batch.action, rows)
        return dataclasses.replace(batch, observation=observation, action=action, next_observation=next_observation)

    def _turned_action(self, action: np.ndarray, rows: np.ndarray | slice) -> np.ndarray:
        if not self._choices.size:
            return _turned(action, rows, *self._of_chunk(action.shape[1] // self._action_size))
        action = action.copy()
        action[rows] = self._choices[action[rows].astype(int)]
        return action

    def _of_chunk(self, length: int) -> tuple[np.ndarray, np.ndarray]:
        """Where the values of so many actions in a row come from in the mirror, and their signs."""
        index, sign = self._action
        starts = self._action_size * np.arange(length)
        return (starts[:, None] + index).ravel(), np.tile(sign, length)


def _turned(values: np.ndarray, rows: np.ndarray | slice, index: np.ndarray, sign: np.ndarray) -> np.ndarray:
    values = values.copy()
    values[rows] = values[rows][:, index] * sign
    return values
