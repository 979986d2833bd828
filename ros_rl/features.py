# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Observation fields: what each is, how big, in which unit, and how a tick gives it.

An observation is the task's state fields, then its goal fields, then the last action and the pending actions.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from ros_rl.errors import ConfigError, UnknownNameError
from ros_rl.layout import LAST_ACTION, PENDING_ACTIONS, Field, Layout
from ros_rl.robot import Robot
from ros_rl.rotations import quaternion_to_matrix, yaw_matrix, yaw_of
from ros_rl.types import Array, Tick


@dataclass(frozen=True)
class _Feature:
    unit: str
    scale: float
    size: Callable[[Robot], int]
    compute: Callable[[Tick, Robot], Array | None]
    mirror: tuple[float, ...] | None = None
    """Signs of the values in the left-right mirror; None: the field is per joint, and the robot says."""
    kind: str = "state"
    needs: str = ""
    """What a robot must have to give it: ``base`` (a floating one), ``tool``, ``passive`` (joints), or nothing."""


def _base_velocity(tick: Tick, robot: Robot) -> Array | None:
    m = tick.measurement
    if m.base_linear_velocity is None or m.base_orientation is None:
        return None
    rotation = yaw_matrix(-tick.origin[2]) @ quaternion_to_matrix(m.base_orientation)
    return rotation @ m.base_linear_velocity


def _gravity(tick: Tick, robot: Robot) -> Array | None:
    orientation = tick.measurement.imu_orientation
    return None if orientation is None else -quaternion_to_matrix(orientation)[2]


def _heading(tick: Tick, robot: Robot) -> Array | None:
    orientation = tick.measurement.base_orientation
    if orientation is None:
        return None
    yaw = yaw_of(orientation) - tick.origin[2]
    return np.array([np.sin(yaw), np.cos(yaw)])


def _base_height(tick: Tick, robot: Robot) -> Array | None:
    position = tick.measurement.base_position
    return None if position is None else position[2:3]


def _passive_direction(tick: Tick, robot: Robot) -> Array | None:
    angle = tick.measurement.passive_position
    return None if angle is None else np.concatenate([np.sin(angle), np.cos(angle)])


FEATURES: dict[str, _Feature] = {
    # joint positions relative to home
    "joint_position": _Feature("rad", 1.0, lambda r: r.size, lambda t, r: t.measurement.joint_position - r.home),
    "joint_velocity": _Feature("rad/s", 0.1, lambda r: r.size, lambda t, r: t.measurement.joint_velocity),
    # of joints that nobody commands and that may turn freely: sines of all their angles, then cosines
    "passive_direction": _Feature("1", 1.0, lambda r: 2 * len(r.passive), _passive_direction, needs="passive"),
    "passive_velocity": _Feature(
        "rad/s", 0.1, lambda r: len(r.passive), lambda t, r: t.measurement.passive_velocity, needs="passive"
    ),
    # direction of gravity in the body frame; (0, 0, -1) when level
    "gravity": _Feature("1", 1.0, lambda r: 3, _gravity, (1, -1, 1), needs="base"),
    # of the body, in the body frame
    "angular_velocity": _Feature(
        "rad/s", 0.25, lambda r: 3, lambda t, r: t.measurement.imu_angular_velocity, (-1, 1, -1), needs="base"
    ),
    # mean over the last period, in the frame of the episode's starting heading
    "base_velocity": _Feature("m/s", 1.0, lambda r: 3, _base_velocity, (1, -1, 1), needs="base"),
    # sine and cosine of the yaw since the episode's start
    "heading": _Feature("1", 1.0, lambda r: 2, _heading, (-1, 1), needs="base"),
    "base_height": _Feature("m", 3.0, lambda r: 1, _base_height, (1,), needs="base"),
    # tool centre point in the robot's base frame
    "tool_position": _Feature(
        "m", 2.0, lambda r: 3, lambda t, r: t.measurement.tool_position, (1, -1, 1), needs="tool"
    ),
    "goal_position": _Feature("m", 2.0, lambda r: 3, lambda t, r: t.goal, (1, -1, 1), kind="goal"),
}


def check_robot(robot: Robot, names: Sequence[str]) -> None:
    """Refuse a robot that cannot give an observation.

    Raises:
        ConfigError: Naming the field and what the robot lacks.
    """
    has = {"": True, "base": robot.floating_base, "tool": robot.tool_frame is not None, "passive": bool(robot.passive)}
    for name in names:
        if name in FEATURES and not has[FEATURES[name].needs]:
            lacks = {"base": "floating base", "tool": "tool frame", "passive": "passive joint"}[FEATURES[name].needs]
            raise ConfigError(f"robot '{robot.name}' has no {lacks}, which observation field '{name}' needs")


class ObservationSpec(Layout):
    """Layout of a robot task's flat observation: state, goal, last action, pending actions.

    Args:
        robot: The robot.
        names: State and goal fields, in any order; the layout puts states first.
        delay: Number of pending actions.

    Raises:
        UnknownNameError: A name is not in `FEATURES`.
    """

    def __init__(self, robot: Robot, names: Sequence[str], delay: int) -> None:
        for name in names:
            if name not in FEATURES:
                raise UnknownNameError("observation field", name, FEATURES)
        ordered = sorted(names, key=lambda name: FEATURES[name].kind == "goal")
        fields = [
            Field(name, (FEATURES[name].size(robot),), FEATURES[name].unit, FEATURES[name].scale, FEATURES[name].kind)
            for name in ordered
        ]
        fields.append(Field(LAST_ACTION, (robot.size,), "1", 1.0, "action"))
        fields.append(Field(PENDING_ACTIONS, (delay * robot.size,), "1", 1.0, "action"))
        super().__init__(robot.name, robot.joints, fields, delay)
        self.robot = robot

    def observe(self, tick: Tick) -> Array:
        """The flat observation of a tick, shape (size,).

        Raises:
            ConfigError: The driver does not measure what a field needs, or a value is not finite.
        """
        values = []
        for item in self.fields:
            if item.name == LAST_ACTION:
                value: Array | None = self.robot.action(tick.previous_command)
            elif item.name == PENDING_ACTIONS:
                value = self.robot.action(tick.pending_commands).reshape(-1)
            else:
                value = FEATURES[item.name].compute(tick, self.robot)
            if value is None:
                raise ConfigError(f"observation field '{item.name}' needs a measurement that the driver does not give")
            if value.shape != (item.size,):
                raise ConfigError(f"observation field '{item.name}' has shape {value.shape}, expected ({item.size},)")
            if not np.isfinite(value).all():
                raise ConfigError(f"observation field '{item.name}' is not finite: {value}")
            values.append(value)
        return np.concatenate(values)

    def mirror(self) -> tuple[list[int], Array] | None:
        """See `Layout.mirror`; by the robot's own symmetry."""
        if self.robot.mirror is None:
            return None
        joints, signs = self.robot.mirror
        index: list[int] = []
        sign: list[float] = []
        for item in self.fields:
            own = None if item.kind == "action" else FEATURES[item.name].mirror
            start, repeats = self.slices[item.name].start, item.size // self.action_size
            if own is not None:
                index += range(start, start + item.size)
                sign += own
                continue
            for block in range(repeats):
                index += [start + block * self.action_size + joint for joint in joints]
                sign += signs.tolist()
        return index, np.array(sign)
