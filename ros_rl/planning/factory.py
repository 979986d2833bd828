# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""The planner that the settings name (torch)."""

from __future__ import annotations

from typing import Any

from ros_rl.planning.cem import CemPlanner
from ros_rl.planning.gradient import GradientPlanner
from ros_rl.planning.mppi import MppiPlanner
from ros_rl.planning.planner import Planner
from ros_rl.planning.shooting import ShootingPlanner, SoftmaxShootingPlanner
from ros_rl.planning.world import W
from ros_rl.settings.planner import PlannerSettings

PLANNERS: dict[str, type[Planner[Any]]] = {
    "mppi": MppiPlanner,
    "cem": CemPlanner,
    "shooting": ShootingPlanner,
    "softmax_shooting": SoftmaxShootingPlanner,
    "gradient": GradientPlanner,
}


def make_planner(world: W, settings: PlannerSettings, gamma: float) -> Planner[W]:
    """The planner of `settings.method` in a world, with a discount per step."""
    return PLANNERS[settings.method](world, settings, gamma)
