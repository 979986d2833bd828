# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Actions that are velocities of an arm's tool, beside its gripper's: damped differential inverse kinematics."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from ros_rl.commands.arm import Arm
from ros_rl.commands.box import Corner, tool_box
from ros_rl.commands.command_map import CommandMap
from ros_rl.robot import Robot
from ros_rl.robot.kinematics import ToolMotion
from ros_rl.types import Array, Tick

_AXES = ("tool_x", "tool_y", "tool_z")
_TURN = "tool_turn"


@dataclass(frozen=True)
class Cartesian:
    """What may be set of `CartesianCommands`; `ros_rl.settings.commands` says what each is."""

    speed: float
    turn_speed: float
    acceleration: float
    orientation: str
    joint_speed: float
    lower: Corner
    upper: Corner


class CartesianCommands(CommandMap):
    """Velocities of the tool along the axes of the base frame, perhaps its turning about the vertical, and the rest.

    The joints that do not move the tool, such as a gripper, keep the robot's own actions.

    Forth, q' = J^+(q) v with the pose that the joints will have when the command begins to act and has taken over
    (`Arm.places`); damped where it is singular, scaled to the joints' limits, with the change of v within an
    acceleration, and slowed in front of the box's sides. Back, v = J(q) q' with the very same pose: that is the action
    itself wherever no limit was in the way and no singular value of J is below what `joint_speed` says, and else the
    velocity that the joints really give the tool. Of a command that was no action, such as a person's, what the joints
    do besides, turning the tool or moving the elbow, is not seen in it.

    Args:
        robot: An arm whose joints take velocities.
        period: Control period [s].
        settings: See there.
        described: Name and settings for contracts.

    Raises:
        ConfigError: See `Arm` and `tool_box`.
    """

    def __init__(self, robot: Robot, period: float, settings: Cartesian, described: dict[str, Any]) -> None:
        self.robot, self._settings, self._described = robot, settings, described
        self._arm = Arm(robot, period, f"control.commands '{described['name']}'")
        scale = [settings.speed] * 3 + [settings.turn_speed] * (settings.turn_speed > 0.0)
        self._scale = np.array(scale)[:, None]
        self._axes = [0, 1, 2, 5][: len(scale)]
        self._box = tool_box(robot, self._arm.tool(robot.home).position, settings.lower, settings.upper)
        names = (*_AXES, _TURN)[: len(scale)]
        self.actions = self.shown = (*names, *(robot.actions[index] for index in self._arm.others))

    @property
    def tool_actions(self) -> int:
        """How many actions move the tool; they come first, x, y and z before its turning."""
        return len(self._axes)

    def describe(self) -> dict[str, Any]:
        """See `CommandMap.describe`."""
        return self._described

    def command(self, tick: Tick, action: Array) -> Array:
        """See `CommandMap.command`."""
        arm, count = self._arm, len(self._axes)
        place = arm.places(tick)[-1]
        tool = arm.tool(place)
        rows = self._rows(tool)
        before, settings = np.where(arm.moved, tick.newest_command, 0.0), self._settings
        asked = self._limited(action[:count], rows @ before, tool.position)
        velocity = arm.solve(
            tool, rows, asked, settings.joint_speed, settings.orientation, arm.straightening, arm.limits(place)
        )
        return arm.with_others(arm.changed(before, velocity), action[count:])

    def decided(self, tick: Tick, command: Array) -> Array:
        """See `CommandMap.decided`, and the class for when it is exact."""
        return self._back(self._arm.places(tick)[-1], command)

    def seen(self, tick: Tick) -> Array:
        """See `CommandMap.seen`: each command by the place at which this tick expects it to act, or to have acted."""
        commands = np.vstack([tick.previous_command, tick.pending_commands])
        return np.array([self._back(*pair) for pair in zip(self._arm.places(tick)[:-1], commands, strict=True)])

    def bounds(self) -> tuple[Array, Array]:
        """See `CommandMap.bounds`: how fast the limits of the joints let the tool go depends on the pose."""
        low, high = self.robot.action_bounds()
        free = np.full(len(self._axes), np.inf)
        return np.append(-free, low[self._arm.others]), np.append(free, high[self._arm.others])

    def _rows(self, tool: ToolMotion) -> Array:
        """Actions by joint velocities, shape (axes, joints)."""
        return np.asarray(tool.jacobian[self._axes] / self._scale)

    def _back(self, place: Array, command: Array) -> Array:
        moved = self._rows(self._arm.tool(place)) @ command
        return np.append(moved, self._arm.of_others(command))

    def _limited(self, asked: Array, before: Array, rest: Array) -> Array:
        """What is asked for, without more acceleration than is allowed, and so that the tool stays in the box."""
        settings, period = self._settings, self._arm.period
        change = asked - before
        most, size = settings.acceleration * period / settings.speed, float(np.linalg.norm(change))
        limited = before + change * (most / size) if size > most else asked
        slowed = self._box.slowed(limited[:3] * settings.speed, rest, settings.acceleration, period) / settings.speed
        return np.append(slowed, limited[3:])
