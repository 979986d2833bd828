# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""What a planner sees (contract 7): states that it passes on unread, steps that reward, and values (torch).

Fields, tasks, goals, smoothing and ensembles are a world's own matter: `StateWorld` has all of them.
"""

from __future__ import annotations

import copy
from abc import ABC, abstractmethod
from dataclasses import dataclass, replace
from typing import Any, Generic, TypeVar

import torch
from torch import Tensor, nn

from ros_rl.dynamics.model import DynamicsModel
from ros_rl.networks.critics import CriticEnsemble
from ros_rl.networks.policies import SquashedGaussianPolicy
from ros_rl.networks.spaces import Spaces
from ros_rl.planning.propagation import Expectation, Propagation, rows
from ros_rl.tasks.task import Judge

S = TypeVar("S")
"""A world's state: of particles of candidates. A world without chance and doubt has one particle of each."""
P = TypeVar("P", bound="ParticleState")
W = TypeVar("W", bound="World[Any]")
"""The world that a planner plans in."""


@dataclass(frozen=True)
class Course(Generic[S]):
    """What is predicted of candidates' actions, step after step."""

    states: list[S]
    """After each step."""
    rewards: Tensor
    """(horizon, particles, count)"""
    going: Tensor
    """1 where the task goes on after the step, 0 where it ends, (horizon, particles, count)."""


class World(nn.Module, ABC, Generic[S]):
    """Predicts what comes of actions.

    Args:
        action_size: Values of an action.
    """

    def __init__(self, action_size: int) -> None:
        super().__init__()
        self.action_size = action_size

    @property
    def not_exportable(self) -> str:
        """Why it cannot go into a control graph; empty if it can."""
        return ""

    @property
    def noise_per_step(self) -> int:
        """Standard normal numbers that one step needs, whatever the number of candidates."""
        return 0

    @abstractmethod
    def start(self, observation: Tensor) -> S:
        """The state in which the next decision will act, from a flat observation, (observation_size,)."""

    @abstractmethod
    def begin(self, start: S, count: int) -> S:
        """The states of as many candidates, all of them as `start`, which is one candidate's."""

    @abstractmethod
    def step(self, state: S, action: Tensor, noise: Tensor) -> tuple[S, Tensor, Tensor]:
        """Let each candidate decide an action.

        Args:
            state: Of the candidates.
            action: (count, actions), in [-1, 1].
            noise: At least `noise_per_step` standard normal numbers, flat.

        Returns:
            The next state; the step's rewards, and 1 where the task goes on after it or 0 where it ends, each
            (particles, count).
        """

    def follow(self, state: S, actions: Tensor, noise: Tensor) -> Course[S]:
        """Let each candidate decide a sequence, step by step; a world may find the same in fewer operations.

        Args:
            state: Of the candidates.
            actions: (count, horizon, actions), in [-1, 1].
            noise: At least `noise_per_step` standard normal numbers for each step, (horizon, numbers).
        """
        states, rewards, going = [], [], []
        for action, chance in zip(actions.unbind(1), noise, strict=True):
            state, reward, goes_on = self.step(state, action, chance)
            states.append(state)
            rewards.append(reward)
            going.append(goes_on)
        return Course(states, torch.stack(rewards), torch.stack(going))

    @abstractmethod
    def value(self, state: S) -> Tensor:
        """What is expected from the candidates' states on, (particles, count)."""

    @abstractmethod
    def propose(self, start: S, noise: Tensor) -> Tensor:
        """Sequences that a policy would decide, (proposals, horizon, actions); the first is its greedy one.

        Args:
            start: Where they begin.
            noise: Standard normal, of the result's shape.
        """

    @abstractmethod
    def normalised(self, state: S) -> Tensor:
        """A state in units in which its values can be compared, (particles, count, size)."""


@dataclass(frozen=True)
class ParticleState:
    """State of a `StateWorld`; at a start there is one candidate, and a particle for each member."""

    x: Tensor
    """(particles, count, state)"""
    last_action: Tensor
    """(count, actions): what was decided just before."""
    goal: Tensor
    """(goal_size,)"""

    @property
    def acting(self) -> Tensor:
        """What acts just before, (1 or particles, count, actions)."""
        return self.last_action[None]

    def sent(self: P, decided: Tensor) -> P:
        """The same with another decision, (count, actions), sent, before anything has moved."""
        return replace(self, last_action=decided)


