# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Whether an arm can bring its tool to a task's goals."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from ros_rl.errors import ConfigError, MissingDependencyError
from ros_rl.robot import Robot
from ros_rl.robot.kinematics import Kinematics
from ros_rl.robot.model import urdf_of
from ros_rl.robot.nearest import nearest
from ros_rl.types import Array

_SAME = 1e-9  # m
_CLOSE = 1e-3  # m, that the search may leave


def check_goals(goals: Array, robot: Robot, settings: Mapping[str, float], near: float = 0.0) -> None:
    """Refuse goals outside the robot's workspace, and those that its tool does not come to as far as its joints turn.

    Goals that pass may be out of reach all the same, as where the arm's own links or the table are in the way. What the
    tool comes to is not looked at where the robot's URDF is not there.

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
    kinematics = _kinematics(robot)
    sphere = None if kinematics is None else kinematics.reach
    if kinematics is None or sphere is None:
        return
    middle, radius = sphere
    _refuse(
        goals,
        np.linalg.norm(goals - middle, axis=1) - radius - near,
        f"beyond what robot '{robot.name}' can reach, {radius:.3f} m around {middle.round(3).tolist()}",
        settings,
    )
    places = nearest(kinematics, robot, goals)
    away = np.linalg.norm(goals - places, axis=1)
    at = (places[int(away.argmax())].round(3) + 0.0).tolist()
    _refuse(
        goals,
        away - near,
        f"from where robot '{robot.name}' brings its tool as far as its joints turn, {at} m at the nearest",
        settings,
        least=_CLOSE,
    )


def _kinematics(robot: Robot) -> Kinematics | None:
    if robot.simulation is None:
        return None
    try:
        return Kinematics(robot, urdf_of(robot, kinematics=True))
    except MissingDependencyError:
        return None


def _refuse(goals: Array, beyond: Array, what: str, settings: Mapping[str, float], least: float = _SAME) -> None:
    worst = int(beyond.argmax())
    if beyond[worst] > least:
        goal = (goals[worst].round(3) + 0.0).tolist()
        raise ConfigError(
            f"a goal at {goal} m would be {beyond[worst]:.3f} m {what}; goals lie where "
            f"{', '.join(f'task.{name} {value:g}' for name, value in settings.items())} say"
        )
