# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""QT-Opt (Kalashnikov et al. 2018): Q-learning on continuous actions without a policy.

pi(o) = argmax_u Q(o, u) is searched by the cross-entropy method, when acting and in the target
r + gamma min(Q1(o', pi1(o')), Q2(o', pi1(o'))): Q1 is the target network, an average of the critics, pi1 its own
action, and Q2 a copy of Q1 from further back. Acting follows Q1 too.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn.functional import binary_cross_entropy_with_logits

from ros_rl.agents.agent import Stateful
from ros_rl.agents.common.off_policy import ReplayAgent
from ros_rl.agents.common.policy_graph import PolicyGraph
from ros_rl.agents.common.samples import Inputs, Samples
from ros_rl.agents.common.targeted_network import TargetedNetwork
from ros_rl.errors import ConfigError
from ros_rl.layout import Layout
from ros_rl.networks.critics import CriticEnsemble
from ros_rl.settings.off_policy import QtOptSettings, SearchSettings

Value = Callable[[Tensor], Tensor]
"""Values, (batch, samples), of candidate actions, (batch, samples, actions)."""


def best_action(value: Value, noise: Tensor, batch: int, settings: SearchSettings) -> Tensor:
    """Search the box [-1, 1] for each row of a batch; every iteration values all its candidates in one call.

    An iteration draws around the mean of the last one's elites, with their deviation, and the mean itself is one of
    its candidates. The result is the best candidate of the last iteration.

    Args:
        value: To be maximised.
        noise: Standard normal, (iterations, samples, actions), the same for all rows.
        batch: Rows.
        settings: First deviation, smallest deviation and elites.

    Returns:
        (batch, actions)
    """
    iterations, samples, actions = noise.shape
    mean, std = noise.new_zeros(batch, 1, actions), noise.new_full((batch, 1, actions), settings.std_init)
    spread = torch.cat([torch.zeros_like(noise[:, :1]), noise[:, 1:]], 1)
    for iteration in range(iterations):
        candidates = (mean + std * spread[iteration]).clamp(-1.0, 1.0)
        values = value(candidates)
        count = 1 if iteration == iterations - 1 else settings.elites
        index = torch.topk(values, count, dim=1).indices
        elites = candidates.gather(1, index[..., None].expand(-1, -1, actions))
        mean = elites.mean(1, keepdim=True)
        std = ((elites - mean) ** 2).mean(1, keepdim=True).sqrt().clamp_min(settings.std_min)
    return mean[:, 0]


def greedy_action(critics: CriticEnsemble, inputs: Inputs, obs: Tensor, noise: Tensor, s: QtOptSettings) -> Tensor:
    """The action, before smoothing, of the largest mean of the critics where smoothing takes it, (batch, actions)."""
    batch, samples = len(obs), noise.shape[1]
    every = obs[:, None].expand(-1, samples, -1).reshape(batch * samples, -1)

    def value(candidates: Tensor) -> Tensor:
        actions = inputs.smooth(candidates.reshape(batch * samples, -1), every)
        return critics(every, actions).mean(0).reshape(batch, samples)

    return best_action(value, noise, batch, s)


class QtOptGraph(PolicyGraph):
    """Searches the action as the target does; see `PolicyGraph`."""

    def __init__(self, layout: Layout, inputs: Inputs, critics: CriticEnsemble, settings: QtOptSettings) -> None:
        super().__init__(layout, inputs)
        self.critics, self.settings = critics, settings

    @property
    def noise_shape(self) -> list[int]:
        """The search's candidates, and one row for exploration."""
        return [self.settings.iterations * self.settings.samples + 1, self.spec.action_size]

    def choose(self, obs: Tensor, noise: Tensor) -> Tensor:
        """See `PolicyGraph.choose`."""
        s = self.settings
        candidates = noise[0, 1:].reshape(s.iterations, s.samples, -1)
        return greedy_action(self.critics, self.inputs, obs, candidates, s)

    def act(self, observation: Tensor, carry: Tensor, noise: Tensor, explore: Tensor) -> tuple[Tensor, ...]:
        """See `ControlGraph.act`; the search draws its candidates in an evaluation too."""
        obs = self.inputs(observation)[None]
        added = self.settings.exploration * explore * noise[0]
        action = (self.choose(obs, noise[None]) + added).clamp(-1.0, 1.0)
        return self.inputs.smooth(action, obs)[0], carry


class QtOptAgent(ReplayAgent):
    """See the module; arguments as those of `ros_rl.agents.factory.make_agent`."""

    def __init__(self, layout: Layout, settings: QtOptSettings, batch_size: int, updates_per_step: float) -> None:
        super().__init__(layout, settings.smoothing, batch_size, updates_per_step)
        s = self.settings = settings
        sizes = (s.critics, layout.size + layout.action_size, s.hidden, s.normalisation, s.dropout)
        self.critics = TargetedNetwork(
            lambda: CriticEnsemble(*sizes), s.target_rule, s.learning_rate, s.beta1, s.target_critics
        )
        self.lagged = self.critics.target
        if s.lag:
            self.lagged = CriticEnsemble(*sizes).requires_grad_(False)
            self._copy()
        self.graph = QtOptGraph(layout, self.inputs, self.critics.target, s)

    def update_critics(self, samples: Samples) -> tuple[Tensor, Tensor]:
        """See `ReplayAgent.update_critics`.

        Raises:
            ConfigError: A reward outside [0, 1] with the cross-entropy, which needs values of such returns.
        """
        target = samples.target(self._next_value(samples.next_obs))
        output = self.critics.online(samples.obs, samples.action)
        if self.settings.loss == "cross_entropy":
            _check_probabilities(samples.reward)
            target = target.clamp(0.0, 1.0)
            loss = binary_cross_entropy_with_logits(output, target.expand_as(output), reduction="none")
        else:
            loss = (output - target) ** 2
        self.critics.descend((samples.weight * loss).mean(1).sum(), self.updates)
        if self.settings.lag and (self.updates + 1) % self.settings.lag == 0:
            self._copy()
        return self._values(output.detach()), target

    def values(self, network: CriticEnsemble, samples: Samples) -> Tensor:
        """See `ReplayAgent.values`."""
        return self._values(network(samples.obs, samples.action))

    @torch.no_grad()
    def _next_value(self, next_obs: Tensor) -> Tensor:
        """The smaller of both target networks' values of the first one's action, (batch,)."""
        s, first = self.settings, self.critics.target
        noise = torch.randn(s.iterations, s.samples, self.layout.action_size, device=next_obs.device)
        action = self.inputs.smooth(greedy_action(first, self.inputs, next_obs, noise, s), next_obs)
        q = self.critics.smallest(first(next_obs, action))
        if s.lag:
            q = torch.minimum(q, self.critics.smallest(self.lagged(next_obs, action)))
        return self._values(q)

    def _values(self, output: Tensor) -> Tensor:
        """Values that the critics' outputs mean: with the cross-entropy these are logits."""
        return output.sigmoid() if self.settings.loss == "cross_entropy" else output

    def _copy(self) -> None:
        self.lagged.load_state_dict(self.critics.target.state_dict())

    def parts(self) -> dict[str, Stateful]:
        """See `Agent.parts`."""
        own: dict[str, Stateful] = {"lagged_critics": self.lagged} if self.settings.lag else {}
        return self.critics.parts() | own


def _check_probabilities(reward: Tensor) -> None:
    outside = reward[(reward < 0.0) | (reward > 1.0)]
    if len(outside):
        raise ConfigError(
            f"agent.loss 'cross_entropy' needs returns in [0, 1], a reward is {float(outside[0]):g}; use squared"
        )
