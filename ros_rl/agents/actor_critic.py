# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Actor-critic (Konda and Tsitsiklis 2000): a critic that follows the Bellman equation improves a stochastic policy.

Critic: Q(o, u) towards r + gamma Q'(o', u'), u' ~ pi, on the newest data (``on_policy``) or on replayed data
(``off_policy``). The value is V(o) = 1/K sum_i Q(o, u_i), u_i ~ pi. Policy:

- ``likelihood_ratio``, on-policy: grad log pi(u_k | o_k) A_k with the executed action and
  A_k = sum_j (gamma lambda)^j d_{k+j}, d_k = r_k + gamma V(o_{k+1}) - V(o_k) (Schulman et al. 2016, eq. 16); online,
  where the newest steps are all there is, A_k = d_k.
- ``likelihood_ratio``, off-policy: K new actions u_i at each replayed observation, each weighed with Q(o, u_i) minus
  the mean Q of the others. So no ratio of probabilities is needed; that the states are those of older policies is
  ignored (Degris et al. 2012, "Off-policy actor-critic").
- ``pathwise``: the gradient of Q through the action u = clip(mu(o) + sigma(o) e) (Heess et al. 2015, SVG(0)).

A truncated episode goes on in its last value, as everywhere: only termination ends one. ``episodes`` updates after so
many finished ones, ``online`` at every step. Replayed updates then are as many as steps have passed, times
``learner.updates_per_step``.
"""

from __future__ import annotations

import torch
from torch import Tensor

from ros_rl.agents.agent import Agent, Stateful
from ros_rl.agents.common.critics import figures, make_critics
from ros_rl.agents.common.policy_gradient import NewData, discounted_sums, joined, minibatches
from ros_rl.agents.common.policy_graph import GaussianGraph
from ros_rl.agents.common.samples import Inputs, Samples
from ros_rl.layout import Layout
from ros_rl.networks.mlp import evaluating
from ros_rl.networks.optimisers import Adam, step
from ros_rl.networks.policies import ClippedGaussianPolicy
from ros_rl.replay.batch import Batch
from ros_rl.replay.buffer import ReplayBuffer
from ros_rl.settings.policy_gradient import ActorCriticSettings


class ActorCriticAgent(Agent):
    """See the module; arguments as those of `ros_rl.agents.factory.make_agent`.

    On-policy, `updates_per_step` has no effect: the critic passes ``epochs`` times over new data, the policy once.
    """

    def __init__(self, layout: Layout, settings: ActorCriticSettings, batch_size: int, updates_per_step: float) -> None:
        super().__init__(layout, batch_size, updates_per_step)
        s = self.settings = settings
        self.inputs = Inputs(layout, s.smoothing)
        self.critics = make_critics(layout.size, layout.action_size, s)
        self.policy = ClippedGaussianPolicy(layout.size, layout.action_size, s.hidden, s.initial_std)
        self.graph = GaussianGraph(layout, self.inputs, self.policy)
        self._optimiser = Adam(self.policy.parameters(), s.policy_learning_rate)
        self._new = NewData()

    def train(self, replay: ReplayBuffer, env_steps: int) -> dict[str, float]:
        """See `Agent.train`: at every step or, with ``batch: episodes``, when enough episodes have finished."""
        if self.settings.data == "off_policy":
            return self._replayed(replay)
        if self.settings.batch == "online":
            steps = self._new.steps(replay)
            return {} if steps is None else self.update_on_policy([self.inputs.samples(steps)])
        episodes = self._new.episodes(replay, self.settings.episodes)
        return self.update_on_policy([self.inputs.samples(episode) for episode in episodes]) if episodes else {}

    def _replayed(self, replay: ReplayBuffer) -> dict[str, float]:
        self._due["update"] = self._due.get("update", 0.0) + self.updates_per_step
        if self.settings.batch == "episodes" and not self._new.episodes(replay, self.settings.episodes):
            return {}
        metrics: dict[str, float] = {}
        for _ in range(self._take("update", 0.0)):
            samples = self.inputs.samples(self.draw(replay))
            metrics = self.update_critics(samples)
            loss = self.pathwise_loss if self.settings.gradient == "pathwise" else self.resampled_loss
            metrics["policy_loss"] = step(self._optimiser, loss(samples.obs))
        return metrics

    def update_on_policy(self, runs: list[Samples]) -> dict[str, float]:
        """Steps of the critics, then one of the policy.

        Args:
            runs: The newest transitions: an episode each, or all the newest steps together.
        """
        s, data, metrics = self.settings, joined(runs), {}
        for _ in range(s.epochs):
            for part in minibatches(data, self.batch_size):
                metrics = self.update_critics(part)
        loss = self.pathwise_loss(data.obs) if s.gradient == "pathwise" else self.executed_loss(runs)
        return metrics | {"policy_loss": step(self._optimiser, loss)}

    def update_critics(self, samples: Samples) -> dict[str, float]:
        """One step of the critics and their targets."""
        q, target = self.critics.update(samples, lambda obs: (self._draw(obs), 0.0), self.updates)
        self._show(q, target)
        self.updates += 1
        return figures(q, target)

    def executed_loss(self, runs: list[Samples]) -> Tensor:
        """Likelihood ratio with the actions that were executed."""
        data, advantage = joined(runs), torch.cat([self.advantages(run) for run in runs])
        log_probability, entropy = self.policy.log_probability(data.obs, self.inputs.unsmooth(data.action, data.obs))
        return -(advantage * log_probability + self.settings.entropy * entropy).mean()

    def resampled_loss(self, obs: Tensor) -> Tensor:
        """Likelihood ratio with new actions at given inputs, (batch, inputs)."""
        count = self.settings.value_samples
        obs = obs.repeat(count, 1)
        with torch.no_grad():
            raw = self.policy.act(obs, torch.randn(len(obs), self.layout.action_size, device=obs.device))
            q = self._q(obs, self.inputs.smooth(raw, obs)).view(count, -1)
            advantage = (q - q.mean(0)) * count / (count - 1)
        log_probability, entropy = self.policy.log_probability(obs, raw)
        return -(advantage.view(-1) * log_probability + self.settings.entropy * entropy).mean()

    def pathwise_loss(self, obs: Tensor) -> Tensor:
        """Minus the smallest critic's value of a reparameterised action."""
        _, log_std = self.policy(obs)
        return -(self._q(obs, self._draw(obs)) + self.settings.entropy * log_std.sum(-1)).mean()

    @torch.no_grad()
    def advantages(self, run: Samples) -> Tensor:
        """A_k of consecutive steps of one episode or, online, of any steps, (steps,)."""
        s = self.settings
        next_values = run.discount * (1.0 - run.terminated) * self.values(run.next_obs)
        difference = run.reward + next_values - self.values(run.obs)
        return difference if s.batch == "online" else discounted_sums(difference, s.gamma * s.trace)

    @torch.no_grad()
    def values(self, obs: Tensor) -> Tensor:
        """V(o), (batch,)."""
        count = self.settings.value_samples
        obs = obs.repeat(count, 1)
        return self._q(obs, self._draw(obs)).view(count, -1).mean(0)

    def _draw(self, obs: Tensor) -> Tensor:
        """An action that acts, reparameterised."""
        return self.inputs.smooth(
            self.policy.act(obs, torch.randn(len(obs), self.layout.action_size, device=obs.device)), obs
        )

    def _q(self, obs: Tensor, action: Tensor) -> Tensor:
        return self.critics.frozen()(obs, action).amin(0)

    def look(self, batch: Batch) -> tuple[Tensor, Tensor]:
        """See `Agent.look`."""
        samples, network = self.inputs.samples(batch), self.critics.online
        with evaluating(network):
            return network(samples.obs, samples.action), network.features(samples.obs, samples.action)

    def parts(self) -> dict[str, Stateful]:
        """See `Agent.parts`."""
        return self.critics.parts() | {"policy": self.policy, "policy_optimiser": self._optimiser}

    def tensors(self) -> dict[str, Tensor]:
        """See `Agent.tensors`."""
        return {"new_data": self._new.mark}
