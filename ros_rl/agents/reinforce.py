# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""The score-function policy gradient (Williams 1992, REINFORCE).

Over N whole episodes of the newest policy,

    grad J = 1/N sum_episodes sum_k grad log pi(u_k | o_k) w_k .

``trajectory``: w_k = R - b, R = sum_j gamma^j r_j of the whole episode. ``return_to_go``: w_k = G_k - b(o_k),
G_k = sum_j gamma^j r_{k+j}, as an action has no part in rewards before it; the factor gamma^k of the exact gradient
is left out unless ``discount_states`` is set (Thomas 2014, "Bias in natural actor-critic algorithms"). The baseline b
is 0, the mean of the other episodes, or learned: b(o) = 1/K sum_i Q(o, u_i), u_i ~ pi, where Q is regressed on the
returns G. Averaged over actions of its own, Q leaves the gradient's mean as it is, which Q(o_k, u_k) itself would not.

An episode that was cut (truncated) lacks the rewards that would have followed. With the learned baseline, b of the
last observation stands for them; without it they count as zero, a bias unless the time limit is part of the task.
"""

from __future__ import annotations

import torch
from torch import Tensor

from ros_rl.agents.agent import Agent, Stateful
from ros_rl.agents.common.policy_gradient import NewData, discounted_sums, joined, mean_of_others, minibatches
from ros_rl.agents.common.policy_graph import GaussianGraph
from ros_rl.agents.common.samples import Inputs, Samples
from ros_rl.layout import Layout
from ros_rl.networks.critics import CriticEnsemble
from ros_rl.networks.optimisers import Adam, step
from ros_rl.networks.policies import ClippedGaussianPolicy
from ros_rl.replay.buffer import ReplayBuffer
from ros_rl.settings.policy_gradient import ReinforceSettings


class ReinforceAgent(Agent):
    """See the module; arguments as those of `ros_rl.agents.factory.make_agent`.

    An update needs new episodes, so `updates_per_step` has no effect; `batch_size` is of the baseline's regression.
    """

    def __init__(self, layout: Layout, settings: ReinforceSettings, batch_size: int, updates_per_step: float) -> None:
        super().__init__(layout, batch_size, updates_per_step)
        s = self.settings = settings
        self.inputs = Inputs(layout, s.smoothing)
        self.policy = ClippedGaussianPolicy(layout.size, layout.action_size, s.hidden, s.initial_std)
        self.graph = GaussianGraph(layout, self.inputs, self.policy)
        self._optimiser = Adam(self.policy.parameters(), s.learning_rate)
        self._new = NewData()
        if s.baseline == "q":
            self.q = CriticEnsemble(1, layout.size + layout.action_size, s.hidden)
            self._q_optimiser = Adam(self.q.parameters(), s.baseline_learning_rate)

    def train(self, replay: ReplayBuffer, env_steps: int) -> dict[str, float]:
        """See `Agent.train`: one update as soon as enough episodes have finished."""
        episodes = self._new.episodes(replay, self.settings.episodes)
        return self.update([self.inputs.samples(episode) for episode in episodes]) if episodes else {}

    def update(self, episodes: list[Samples]) -> dict[str, float]:
        """One step of the policy on whole episodes; after it, with the same ones, those of the baseline."""
        returns = [self.returns(episode) for episode in episodes]
        weights = self.weights(episodes, returns)
        metrics = {"policy_loss": step(self._optimiser, self.loss(episodes, weights))}
        metrics["return_mean"] = float(torch.stack([each[0] for each in returns]).mean())
        if self.settings.baseline == "q":
            metrics["baseline_loss"] = self.fit_baseline(episodes, returns)
        self.updates += 1
        return metrics

    def loss(self, episodes: list[Samples], weights: list[Tensor]) -> Tensor:
        """What is descended: minus the module's gradient, and minus the entropy bonus."""
        data = joined(episodes)
        log_probability, entropy = self.policy.log_probability(data.obs, self.inputs.unsmooth(data.action, data.obs))
        return -(torch.cat(weights) * log_probability + self.settings.entropy * entropy).sum() / len(episodes)

    def returns(self, episode: Samples) -> Tensor:
        """G_k of each step, (steps,)."""
        tail = 0.0
        if self.settings.baseline == "q" and not episode.terminated[-1]:
            tail = float(self.baseline(episode.next_obs[-1:]))
        return discounted_sums(episode.reward, self.settings.gamma, tail)

    def weights(self, episodes: list[Samples], returns: list[Tensor]) -> list[Tensor]:
        """w_k of each episode's steps, (steps,) each."""
        s = self.settings
        if s.estimator == "trajectory":
            returns = [each[:1].expand(len(each)) for each in returns]
        baselines = [returns[0].new_zeros(())] * len(episodes)
        if s.baseline == "mean":
            # of a whole episode's return there is one value, whatever its length
            over = returns if s.estimator == "return_to_go" else [each[:1] for each in returns]
            baselines = mean_of_others(over)
        elif s.baseline == "q":
            count = None if s.estimator == "return_to_go" else 1
            baselines = [self.baseline(episode.obs[:count]) for episode in episodes]
        weights = [g - b for g, b in zip(returns, baselines, strict=True)]
        if s.discount_states and s.estimator == "return_to_go":
            weights = [w * s.gamma ** torch.arange(len(w), device=w.device) for w in weights]
        return weights

    @torch.no_grad()
    def baseline(self, obs: Tensor) -> Tensor:
        """b(o), (batch,)."""
        obs = obs.repeat(self.settings.value_samples, 1)
        action = self.inputs.smooth(
            self.policy.act(obs, torch.randn(len(obs), self.layout.action_size, device=obs.device)), obs
        )
        return self.q(obs, action)[0].view(self.settings.value_samples, -1).mean(0)

    def fit_baseline(self, episodes: list[Samples], returns: list[Tensor]) -> float:
        """Regress Q on returns; gives the last squared error."""
        data, loss = joined(episodes), 0.0
        data.reward = torch.cat(returns)
        for _ in range(self.settings.epochs):
            for part in minibatches(data, self.batch_size):
                loss = step(self._q_optimiser, ((self.q(part.obs, part.action)[0] - part.reward) ** 2).mean())
        return loss

    def parts(self) -> dict[str, Stateful]:
        """See `Agent.parts`."""
        parts: dict[str, Stateful] = {"policy": self.policy, "policy_optimiser": self._optimiser}
        if self.settings.baseline == "q":
            parts |= {"q": self.q, "q_optimiser": self._q_optimiser}
        return parts

    def tensors(self) -> dict[str, Tensor]:
        """See `Agent.tensors`."""
        return {"new_data": self._new.mark}
