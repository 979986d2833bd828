# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Normalised advantage functions (Gu et al. 2016): Q-learning whose maximum over continuous actions is known.

Q(o, u) = V(o) - 1/2 (u - mu(o))^T P(o) (u - mu(o)) with P = L L^T, L lower triangular with a positive diagonal, so that
max_u Q = V, at u = mu, and the target is r + gamma V'(o') of a target network. V, mu and L have networks of their own.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from ros_rl.agents.agent import Stateful
from ros_rl.agents.common.off_policy import ReplayAgent
from ros_rl.agents.common.policy_graph import PolicyGraph
from ros_rl.agents.common.samples import Inputs, Samples
from ros_rl.agents.common.targeted_network import TargetedNetwork
from ros_rl.layout import Layout
from ros_rl.networks.layers import InPlaceReLU
from ros_rl.networks.mlp import BatchedMLP
from ros_rl.settings.off_policy import NafSettings


class QuadraticValues(nn.Module):
    """V, mu and L of an observation, by three networks side by side.

    With hidden layers in common Pendulum-v1 is learned less often (`bench/small_tasks.py`).

    Args:
        size_in: Inputs.
        action_size: Actions.
        hidden: Units in each of the two hidden layers.
        normalisation: Of the hidden layers; see `BatchedMLP`.
        dropout: Share of the hidden units that is dropped in training.
    """

    places: Tensor

    def __init__(self, size_in: int, action_size: int, hidden: int, normalisation: str, dropout: float) -> None:
        super().__init__()
        self.action_size = action_size
        self.register_buffer("places", torch.tril_indices(action_size, action_size), persistent=False)
        size_out = self.places.shape[1]  # of L, the largest; the others leave some of theirs without use
        self.net = BatchedMLP(3, size_in, hidden, 2, size_out, normalisation, InPlaceReLU, dropout)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """V (batch,), tanh of the mean (batch, actions), and L's numbers (batch, actions (actions + 1) / 2)."""
        value, mean, numbers = self.net(x[None])
        return value[..., 0], torch.tanh(mean[..., : self.action_size]), numbers

    def features(self, x: Tensor, action: Tensor) -> Tensor:
        """The last hidden layer of V, (1, batch, hidden), whatever the action."""
        return self.net.features(x[None])[:1]

    def lower(self, numbers: Tensor) -> Tensor:
        """L, (batch, actions, actions), with the exponential of the numbers on the diagonal."""
        rows, columns = self.places
        matrix = numbers.new_zeros(len(numbers), self.action_size, self.action_size)
        matrix[:, rows, columns] = torch.where(rows == columns, numbers.exp(), numbers)
        return matrix


class NafGraph(PolicyGraph):
    """The action of the largest value acts, with added noise; see `PolicyGraph`."""

    def __init__(self, layout: Layout, inputs: Inputs, values: QuadraticValues, exploration: float) -> None:
        super().__init__(layout, inputs)
        self.values, self.exploration = values, exploration

    def choose(self, obs: Tensor, noise: Tensor) -> Tensor:
        """See `PolicyGraph.choose`."""
        return (self.values(obs)[1] + self.exploration * noise).clamp(-1.0, 1.0)


class NafAgent(ReplayAgent):
    """See the module; arguments as those of `ros_rl.agents.factory.make_agent`."""

    def __init__(self, layout: Layout, settings: NafSettings, batch_size: int, updates_per_step: float) -> None:
        super().__init__(layout, settings.smoothing, batch_size, updates_per_step)
        s = settings
        sizes = (layout.size, layout.action_size, s.hidden, s.normalisation, s.dropout)
        self.critics = TargetedNetwork(lambda: QuadraticValues(*sizes), s.target_rule, s.learning_rate, s.beta1)
        self.graph = NafGraph(layout, self.inputs, self.critics.online, s.exploration)

    def values(self, network: QuadraticValues, samples: Samples) -> Tensor:
        """See `ReplayAgent.values`."""
        return self.q(network, samples.obs, samples.action)[None]

    def q(self, network: QuadraticValues, obs: Tensor, action: Tensor) -> Tensor:
        """Q of actions (batch, actions), shape (batch,); largest at the mean after smoothing, which is what acts."""
        value, mean, numbers = network(obs)
        apart = action - self.inputs.smooth(mean, obs)
        rotated = (network.lower(numbers).mT @ apart[..., None])[..., 0]
        return value - 0.5 * (rotated**2).sum(-1)

    def update_critics(self, samples: Samples) -> tuple[Tensor, Tensor]:
        """See `ReplayAgent.update_critics`."""
        with torch.no_grad():
            target = samples.target(self.critics.target(samples.next_obs)[0])
        q = self.values(self.critics.online, samples)
        self.critics.descend((samples.weight * (q - target) ** 2).mean(), self.updates)
        return q.detach(), target

    def parts(self) -> dict[str, Stateful]:
        """See `Agent.parts`."""
        return self.critics.parts()
