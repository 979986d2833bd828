# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""The `latent_mpc` agent: plans in a learned latent state, from images, vectors or both (Hansen et al. 2022, 2024).

Encoder h, dynamics d, reward R, end E, critics Q and policy p are trained on windows of the replay buffer,
z_0 = h(o_0), z_{k+1} = d(z_k, u_k):

    sum_k decay^k (consistency |z_{k+1} - h(o_{k+1})|^2 + reward_weight ((R - r_k)^2 / s_r^2 + E's cross-entropy)
                   + value_weight sum_i (Q_i(z_k, u_k) - r_k - gamma min_j Q'_j(h(o_{k+1}), u'))^2 / s_Q^2),  u' ~ p

where h(o_{k+1}) is a constant, and s_r and s_Q are deviations of rewards and of values, as they have been lately: else
small rewards would shape nothing, and all states would become one, which is easy to predict. The policy follows
max-entropy reinforcement learning on the same latent states, through which no gradient flows. Planners are those of
`ros_rl.planning`, in a `LatentWorld`.
"""

from __future__ import annotations

import copy
from dataclasses import replace

import torch
from torch import Tensor
from torch.nn.functional import binary_cross_entropy_with_logits

from ros_rl.agents.agent import Agent, Stateful
from ros_rl.agents.common.critics import figures
from ros_rl.agents.common.latent_graph import LatentMpcGraph
from ros_rl.agents.common.seen import Sight
from ros_rl.agents.common.soft_actor_critic import Temperature
from ros_rl.layout import Layout
from ros_rl.networks.critics import CriticEnsemble, polyak
from ros_rl.networks.freezing import frozen
from ros_rl.networks.mlp import evaluating
from ros_rl.networks.optimisers import Adam, step, step_within
from ros_rl.networks.policies import SquashedGaussianPolicy
from ros_rl.planning.factory import make_planner
from ros_rl.planning.planner import Planner
from ros_rl.replay.batch import Batch
from ros_rl.replay.buffer import ReplayBuffer
from ros_rl.settings.latent import LatentMpcSettings
from ros_rl.world_models.latent import LatentModel, LatentWorld

_LARGEST_GRADIENT = 20.0
"""Norm to which the model's gradient is cut, as by Hansen et al. 2024."""
_SCALE_RATE, _SMALLEST_SCALE = 0.01, 1e-2
"""Share of an update in the scales of rewards and values, and the least that they are."""


def first_of(windows: Batch) -> Batch:
    """Of windows, what was seen before their first steps."""
    images = {name: image[:, 0] for name, image in windows.images.items()}
    past = windows.past[:, 0] if windows.past.ndim > 3 else windows.past
    return replace(windows, observation=windows.observation[:, 0], images=images, past=past)


