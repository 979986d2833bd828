# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Control graphs of policies without memory."""

from __future__ import annotations

from abc import abstractmethod

from torch import Tensor

from ros_rl.agents.common.samples import Inputs
from ros_rl.deploy.control_graph import ControlGraph
from ros_rl.layout import Layout
from ros_rl.networks.policies import ClippedGaussianPolicy, DeterministicPolicy


class PolicyGraph(ControlGraph):
    """A policy without memory acts.

    Args:
        layout: Of observations.
        inputs: What the policy sees.
    """

    def __init__(self, layout: Layout, inputs: Inputs) -> None:
        super().__init__(layout)
        self.inputs = inputs

    @property
    def noise_shape(self) -> list[int]:
        """One number per action."""
        return [self.spec.action_size]

    @abstractmethod
    def choose(self, obs: Tensor, noise: Tensor) -> Tensor:
        """An action, (1, actions), from a network input (1, inputs); zero noise gives the greedy one."""

    def act(self, observation: Tensor, carry: Tensor, noise: Tensor, explore: Tensor) -> tuple[Tensor, ...]:
        """See `ControlGraph.act`."""
        obs = self.inputs(observation)[None]
        action = self.choose(obs, (noise * explore)[None])
        return self.inputs.smooth(action, obs)[0], carry


class GaussianGraph(PolicyGraph):
    """The policy acts; see `PolicyGraph`."""

    def __init__(self, layout: Layout, inputs: Inputs, policy: ClippedGaussianPolicy) -> None:
        super().__init__(layout, inputs)
        self.policy = policy

    def choose(self, obs: Tensor, noise: Tensor) -> Tensor:
        """See `PolicyGraph.choose`."""
        return self.policy.act(obs, noise)


class DdpgGraph(PolicyGraph):
    """The policy acts, with added noise; see `PolicyGraph`."""

    def __init__(self, layout: Layout, inputs: Inputs, policy: DeterministicPolicy, exploration: float) -> None:
        super().__init__(layout, inputs)
        self.policy, self.exploration = policy, exploration

    def choose(self, obs: Tensor, noise: Tensor) -> Tensor:
        """See `PolicyGraph.choose`."""
        return (self.policy(obs) + self.exploration * noise).clamp(-1.0, 1.0)
