# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""A planner distilled into a policy, which acts in its stead (DAgger; Ross et al. 2011).

At each environment step the planner is asked what it would do in a few replayed states, which the policy itself
visited; the policy follows these answers by regression. The newest answers count, since the planner learns, too: its
model, critics and proposing policy are those of the `mpc` agent, trained alongside, or those of a finished run, which
then stay as they are. With mean squared error the policy learns the planner's mean action in a state.

The policy sees what the planner starts from, and so the control graph rolls the measured state through the pending
actions; a decision costs a network's evaluation instead of a plan.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn

from ros_rl.agents.agent import Stateful
from ros_rl.agents.common.experience import Experience
from ros_rl.agents.common.mpc_learner import MpcLearner
from ros_rl.agents.common.predicted_graph import PredictedPolicyGraph
from ros_rl.layout import Layout
from ros_rl.networks.optimisers import Adam, step
from ros_rl.networks.policies import DeterministicPolicy
from ros_rl.planning.plan import WORST
from ros_rl.planning.world import ParticleState
from ros_rl.replay.buffer import ReplayBuffer
from ros_rl.replay.tensor_ring import TensorRing
from ros_rl.settings.model_based import DistilSettings
from ros_rl.tasks import Task

TAUGHT = ("model", "learned_task", "policy", "critics", "targets")
"""What a teacher brings, by the names of an `mpc` agent's checkpoint; a learned task only where it is not known."""


class Student(nn.Module):
    """A deterministic policy that explores by added noise.

    Args:
        policy: Its network.
        exploration: Standard deviation of the noise, in units of action.
    """

    def __init__(self, policy: DeterministicPolicy, exploration: float) -> None:
        super().__init__()
        self.policy, self.exploration = policy, exploration

    def act(self, x: Tensor, noise: Tensor) -> Tensor:
        """An action in [-1, 1]; zero noise gives the greedy one."""
        return (self.policy(x) + self.exploration * noise).clamp(-1.0, 1.0)


class DistilAgent(MpcLearner):
    """See the module; arguments as those of `MpcLearner`."""

    settings: DistilSettings

    def __init__(
        self,
        spec: Layout,
        task: Task,
        settings: DistilSettings,
        batch_size: int,
        updates_per_step: float,
        control_period: float,
    ) -> None:
        super().__init__(spec, task, settings, batch_size, updates_per_step, control_period)
        s, actions = settings, spec.action_size
        self.student = DeterministicPolicy(self.spaces.input_size, actions, s.hidden)
        self._student_optimiser = Adam(self.student.parameters(), s.learning_rate)
        self.answers = TensorRing(s.answers_kept, {"obs": self.spaces.input_size, "action": actions})
        self.graph = PredictedPolicyGraph(self.spaces, self.model, Student(self.student, s.exploration), self.bursts)

    def train(self, replay: ReplayBuffer, env_steps: int) -> dict[str, float]:
        """See `Agent.train`."""
        s = self.settings
        metrics = {} if s.teacher else super().train(replay, env_steps)
        if env_steps >= s.planner_start or s.teacher:
            questions = self._take("question", s.planner_calls)
            if questions:
                self.ask(self.experience(self.mirrored(replay.sample(questions))))
        for _ in range(self._take("student", s.imitation_updates) if len(self.answers) else 0):
            metrics["imitation_loss"] = self.imitate()
            self.updates += int(bool(s.teacher))
        return metrics

    @torch.no_grad()
    def ask(self, e: Experience) -> None:
        """Let the planner answer in these states; an answer without a finite prediction behind it does not count."""
        found = [self._plan(*row) for row in zip(e.state, e.goal, e.last_action, strict=True)]
        usable = torch.tensor([answer is not None for answer in found], device=e.state.device)
        answers = [answer for answer in found if answer is not None]
        if answers:
            obs = self.spaces.network_input(e.state, e.goal, e.last_action)[usable]
            self.answers.add({"obs": obs, "action": torch.stack(answers)})

    def _plan(self, state: Tensor, goal: Tensor, last_action: Tensor) -> Tensor | None:
        start = ParticleState(state.expand(self.model.members, 1, -1), last_action[None], goal)
        plan = self.planner.plan(start, torch.randn(self.planner.noise_shape, device=state.device))
        return plan.mean[0] if float(plan.candidate_returns.amax()) > WORST else None

    def imitate(self) -> float:
        """One step on the squared distance to the planner's actions; returns its mean per action."""
        rows = self.answers.sample(self.batch_size)
        return step(self._student_optimiser, ((self.student(rows["obs"]) - rows["action"]) ** 2).mean())

    def take_teacher(self, state: Mapping[str, Any]) -> None:
        """See `Agent.take_teacher`."""
        own = self.parts()
        for name in own.keys() & TAUGHT:
            own[name].load_state_dict(state[name])

    def parts(self) -> dict[str, Stateful]:
        """See `Agent.parts`."""
        return super().parts() | {"student": self.student, "student_optimiser": self._student_optimiser}

    def tensors(self) -> dict[str, Tensor]:
        """See `Agent.tensors`."""
        return super().tensors() | self.answers.tensors("answers")
