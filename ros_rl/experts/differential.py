# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""How joints have to move so that the tool does: damped least squares (Nakamura & Hanafusa 1986; Wampler 1986)."""

from __future__ import annotations

import numpy as np

from ros_rl.errors import ConfigError, MissingDependencyError
from ros_rl.robot import POSITION, Robot
from ros_rl.robot.kinematics import Kinematics
from ros_rl.robot.model import urdf_of
from ros_rl.safety import expected_position
from ros_rl.types import Array, Tick

_STRAIGHT = 4.0  # 1/s; by so much a second is a wrong orientation put right
_FREEDOM = 6  # of a tool's place and orientation
_STEP = 1e-5  # rad or m, of the differences


class Differential:
    """Velocities of an arm's joints by the velocity of its tool, safe near singular poses.

    Args:
        robot: Its joints, and what carries its tool.
        damping: From which singular values on a direction of the tool is given up [m].
        posture: Share of its way home that each joint is drawn in a second, as far as the tool does not feel it [1/s].

    Raises:
        ConfigError: It has no tool, or its URDF, which tells where the links are, cannot be read.
    """

    def __init__(self, robot: Robot, damping: float = 0.05, posture: float = 0.5) -> None:
        if robot.tool_frame is None:
            raise ConfigError(f"robot '{robot.name}' has no tool: its file names no tool_frame")
        try:
            self._kinematics = Kinematics(robot, urdf_of(robot, kinematics=True))
        except MissingDependencyError as error:
            raise ConfigError(
                f"where the tool of robot '{robot.name}' goes needs its URDF: name one that is there by 'kinematics', "
                f"or {error}"
            ) from None
        self._robot, self._damping, self._posture = robot, damping, posture
        self._held = self._kinematics.tool(robot.home).rotation

    @property
    def holds(self) -> bool:
        """Whether enough joints move the tool for its orientation to be held while it goes anywhere."""
        return int(self._kinematics.tool_joints.sum()) >= _FREEDOM

    def tool(self, position: Array) -> Array:
        """Where the tool is [m], shape (3,), at joint positions [rad or m], shape (joints,)."""
        return self._kinematics.positions(position)[-1]

    def jacobian(self, position: Array) -> Array:
        """How far the tool goes with each joint [m/rad or 1], shape (3, joints)."""
        here, found = self.tool(position), np.zeros((3, self._robot.size))
        for joint in range(self._robot.size):
            moved = position.copy()
            moved[joint] += _STEP
            found[:, joint] = (self.tool(moved) - here) / _STEP
        return found

    def joint_velocity(self, position: Array, tool_velocity: Array) -> Array:
        """Velocities of the joints that move the tool so [rad/s or m/s], shape (joints,), as far as that is possible.

        Args:
            position: Of the joints, shape (joints,).
            tool_velocity: In the base frame [m/s], shape (3,).
        """
        jacobian = self.jacobian(position)
        inverse = jacobian.T @ np.linalg.inv(jacobian @ jacobian.T + self._damping**2 * np.eye(3))
        home = self._posture * (self._robot.home - position)
        return inverse @ tool_velocity + home - inverse @ (jacobian @ home)

    def held_velocity(self, position: Array, tool_velocity: Array) -> Array:
        """The same, with the tool turned back to how it is held in the home pose, shape (joints,).

        Args:
            position: Of the joints, shape (joints,).
            tool_velocity: In the base frame [m/s], shape (3,).
        """
        tool = self._kinematics.tool(position)
        turn = 0.5 * np.cross(tool.rotation, self._held, axis=0).sum(1)
        jacobian = tool.jacobian
        square = jacobian @ jacobian.T + self._damping**2 * np.eye(6)
        return np.asarray(jacobian.T @ np.linalg.solve(square, np.concatenate([tool_velocity, _STRAIGHT * turn])))


def decided_position(robot: Robot, tick: Tick, period: float) -> Array:
    """Where the joints are once all that is decided has acted, as far as that is known, shape (joints,).

    Args:
        robot: The robot.
        tick: The open one.
        period: Control period [s].
    """
    measured = tick.measurement["joint_position"]
    expected = expected_position(robot, period, measured, tick.previous_command, tick.pending_commands)
    return np.where(robot.commanded_by(POSITION), tick.newest_command, expected)


def action_of(robot: Robot, position: Array, joint_velocity: Array, period: float) -> Array:
    """The action that moves the joints so for one control period, in [-1, 1], shape (actions,).

    Velocities beyond the joints' limits or actions beyond 1 are made smaller together, so that the tool's way stays
    straight; a joint with position commands goes on from `position`.

    Args:
        robot: Each of its joints takes positions or velocities.
        position: Of the joints when the action begins to act, shape (joints,).
        joint_velocity: [rad/s or m/s], shape (joints,).
        period: Control period [s].
    """
    by_position = robot.commanded_by(POSITION)
    allowed = np.where(by_position, np.minimum(robot.limits.velocity, robot.limits.step / period), robot.scale)
    velocity = joint_velocity / max(1.0, float(np.abs(joint_velocity / allowed).max()))
    command = np.where(by_position, position + period * velocity, velocity)
    return np.clip(robot.action(command), -1.0, 1.0)
