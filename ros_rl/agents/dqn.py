# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Deep Q-learning for discrete actions (Mnih et al. 2015), by default with double Q-learning (van Hasselt et al. 2016).

Q(o, u) of all actions is one pass of a network. Its target is r + gamma Q'(o', argmax_u Q''(o', u)); which of online
and target network are Q' and Q'' makes the four variants that van Hasselt et al. 2018 (*Deep reinforcement learning
and the deadly triad*) compare: ``targets: none`` with ``bootstrap: same`` is Q-learning, target networks with
``bootstrap: same`` target Q, ``double`` and ``inverse_double`` what they are called.

With ``margin`` m an action that was shown is to be worth more than all others (Hester et al. 2018, *Deep Q-learning
from demonstrations*): the loss max_u (Q(o, u) + m [u != u_shown]) - Q(o, u_shown) is added where something was shown.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from ros_rl.agents.agent import Stateful
from ros_rl.agents.common.off_policy import ReplayAgent
from ros_rl.agents.common.policy_graph import PolicyGraph
from ros_rl.agents.common.samples import Inputs, Samples
from ros_rl.agents.common.targeted_network import TargetedNetwork
from ros_rl.agents.random import normal_share, uniform_index
from ros_rl.layout import Layout
from ros_rl.networks.critics import ActionValues
from ros_rl.replay.buffer import ReplayBuffer
from ros_rl.settings.off_policy import DqnSettings

_SMALLEST = 1e-6  # of a share, whose logarithm is finite in float32
_NONE = -1.0  # no index


class DqnGraph(PolicyGraph):
    """Takes the most valuable action, or when it explores with probability `epsilon` any.

    A random action is taken again at the next step with the chance `persistence` (temporally extended exploration,
    Dabney et al. 2021, here with geometric durations); the carry's last number is that action, -1 for none. With a
    `temperature` T the value of each is drawn anew each time, with noise of Gumbel's distribution: the most
    valuable one then is u with a probability in proportion to exp(Q(o, u) / T), evaluated or not.
    """

    epsilon: Tensor

    def __init__(
        self, layout: Layout, inputs: Inputs, values: Any, epsilon: float, temperature: float, persistence: float
    ) -> None:
        super().__init__(layout, inputs)
        self.values, self.temperature, self.persistence = values, temperature, persistence
        self.register_buffer("epsilon", torch.tensor([epsilon]))
        self.carry = (_NONE,) if persistence else ()

    @property
    def noise_shape(self) -> list[int]:
        """Numbers that decide whether to explore, by which action, whether that goes on, and one for each value."""
        return [2 + bool(self.persistence) + (self.spec.choices if self.temperature else 0)]

    def act(self, observation: Tensor, carry: Tensor, noise: Tensor, explore: Tensor) -> tuple[Tensor, ...]:
        """See `ControlGraph.act`."""
        return self.explore(self.inputs(observation)[None], carry, noise, explore)

    def explore(self, obs: Tensor, held: Tensor, noise: Tensor, explore: Tensor) -> tuple[Tensor, Tensor]:
        """The index of an action, (1,), from a network input (1, inputs), and what of it persists, as `held` does."""
        noise = torch.cat([noise[:2] * explore, noise[2:]])[None]
        if not self.persistence:
            return self.choose(obs, noise)[0], held
        goes_on = (explore > 0.0) & (held > _NONE) & (normal_share(noise[0, 2:3]) < self.persistence)
        drawn = uniform_index(noise[0, 1:2], self.spec.choices)
        chosen = torch.where(goes_on, held, self.choose(obs, torch.cat([noise[:, :2], noise[:, 3:]], 1))[0])
        persists = goes_on | self._explores(noise[0, :1])
        return chosen, torch.where(persists, torch.where(goes_on, held, drawn), _NONE)

    def _explores(self, chance: Tensor) -> Tensor:
        return 1.0 - torch.erf(chance.abs() * 0.5**0.5) < self.epsilon  # never with zero noise: 1 < epsilon

    def choose(self, obs: Tensor, noise: Tensor) -> Tensor:
        """See `PolicyGraph.choose`: the index of an action, as a float, (1, 1)."""
        values = self.values(obs).mean(0)
        chance, which, drawn = noise[:, :1], noise[:, 1:2], noise[:, 2:]
        if self.temperature:
            values = values + self.temperature * gumbel(drawn)
        best = values.argmax(-1, keepdim=True)
        return torch.where(self._explores(chance), uniform_index(which, self.spec.choices), best.to(noise.dtype))


