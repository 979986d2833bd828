# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""The `mpc` agent: a dynamics ensemble, critics and a policy, planning over a short horizon.

With a delay of d periods the decision at tick k acts in x_{k+d}. The agent predicts that state by rolling x_k through
the pending actions, so critics and policy are learned without the delay: on (x_k, u_{k-1}), u_k, x_{k+1}.
"""

from __future__ import annotations

from torch import Tensor

from ros_rl.agents.mpc_graph import MpcGraph
from ros_rl.agents.mpc_learner import MpcLearner
from ros_rl.features import Layout
from ros_rl.model_based_settings import MpcSettings
from ros_rl.replay.buffer import ReplayBuffer
from ros_rl.tasks import Task


class MpcAgent(MpcLearner):
    """Learns from a replay buffer; its control graph plans. Arguments are those of `ModelBasedAgent`."""

    graph: MpcGraph
    settings: MpcSettings

    def __init__(
        self, spec: Layout, task: Task, settings: MpcSettings, batch_size: int, updates_per_step: float
    ) -> None:
        super().__init__(spec, task, settings, batch_size, updates_per_step)
        self.graph = MpcGraph(self.planner, settings.act, settings.exploration)

    def train(self, replay: ReplayBuffer, env_steps: int) -> dict[str, float]:
        """The gradient work of one environment step."""
        metrics = super().train(replay, env_steps)
        self.graph.use_planner.fill_(float(env_steps >= self.settings.planner_start))
        return metrics

    def tensors(self) -> dict[str, Tensor]:
        """See `Agent.tensors`."""
        return super().tensors() | {"use_planner": self.graph.use_planner}
