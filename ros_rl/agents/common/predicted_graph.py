# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""A policy that was learned without the delay acts from the state in which its decision will act."""

from __future__ import annotations

from typing import Protocol

from torch import Tensor

from ros_rl.agents.common.bursts import Bursts
from ros_rl.deploy.control_graph import ControlGraph
from ros_rl.dynamics.model import DynamicsModel
from ros_rl.networks.spaces import Spaces


class Policy(Protocol):
    """What acts."""

    def act(self, x: Tensor, noise: Tensor) -> Tensor:
        """An action in [-1, 1] from a network input and standard normal noise; zero noise gives the greedy one."""


class PredictedPolicyGraph(ControlGraph):
    """Rolls the measured state through the pending actions, then asks the policy.

    Args:
        spaces: Layout and smoothing.
        model: The dynamics ensemble; the state is the mean over its members.
        policy: Sees `Spaces.network_input`.
        bursts: Say when it explores.
    """

    carry = (0.0,)
    telemetry_names = ("predicted_state",)

    def __init__(self, spaces: Spaces, model: DynamicsModel, policy: Policy, bursts: Bursts) -> None:
        super().__init__(spaces.spec)
        self.spaces, self.model, self.policy, self.bursts = spaces, model, policy, bursts
        self.not_exportable = model.not_exportable

    @property
    def noise_shape(self) -> list[int]:
        """When bursts change, to what, and what the executed action adds."""
        return [3, self.spec.action_size]

    def act(self, observation: Tensor, carry: Tensor, noise: Tensor, explore: Tensor) -> tuple[Tensor, ...]:
        """See `ControlGraph.act`."""
        spec = self.spec
        burst = self.bursts.draw(noise[0, :1], noise[1, :1], carry)
        actions = spec.sent(observation)
        state = self.model.follow(observation[spec.state], actions[0], actions[1:]).mean(0)
        obs = self.spaces.network_input(state, observation[spec.goal], actions[-1:])
        action = self.policy.act(obs, (noise[2] * explore * burst)[None])
        return self.spaces.smooth(action, actions[-1:])[0], burst, state[0]
