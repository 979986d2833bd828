# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""A policy that was learned without the delay acts from the state in which its decision will act.

Exploration comes in bursts. Were it always on, the greedy behaviour that is evaluated and deployed would meet states
that the replay never saw, such as a start from rest without noise. The carry holds whether a burst is on.
"""

from __future__ import annotations

from typing import Protocol

import torch
from torch import Tensor

from ros_rl.deploy.control_graph import ControlGraph
from ros_rl.dynamics.model import DynamicsModel
from ros_rl.networks.spaces import Spaces

_SWITCH = 1.645
"""Standard normal quantile of 95 %: at 20 Hz a burst's state is drawn anew once a second."""


class Policy(Protocol):
    """What acts."""

    def act(self, x: Tensor, noise: Tensor) -> Tensor:
        """An action in [-1, 1] from a network input and standard normal noise; zero noise gives the greedy one."""


def draw_burst(change: Tensor, to: Tensor, last: Tensor) -> Tensor:
    """Whether exploration is on, 0 or 1 of shape (1,), from two standard normal numbers and the last answer."""
    return torch.where(change > _SWITCH, (to > 0.0).to(to.dtype), last)


class PredictedPolicyGraph(ControlGraph):
    """Rolls the measured state through the pending actions, then asks the policy.

    Args:
        spaces: Layout and smoothing.
        model: The dynamics ensemble; the state is the mean over its members.
        policy: Sees `Spaces.network_input`.
    """

    carry = (0.0,)
    telemetry_names = ("predicted_state",)

    def __init__(self, spaces: Spaces, model: DynamicsModel, policy: Policy) -> None:
        super().__init__(spaces.spec)
        self.spaces, self.model, self.policy = spaces, model, policy
        self.stays_behind = model.stays_behind

    @property
    def noise_shape(self) -> list[int]:
        """When bursts change, to what, and what the executed action adds."""
        return [3, self.spec.action_size]

    def act(self, observation: Tensor, carry: Tensor, noise: Tensor, explore: Tensor) -> tuple[Tensor, ...]:
        """See `ControlGraph.act`."""
        spec = self.spec
        burst = draw_burst(noise[0, :1], noise[1, :1], carry)
        actions = observation[spec.state_size + spec.goal_size :].reshape(1 + spec.delay, spec.action_size)
        state = self.model.follow(observation[spec.state], actions[0], actions[1:]).mean(0)
        seen = self.spaces.network_input(state, observation[spec.goal], actions[-1:])
        action = self.policy.act(seen, (noise[2] * explore * burst)[None])
        return self.spaces.smooth(action, actions[-1:])[0], burst, state[0]