class StateWorld(World[ParticleState]):
    """An ensemble of one-step models of the state, the task's reward, and critics with a policy for what lies beyond.

    Actions are decided, and what acts of them is smoothed.

    Args:
        spaces: Layout and smoothing.
        judge: Reward and termination, the task's own or learned.
        model: The dynamics ensemble.
        policy: Proposes sequences, and chooses the action whose value closes them.
        critics: Give the value (the smallest of them).
        propagation: How particles move through the ensemble.
    """

    def __init__(
        self,
        spaces: Spaces,
        judge: Judge,
        model: DynamicsModel,
        policy: SquashedGaussianPolicy,
        critics: CriticEnsemble,
        propagation: Propagation,
    ) -> None:
        super().__init__(spaces.action_size)
        self.spaces, self.model, self.policy, self.critics = spaces, model, policy, critics
        self.judge, self.propagation = judge, propagation

    def with_propagation(self, propagation: Propagation) -> StateWorld:
        """The same world, with the same networks, whose particles move in another way."""
        other = copy.copy(self)
        other.propagation = propagation
        return other

    @property
    def not_exportable(self) -> str:
        """See `World.not_exportable`."""
        return self.model.not_exportable

    @property
    def noise_per_step(self) -> int:
        """See `World.noise_per_step`."""
        return self.propagation.noise_per_step

    @property
    def carry_size(self) -> int:
        """Numbers that a start is told of those before it."""
        return 0

    @property
    def chance(self) -> int:
        """Standard normal numbers that a start needs."""
        return 0

    def recall(self, observation: Tensor, carry: Tensor, noise: Tensor) -> tuple[ParticleState, Tensor]:
        """Where the next decision will act, with what is known of the decisions before.

        Args:
            observation: Flat, (observation_size,).
            carry: What the last call gave, (carry_size,); zeros at an episode's first decision.
            noise: At least `chance` standard normal numbers.

        Returns:
            The state; and the carry for the next decision.
        """
        return self.start(observation), carry

    def start(self, observation: Tensor) -> ParticleState:
        """See `World.start`: the measured state, rolled through the pending actions by each member's mean."""
        spec = self.spaces.spec
        actions = spec.sent(observation)
        x = self.model.follow(observation[spec.state], actions[0], actions[1:])
        return ParticleState(x, actions[-1:], observation[spec.goal])

    def begin(self, start: ParticleState, count: int) -> ParticleState:
        """See `World.begin`."""
        x = self.propagation.begin(start.x, count)
        return replace(start, x=x, last_action=start.last_action.expand(x.shape[1], -1))

    def step(self, state: ParticleState, action: Tensor, noise: Tensor) -> tuple[ParticleState, Tensor, Tensor]:
        """See `World.step`; rewards and ends are each particle's own."""
        found = self.follow(state, action[:, None], noise[None])
        return found.states[0], found.rewards[0], found.going[0]

    def follow(self, state: ParticleState, actions: Tensor, noise: Tensor) -> Course[ParticleState]:
        """See `World.follow`; all steps are judged at once."""
        states = [state]
        for action, chance in zip(actions.unbind(1), noise, strict=True):
            states.append(self._move(states[-1], action, chance))
        x = torch.stack([each.x for each in states])
        applied = torch.stack([each.acting for each in states])
        after, before = self.spaces.fields(x[1:], state.goal), self.spaces.fields(x[:-1], state.goal)
        reward = self.judge.reward(before, applied[:-1], applied[1:], after)
        return Course(states[1:], reward, 1.0 - self.judge.terminated(after).to(reward.dtype))

    def value(self, state: ParticleState) -> Tensor:
        """See `World.value`: the smallest critic in each particle's state, under one action for all particles.

        The action is the policy's in the particles' mean state: a sequence whose predictions have drifted apart is
        valued by how one action would do in all of them, so it cannot win by a fall that only the mean avoids.
        """
        x = state.x
        particles, count = x.shape[:2]
        after = self._sent(state, self.decide(state, x.new_zeros(1)))
        obs = self.spaces.network_input(x, state.goal, rows(state.acting, x)).reshape(particles * count, -1)
        action = rows(after.acting, x).reshape(particles * count, -1)
        return self.critics(obs, action).amin(0).reshape(particles, count)

    def decide(self, state: ParticleState, noise: Tensor) -> Tensor:
        """The policy's action in the particles' mean state, (count, actions); greedy where the noise is zero."""
        return self.policy.act(self.spaces.network_input(state.x.mean(0), state.goal, state.last_action), noise)

    def decision_state(self, start: ParticleState) -> ParticleState:
        """Where the next decision is expected to act, so that a policy that knows no lateness can make it."""
        return start

    def propose(self, start: ParticleState, noise: Tensor) -> Tensor:
        """See `World.propose`; sequences follow the policy through the mean prediction."""
        # the first row follows the policy's mode
        noise = torch.cat([torch.zeros_like(noise[:1]), noise[1:]])
        mean = self.with_propagation(Expectation(self.model, aleatoric=False))
        first = self.decision_state(start)
        state, actions = mean.begin(first, noise.shape[0]), [self.decide(first, noise[:, 0])]
        for step in noise.unbind(1)[1:]:
            state = mean._move(state, actions[-1], noise[:0])
            actions.append(self.decide(state, step))
        return torch.stack(actions, 1)

    def normalised(self, state: ParticleState) -> Tensor:
        """See `World.normalised`: in deviations of the state in the data."""
        return state.x / self.model.inputs.std

    def _move(self, state: ParticleState, action: Tensor, noise: Tensor) -> ParticleState:
        """See `World.step`; without judgement."""
        after = self._sent(state, action)
        return replace(after, x=self.propagation.step(state.x, state.acting, after.acting, noise))

    def _sent(self, state: ParticleState, action: Tensor) -> ParticleState:
        return state.sent(self.spaces.smooth(action, state.last_action))
