# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""An arm as command maps see it: the joints that move its tool, and what else it does, such as a gripper."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from ros_rl.errors import ConfigError, MissingDependencyError
from ros_rl.robot import VELOCITY, Robot
from ros_rl.robot.kinematics import Kinematics, ToolMotion
from ros_rl.robot.model import urdf_of
from ros_rl.safety.filter import stoppable
from ros_rl.types import Array, Tick

FREE, UPRIGHT, FIXED = ORIENTATIONS = ("free", "upright", "fixed")
"""Of the tool: as it comes; what is vertical in the home pose stays so; and it does not turn about that, either."""
_STRAIGHT = 2.0  # 1/s: by so much a second is a wrong orientation put right
_NEWTON_STEPS, _THERE = 20, 1e-7  # m or rad
_SHORT = 0.05  # m/rad, singular values of the Jacobian below which a solution of the kinematics is approached slowly
_LARGEST_TURN = 0.5  # rad of a joint in one step of the solution
_SINGULAR = 0.2  # rad/s of the tool for 1 rad/s of the joints, below which orientations are put right less


class Limits(NamedTuple):
    """Between which joint velocities are to be at one place.

    Attributes:
        low: Lowest velocity of each joint [rad/s], shape (joints,).
        high: Highest.
    """

    low: Array
    high: Array

    def towards(self, start: Array, wanted: Array) -> Array:
        """As far from one velocity to another as every joint is within them: scaled, so the direction stays."""
        change = wanted - start
        room = np.maximum(np.where(change > 0.0, self.high - start, start - self.low), 0.0)
        beyond = np.abs(change) > room
        return np.asarray(start + change * np.min(room[beyond] / np.abs(change[beyond]), initial=1.0))


