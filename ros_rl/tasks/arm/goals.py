# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Whether an arm can bring its tool to a task's goals at all."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from ros_rl.errors import ConfigError, MissingDependencyError
from ros_rl.robot import Robot
from ros_rl.robot.kinematics import Kinematics
from ros_rl.robot.model import urdf_of
from ros_rl.types import Array

_SAME = 1e-9  # m


def check_goals(goals: Array, robot: Robot, settings: Mapping[str, float], near: float = 0.0) -> None:
    """Refuse goals outside the robot's workspace, and those that are farther away than its links are long.

    Goals that pass may be out of reach all the same, as for joints that do not turn so far. How long the links are is
    not looked at where the robot's URDF is not there.

    Args:
        goals: Those at the ends of where they lie, in the base frame [m], shape (goals, 3).
        robot: Whose tool is to get there.
        settings: What says where they lie, by name, for the message.
        near: How near to them the tool has to come [m].

    Raises:
        ConfigError: With the worst goal, the limit, and the settings.
    """
    box = robot.safety.workspace
    if box is not None:
        _refuse(
            goals,
            np.maximum(np.array(box.lower) - goals, goals - np.array(box.upper)).max(axis=1) - near,
            f"outside safety.workspace {[*box.lower]} to {[*box.upper]} m of robot '{robot.name}'",
            settings,
        )
    sphere = _reach(robot)
    if sphere is not None:
        middle, radius = sphere
        _refuse(
            goals,
            np.linalg.norm(goals - middle, axis=1) - radius - near,
            f"beyond what robot '{robot.name}' can reach, {radius:.3f} m around {middle.round(3).tolist()}",
            settings,
        )


def _reach(robot: Robot) -> tuple[Array, float] | None:
    if robot.simulation is None:
        return None
    try:
        return Kinematics(robot, urdf_of(robot, kinematics=True)).reach
    except MissingDependencyError:
        return None


def _refuse(goals: Array, beyond: Array, what: str, settings: Mapping[str, float]) -> None:
    worst = int(beyond.argmax())
    if beyond[worst] > _SAME:
        goal = (goals[worst].round(3) + 0.0).tolist()
        raise ConfigError(
            f"a goal at {goal} m would be {beyond[worst]:.3f} m {what}; goals lie where "
            f"{', '.join(f'task.{name} {value:g}' for name, value in settings.items())} say"
        )
