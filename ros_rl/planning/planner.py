# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""What all planners share: the start, the policy's proposals, and what rollouts through a world are worth (torch).

Sequences that a policy proposes and a value at their end are from Hansen et al. 2022 (TD-MPC).
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any, ClassVar, Generic

import torch
from torch import Tensor, nn

from ros_rl.planning.coloured_noise import colour_map
from ros_rl.planning.objective import evaluate
from ros_rl.planning.plan import Carried, Plan, Rollout, Start
from ros_rl.planning.world import Course, W, World
from ros_rl.settings.planner import PlannerSettings


class Planner(nn.Module, ABC, Generic[W]):
    """Optimises the next `horizon` actions.

    Args:
        world: What predicts.
        settings: Horizon, samples and so on.
        gamma: Discount per step.
    """

    not_exportable: ClassVar[str] = ""
    """Why a planner of this kind cannot go into a control graph; empty if it can."""
    colour: Tensor

    def __init__(self, world: W, settings: PlannerSettings, gamma: float) -> None:
        super().__init__()
        self.world, self.settings, self.gamma = world, settings, gamma
        if settings.noise_beta > 0.0:
            colour = colour_map(settings.horizon, settings.noise_beta)
            self.register_buffer("colour", colour.to(torch.get_default_device()))

    @property
    def sampled(self) -> int:
        """Sequences that a plan samples, besides the proposals."""
        return 0

    @property
    def noise_shape(self) -> list[int]:
        """Standard normal numbers that one plan needs: proposals, samples, and what chance does along them."""
        actions = self.world.action_size
        chance = -(-self.world.noise_per_step // actions)
        return [self.settings.proposals + self.sampled + chance, self.settings.horizon, actions]

    def plan(
        self, state: Any, noise: Tensor, last: Carried | None = None, rollouts: list[Rollout] | None = None
    ) -> Plan:
        """Optimise the next `horizon` actions.

        Args:
            state: The world's, where they begin.
            noise: Of shape `noise_shape`.
            last: The last plan's rest; samples begin around it, if something is left of it, with ``warm_start``.
            rollouts: Where those of all candidates are noted; None for nowhere.
        """
        s = self.settings
        fresh = s.proposals + self.sampled
        start = Start(state, noise[fresh:], rollouts)
        proposals = self.world.propose(state, noise[: s.proposals]) if s.proposals else noise[:0]
        # the first proposal is the policy without noise: the distribution starts there
        mean = proposals[0] if s.proposals else noise.new_zeros(s.horizon, self.world.action_size)
        if s.warm_start and last is not None:
            mean = torch.where(last.left > 0.5, last.actions, mean)
        return self.optimise(start, mean, proposals, noise[s.proposals : fresh])

    @abstractmethod
    def optimise(self, start: Start, mean: Tensor, proposals: Tensor, noise: Tensor) -> Plan:
        """Make the plan.

        Args:
            start: Where sequences begin.
            mean: (horizon, actions): the sequence to begin with.
            proposals: (proposals, horizon, actions): what the policy would do.
            noise: (sampled, horizon, actions): standard normal.
        """

    def score(self, start: Start, candidates: Tensor) -> Tensor:
        """Values of sequences (count, horizon, actions) by the objective, (count,)."""
        found = self.rollout(start, candidates)
        if start.rollouts is not None:
            start.rollouts.append(found)
        return evaluate(found, self.settings, self.world.normalised)

    def rollout(self, start: Start, candidates: Tensor, world: World[Any] | None = None) -> Rollout:
        """Returns and states of sequences (count, horizon, actions), in the planner's world or in another one."""
        world = self.world if world is None else world
        steps, count = self.settings.horizon, candidates.shape[0]
        chance = candidates.new_zeros(steps, 0) if start.chance is None else start.chance.transpose(0, 1).flatten(1)
        course = world.follow(world.begin(start.state, count), candidates, chance)
        discounts = self.gamma * course.going
        total = world.value(course.states[-1]) if self.settings.terminal_value else torch.zeros_like(discounts[0])
        if self.settings.depths == "all":
            return Rollout(_over_depths(world, course, discounts, total), course.states)
        for reward, discount in zip(course.rewards.flip(0), discounts.flip(0), strict=True):
            total = reward + discount * total
        return Rollout(total, course.states)


def _over_depths(world: World[Any], course: Course[Any], discounts: Tensor, last: Tensor) -> Tensor:
    """The mean of the returns that values close after 1, 2, ... steps (EfficientTDMPC, arXiv 2605.16692).

    Their sum from step k on is S_k = (H - k) r_k + discount_k (V_{k+1} + S_{k+1}).

    Args:
        world: Gives the values.
        course: What is predicted.
        discounts: Of each step, 0 where the task ends, (horizon, particles, count).
        last: V_H, (particles, count).
    """
    depths = len(course.states)
    value, total = last, torch.zeros_like(last)
    for k in reversed(range(depths)):
        total = (depths - k) * course.rewards[k] + discounts[k] * (value + total)
        value = world.value(course.states[k - 1]) if k else value
    return total / depths