class LatentMpcAgent(Agent):
    """See the module; arguments as those of `ros_rl.agents.factory.make_agent`."""

    graph: LatentMpcGraph
    planner: Planner[LatentWorld]

    def __init__(self, layout: Layout, settings: LatentMpcSettings, batch_size: int, updates_per_step: float) -> None:
        super().__init__(layout, batch_size, updates_per_step)
        self.settings = s = settings
        self.latent_model = LatentModel(layout, s.frames, s.channels, s.embedding, s.latent, s.members, s.hidden)
        self.critics = CriticEnsemble(s.critics, s.latent + layout.action_size, s.hidden)
        self.targets = copy.deepcopy(self.critics).requires_grad_(False)
        self.policy = SquashedGaussianPolicy(s.latent, layout.action_size, s.hidden)
        self.temperature = Temperature(s.initial_alpha, s.target_entropy * layout.action_size, s.alpha_learning_rate)
        self.scales = torch.ones(2)
        self.sight = Sight(layout, s.frames, s.shift, self._device)
        self.model_optimiser = Adam([*self.latent_model.parameters(), *self.critics.parameters()], s.learning_rate)
        self.policy_optimiser = Adam(self.policy.parameters(), s.learning_rate)
        world = LatentWorld(self.latent_model, self.policy, self.targets, layout.action_size)
        self.planner = make_planner(world, s.planner, s.gamma)
        self.graph = LatentMpcGraph(layout, self.planner, s)

    @property
    def _device(self) -> torch.device:
        return next(self.latent_model.parameters()).device

    def train(self, replay: ReplayBuffer, env_steps: int) -> dict[str, float]:
        """See `Agent.train`."""
        metrics: dict[str, float] = {}
        for _ in range(self._take("update", self.updates_per_step)):
            if not replay.holds(self.settings.length):
                replay.lengths.tell_short("agent.length", self.settings.length, "nothing is learned from them")
                break
            metrics |= self._update(replay.sequences(self.batch_size, self.settings.length))
            self.updates += 1
        return metrics

    def _update(self, batch: Batch) -> dict[str, float]:
        """One step of the model, of the critics and of the policy on windows of consecutive steps."""
        s, count = self.settings, len(batch.reward)
        action, reward, terminated = (
            torch.as_tensor(value, device=self._device) for value in (batch.action, batch.reward, batch.terminated)
        )
        first, after = self.sight.before(first_of(batch)), self.sight.after(batch)
        with torch.no_grad():
            following = self.latent_model.encode(after).unflatten(0, (count, s.length))
            target = self._targets(following, reward, terminated)
        of_reward, of_value = self._scales(reward, target)
        state = self.latent_model.encode(first).expand(s.members, -1, -1)
        states, loss, weight = [state], torch.zeros((), device=self._device), 1.0
        errors: dict[str, Tensor] = {}
        for k in range(s.length):
            found = self.latent_model(state, action[:, k])
            values = self._values(self.critics, state, action[:, k])
            ends = terminated[:, k].expand(s.members, -1)
            parts = {
                "consistency_loss": s.consistency * ((found.state - following[:, k]) ** 2).sum(-1).mean(),
                "reward_loss": s.reward_weight * ((found.reward - reward[:, k]) ** 2).mean() / of_reward**2,
                "end_loss": s.reward_weight * binary_cross_entropy_with_logits(found.end, ends),
                "critic_loss": s.value_weight * ((values - target[:, k]) ** 2).mean((1, 2)).sum() / of_value**2,
            }
            errors = errors or parts
            loss = loss + weight * torch.stack([*parts.values()]).sum()
            if not k:
                q = values.detach().mean(1)
            state, weight = found.state, weight * s.decay
            states.append(state)
        step_within(self.model_optimiser, loss / s.length, _LARGEST_GRADIENT)
        polyak(self.targets.parameters(), self.critics.parameters(), s.tau)
        self._show(q, target[:, 0])
        metrics = {name: float(value.detach()) for name, value in errors.items()} | figures(q, target[:, 0])
        return metrics | self._improve(torch.stack(states[:-1]).detach().mean(1))

    def _scales(self, reward: Tensor, target: Tensor) -> Tensor:
        """Deviations of rewards and of values, (2,), as they have been lately."""
        now = torch.stack([reward.std(), target.std()]).clamp_min(_SMALLEST_SCALE)
        self.scales.lerp_(now, _SCALE_RATE if self.updates else 1.0)
        return self.scales

    @torch.no_grad()
    def _targets(self, following: Tensor, reward: Tensor, terminated: Tensor) -> Tensor:
        """Right sides of the Bellman equation, (batch, length)."""
        flat = following.flatten(0, 1)
        chosen, _ = self.policy.sample(flat)
        value = self.targets(flat, chosen).amin(0).reshape(reward.shape)
        return reward + self.settings.gamma * (1.0 - terminated) * value

    def _values(self, critics: CriticEnsemble, state: Tensor, action: Tensor) -> Tensor:
        """(critics, members, batch), of states (members, batch, latent)."""
        members, count, _ = state.shape
        taken = action.expand(members, -1, -1).flatten(0, 1)
        return critics(state.flatten(0, 1), taken).unflatten(1, (members, count))

    def _improve(self, states: Tensor) -> dict[str, float]:
        """One step of the policy and of the entropy coefficient, on predicted states (length, batch, latent)."""
        state = states.flatten(0, 1)
        action, log_probability = self.policy.sample(state)
        with frozen(self.critics):
            value = self.critics(state, action).amin(0)
            loss = (self.temperature.alpha * log_probability - value).mean()
            step(self.policy_optimiser, loss)
        entropy = -log_probability.detach()
        self.entropy_bonus = float(self.temperature.alpha * entropy.mean())
        self.temperature.follow(entropy)
        return {
            "policy_loss": float(loss.detach()),
            "alpha": float(self.temperature.alpha),
            "entropy": float(entropy.mean()),
        }

    def look(self, batch: Batch) -> tuple[Tensor, Tensor]:
        """See `Agent.look`."""
        action = torch.as_tensor(batch.action, device=self._device)
        with evaluating(self.critics), evaluating(self.latent_model):
            state = self.latent_model.encode(self.sight.before(batch, learns=False))
            return self.critics(state, action), self.critics.features(state, action)

    def parts(self) -> dict[str, Stateful]:
        """See `Agent.parts`."""
        own: dict[str, Stateful] = {
            "latent_model": self.latent_model,
            "critics": self.critics,
            "target_critics": self.targets,
            "model_optimiser": self.model_optimiser,
            "policy": self.policy,
            "policy_optimiser": self.policy_optimiser,
        }
        return own | self.temperature.parts()

    def tensors(self) -> dict[str, Tensor]:
        """See `Agent.tensors`."""
        return self.temperature.tensors() | {"scales": self.scales}
