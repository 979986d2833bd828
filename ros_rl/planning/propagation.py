# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""How particles move through an ensemble (torch).

Chua et al. 2018 (PETS), section 5: a particle follows one member throughout (TS-infinity) or a random one at each
step (TS1), and either its member's mean or a draw from its distribution; or there is one particle, the mean over all
members. What chance decides is the same for all candidates (common random numbers; Ng and Jordan 2000, PEGASUS), so
candidates are compared under equal chance.
"""

from __future__ import annotations

from abc import ABC, abstractmethod

import torch
from torch import Tensor

from ros_rl.dynamics.model import DynamicsModel


class Propagation(ABC):
    """Moves particles, of which there are as many as members unless a subclass says otherwise.

    Args:
        model: The ensemble.
        aleatoric: Draw from the members' distributions instead of following their means.
    """

    def __init__(self, model: DynamicsModel, aleatoric: bool) -> None:
        self.model, self.aleatoric = model, aleatoric

    @property
    def noise_per_step(self) -> int:
        """Standard normal numbers that one step needs, whatever the number of candidates."""
        return self.model.members * self.model.state_size if self.aleatoric else 0

    def begin(self, state: Tensor, count: int) -> Tensor:
        """The particles' first states, (particles, count, state), from each member's, (members, 1, state)."""
        return state.expand(-1, count, -1)

    @abstractmethod
    def step(self, state: Tensor, last: Tensor, action: Tensor, noise: Tensor) -> Tensor:
        """The particles' next states.

        Args:
            state: (particles, count, state).
            last: u_{k-1}, (count, actions) or of each particle, (1 or particles, count, actions).
            action: u_k, likewise.
            noise: At least `noise_per_step` standard normal numbers, flat.
        """

    def _follow(self, state: Tensor, last: Tensor, action: Tensor, noise: Tensor) -> Tensor:
        """Each particle under the member of the same index."""
        last, action = rows(last, state), rows(action, state)
        if not self.aleatoric:
            return self.model.predict(state, last, action)
        draws = noise[: self.model.members * self.model.state_size].reshape(self.model.members, 1, -1)
        return self.model.sample(state, last, action, draws.expand(state.shape))


class FixedMember(Propagation):
    """Each particle follows one member: TS-infinity."""

    def step(self, state: Tensor, last: Tensor, action: Tensor, noise: Tensor) -> Tensor:
        """See `Propagation.step`."""
        return self._follow(state, last, action, noise)


class Telling(FixedMember):
    """Follows the members' means, and keeps the deviations that they predict on the way.

    Args:
        model: The ensemble.
    """

    def __init__(self, model: DynamicsModel) -> None:
        super().__init__(model, aleatoric=False)
        self.stds: list[Tensor] = []
        """Of each step, (members, count, state)."""

    def step(self, state: Tensor, last: Tensor, action: Tensor, noise: Tensor) -> Tensor:
        """See `Propagation.step`."""
        mean, std = self.model.distribution(state, rows(last, state), rows(action, state))
        self.stds.append(std)
        return mean


class RandomMember(Propagation):
    """Each particle follows a random member at each step: TS1.

    At each step the members are permuted among the particles, so each predicts equally much.
    """

    @property
    def noise_per_step(self) -> int:
        """One number per member more: their order is the permutation."""
        return self.model.members + super().noise_per_step

    def step(self, state: Tensor, last: Tensor, action: Tensor, noise: Tensor) -> Tensor:
        """See `Propagation.step`."""
        members = self.model.members
        particle_of_member = torch.topk(noise[:members], members).indices
        member_of_particle = torch.topk(particle_of_member, members, largest=False).indices
        last, action = (rows(part, state)[particle_of_member] for part in (last, action))
        return self._follow(state[particle_of_member], last, action, noise[members:])[member_of_particle]


class Expectation(Propagation):
    """One particle: the mean over all members after each step."""

    def begin(self, state: Tensor, count: int) -> Tensor:
        """The mean over members."""
        return state.mean(0, keepdim=True).expand(-1, count, -1)

    def step(self, state: Tensor, last: Tensor, action: Tensor, noise: Tensor) -> Tensor:
        """See `Propagation.step`."""
        return self._follow(state, last, action, noise).mean(0, keepdim=True)


class SharedMembers(Propagation):
    """One particle: each candidate follows one member throughout, and the candidates are dealt out among the members.

    The first one goes to the first member, the next one to the next, and so on, so a step costs one member's prediction
    of all candidates.
    """

    def begin(self, state: Tensor, count: int) -> Tensor:
        """Of each candidate, its member's."""
        return self._gathered(state.expand(-1, self._share(count), -1), count)

    def step(self, state: Tensor, last: Tensor, action: Tensor, noise: Tensor) -> Tensor:
        """See `Propagation.step`."""
        own, last, action = (self._dealt(rows(part, state)[0]) for part in (state, last, action))
        following = self._follow(own, last, action, noise)
        return self._gathered(following, int(state.shape[1]))

    def _share(self, count: int) -> int:
        return (int(count) + self.model.members - 1) // self.model.members

    def _dealt(self, part: Tensor) -> Tensor:
        """Each member's share, (members, share, size), from (count, size); zeros fill the last ones up."""
        members, (count, size) = self.model.members, part.shape
        missing = members * self._share(count) - int(count)
        if missing:
            part = torch.cat([part, part.new_zeros(missing, size)])
        return part.reshape(-1, members, size).transpose(0, 1)

    def _gathered(self, shares: Tensor, count: int) -> Tensor:
        """(1, count, size) in the candidates' order, from the members' shares."""
        return shares.transpose(0, 1).reshape(1, -1, shares.shape[2])[:, :count]


PROPAGATIONS: dict[str, type[Propagation]] = {
    "fixed_member": FixedMember,
    "random_member": RandomMember,
    "expectation": Expectation,
    "shared_members": SharedMembers,
}


def rows(action: Tensor, like: Tensor) -> Tensor:
    """Actions (actions,), (count, actions) or (1, count, actions) for each particle of `like`; those of each stay."""
    return action.expand(like.shape[0], like.shape[1], -1)
