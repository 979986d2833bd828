# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""TD3 on state-action embeddings: TD7 (Fujimoto et al. 2023) without its checkpoints and its priorities.

An embedding is trained at every update to foretell the next state's. Policy and critics see the one of the last hard
copy (every `copy_every` updates), their targets the one before, so that no input changes under a network while it
learns. Targets stay within those seen up to the last copy (section 4.2 of the paper).
"""

from __future__ import annotations

import copy

import torch
from torch import Tensor

from ros_rl.agents.agent import Stateful
from ros_rl.agents.common.off_policy import ReplayAgent
from ros_rl.agents.common.policy_graph import PolicyGraph
from ros_rl.agents.common.samples import Inputs, Samples
from ros_rl.agents.common.targeted_network import TargetedNetwork
from ros_rl.agents.ddpg import target_noise
from ros_rl.layout import Layout
from ros_rl.networks.embedding import EmbeddedCritics, EmbeddedPolicy, Embedding
from ros_rl.networks.optimisers import Adam, step
from ros_rl.settings.off_policy import Td7Settings

_LARGEST = torch.finfo(torch.float32).max
"""No limit, but finite, as all in a checkpoint is."""


class Td7Graph(PolicyGraph):
    """The policy acts, with added noise; see `PolicyGraph`."""

    def __init__(
        self, layout: Layout, inputs: Inputs, policy: EmbeddedPolicy, embedding: Embedding, exploration: float
    ) -> None:
        super().__init__(layout, inputs)
        self.policy, self.embedding, self.exploration = policy, embedding, exploration

    def choose(self, obs: Tensor, noise: Tensor) -> Tensor:
        """See `PolicyGraph.choose`."""
        action = self.policy(obs, self.embedding.of_state(obs))
        return (action + self.exploration * noise).clamp(-1.0, 1.0)


class Td7Agent(ReplayAgent):
    """See the module; arguments as those of `ros_rl.agents.factory.make_agent`."""

    critics: TargetedNetwork[EmbeddedCritics]

    def __init__(self, layout: Layout, settings: Td7Settings, batch_size: int, updates_per_step: float) -> None:
        super().__init__(layout, settings.smoothing, batch_size, updates_per_step)
        s = self.settings = settings
        sizes = (layout.size, layout.action_size, s.hidden)
        self.embedding = Embedding(layout.size, layout.action_size, s.embedding_hidden, s.embedding)
        self.critics = TargetedNetwork(
            lambda: EmbeddedCritics(s.critics, *sizes, self.embedding, s.embedding),
            s.target_rule,
            s.learning_rate,
            s.beta1,
            s.target_critics,
        )
        self.policy = EmbeddedPolicy(*sizes, s.embedding)
        self.target_policy = copy.deepcopy(self.policy).requires_grad_(False)
        self.graph = Td7Graph(layout, self.inputs, self.policy, self.critics.online.embedding, s.exploration)
        self._policy_optimiser = Adam(self.policy.parameters(), s.learning_rate, s.beta1)
        self._embedding_optimiser = Adam(self.embedding.parameters(), s.learning_rate, s.beta1)
        self.target_range = torch.tensor([-_LARGEST, _LARGEST])
        """Smallest and largest value that a target may hold."""
        self.seen_range = torch.tensor([_LARGEST, -_LARGEST])
        """Smallest and largest target so far."""

    def update_critics(self, samples: Samples) -> tuple[Tensor, Tensor]:
        """See `ReplayAgent.update_critics`; the embedding takes its step before."""
        step(self._embedding_optimiser, self.embedding.loss(samples.obs, samples.action, samples.next_obs))
        target = samples.target(self._next_value(samples.next_obs))
        low, high = self.seen_range
        self.seen_range = torch.stack([torch.minimum(low, target.min()), torch.maximum(high, target.max())])
        q = self.critics.online(samples.obs, samples.action)
        self.critics.descend((samples.weight * (q - target) ** 2).mean(1).sum(), self.updates)
        return q.detach(), target

    @torch.no_grad()
    def _next_value(self, obs: Tensor) -> Tensor:
        """The smallest of the target critics, at the target policy's action with noise, (batch,)."""
        critics = self.critics.target
        z = critics.embedding.of_state(obs)
        action = self.inputs.smooth(target_noise(self.target_policy(obs, z), self.settings), obs)
        return self.critics.smallest(critics(obs, action, z)).clamp(*self.target_range)

    def improve(self, samples: Samples) -> dict[str, float]:
        """See `ReplayAgent.improve`: a step of the policy up the critics' mean, and what is due of copies."""
        s = self.settings
        found = self._update_policy(samples.obs) if self.updates % s.policy_delay == 0 else {}
        if self.updates % s.copy_every == 0:
            self.target_policy.load_state_dict(self.policy.state_dict())
            self.critics.online.embedding.load_state_dict(self.embedding.state_dict())
            self.target_range.copy_(self.seen_range)
        return found

    def _update_policy(self, obs: Tensor) -> dict[str, float]:
        z = self.critics.online.embedding.of_state(obs)
        action = self.inputs.smooth(self.policy(obs, z), obs)
        return {"policy_loss": step(self._policy_optimiser, -self.critics.frozen()(obs, action, z).mean())}

    def values(self, network: EmbeddedCritics, samples: Samples) -> Tensor:
        """See `ReplayAgent.values`."""
        return network(samples.obs, samples.action)

    def parts(self) -> dict[str, Stateful]:
        """See `Agent.parts`."""
        return self.critics.parts() | {
            "policy": self.policy,
            "target_policy": self.target_policy,
            "policy_optimiser": self._policy_optimiser,
            "embedding": self.embedding,
            "embedding_optimiser": self._embedding_optimiser,
        }

    def tensors(self) -> dict[str, Tensor]:
        """See `Agent.tensors`."""
        return {"target_range": self.target_range, "seen_range": self.seen_range}
