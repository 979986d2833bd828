# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Model-based policy optimisation (Janner et al. 2019, MBPO).

A policy is optimised on short rollouts that branch from replayed states inside the dynamics ensemble: by SAC on batches
of imagined and a few real transitions, or by the on-policy gradient (`ros_rl.agents.common.imagined_gradient`). The
length of the rollouts grows linearly with the environment's steps, while the model gets better (appendix C).

As in the `mpc` agent, transitions are learned from without the delay, and the control graph rolls the measured state
through the pending actions before its policy acts: an imagined state has no pending actions that a policy could see.
"""

from __future__ import annotations

from torch import Tensor

from ros_rl.agents.agent import Stateful
from ros_rl.agents.common.critics import figures, make_critics
from ros_rl.agents.common.experience import Experience, joined
from ros_rl.agents.common.imagined_gradient import ImaginedGradient
from ros_rl.agents.common.model_based import ModelBasedAgent
from ros_rl.agents.common.predicted_graph import PredictedPolicyGraph
from ros_rl.agents.common.rollouts import branch, transitions
from ros_rl.agents.common.samples import Samples
from ros_rl.agents.common.soft_actor_critic import SoftActorCritic, Temperature
from ros_rl.errors import ConfigError
from ros_rl.layout import Layout
from ros_rl.networks.mlp import evaluating
from ros_rl.networks.policies import SquashedGaussianPolicy
from ros_rl.replay.batch import Batch
from ros_rl.replay.buffer import ReplayBuffer
from ros_rl.replay.tensor_ring import TensorRing
from ros_rl.settings.model_based import MbpoSettings
from ros_rl.tasks import Task


class MbpoAgent(ModelBasedAgent):
    """See the module; arguments as those of `ModelBasedAgent`."""

    def __init__(
        self,
        spec: Layout,
        task: Task,
        settings: MbpoSettings,
        batch_size: int,
        updates_per_step: float,
        control_period: float,
    ) -> None:
        super().__init__(spec, task, settings, batch_size, updates_per_step, control_period)
        self.settings = s = settings
        self.improver: SoftActorCritic | ImaginedGradient
        if s.improve == "sac":
            self.improver = self._soft_actor_critic()
        else:
            if batch_size < s.model.members:
                raise ConfigError(
                    f"learner.batch_size {batch_size} holds no rollout for each of the {s.model.members} members of "
                    "agent.model"
                )
            self.improver = ImaginedGradient(self.spaces, s)
        capacity = s.retained(s.length_to) if s.improve == "sac" else 0
        sizes = {"state": spec.state_size, "goal": spec.goal_size, "next_state": spec.state_size}
        actions = {"last_action": spec.action_size, "action": spec.action_size}
        self.imagined = TensorRing(capacity, {**sizes, **actions, "reward": None, "terminated": None})
        self.graph = PredictedPolicyGraph(self.spaces, self.model, self.improver.policy, self.bursts)

    def _soft_actor_critic(self) -> SoftActorCritic:
        s, size_in, actions = self.settings, self.spaces.input_size, self.spec.action_size
        critics = make_critics(size_in, actions, s)
        policy = SquashedGaussianPolicy(size_in, actions, s.policy_hidden or s.hidden)
        temperature = Temperature(s.initial_alpha, s.target_entropy * actions, s.alpha_learning_rate, s.beta1)
        follows_mean = s.policy_value == "mean"
        return SoftActorCritic(policy, critics, temperature, self.smooth, s.learning_rate, s.beta1, follows_mean)

    def train(self, replay: ReplayBuffer, env_steps: int) -> dict[str, float]:
        """See `Agent.train`."""
        s, metrics = self.settings, self.update_model(replay, env_steps)
        length = s.rollout_length(env_steps)
        if s.improve == "sac" and env_steps >= s.model_start:
            self.generate(replay, s.rollouts_per_step, length)
        for _ in range(self._take("update", self.updates_per_step)):
            if isinstance(self.improver, SoftActorCritic):
                metrics |= self._improve(self.improver, self.samples(self.batch(replay, length), s.gamma))
            elif env_steps < s.model_start:
                break
            else:
                start = self.replayed(replay, self.batch_size // s.model.members * s.model.members)
                metrics |= self.improver.update(branch(self, self.improver.policy, start, length))
            self.updates += 1
        return metrics | {"rollout_length": float(length)}

    def _improve(self, soft: SoftActorCritic, samples: Samples) -> dict[str, float]:
        q, target = soft.update_critics(samples, self.updates)
        self._show(q, target)
        metrics = figures(q, target)
        if (self.updates + 1) % self.settings.policy_delay == 0:
            loss, entropy = soft.update_policy(samples.obs)
            metrics |= {"policy_loss": loss} | soft.follow(entropy.mean())
            self.entropy_bonus = metrics.pop("entropy_bonus")
        return metrics

    def look(self, batch: Batch) -> tuple[Tensor, Tensor] | None:
        """See `Agent.look`."""
        if not isinstance(self.improver, SoftActorCritic):
            return None
        samples, network = self.samples(self.experience(batch), self.settings.gamma), self.improver.critics.online
        with evaluating(network):
            return network(samples.obs, samples.action), network.features(samples.obs, samples.action)

    def generate(self, replay: ReplayBuffer, count: int, length: int) -> None:
        """Roll the policy out from replayed states and keep what the model predicts."""
        steps = branch(self, self.improver.policy, self.replayed(replay, count), length)
        self.imagined.add(vars(transitions(steps)))

    def batch(self, replay: ReplayBuffer, length: int) -> Experience:
        """Real transitions, then imagined ones; only real ones while none are imagined."""
        s = self.settings
        real = round(s.real_ratio * self.batch_size) if len(self.imagined) else self.batch_size
        made = self.batch_size - real
        parts = [self.replayed(replay, real)] if real else []
        if made:
            parts.append(Experience(**self.imagined.sample(made, s.retained(length))))
        return joined(parts)

    def parts(self) -> dict[str, Stateful]:
        """See `Agent.parts`."""
        return super().parts() | self.improver.parts()

    def tensors(self) -> dict[str, Tensor]:
        """See `Agent.tensors`."""
        return self.improver.temperature.tensors() | self.imagined.tensors("imagined")
