# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""A world whose commands act late, each by a number of periods of its own: plans begin in a belief, not in a state.

What acted last is known where the robot tells it, and so is its age; how it goes on is in `ros_rl.planning.lateness`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor

from ros_rl.planning.lateness import Lateness
from ros_rl.planning.world import ParticleState, StateWorld

_SAME = 1e-4
"""Difference by which an older command has to be nearer to what acted than a newer one, to be taken for it."""


@dataclass(frozen=True)
class LateState(ParticleState):
    """Each particle's commands act in an order of its own."""

    told: Tensor
    """(particles, count, actions): what acts just before."""
    way: Tensor
    """(most, count, actions): what was decided before the next decision, the newest first."""
    arrivals: Tensor
    """(steps, particles, most + 1): what acts in the steps to come is this share of each decision, the newest first."""

    @property
    def acting(self) -> Tensor:
        """See `ParticleState.acting`."""
        return self.told

    def sent(self, decided: Tensor) -> LateState:
        """See `ParticleState.sent`."""
        line = torch.cat([decided[None], self.way])
        told = (self.arrivals[0] @ line.flatten(1)).reshape(-1, *decided.shape)
        return replace(self, last_action=decided, told=told, way=line[:-1], arrivals=self.arrivals[1:])


class LateWorld(StateWorld):
    """What chance decides is drawn at the start, once for all candidates; each member's particle has its own order.

    Args:
        parts: See `StateWorld`.
        most: Periods by which commands act late at most, beyond the delay.
        horizon: Steps of a plan.
    """

    def __init__(self, *parts: Any, most: int, horizon: int) -> None:
        super().__init__(*parts)
        self.most, self.horizon, self.lateness = most, horizon, Lateness(most)

    @property
    def carry_size(self) -> int:
        """See `StateWorld.carry_size`: whether commands are known, what acted's age, counts of ages, what was sent."""
        ages = self.lateness.ages
        return 1 + ages + ages**2 + ages * self.action_size

    @property
    def chance(self) -> int:
        """See `StateWorld.chance`: one for each step to the start, for each of a plan, and for the value behind it."""
        return self.spaces.spec.delay + max(self.horizon + 1, self.most)

    def recall(self, observation: Tensor, carry: Tensor, noise: Tensor) -> tuple[LateState, Tensor]:
        """See `StateWorld.recall`; at first, what acted last is taken for all that was sent."""
        actions, ages = self.spaces.spec.sent(observation), self.lateness.ages
        known, before, counts, sent = carry.split([1, ages, ages**2, carry.shape[0] - 1 - ages - ages**2])
        sent = torch.where(known > 0.5, sent.reshape(ages, -1), actions[0])
        age = self._age(actions[0], sent)
        plain = age * self._tells(actions[0], sent)
        counts = self.lateness.counted(counts.reshape(ages, ages), before, plain)
        kept = torch.cat([torch.ones_like(known), plain, counts.reshape(-1), actions[1], sent[:-1].reshape(-1)])
        return self.believe(observation, sent, age, self.lateness.chain(counts), noise[: self.chance]), kept

    def start(self, observation: Tensor) -> LateState:
        """See `World.start`; as if what acted last had been sent all along, with chance at its middle."""
        last = self.spaces.spec.sent(observation)[:1]
        sent, ages = last.expand(self.lateness.ages, -1), self.lateness.ages
        chain = self.lateness.chain(last.new_zeros(ages, ages))
        return self.believe(observation, sent, self._age(last[0], sent), chain, last.new_zeros(self.chance))

    def believe(self, observation: Tensor, sent: Tensor, age: Tensor, chain: Tensor, noise: Tensor) -> LateState:
        """Where each member's particle may be when the next decision is sent.

        Args:
            observation: Flat, (observation_size,).
            sent: Commands that were sent before those that are pending, the newest first, (ages, actions).
            age: Of what acts now, (ages,), 1 where it is.
            chain: Of ages, see `Lateness.chain`.
            noise: `chance` standard normal numbers.
        """
        spec, members = self.spaces.spec, self.model.members
        actions = spec.sent(observation)
        x, told = observation[spec.state].expand(members, 1, -1), actions[0].expand(members, 1, -1)
        arrivals = self.lateness.draw(chain, age, noise, members)
        state = LateState(x, sent[:1], observation[spec.goal], told, sent[: self.most, None], arrivals)
        for pending in actions[1:, None]:
            after = state.sent(pending)
            state = replace(after, x=self.model.predict(state.x, state.told, after.told))
        return state

    def begin(self, start: ParticleState, count: int) -> ParticleState:
        """See `World.begin`; where there is one particle of all members, what acts is the mean."""
        if not isinstance(start, LateState):
            return super().begin(start, count)
        x, told, arrivals = self.propagation.begin(start.x, count), start.told, start.arrivals
        if len(x) < len(told):
            told, arrivals = told.mean(0, keepdim=True), arrivals.mean(1, keepdim=True)
        last, told, way = (part.expand(*part.shape[:-2], count, -1) for part in (start.last_action, told, start.way))
        return replace(start, x=x, last_action=last, told=told, way=way, arrivals=arrivals)

    def decision_state(self, start: ParticleState) -> ParticleState:
        """See `StateWorld.decision_state`: the mean of the states 0 to `most` periods on, by the ages to come.

        Until it acts, the last decision is taken to be sent again.
        """
        assert isinstance(start, LateState)
        shares, state = start.arrivals.mean((0, 1)), start
        x = shares[0] * state.x
        for share in shares[1:]:
            after = state.sent(state.last_action)
            state = replace(after, x=self.model.predict(state.x, state.told, after.told))
            x = torch.where(share > 0.0, x + share * state.x, x)  # predictions that count for nothing may be non-finite
        return ParticleState(x, start.last_action, start.goal)

    def _age(self, acted: Tensor, sent: Tensor) -> Tensor:
        """Of what acted last, (ages,), 1 where it is: of the command nearest to it; a filter may have changed it."""
        ages = torch.arange(self.lateness.ages, device=acted.device)
        nearest = (_apart(sent, acted) + _SAME * ages).argmin()
        return (ages == nearest).to(acted.dtype)

    def _tells(self, acted: Tensor, sent: Tensor) -> Tensor:
        """Whether what acted tells its age, (): 0 where two commands are as near to it, as of a robot that stands."""
        apart = _apart(sent, acted)
        return ((apart <= apart.amin() + _SAME).to(acted.dtype).sum() < 1.5).to(acted.dtype)


def _apart(sent: Tensor, acted: Tensor) -> Tensor:
    """How far each command is from what acted, in its farthest part, (ages,)."""
    return (sent - acted).abs().amax(1)
