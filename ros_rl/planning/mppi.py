# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Model-predictive path integral control with policy proposals and a terminal value.

Williams et al. 2017 (MPPI), with the refitted distribution, policy proposals and value of Hansen et al. 2022 (TD-MPC).
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from ros_rl.actor_critic import CriticEnsemble, SquashedGaussianPolicy
from ros_rl.dynamics.gaussian_ensemble import GaussianEnsemble
from ros_rl.settings import PlannerSettings
from ros_rl.spaces import Spaces
from ros_rl.tasks import Task

WORST = -1e9
"""The return of a candidate whose prediction is not finite."""


@dataclass(frozen=True)
class Start:
    """Where plans begin: the state in which the next decision will act."""

    state: Tensor
    """(members, 1, state): one prediction per member."""
    goal: Tensor
    """(goal_size,)"""
    last_action: Tensor
    """(actions,): the action that acts just before the plan."""


@dataclass(frozen=True)
class Plan:
    """The planner's result; actions are before smoothing."""

    mean: Tensor
    """(horizon, actions)"""
    std: Tensor
    """(horizon, actions)"""
    candidate_returns: Tensor
    """(samples,): of the last iteration."""


class MppiPlanner(nn.Module):
    """Samples action sequences, scores them under every member, and re-weights the distribution by the elites.

    Args:
        spaces: Layout and smoothing.
        task: Reward and termination, which the planner reads as the collector does.
        model: The dynamics ensemble.
        policy: Proposes sequences and chooses the terminal action.
        critics: Give the terminal value (the smallest of them).
        settings: Horizon, samples and so on.
        gamma: Discount per step.
    """

    def __init__(
        self,
        spaces: Spaces,
        task: Task,
        model: GaussianEnsemble,
        policy: SquashedGaussianPolicy,
        critics: CriticEnsemble,
        settings: PlannerSettings,
        gamma: float,
    ) -> None:
        super().__init__()
        self.spaces, self.model, self.policy, self.critics = spaces, model, policy, critics
        self.task, self.settings, self.gamma = task, settings, gamma

    @property
    def noise_shape(self) -> list[int]:
        """Standard normal numbers that one plan needs."""
        s = self.settings
        rows = s.proposals + s.iterations * (s.samples - s.proposals)
        return [rows, s.horizon, self.spaces.action_size]

    def start(self, state: Tensor, goal: Tensor, last_action: Tensor, pending: Tensor) -> Start:
        """Roll a measured state through the actions that are already decided.

        Args:
            state: (state,).
            goal: (goal_size,).
            last_action: (actions,).
            pending: (delay, actions).
        """
        predicted = state.expand(self.model.members, 1, -1)
        for step in range(pending.shape[0]):
            predicted = self.model.predict(predicted, _rows(last_action, predicted), _rows(pending[step], predicted))
            last_action = pending[step]
        return Start(predicted, goal, last_action)

    def plan(self, start: Start, noise: Tensor) -> Plan:
        """Optimise the next `horizon` actions; `noise` has the shape `noise_shape`."""
        s = self.settings
        proposals = self.propose(start, noise[: s.proposals])
        # the first proposal is the policy without noise: the distribution starts there
        mean, std = proposals[0], torch.full_like(proposals[0], s.std_init)
        fresh = s.samples - s.proposals
        proposed = self.score(start, proposals)
        for iteration in range(s.iterations):
            part = noise[s.proposals + iteration * fresh : s.proposals + (iteration + 1) * fresh]
            sampled = (mean + std * part).clamp(-1.0, 1.0)
            returns = torch.cat([proposed, self.score(start, sampled)])
            mean, std = self._refit(torch.cat([proposals, sampled]), returns)
        return Plan(mean, std, returns)

    def propose(self, start: Start, noise: Tensor) -> Tensor:
        """Sequences that follow the policy through the mean prediction, (proposals, horizon, actions)."""
        count = noise.shape[0]
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
        """Returns of sequences (count, horizon, actions), (count,): mean over members less their disagreement."""
        returns, _ = self.rollout(start, candidates)
        value = returns.mean(0)
        if self.settings.pessimism > 0.0:
            value = value - self.settings.pessimism * returns.std(0)
        return torch.where(torch.isfinite(value), value, torch.full_like(value, WORST))

    def rollout(self, start: Start, candidates: Tensor) -> tuple[Tensor, list[Tensor]]:
        """Returns per member, (members, count), and the predicted states, each (members, count, state).

        Rewards, terminations and terminal values are each member's own.
        """
        members, count = self.model.members, candidates.shape[0]
        state = start.state.expand(members, count, -1)
        last = start.last_action.expand(count, -1)
        total = torch.zeros(members, count)
        alive = torch.ones(members, count)
        fields, states = self.spaces.fields(state, start.goal), []
        for step in range(self.settings.horizon):
            action = self.spaces.smooth(candidates[:, step], last)
            state = self.model.predict(state, _rows(last, state), _rows(action, state))
            after = self.spaces.fields(state, start.goal)
            total = total + self.gamma**step * alive * self.task.reward(fields, last, action, after)
            alive = alive * (1.0 - self.task.terminated(after).to(alive.dtype))
            fields, last = after, action
            states.append(state)
        value = self._terminal_value(state, start.goal, last)
        return total + self.gamma**self.settings.horizon * alive * value, states

    def _terminal_value(self, state: Tensor, goal: Tensor, last_action: Tensor) -> Tensor:
        """The smallest critic in each member's state, (members, count), under one action for all.

        The action is the policy's in the members' mean state: a sequence whose predictions have drifted apart is
        valued by how one action would do in all of them, so it cannot win by a fall that only the mean avoids.
        """
        members, count = state.shape[:2]
        action = self.policy.act(self.spaces.network_input(state.mean(0), goal, last_action), torch.zeros(1))
        applied = _rows(self.spaces.smooth(action, last_action), state).reshape(members * count, -1)
        seen = self.spaces.network_input(state, goal, _rows(last_action, state)).reshape(members * count, -1)
        return self.critics(seen, applied).amin(0).reshape(members, count)

    def _refit(self, candidates: Tensor, returns: Tensor) -> tuple[Tensor, Tensor]:
        """Mean and deviation of the elites, weighted by a softmax of their standardised returns."""
        s = self.settings
        best, index = torch.topk(returns, s.elites)
        elites = candidates[index]
        spread = best.std() if s.elites > 1 else torch.ones(())
        weights = torch.softmax((best - best[0]) / (s.temperature * (spread + 1e-6)), 0)
        weights = weights * (best > WORST).to(weights.dtype)  # the worst lends no weight, however few are finite
        weights = (weights / weights.sum())[:, None, None]
        mean = (weights * elites).sum(0)
        variance = (weights * (elites - mean) ** 2).sum(0)
        return mean, variance.sqrt().clamp(s.std_min, s.std_init)


def _rows(action: Tensor, like: Tensor) -> Tensor:
    return action.expand(like.shape[0], like.shape[1], -1)
