# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Control graphs of policies that remember nothing but what they have decided."""

from __future__ import annotations

from abc import abstractmethod

from torch import Tensor

from ros_rl.agents.common.chunk_queue import ChunkQueue
from ros_rl.agents.common.samples import Inputs
from ros_rl.deploy.control_graph import ControlGraph
from ros_rl.layout import Layout
from ros_rl.networks.policies import ClippedGaussianPolicy, DeterministicPolicy


class PolicyGraph(ControlGraph):
    """A policy acts, for one control period at a time or for several.

    Args:
        layout: Of observations.
        inputs: What the policy sees.
        chunk: Control periods that a decision is for.
    """

    def __init__(self, layout: Layout, inputs: Inputs, chunk: int = 1) -> None:
        super().__init__(layout)
        self.inputs, self.queue = inputs, ChunkQueue(chunk, layout.action_size)
        self.carry = self.queue.carry

    @property
    def noise_shape(self) -> list[int]:
        """One number per action of a chunk; those of a tick at which none is decided are not used."""
        return [self.queue.length * self.spec.action_size]

    @abstractmethod
    def choose(self, obs: Tensor, noise: Tensor) -> Tensor:
        """A chunk, (1, chunk * actions), from a network input (1, inputs); zero noise gives the greedy one."""

    def act(self, observation: Tensor, carry: Tensor, noise: Tensor, explore: Tensor) -> tuple[Tensor, ...]:
        """See `ControlGraph.act`."""
        obs = self.inputs(observation)[None]
        action = self.choose(obs, (noise * explore)[None])
        return self.queue.next(self.inputs.smooth(action, obs)[0], carry)


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
