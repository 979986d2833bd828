# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""The `mpc` agent: a dynamics ensemble, critics and a policy, planning over a short horizon.

With a delay of d periods the decision at tick k acts in x_{k+d}. The agent predicts that state by rolling x_k through
the pending actions, so critics and policy are learned without the delay: on (x_k, u_{k-1}), u_k, x_{k+1}.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from ros_rl.agents.common.bursts import Bursts
from ros_rl.agents.common.mpc_learner import MpcLearner
from ros_rl.deploy.control_graph import ControlGraph
from ros_rl.layout import Layout
from ros_rl.networks.mlp import BatchedMLP
from ros_rl.planning.assessment import assess
from ros_rl.planning.execution import Execution
from ros_rl.planning.late_world import LateWorld
from ros_rl.planning.plan import WORST
from ros_rl.planning.planner import Planner
from ros_rl.planning.world import StateWorld
from ros_rl.replay.buffer import ReplayBuffer
from ros_rl.settings.model_based import DYNAMICS, MpcSettings
from ros_rl.tasks import Task

_TELEMETRY = (
    "plan_return",
    "plan_disagreement",
    "candidate_returns",
    "plan_states",
    "plan_epistemic",
    "plan_aleatoric",
)


class MpcGraph(ControlGraph):
    """Predicts the state in which the decision will act, then plans there, or asks the policy.

    Args:
        planner: The planner; its world holds model, policy, critics and layout.
        act: ``planner`` or ``policy``.
        exploration: Noise on the planner's executed action, as a share of the plan's deviation.
        bursts: Say when that noise is added.
    """

    use_planner: Tensor

    def __init__(self, planner: Planner[StateWorld], act: str, exploration: float, bursts: Bursts) -> None:
        super().__init__(planner.world.spaces.spec)
        self.planner = planner
        self.plans = act == "planner"
        self.exploration, self.bursts = exploration, bursts
        self.execution = Execution(planner.settings, planner.world.action_size)
        self.register_buffer("use_planner", torch.ones(1))
        world = planner.world
        self._own = 1 + world.carry_size
        self.carry = (0.0,) * (self._own + (self.execution.carry_size if self.plans else 0))
        self.telemetry_names = _TELEMETRY if self.plans else ("predicted_state",)
        if planner.settings.precision == "int8":
            for part in (*world.model.modules(), *world.critics.modules()):
                if isinstance(part, BatchedMLP):
                    part.use_int8()
        self.not_exportable = world.not_exportable or (planner.not_exportable if self.plans else "")

    @property
    def noise_shape(self) -> list[int]:
        """The planner's, the start's, and three rows: when bursts change, to what, and what the action adds."""
        world = self.planner.world
        rows, horizon, actions = self.planner.noise_shape if self.plans else (0, 1, world.action_size)
        return [rows - (-world.chance // (horizon * actions)) + 3, horizon, actions]

    def act(self, observation: Tensor, carry: Tensor, noise: Tensor, explore: Tensor) -> tuple[Tensor, ...]:
        """See `ControlGraph.act`."""
        world = self.planner.world
        fresh = self.planner.noise_shape[0] if self.plans else 0
        start, sent = world.recall(observation, carry[1 : self._own], noise[fresh:-3].flatten())
        burst = self.bursts.draw(noise[-3, 0, :1], noise[-2, 0, :1], carry[:1])
        executed, last_action = noise[-1, 0] * explore * burst, start.last_action[0]
        by_policy = world.decide(world.decision_state(start), executed[None])[0]
        if not self.plans:
            return world.spaces.smooth(by_policy, last_action), torch.cat([burst, sent]), start.x.mean(0)[0]
        last = self.execution.read(carry[self._own :])
        plan = self.planner.plan(start, noise[:fresh], last)
        actions, kept = self.execution.choose(plan.mean, last)
        by_planner = (actions[0] + self.exploration * plan.std[0] * executed).clamp(-1.0, 1.0)
        action = by_policy + self.use_planner * (by_planner - by_policy)
        found = assess(self.planner, start, actions)
        # every candidate non-finite: no action either, so that the driver's safe behaviour takes over
        usable = (plan.candidate_returns.amax() > WORST).to(action.dtype)
        action = world.spaces.smooth(action, last_action) * (usable / usable)
        telemetry = (found.mean_return, found.return_std, plan.candidate_returns, found.states)
        return action, torch.cat([burst, sent, kept]), *telemetry, found.epistemic, found.aleatoric


class MpcAgent(MpcLearner):
    """Learns from a replay buffer; its control graph plans. Arguments are those of `ModelBasedAgent`."""

    graph: MpcGraph
    settings: MpcSettings

    def __init__(
        self,
        spec: Layout,
        task: Task,
        settings: MpcSettings,
        batch_size: int,
        updates_per_step: float,
        control_period: float,
    ) -> None:
        super().__init__(spec, task, settings, batch_size, updates_per_step, control_period)
        self.graph = MpcGraph(self.planner, settings.act, settings.exploration, self.bursts)

    def make_world(self, *parts: Any) -> StateWorld:
        """See `MpcLearner.make_world`."""
        s = self.settings
        return LateWorld(*parts, most=s.late, horizon=s.planner.horizon) if s.late else super().make_world(*parts)

    def train(self, replay: ReplayBuffer, env_steps: int) -> dict[str, float]:
        """The gradient work of one environment step.

        Where it adapts to new dynamics, critics and policy stay as they are (SimDist, arXiv 2603.15759), and so do the
        model's normalisers, which a few steps of a new world would spoil.
        """
        self.soft.temperature.target_entropy = self.settings.target_entropy_at(env_steps) * self.spec.action_size
        if self.settings.adapt == DYNAMICS:
            metrics = self.model_work(replay, env_steps, refit=False)()
        else:
            metrics = super().train(replay, env_steps)
        self.graph.use_planner.fill_(float(env_steps >= self.settings.planner_start))
        return metrics

    def tensors(self) -> dict[str, Tensor]:
        """See `Agent.tensors`."""
        return super().tensors() | {"use_planner": self.graph.use_planner}
