# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Transitions as agents with a model learn from them: without the delay between a decision and its action."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from ros_rl.layout import LAST_ACTION, Layout
from ros_rl.replay.batch import Batch


@dataclass
class Experience:
    """Undelayed transitions as tensors: u_k acts in x_k."""

    state: Tensor
    goal: Tensor
    last_action: Tensor
    action: Tensor
    reward: Tensor
    next_state: Tensor
    terminated: Tensor

    def rows(self, index: Tensor | slice) -> Experience:
        """Some of them, by number, by a mask or by a slice."""
        return Experience(*(value[index] for value in vars(self).values()))


def joined(parts: Sequence[Experience]) -> Experience:
    """One after the other."""
    return Experience(*(torch.cat(values) for values in zip(*(vars(part).values() for part in parts), strict=True)))


class ExperienceReader:
    """Takes undelayed transitions out of stored ones.

    Args:
        layout: Of stored observations.
        device: Where tensors are to be.
    """

    def __init__(self, layout: Layout, device: torch.device) -> None:
        self._layout, self._device = layout, device

    def __call__(self, batch: Batch) -> Experience:
        """The action that acted is the next observation's last action."""
        layout = self._layout
        parts = (batch.observation, batch.next_observation, batch.reward, batch.terminated)
        observation, next_observation, reward, terminated = (
            torch.as_tensor(part, device=self._device) for part in parts
        )
        last = layout.slices[LAST_ACTION]
        return Experience(
            observation[:, layout.state],
            observation[:, layout.goal],
            observation[:, last],
            next_observation[:, last],
            reward,
            next_observation[:, layout.state],
            terminated,
        )
