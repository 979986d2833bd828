# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""A task whose reward or termination is learned, behind the interface of one whose functions are known (torch)."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from ros_rl.dynamics.heads import RewardHead, TerminationHead
from ros_rl.layout import Fields
from ros_rl.networks.spaces import Spaces
from ros_rl.settings.dynamics import ModelSettings
from ros_rl.tasks.task import Judge
from ros_rl.types import Array


class LearnedTask(nn.Module):
    """Reward and termination for planners and generated data; what is not learned is the task's own.

    Args:
        spaces: Layout of states, goals and actions.
        task: The task's own functions.
        settings: What is learned, and the size of its networks.
    """

    def __init__(self, spaces: Spaces, task: Judge, settings: ModelSettings) -> None:
        super().__init__()
        s, size = settings, spaces.state_size + spaces.goal_size
        self.known, self.ends = task, s.termination != "never"
        self._names = [f.name for f in spaces.spec.fields if f.kind != "action" and f.size]
        learns = s.reward == "learned", s.termination == "learned"
        self.reward_head = RewardHead(size, spaces.action_size, s.hidden, s.layers) if learns[0] else None
        self.termination_head = TerminationHead(size, s.hidden, s.layers) if learns[1] else None

    def reward(self, before: Fields, last_action: Tensor, action: Tensor, after: Fields) -> Tensor:
        """See `Task.reward`."""
        if self.reward_head is None:
            return self.known.reward(before, last_action, action, after)
        return self.reward_head(self._join(before), last_action, action, self._join(after))

    def terminated(self, after: Fields) -> Tensor:
        """See `Task.terminated`: where it is likelier than not, as far as that is learned."""
        if self.termination_head is not None:
            return self.termination_head(self._join(after)) > 0.0
        first = next(iter(after.values()))
        return self.known.terminated(after) if self.ends else first.new_zeros(first.shape[:-1], dtype=torch.bool)

    @torch.no_grad()
    def fit_normalisers(self, before: Fields, reward: Tensor) -> None:
        """Take the normalisation from data, a row per transition."""
        if self.reward_head is not None:
            self.reward_head.fit_normalisers(self._join(before), reward)
        if self.termination_head is not None:
            self.termination_head.fit_normalisers(self._join(before))

    def losses(
        self, before: Fields, last_action: Tensor, action: Tensor, after: Fields, reward: Tensor, terminated: Tensor
    ) -> dict[str, Tensor]:
        """What training minimises the sum of: the mean loss of each head over transitions that happened."""
        found = {}
        if self.reward_head is not None:
            x, next_x = self._join(before), self._join(after)
            found["reward_loss"] = self.reward_head.loss(x, last_action, action, next_x, reward)
        if self.termination_head is not None:
            found["termination_loss"] = self.termination_head.loss(self._join(after), terminated)
        return found

    def _join(self, fields: Fields) -> Tensor:
        """State and goal as one vector, (..., size)."""
        lead = fields[self._names[0]].shape[:-1]
        return torch.cat([fields[name].expand(*lead, -1) for name in self._names], -1)


class ArrayJudge:
    """A learned task that judges numpy arrays, as the task itself does.

    Args:
        learned: What judges.
        device: Where it is.
    """

    def __init__(self, learned: LearnedTask, device: torch.device) -> None:
        self._learned, self._device = learned, device

    @torch.no_grad()
    def reward(self, before: Fields, last_action: Array, action: Array, after: Fields) -> Array:
        """See `Judge.reward`."""
        last, now = self._tensors({"last": last_action, "now": action}).values()
        found: Array = self._learned.reward(self._tensors(before), last, now, self._tensors(after)).cpu().numpy()
        return found

    @torch.no_grad()
    def terminated(self, after: Fields) -> Any:
        """See `Judge.terminated`."""
        return self._learned.terminated(self._tensors(after)).cpu().numpy()

    def _tensors(self, fields: Fields) -> dict[str, Tensor]:
        return {name: torch.as_tensor(value, device=self._device) for name, value in fields.items()}