class DqnAgent(ReplayAgent):
    """See the module; arguments as those of `ros_rl.agents.factory.make_agent`."""

    graph: DqnGraph
    settings: DqnSettings

    def __init__(self, layout: Layout, settings: DqnSettings, batch_size: int, updates_per_step: float) -> None:
        s = self.settings = settings
        super().__init__(layout, settings.smoothing, batch_size, updates_per_step)
        self.critics = TargetedNetwork(self.make_values, s.target_rule, s.learning_rate, s.beta1, s.target_critics)
        self.graph = self.make_graph()

    def make_values(self) -> Any:
        """Untrained values of all actions."""
        s, layout = self.settings, self.layout
        return ActionValues(s.critics, layout.size, s.hidden, layout.choices, s.normalisation, s.dropout)

    def make_graph(self) -> DqnGraph:
        """What acts by these values."""
        s = self.settings
        return DqnGraph(
            self.layout, self.inputs, self.critics.online, s.epsilon_start, s.temperature, s.epsilon_persists
        )

    def train(self, replay: ReplayBuffer, env_steps: int) -> dict[str, float]:
        """See `Agent.train`; exploration follows its schedule."""
        epsilon = self.settings.epsilon_at(env_steps)
        self.graph.epsilon.fill_(epsilon)
        return super().train(replay, env_steps) | {"epsilon": epsilon}

    def update_critics(self, samples: Samples) -> tuple[Tensor, Tensor]:
        """See `ReplayAgent.update_critics`."""
        target = samples.target(self._next_value(samples.next_obs))
        values, taken = self.critics.learning(samples.obs), self._taken(samples)
        q = values.gather(-1, taken)[..., 0]
        error = q - target
        slope = error.clamp(-1.0, 1.0) if self.settings.loss == "huber" else 2.0 * error
        slopes = torch.zeros_like(values).scatter_(-1, taken, slope[..., None])
        if self.settings.margin:
            slopes += samples.shown[:, None] * margin_slope(values, taken, self.settings.margin)
        self.critics.follow_slope(samples.weight[:, None] * slopes / len(target), self.updates)
        return q, target

    def values(self, network: Any, samples: Samples) -> Tensor:
        """See `ReplayAgent.values`."""
        return network(samples.obs).gather(-1, self._taken(samples))[..., 0]

    def _taken(self, samples: Samples) -> Tensor:
        return samples.action.long().expand(self.settings.critics, -1, -1)

    @torch.no_grad()
    def _next_value(self, next_obs: Tensor) -> Tensor:
        """What the target holds for the value of the next observation, (batch,)."""
        chooses, values = {
            "same": (self.critics.target_values, self.critics.target_values),
            "double": (self.critics.online_values, self.critics.target_values),
            "inverse_double": (self.critics.target_values, self.critics.online_values),
        }[self.settings.bootstrap]
        q = values(next_obs)
        choices = q if chooses is values else chooses(next_obs)
        best = choices.mean(0).argmax(-1)[None, :, None].expand(q.shape[0], -1, -1)
        return self.critics.smallest(q.gather(-1, best)[..., 0])

    def parts(self) -> dict[str, Stateful]:
        """See `Agent.parts`."""
        return self.critics.parts()

    def tensors(self) -> dict[str, Tensor]:
        """See `Agent.tensors`."""
        return {"epsilon": self.graph.epsilon}


def gumbel(noise: Tensor) -> Tensor:
    """Numbers of Gumbel's distribution, from standard normal ones by their distribution functions."""
    share = normal_share(noise).clamp(_SMALLEST, 1.0 - _SMALLEST)
    return -torch.log(-torch.log(share))


def margin_slope(values: Tensor, taken: Tensor, margin: float) -> Tensor:
    """Derivative of max_u (Q(u) + margin [u != taken]) - Q(taken) after the values, of their shape.

    Args:
        values: Q, (critics, batch, choices).
        taken: The action that is to be the best, (critics, batch, 1).
        margin: By how much.
    """
    best = (values + margin).scatter(-1, taken, values.gather(-1, taken)).argmax(-1, keepdim=True)
    one = torch.ones_like(best, dtype=values.dtype)
    return torch.zeros_like(values).scatter_add_(-1, best, one).scatter_add_(-1, taken, -one)
