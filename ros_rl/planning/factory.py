# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""The planner that the settings name (torch)."""

from __future__ import annotations

from ros_rl.dynamics.model import DynamicsModel
from ros_rl.networks.critics import CriticEnsemble
from ros_rl.networks.policies import SquashedGaussianPolicy
from ros_rl.networks.spaces import Spaces
from ros_rl.planning.cem import CemPlanner
from ros_rl.planning.gradient import GradientPlanner
from ros_rl.planning.mppi import MppiPlanner
from ros_rl.planning.planner import Planner
from ros_rl.planning.shooting import ShootingPlanner, SoftmaxShootingPlanner
from ros_rl.settings.planner import PlannerSettings
from ros_rl.tasks.task import Judge

PLANNERS: dict[str, type[Planner]] = {
    "mppi": MppiPlanner,
    "cem": CemPlanner,
    "shooting": ShootingPlanner,
    "softmax_shooting": SoftmaxShootingPlanner,
    "gradient": GradientPlanner,
}


def make_planner(
    spaces: Spaces,
    task: Judge,
    model: DynamicsModel,
    policy: SquashedGaussianPolicy,
    critics: CriticEnsemble,
    settings: PlannerSettings,
    gamma: float,
) -> Planner:
    """The planner of `settings.method`; for the arguments see `Planner`."""
    return PLANNERS[settings.method](spaces, task, model, policy, critics, settings, gamma)
