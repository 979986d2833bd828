# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""A replayed batch as model-free agents learn from it."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from ros_rl.layout import Layout
from ros_rl.replay.batch import Batch


@dataclass
class Samples:
    """Tensors of one batch; `ros_rl.replay.batch.Batch` says what each is."""

    obs: Tensor
    """(batch, inputs): scaled observations."""
    action: Tensor
    """(batch, actions), of a chunk one behind the other"""
    reward: Tensor
    """(batch,)"""
    next_obs: Tensor
    """(batch, inputs)"""
    terminated: Tensor
    """(batch,)"""
    discount: Tensor
    """(batch,)"""
    weight: Tensor
    """(batch,)"""
    shown: Tensor
    """(batch,)"""

    def rows(self, index: Tensor | slice) -> Samples:
        """Some of them."""
        return Samples(*(value[index] for value in vars(self).values()))

    def target(self, value: Tensor) -> Tensor:
        """Right side of the Bellman equation, (batch,), from values of the next observations."""
        return self.reward + self.discount * (1.0 - self.terminated) * value


class Inputs(nn.Module):
    """Observations as networks see them, and the smoothing of actions.

    A model-free agent sees the whole observation, with the last and the pending actions: with a delay, only all of
    them together make the next observation independent of the past.

    Args:
        layout: Of observations.
        smoothing: Share of the newest action in the next one; without effect where observations hold no actions.
    """

    scale: Tensor

    def __init__(self, layout: Layout, smoothing: float) -> None:
        super().__init__()
        self.size, self.action_size = layout.size, layout.action_size
        self.smoothing = smoothing if layout.knows_actions else 0.0
        self.register_buffer("scale", torch.tensor(layout.scale, dtype=torch.float32))

    def forward(self, observation: Tensor) -> Tensor:
        """Scaled observations, of the same shape."""
        return observation * self.scale

    def smooth(self, action: Tensor, obs: Tensor) -> Tensor:
        """The action that acts: a low-pass of the chosen one and the newest; of several in a row, one by one."""
        if not self.smoothing:
            return action
        newest, acting = self.last_action(obs), []
        for chosen in action.split(self.action_size, -1):
            newest = (1.0 - self.smoothing) * chosen + self.smoothing * newest
            acting.append(newest)
        return torch.cat(acting, -1)

    def unsmooth(self, action: Tensor, obs: Tensor) -> Tensor:
        """The chosen action, from the one that acts: the inverse of `smooth`."""
        if not self.smoothing:
            return action
        return (action - self.smoothing * self.last_action(obs)) / (1.0 - self.smoothing)

    def last_action(self, obs: Tensor) -> Tensor:
        """The newest action that was decided, which stands at the input's end."""
        return obs[..., -self.action_size :]

    def samples(self, batch: Batch) -> Samples:
        """A batch as tensors, where the agent is."""
        names = ("observation", "action", "reward", "next_observation", "terminated", "discount", "weight", "shown")
        device = self.scale.device
        obs, action, reward, next_observation, *rest = (
            torch.as_tensor(getattr(batch, name), device=device) for name in names
        )
        return Samples(self(obs), action, reward, self(next_observation), *rest)
