# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""A latent state in which what comes of actions is predicted, without ever decoding it (Hansen et al. 2024, TD-MPC2).

z = h(o), z' = d(z, u), r = R(z, u): the encoder h is trained by what the others need of it, and to be predictable. The
latent state lies in simplices (Lavoie et al. 2023), so that it can neither vanish nor explode.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor, nn

from ros_rl.layout import Layout
from ros_rl.networks.critics import CriticEnsemble
from ros_rl.networks.images import ObservationEncoder
from ros_rl.networks.mlp import BatchedMLP
from ros_rl.networks.policies import SquashedGaussianPolicy
from ros_rl.planning.world import World

SIMPLEX = 8
"""Values of a simplex."""


def simplices(x: Tensor) -> Tensor:
    """Softmax of each `SIMPLEX` values in a row, of the same shape (SimNorm)."""
    return x.unflatten(-1, (-1, SIMPLEX)).softmax(-1).flatten(-2)


class Predicted(NamedTuple):
    """What is predicted of a step, by each member.

    Attributes:
        state: The next one, (members, count, latent).
        reward: (members, count).
        end: Logit of the task's end, (members, count).
    """

    state: Tensor
    reward: Tensor
    end: Tensor


class LatentModel(nn.Module):
    """Encoder, dynamics, reward and end; of the last three there are several members.

    Args:
        layout: Of observations.
        frames: See `ObservationEncoder`.
        channels: See there.
        embedding: See there.
        latent: Values of a latent state.
        members: How many predict.
        hidden: Units in each of the two hidden layers.
    """

    def __init__(
        self, layout: Layout, frames: int, channels: int, embedding: int, latent: int, members: int, hidden: int
    ) -> None:
        super().__init__()
        self.members, self.latent = members, latent
        self.encoder = ObservationEncoder(layout, frames, channels, embedding)
        self.head = BatchedMLP(1, self.encoder.size, hidden, 1, latent, "layer")
        inputs = latent + layout.action_size
        self.dynamics = BatchedMLP(members, inputs, hidden, 2, latent, "layer")
        self.judge = BatchedMLP(members, inputs, hidden, 2, 2, "layer")

    def encode(self, packed: Tensor) -> Tensor:
        """Latent states, (batch, latent), of packed observations."""
        return simplices(self.head(self.encoder(packed)[None])[0])

    def forward(self, state: Tensor, action: Tensor) -> Predicted:
        """Let each member predict a step of its own states.

        Args:
            state: (members, count, latent).
            action: (count, actions), in [-1, 1].
        """
        pair = torch.cat([state, action.expand(state.shape[0], -1, -1)], -1)
        reward, end = self.judge(pair).unbind(-1)
        return Predicted(simplices(self.dynamics(pair)), reward, end)


class LatentWorld(World[Tensor]):
    """What a planner sees of a latent model; states are (members, count, latent), and members are particles.

    Args:
        model: Predicts.
        policy: Proposes sequences, and chooses the action whose value closes them.
        critics: Give the value, the smallest of them.
        action_size: Values of an action.
    """

    def __init__(
        self, model: LatentModel, policy: SquashedGaussianPolicy, critics: CriticEnsemble, action_size: int
    ) -> None:
        super().__init__(action_size)
        self.model, self.policy, self.critics = model, policy, critics

    def start(self, observation: Tensor) -> Tensor:
        """See `World.start`; from an encoded observation, (latent,)."""
        return observation.expand(self.model.members, 1, -1)

    def begin(self, start: Tensor, count: int) -> Tensor:
        """See `World.begin`."""
        return start.expand(-1, count, -1)

    def step(self, state: Tensor, action: Tensor, noise: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """See `World.step`; rewards and ends are each member's own."""
        found = self.model(state, action)
        return found.state, found.reward, (found.end < 0.0).to(state.dtype)

    def value(self, state: Tensor) -> Tensor:
        """See `World.value`: under one action for all particles, the policy's in their mean state."""
        members, count, _ = state.shape
        action = self.decide(state, state.new_zeros(1)).expand(members, -1, -1)
        return self.critics(state.flatten(0, 1), action.flatten(0, 1)).amin(0).reshape(members, count)

    def decide(self, state: Tensor, noise: Tensor) -> Tensor:
        """The policy's action in the particles' mean state, (count, actions); greedy where the noise is zero."""
        return self.policy.act(state.mean(0), noise)

    def propose(self, start: Tensor, noise: Tensor) -> Tensor:
        """See `World.propose`."""
        noise = torch.cat([torch.zeros_like(noise[:1]), noise[1:]])
        state, actions = self.begin(start, noise.shape[0]), []
        for step in noise.unbind(1):
            actions.append(self.decide(state, step))
            if len(actions) < noise.shape[1]:
                state = self.model(state, actions[-1]).state
        return torch.stack(actions, 1)

    def normalised(self, state: Tensor) -> Tensor:
        """See `World.normalised`: simplices can be compared as they are."""
        return state
