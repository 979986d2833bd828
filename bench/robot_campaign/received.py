# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""What stand-ins received, as commands to the robot's joints, and whether all of it was within their limits."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from ros_rl.backends.so101.registers import HIGHEST_POSITION, LOWEST_POSITION, RADIANS
from ros_rl.robot import POSITION, Robot
from ros_rl.types import Array

_SHARE = 1e-3  # of a limit, by which what was rounded may exceed it
_FULL = 255.0  # duty of a motor
_SPEED_J = 9  # of a UR's program


@dataclass(frozen=True)
class Order:
    """A command that reached the robot."""

    time: float
    """Steady clock [s]."""
    value: Array
    """Positions [rad] or velocities [rad/s], shape (joints,)."""
    moves: bool
    """Whether the robot was to follow it: velocities that are not zero, positions with a stiffness."""
    lasts: float = math.inf
    """After which the robot goes on no more by itself [s]; a position it holds at once."""


Orders = Callable[[Any, float], Iterator[Order]]


def of_legs(stand_in: Any, moment: float) -> Iterator[Order]:
    """Of motors that take position, gains and torque; none of these may be out of bounds where they follow."""
    for item in stand_in.since(moment):
        if hasattr(item.what, "stiffness"):
            told = item.what
            parts = np.concatenate([told.velocity, told.effort, told.stiffness, told.damping])
            value = told.position if np.isfinite(parts).all() else np.full_like(told.position, np.nan)
            yield Order(item.time, value, bool(told.stiffness.any()) or not np.isfinite(parts).all(), 0.0)


def of_xarm(stand_in: Any, moment: float) -> Iterator[Order]:
    """Velocities; one without an end is one that nobody may send."""
    for item in stand_in.since(moment):
        if item.what[0] == "velocity":
            speeds, duration = item.what[1]
            value = np.array(speeds[: len(stand_in.position)])
            ends = duration is not None and 0.0 < duration < 1.0
            yield _velocity(item.time, value if ends else value + np.inf, duration if ends else math.inf)


def of_ur(stand_in: Any, moment: float) -> Iterator[Order]:
    """Speeds of the program's command speedJ."""
    for item in stand_in.since(moment):
        if item.what[0] == "order" and item.what[1] == _SPEED_J:
            yield _velocity(item.time, np.array(item.what[2][:6]))


def of_ur_gripper(stand_in: Any, moment: float) -> Iterator[Order]:
    """The same, and positions that a Robotiq behind the arm was sent, 3 to 230 of 255 for 0 to 0.8 rad."""
    speeds, position = np.zeros(6), 0.0
    for item in stand_in.since(moment):
        if item.what[0] == "gripper" and (found := re.search(r"POS (\d+)", item.what[1])) is not None:
            position = 0.8 * (int(found[1]) - 3) / 227
            yield Order(item.time, np.append(speeds, position), True)
        elif item.what[0] == "order" and item.what[1] == _SPEED_J:
            speeds = np.array(item.what[2][:6])
            yield Order(item.time, np.append(speeds, position), bool(speeds.any()))


def of_ros2_control(stand_in: Any, moment: float) -> Iterator[Order]:
    """What the velocity controller got, without the one from the second publisher that it plays itself."""
    for item in stand_in.since(moment):
        if isinstance(item.what, np.ndarray) and not np.array_equal(item.what, [0.5, 0.0, 0.0, 0.0, 0.0, 0.0]):
            yield _velocity(item.time, item.what)


def of_so101(stand_in: Any, moment: float) -> Iterator[Order]:
    """Goals of the servos; those that differ from the last move the arm."""
    joints, servos = stand_in.joints, stand_in.servos.values()
    middle = np.array([0.5 * (s.memory.get(LOWEST_POSITION) + s.memory.get(HIGHEST_POSITION)) for s in servos])
    last: Array | None = None
    for when, goals in stand_in.goals_since(moment):
        counts = np.array([goals.get(number, np.nan) for number in stand_in.servos], np.float64)
        moves = last is not None and not np.array_equal(counts, last)
        last = counts
        yield Order(when, joints.position_here((counts - middle) * RADIANS), moves, 0.0)


def of_sphero(stand_in: Any, moment: float) -> Iterator[Order]:
    """Duties of the motors, as speeds of the wheels."""
    for item in stand_in.since(moment):
        if item.what[0] == "motors":
            left_mode, left, right_mode, right = item.what[1]
            signs = np.array([{1: 1.0, 2: -1.0}.get(mode, 0.0) for mode in (left_mode, right_mode)])
            yield _velocity(item.time, signs * (np.array([left, right]) - 0.5) * 60.0 / _FULL)  # rounded up, it may be


def _velocity(when: float, value: Array, lasts: float = math.inf) -> Order:
    return Order(when, value, bool((value != 0.0).any()), lasts)


def beyond(robot: Robot, orders: list[Order]) -> str:
    """The first command that no joint may get; empty if all were right."""
    lower, upper = robot.command_bounds()
    slack = np.where(robot.commanded_by(POSITION), 2.0 * RADIANS, 0.0) + _SHARE * (upper - lower)
    for order in orders:
        if not order.moves:
            continue
        if order.value.shape != lower.shape or not np.isfinite(order.value).all():
            return f"received {order.value}"
        out = (order.value < lower - slack) | (order.value > upper + slack)
        if out.any():
            joint = int(np.argmax(out))
            return f"received {order.value[joint]:.3f} for {robot.joints[joint]}"
    return ""
