# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""What agents with a dynamics model share: undelayed experience, the model's training, and steps inside the model."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from ros_rl.agents.agent import Agent, Stateful
from ros_rl.agents.common.bursts import Bursts
from ros_rl.agents.common.experience import Experience, ExperienceReader
from ros_rl.agents.common.samples import Samples
from ros_rl.dynamics.ensemble import NetworkEnsemble
from ros_rl.dynamics.factory import make_model
from ros_rl.dynamics.learned_task import ArrayJudge, LearnedTask
from ros_rl.dynamics.training import ModelOptimiser, Transitions, sequence_losses
from ros_rl.layout import Layout
from ros_rl.networks.mlp import evaluating
from ros_rl.networks.spaces import Spaces
from ros_rl.replay.buffer import ReplayBuffer
from ros_rl.settings.model_based import ModelBasedSettings
from ros_rl.tasks import Task
from ros_rl.tasks.task import Judge


class ModelBasedAgent(Agent):
    """Learns a dynamics ensemble.

    Args:
        spec: Layout of observations.
        task: Reward and termination.
        settings: The agent's settings.
        batch_size: Transitions per update.
        updates_per_step: Updates of critics and policy per environment step.
        control_period: [s].

    Raises:
        ConfigError: The settings take reward or termination for known, and they are not.
    """

    model: NetworkEnsemble

    def __init__(
        self,
        spec: Layout,
        task: Task,
        settings: ModelBasedSettings,
        batch_size: int,
        updates_per_step: float,
        control_period: float,
    ) -> None:
        super().__init__(spec, batch_size, updates_per_step)
        self.spec, self.task = spec, task
        self.spaces = Spaces(spec, settings.smoothing)
        self.bursts = Bursts(settings.burst_seconds, control_period)
        self.model = make_model(settings.model, spec.state_size, spec.action_size)
        known = settings.model.reward == settings.model.termination == "known"
        self.learned = None if known else LearnedTask(self.spaces, task, settings.model)
        self.judge: Judge = self.learned or task
        device = self.spaces.scale.device
        self.experience = ExperienceReader(spec, device)
        self.relabel_judge = ArrayJudge(self.learned, device) if self.learned else None
        self._model_settings = settings.model
        s, heads = settings.model, self.learned.parameters() if self.learned else ()
        self._optimiser = ModelOptimiser(self.model, s.learning_rate, s.weight_decay, heads)
        self._known = -1
        """Transitions ever added when the model was last judged by what is new; -1: it was not yet."""
        self._judge_nothing()

    @torch.no_grad()
    def _judge_nothing(self) -> None:
        """Judge a step from zero to zero: functions that are not known raise here, before anything moves."""
        sizes, like = (self.spec.state_size, self.spec.goal_size, self.spec.action_size), self.spaces.scale
        state, goal, action = (like.new_zeros(1, size) for size in sizes)
        self._judged(state, goal, action, action, state)

    def samples(self, e: Experience, gamma: float) -> Samples:
        """Undelayed transitions as critics and policies learn from them; `gamma` is the discount per step."""
        one = e.reward.new_ones(len(e.reward))
        obs = self.spaces.network_input(e.state, e.goal, e.last_action)
        next_obs = self.spaces.network_input(e.next_state, e.goal, e.action)
        return Samples(obs, e.action, e.reward, next_obs, e.terminated, gamma * one, one, 0.0 * one)

    def smooth(self, action: Tensor, obs: Tensor) -> Tensor:
        """The action that acts, from the chosen one and the network input, which ends with the action before."""
        return self.spaces.smooth(action, obs[..., -self.spec.action_size :])

    def replayed(self, replay: ReplayBuffer, count: int) -> Experience:
        """Replayed transitions to learn values and policies from; see `Agent.draw`."""
        return self.experience(self.draw(replay, count))

    def _judged(
        self, state: Tensor, goal: Tensor, last_action: Tensor, action: Tensor, next_state: Tensor
    ) -> Experience:
        """A transition with the reward and the termination that it is judged to have."""
        after = self.spaces.fields(next_state, goal)
        reward = self.judge.reward(self.spaces.fields(state, goal), last_action, action, after)
        terminated = self.judge.terminated(after).to(reward.dtype)
        return Experience(state, goal, last_action, action, reward, next_state, terminated)

    @torch.no_grad()
    def imagine(self, state: Tensor, goal: Tensor, last_action: Tensor, action: Tensor) -> Experience:
        """One model step from each state, an equal share of them, in their order, drawn from each member.

        Args:
            state: (count, state); `count` is a multiple of the number of members.
            goal: (count, goal_size)
            last_action: u_{k-1}, (count, actions).
            action: u_k, (count, actions), as it acts.
        """
        members, count = self.model.members, state.shape[0]
        split = (members, count // members, -1)
        next_state = self.model.sample(state.reshape(split), last_action.reshape(split), action.reshape(split))
        return self._judged(state, goal, last_action, action, next_state.reshape(count, -1))

    def update_model(self, replay: ReplayBuffer, env_steps: int) -> dict[str, float]:
        """The model's gradient work of one environment step."""
        return self.model_work(replay, env_steps)()

    def model_work(self, replay: ReplayBuffer, env_steps: int, refit: bool = True) -> Callable[[], dict[str, float]]:
        """Draw what the model's gradient work of one environment step needs.

        Args:
            replay: What has happened.
            env_steps: Of the training.
            refit: Whether the normalisers follow what is replayed.

        Returns:
            The work. It changes model and heads alone, and looks at nothing else that changes.
        """
        metrics, per_step = self._judge_model(replay), self._model_settings.updates_per_step
        if refit and per_step and self._refit_due(env_steps):
            self._fit_normalisers(replay)
        count = self._take("model", per_step)
        # each member sees its own batch (bootstrap)
        size = self.model.members * self.batch_size
        drawn = [self.experience(self.mirrored(replay.sample(size))) for _ in range(count)]

        def work() -> dict[str, float]:
            found = metrics
            for e in drawn:
                found = found | self._update_model(e)
            return found

        return work

    def _judge_model(self, replay: ReplayBuffer) -> dict[str, float]:
        """The loss on what came since the last look, which the model has not learned from yet: it is held out."""
        known, self._known = self._known, replay.added
        new = min(replay.added - known, self.batch_size)
        if known < 0 or not new:
            return {}
        with evaluating(self.model):
            losses = sequence_losses(self.model, [self._transitions(self.experience(replay.newest(new)), 1)])
        return {"model_held_out_loss": float(losses.mean())}

    def _fit_normalisers(self, replay: ReplayBuffer) -> None:
        everything = self.experience(self.mirrored(replay.everything()))
        self.model.fit_normalisers(everything.state, everything.next_state)
        if self.learned:
            self.learned.fit_normalisers(self.spaces.fields(everything.state, everything.goal), everything.reward)

    def _update_model(self, e: Experience) -> dict[str, float]:
        """One step on the losses of model and heads."""
        heads = self._head_losses(e)
        losses = self._optimiser.step([self._transitions(e, self.model.members)], heads.values())
        return {"model_loss": float(losses.mean())} | {name: float(value.detach()) for name, value in heads.items()}

    def _transitions(self, e: Experience, members: int) -> Transitions:
        """An equal share of the transitions for each member."""
        return [part.reshape(members, -1, part.shape[-1]) for part in (e.state, e.last_action, e.action, e.next_state)]

    def _head_losses(self, e: Experience) -> dict[str, Tensor]:
        if not self.learned:
            return {}
        before, after = self.spaces.fields(e.state, e.goal), self.spaces.fields(e.next_state, e.goal)
        return self.learned.losses(before, e.last_action, e.action, after, e.reward, e.terminated)

    def _refit_due(self, env_steps: int) -> bool:
        """Whether the normalisers should be fitted again: often while there is little data."""
        s = self._model_settings
        every = s.early_refit_every if env_steps < s.early_steps else s.refit_every
        return env_steps % every == 0 or bool((self.model.inputs.std == 1).all())

    def parts(self) -> dict[str, Stateful]:
        """See `Agent.parts`."""
        heads: dict[str, Stateful] = {"learned_task": self.learned} if self.learned else {}
        return {"model": self.model, "model_optimiser": self._optimiser.optimiser, **heads}

    def state_dict(self) -> dict[str, Any]:
        """See `Agent.state_dict`."""
        return super().state_dict() | {"known": self._known}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """See `Agent.load_state_dict`."""
        super().load_state_dict(state)
        self._known = state.get("known", -1)  # the first checkpoints do not say
