# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""What all planners share: the start, the policy's proposals, rollouts through the ensemble and their value (torch).

Sequences that the policy proposes and the critics' value at the end are from Hansen et al. 2022 (TD-MPC).
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import replace
from typing import ClassVar

import torch
from torch import Tensor, nn

from ros_rl.dynamics.model import DynamicsModel
from ros_rl.networks.critics import CriticEnsemble
from ros_rl.networks.policies import SquashedGaussianPolicy
from ros_rl.networks.spaces import Spaces
from ros_rl.planning.coloured_noise import colour_map
from ros_rl.planning.objective import evaluate
from ros_rl.planning.plan import Carried, Plan, Rollout, Start
from ros_rl.planning.propagation import PROPAGATIONS, Propagation, rows
from ros_rl.settings.planner import PlannerSettings
from ros_rl.tasks.task import Judge


class Planner(nn.Module, ABC):
    """Optimises the next `horizon` actions.

    Args:
        spaces: Layout and smoothing.
        task: Reward and termination, the task's own or learned.
        model: The dynamics ensemble.
        policy: Proposes sequences and chooses the terminal action.
        critics: Give the terminal value (the smallest of them).
        settings: Horizon, samples and so on.
        gamma: Discount per step.
    """

    stays_behind: ClassVar[str] = ""
    """Why a planner of this kind cannot go into a control graph; empty if it can."""
    colour: Tensor

    def __init__(
        self,
        spaces: Spaces,
        task: Judge,
        model: DynamicsModel,
        policy: SquashedGaussianPolicy,
        critics: CriticEnsemble,
        settings: PlannerSettings,
        gamma: float,
    ) -> None:
        super().__init__()
        self.spaces, self.model, self.policy, self.critics = spaces, model, policy, critics
        self.task, self.settings, self.gamma = task, settings, gamma
        self.propagation = PROPAGATIONS[settings.propagation](model, settings.aleatoric)
        if settings.noise_beta > 0.0:
            self.register_buffer("colour", colour_map(settings.horizon, settings.noise_beta))

    @property
    def sampled(self) -> int:
        """Sequences that a plan samples, besides the proposals."""
        return 0

    @property
    def noise_shape(self) -> list[int]:
        """Standard normal numbers that one plan needs: proposals, samples, and what chance does along them."""
        chance = -(-self.propagation.noise_per_step // self.spaces.action_size)
        return [self.settings.proposals + self.sampled + chance, self.settings.horizon, self.spaces.action_size]

    def start(self, state: Tensor, goal: Tensor, last_action: Tensor, pending: Tensor) -> Start:
        """Roll a measured state through the actions that are already decided, by each member's mean.

        Args:
            state: (state,).
            goal: (goal_size,).
            last_action: (actions,).
            pending: (delay, actions).
        """
        predicted = self.model.follow(state, last_action, pending)
        return Start(predicted, goal, pending[-1] if pending.shape[0] else last_action)

    def plan(self, start: Start, noise: Tensor, last: Carried | None = None) -> Plan:
        """Optimise the next `horizon` actions.

        Args:
            start: Where they begin.
            noise: Of shape `noise_shape`.
            last: The last plan's rest; samples begin around it, if something is left of it, with ``warm_start``.
        """
        s = self.settings
        fresh = s.proposals + self.sampled
        start = replace(start, chance=noise[fresh:])
        proposals = self.propose(start, noise[: s.proposals])
        # the first proposal is the policy without noise: the distribution starts there
        mean = proposals[0] if s.proposals else torch.zeros(s.horizon, self.spaces.action_size)
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

    def propose(self, start: Start, noise: Tensor) -> Tensor:
        """Sequences that follow the policy through the mean prediction, (proposals, horizon, actions)."""
        count = noise.shape[0]
        if not count:
            return noise
        state = start.state.mean(0).expand(count, -1)
        last = start.last_action.expand(count, -1)
        # the first row follows the policy's mode
        keep = torch.ones(count, 1)
        keep[0] = 0.0
        actions = []
        for step in range(self.settings.horizon):
            seen = self.spaces.network_input(state, start.goal, last)
            action = self.policy.act(seen, noise[:, step] * keep)
            actions.append(action)
            applied = self.spaces.smooth(action, last)
            if step + 1 < self.settings.horizon:
                state = self.model.predict(state[None], last[None], applied[None]).mean(0)
            last = applied
        return torch.stack(actions, 1)

    def score(self, start: Start, candidates: Tensor) -> Tensor:
        """Values of sequences (count, horizon, actions) by the objective, (count,)."""
        return evaluate(self.rollout(start, candidates, self.propagation), self.settings, self.model.inputs.std)

    def rollout(self, start: Start, candidates: Tensor, propagation: Propagation) -> Rollout:
        """Returns and states of sequences (count, horizon, actions).

        Rewards, terminations and terminal values are each particle's own.
        """
        state = propagation.begin(start.state, candidates.shape[0])
        particles, count = state.shape[:2]
        last = start.last_action.expand(count, -1)
        total = torch.zeros(particles, count)
        alive = torch.ones(particles, count)
        fields, states = self.spaces.fields(state, start.goal), []
        for step in range(self.settings.horizon):
            action = self.spaces.smooth(candidates[:, step], last)
            luck = torch.zeros(0) if start.chance is None else start.chance[:, step].reshape(-1)
            state = propagation.step(state, last, action, luck)
            after = self.spaces.fields(state, start.goal)
            total = total + self.gamma**step * alive * self.task.reward(fields, last, action, after)
            alive = alive * (1.0 - self.task.terminated(after).to(alive.dtype))
            fields, last = after, action
            states.append(state)
        if self.settings.terminal_value:
            value = self._terminal_value(state, start.goal, last)
            total = total + self.gamma**self.settings.horizon * alive * value
        return Rollout(total, states)

    def _terminal_value(self, state: Tensor, goal: Tensor, last_action: Tensor) -> Tensor:
        """The smallest critic in each particle's state, (particles, count), under one action for all.

        The action is the policy's in the particles' mean state: a sequence whose predictions have drifted apart is
        valued by how one action would do in all of them, so it cannot win by a fall that only the mean avoids.
        """
        particles, count = state.shape[:2]
        action = self.policy.act(self.spaces.network_input(state.mean(0), goal, last_action), torch.zeros(1))
        applied = rows(self.spaces.smooth(action, last_action), state).reshape(particles * count, -1)
        seen = self.spaces.network_input(state, goal, rows(last_action, state)).reshape(particles * count, -1)
        return self.critics(seen, applied).amin(0).reshape(particles, count)
