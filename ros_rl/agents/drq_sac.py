# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Soft actor-critic from images (Kostrikov et al. 2021, DrQ): critics with an encoder, random shifts of what they see.

The encoder learns from the critics' error alone. The policy sees what it encodes, without gradient; the policy's step
is that of `ros_rl.agents.common.soft_actor_critic` on encoded observations.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from ros_rl.agents.agent import Stateful
from ros_rl.agents.common.chunk_queue import ChunkQueue
from ros_rl.agents.common.critics import Critics, make_network, targeted
from ros_rl.agents.common.off_policy import ReplayAgent
from ros_rl.agents.common.reward_scale import RewardScale
from ros_rl.agents.common.samples import Samples
from ros_rl.agents.common.seen import SeeingGraph, SeenInputs
from ros_rl.agents.common.soft_actor_critic import SoftActorCritic, Temperature
from ros_rl.layout import Layout
from ros_rl.networks.images import ObservationEncoder
from ros_rl.networks.passes import GraphPass, Pass, plain_pass
from ros_rl.networks.policies import SquashedGaussianPolicy
from ros_rl.networks.seeing import SeeingCategoricalCritics, SeeingCritics
from ros_rl.settings.latent import DrqSacSettings


class DrqSacGraph(SeeingGraph):
    """The policy acts on what the critics' encoder makes of what is seen.

    Args:
        layout: Of observations.
        inputs: Pack what is seen, and smooth actions.
        encoder: Of packed observations.
        policy: Acts.
        frames: See `Packing`.
        chunk: Control periods that a decision is for.
    """

    def __init__(
        self,
        layout: Layout,
        inputs: SeenInputs,
        encoder: ObservationEncoder,
        policy: SquashedGaussianPolicy,
        frames: int,
        chunk: int,
    ) -> None:
        super().__init__(layout)
        self.inputs, self.encoder, self.policy = inputs, encoder, policy
        self.queue = ChunkQueue(chunk, layout.action_size)
        self.carry = self.queue.carry
        self.see_frames(frames)

    @property
    def noise_shape(self) -> list[int]:
        """See `PolicyGraph.noise_shape`."""
        return [self.policy.action_size]

    def decide(self, packed: Tensor, kept: Tensor, noise: Tensor, explore: Tensor) -> tuple[Tensor, Tensor]:
        """See `SeeingGraph.decide`."""
        action = self.policy.act(self.encoder(packed), (noise * explore)[None])
        return self.queue.next(self.inputs.smooth(action, packed)[0], kept)


class _Heads:
    """The critics behind their encoder, as a policy's step asks for them."""

    def __init__(self, critics: Critics[SeeingCritics]) -> None:
        self._critics = critics
        self._through: Pass = plain_pass(critics.online.head) or GraphPass(critics.frozen().head, learns=False)

    def through(self) -> Pass:
        """See `TargetedNetwork.through`."""
        return self._through

    def parts(self) -> dict[str, Stateful]:
        """See `TargetedNetwork.parts`."""
        return self._critics.parts()


class DrqSacAgent(ReplayAgent):
    """See the module; arguments as those of `ros_rl.agents.factory.make_agent`."""

    graph: DrqSacGraph
    inputs: SeenInputs
    critics: Critics[SeeingCritics]

    def __init__(self, layout: Layout, settings: DrqSacSettings, batch_size: int, updates_per_step: float) -> None:
        s = self.settings = settings
        super().__init__(layout, s.smoothing, batch_size, updates_per_step)
        self.reward_scale = RewardScale() if s.reward_scale == "returns" else None
        self.critics = targeted(self._make_critics, s)
        encoder: ObservationEncoder = self.critics.online.encoder  # type: ignore[assignment]
        self._encoder = encoder
        self.policy = SquashedGaussianPolicy(encoder.size, s.chunk * layout.action_size, s.policy_hidden or s.hidden)
        temperature = Temperature(
            s.initial_alpha, s.target_entropy * self.policy.action_size, s.alpha_learning_rate, s.beta1
        )
        heads: Any = _Heads(self.critics)
        self.soft = SoftActorCritic(
            self.policy, heads, temperature, self._smooth, s.learning_rate, s.beta1, s.policy_value == "mean"
        )
        self._packed = torch.empty(0)  # observations whose encodings the policy is asked about
        self.graph = DrqSacGraph(layout, self.inputs, encoder, self.policy, s.frames, s.chunk)

    def make_inputs(self, layout: Layout, smoothing: float) -> SeenInputs:
        """See `ReplayAgent.make_inputs`."""
        return SeenInputs(layout, smoothing, self.settings.frames, self.settings.shift)

    def _make_critics(self) -> SeeingCritics:
        s = self.settings
        encoder = ObservationEncoder(self.layout, s.frames, s.channels, s.embedding)
        head = make_network(encoder.size + s.chunk * self.layout.action_size, s)
        return SeeingCategoricalCritics(encoder, head) if s.value_bins else SeeingCritics(encoder, head)

    def _smooth(self, action: Tensor, encoded: Tensor) -> Tensor:
        """See `Inputs.smooth`; what was encoded is at hand."""
        return self.inputs.smooth(action, self._packed)

    @torch.no_grad()
    def _encode(self, packed: Tensor) -> Tensor:
        self._packed = packed
        encoded: Tensor = self._encoder(packed)
        return encoded

    def _next_action(self, obs: Tensor) -> tuple[Tensor, Tensor]:
        return self.soft.next_action(self._encode(obs))

    def update_critics(self, samples: Samples) -> tuple[Tensor, Tensor]:
        """See `ReplayAgent.update_critics`."""
        return self.critics.update(samples, self._next_action, self.updates)

    def values(self, network: SeeingCritics, samples: Samples) -> Tensor:
        """See `ReplayAgent.values`."""
        return network(samples.obs, samples.action)

    def improve(self, samples: Samples) -> dict[str, float]:
        """One step of the policy up the critics' value plus entropy, and one of the entropy coefficient."""
        if self.updates % self.settings.policy_delay:
            return {}
        loss, entropy = self.soft.update_policy(self._encode(samples.obs))
        metrics = self.soft.follow(entropy)
        self.entropy_bonus = self.unit * metrics.pop("entropy_bonus") / self.settings.chunk
        return {"policy_loss": loss} | metrics

    def parts(self) -> dict[str, Stateful]:
        """See `Agent.parts`."""
        return self.soft.parts()

    def tensors(self) -> dict[str, Tensor]:
        """See `Agent.tensors`."""
        scale = self.reward_scale.tensors() if self.reward_scale else {}
        return self.soft.temperature.tensors() | scale