class Arm:
    """Differential kinematics of an arm whose joints take velocities.

    Args:
        robot: It; joints that do not move the tool are driven by the robot's own actions.
        period: Control period [s].
        what: Who needs this, for messages.

    Raises:
        ConfigError: It has no tool or no URDF, a joint that moves the tool takes no velocities, or an action moves both
            such a joint and another.
    """

    def __init__(self, robot: Robot, period: float, what: str) -> None:
        try:
            kinematics = Kinematics(robot, urdf_of(robot, kinematics=True))
        except (ConfigError, MissingDependencyError) as error:
            raise ConfigError(f"{what} needs the kinematics of robot '{robot.name}': {error}") from None
        moved = kinematics.tool_joints
        if not moved.any():
            raise ConfigError(
                f"{what} needs a tool, and robot '{robot.name}' has none: its file names no tool_frame, or no "
                "simulation.tool_link that commanded joints move"
            )
        others = [
            f"{name} by {kind}"
            for name, kind, of_tool in zip(robot.joints, robot.interfaces, moved, strict=True)
            if of_tool and kind != VELOCITY
        ]
        if others:
            raise ConfigError(
                f"{what} needs joints that take velocities; of robot '{robot.name}' the tool is moved by "
                f"{', '.join(others)}"
            )
        moves = np.eye(robot.size, dtype=bool) if robot.coupling is None else robot.coupling.offsets != 0.0
        both = [
            name
            for name, column in zip(robot.actions, moves.T, strict=True)
            if column[moved].any() and column[~moved].any()
        ]
        if both:
            raise ConfigError(
                f"{what} cannot part action '{both[0]}' of robot '{robot.name}', which moves the tool and more"
            )
        self.robot, self.period, self.moved = robot, period, moved
        self.others = np.flatnonzero(~moves[moved].any(0))
        """Which of the robot's actions do not move the tool, such as a gripper's."""
        self._kinematics = kinematics
        limits, window = robot.limits, period * (robot.command_ramp or 1.0)
        self._most = np.minimum(limits.acceleration * window, limits.step)
        home = kinematics.tool(robot.home).rotation
        self._vertical = home.T @ np.array([0.0, 0.0, 1.0])  # in the tool's frame
        self._heading = home.T @ np.array([1.0, 0.0, 0.0])

    def tool(self, place: Array) -> ToolMotion:
        """Where the tool is with the joints at a place; see `Kinematics.tool`."""
        return self._kinematics.tool(place)

    def places(self, tick: Tick) -> Array:
        """Where the joints would come to rest before each command of a tick, shape (2 + delay, joints).

        That is where a ramp from the velocity before it to zero ends: before the command that acted last, before each
        of the pending ones, and before the one that is decided at this tick, which is the last.
        """
        ramp = self.robot.command_ramp / 2 * self.period
        now = tick.measurement["joint_position"] + ramp * tick.previous_command * self.moved
        steps = self.period * np.vstack([tick.previous_command, tick.pending_commands]) * self.moved
        return np.asarray(now - steps[0] + np.vstack([np.zeros(self.robot.size), np.cumsum(steps, axis=0)]))

    def limits(self, place: Array) -> Limits:
        """Between which each joint's velocity keeps its limits, and stops in front of its ends, shape (joints,)."""
        own, most = self.robot.limits, self._most
        up, down = (np.maximum(room, 0.0) for room in (own.upper - place, place - own.lower))
        high, low = (np.minimum(own.velocity, stoppable(room, most, self.period)) for room in (up, down))
        return Limits(-low, high)

    def changed(self, before: Array, wanted: Array) -> Array:
        """As far from one velocity to another as the joints may accelerate in a period, shape (joints,)."""
        return Limits(before - self._most, before + self._most).towards(before, wanted)

    def with_others(self, velocity: Array, action: Array) -> Array:
        """A command of joint velocities of the arm, and of the actions that do not move the tool, shape (joints,)."""
        whole = np.zeros(self.robot.action_size)
        whole[self.others] = action
        return np.where(self.moved, velocity, self.robot.command(whole))

    def of_others(self, command: Array) -> Array:
        """The actions that do not move the tool, of commands of shape (..., joints); shape (..., others)."""
        neutral = np.where(self.moved, 0.0, command)
        return np.asarray(self.robot.action(neutral)[..., self.others])

    def tilt(self, rotation: Array, orientation: str) -> Array:
        """Turn that brings the tool's orientation to that of the home pose [rad, to first order], shape (3,)."""
        x, y, _ = rotation @ self._vertical  # its cross product with the vertical, (y, -x, 0)
        about = -(rotation @ self._heading)[1] if orientation == FIXED else 0.0
        return np.array([y, -x, about])

    def solve(
        self,
        tool: ToolMotion,
        rows: Array,
        asked: Array,
        largest: float,
        orientation: str,
        rate: float,
        limits: Limits | None = None,
    ) -> Array:
        """Joint velocities that make the tool move as asked, and with what freedom is left put its orientation right.

        The rows come first: q' = R^+ a + (A N)^+ (w - A R^+ a), N = 1 - R^+ R, so that R q' = a whatever the
        orientation needs (Nakamura et al. 1987, "Task-Priority Based Redundancy Control of Robot Manipulators"). Both
        inverses are damped where a singular value s is below a threshold s0: s / s0^2 takes the place of 1 / s, which
        is least squares with damping s0^2 - s^2 in that direction alone. Every other direction is exact.

        Args:
            tool: Where the tool is.
            rows: What is asked for, by joint velocities, R, shape (asked, joints).
            asked: How much of it, a, shape (asked,).
            largest: Joint velocity [rad/s, norm] per 1 of it from which on it is damped, 1 / s0.
            orientation: One of `ORIENTATIONS`.
            rate: Share of a wrong orientation that is put right a second [1/s].
            limits: Of the joints: what is asked for is scaled to them, the orientation gets what is left. None: none.

        Returns:
            Shape (joints,).
        """
        inverse, directions = damped(rows, 1.0 / largest)
        limits = limits or Limits(*np.full((2, self.robot.size), [[-np.inf], [np.inf]]))
        velocity = limits.towards(np.zeros(self.robot.size), inverse @ asked)
        if orientation == FREE:
            return velocity
        turns = tool.jacobian[3:] if orientation == FIXED else tool.jacobian[3:5]
        wanted = rate * self.tilt(tool.rotation, orientation)[: len(turns)]
        left = turns - (turns @ directions.T) @ directions
        return limits.towards(velocity, velocity + damped(left, _SINGULAR)[0] @ (wanted - turns @ velocity))

    def place_of(self, target: Array, start: Array, orientation: str) -> Array:
        """A place of the joints that has the tool at a position, as far as there is one; by Newton's method.

        Args:
            target: Of the tool in the base frame [m], shape (3,).
            start: Place of the joints from which it is looked for, shape (joints,).
            orientation: One of `ORIENTATIONS`; the tool is as upright as it can be.
        """
        place = start.copy()
        for _ in range(_NEWTON_STEPS):
            tool = self.tool(place)
            turn = self.solve(tool, tool.jacobian[:3], target - tool.position, 1.0 / _SHORT, orientation, rate=1.0)
            largest = float(np.abs(turn).max())
            place += turn * min(1.0, _LARGEST_TURN / max(largest, _THERE))
            if largest < _THERE:
                break
        return place

    @property
    def straightening(self) -> float:
        """Share of a wrong orientation that is put right a second [1/s]."""
        return min(_STRAIGHT, 0.5 / self.period)


def damped(matrix: Array, threshold: float) -> tuple[Array, Array]:
    """A pseudo-inverse that grows no larger than 1 / threshold, and the directions of its rows.

    Args:
        matrix: Shape (m, n), m <= n.
        threshold: Singular values s at or above it are inverted exactly, those below it as s / threshold^2.

    Returns:
        The inverse, shape (n, m), and an orthonormal basis of what the matrix sees, shape (m, n).
    """
    left, values, right = np.linalg.svd(matrix, full_matrices=False)
    return np.asarray((right.T * (values / np.maximum(values, threshold) ** 2)) @ left.T), np.asarray(right)
