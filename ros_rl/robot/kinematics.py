# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Where a robot's links are, from its URDF and its joint positions; numpy alone, so that it runs on the robot."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ros_rl.errors import ConfigError
from ros_rl.robot.robot import Robot
from ros_rl.robot.urdf import MOVING, Urdf, UrdfJoint
from ros_rl.types import Array

_EYE = np.eye(4)
_LOCKED = 1e-6  # cosine of a pitch at which roll and yaw are about one axis


class _Step(NamedTuple):
    """From a link to the next, the parents always before their children."""

    parent: int
    fixed: Array  # transform from the parent link to the joint at zero, shape (4, 4)
    joint: int  # of the robot's joints; -1 for one that stands still
    share: float  # of that joint's position that it moves by: 1, or as it mimics that one
    offset: float  # and from where [rad or m]
    turn: Array  # cross product matrix of the axis, shape (4, 4); zero for a sliding joint
    twice: Array  # its square
    slide: Array  # the axis of a sliding joint as the last column, shape (4, 4); zero for a turning one


class ToolMotion(NamedTuple):
    """Where the tool is, and how the joints move it; all in the base frame.

    Attributes:
        position: Of the tool centre point [m], shape (..., 3).
        rotation: Matrix of the tool, shape (..., 3, 3).
        jacobian: Its velocity [m/s] and angular velocity [rad/s] by the velocity of each joint, shape (..., 6, joints).
    """

    position: Array
    rotation: Array
    jacobian: Array


class Kinematics:
    """Forward kinematics of the links that the robot's commanded joints move, and of its tool.

    Joints of the URDF that are not commanded stand at zero, unless they mimic one that is.

    Args:
        robot: Its joints, and what carries its tool.
        urdf: Whose root link is the base frame.
    """

    def __init__(self, robot: Robot, urdf: Urdf) -> None:
        simulation = robot.simulation
        renamed = simulation.joints if simulation is not None else {}
        order = {renamed.get(name, name): index for index, name in enumerate(robot.joints)}
        items = {str(item.get("name")): item for item in urdf.root.findall("joint")}
        index, moved, names = {urdf.root_link: 0}, {urdf.root_link: False}, [urdf.root_link]
        self._steps: list[_Step] = []
        waiting = dict(urdf.joints)
        while waiting:
            name = next(name for name, joint in waiting.items() if joint.parent in index)
            joint = waiting.pop(name)
            index[joint.child] = len(names)
            names.append(joint.child)
            own = order.get(joint.mimics or name, -1)
            moved[joint.child] = moved[joint.parent] or own >= 0
            self._steps.append(_step(items[name], joint, index[joint.parent], own))
        links = [name for name in names if moved[name]]
        self.points: tuple[str, ...] = (*links, *(["tool"] if robot.tool_frame is not None else []))
        """What `positions` gives: the origins of the links that move, and the tool centre point."""
        self._shown = [index[name] for name in links]
        self._tool = self._offset = None
        if robot.tool_frame is not None and simulation is not None and simulation.tool_link is not None:
            self._tool, self._offset = index[simulation.tool_link], np.array([*simulation.tool_offset, 1.0])
        self._robot, self._to_tool = robot, self._steps_to(self._tool)

    def positions(self, joints: Array) -> Array:
        """Positions of `points` in the base frame [m], shape (points, 3), at joint positions [rad or m]."""
        poses = self._forward(joints)
        shown = [poses[link][:3, 3] for link in self._shown]
        if self._tool is not None and self._offset is not None:
            shown.append((poses[self._tool] @ self._offset)[:3])
        return np.reshape(shown, (-1, 3))

    @property
    def tool_joints(self) -> NDArray[np.bool_]:
        """Whether each commanded joint moves the tool, bool, shape (joints,); none does without a tool."""
        moves = np.zeros(self._robot.size, dtype=bool)
        moves[np.array([self._steps[link - 1].joint for link in self._to_tool], dtype=int)] = True
        return moves

    @property
    def reach(self) -> tuple[Array, float] | None:
        """A sphere that the tool does not leave, whatever the joints do; None without a tool or joints that move it.

        Its middle is the origin of the first joint [m], shape (3,), its radius [m] the length of the links behind it.
        """
        if self._tool is None or self._offset is None or not self._to_tool:
            return None
        first, link, limits = self._to_tool[-1], self._tool, self._robot.limits
        radius = float(np.linalg.norm(self._offset[:3]))
        while True:
            step = self._steps[link - 1]
            if step.joint >= 0 and step.slide.any():
                ends = step.share * np.array([limits.lower[step.joint], limits.upper[step.joint]]) + step.offset
                radius += float(np.abs(ends).max())
            if link == first:
                break
            radius += float(np.linalg.norm(step.fixed[:3, 3]))
            link = step.parent
        before = self._forward(np.zeros(self._robot.size))[self._steps[first - 1].parent]
        return (before @ self._steps[first - 1].fixed)[:3, 3], radius

    def tool(self, joints: Array) -> ToolMotion:
        """Where the tool is, and how the joints move it.

        Args:
            joints: Positions [rad or m], shape (..., joints).

        Raises:
            ConfigError: The robot has no tool.
        """
        if self._tool is None or self._offset is None:
            raise ConfigError(f"robot '{self._robot.name}' has no tool: its file names no tool_frame or tool_link")
        poses = self._forward(joints)
        position = (poses[self._tool] @ self._offset)[..., :3]
        jacobian = np.zeros((*joints.shape[:-1], 6, self._robot.size))
        for link in self._to_tool:  # axes and origins of joints are those of the links behind them
            step, turned = self._steps[link - 1], poses[link][..., :3, :3]
            lever = np.swapaxes(turned, -1, -2) @ (position - poses[link][..., :3, 3])[..., None]
            jacobian[..., :3, step.joint] = (turned @ (step.turn[:3, :3] @ lever + step.slide[:3, 3:]))[..., 0]
            jacobian[..., 3:, step.joint] = turned @ np.array([step.turn[2, 1], step.turn[0, 2], step.turn[1, 0]])
        return ToolMotion(position, poses[self._tool][..., :3, :3], jacobian)

    def _steps_to(self, link: int | None) -> tuple[int, ...]:
        """The links behind the commanded joints that carry a link."""
        found = []
        while link:
            if self._steps[link - 1].joint >= 0:
                found.append(link)
            link = self._steps[link - 1].parent
        return tuple(found)

    def _forward(self, joints: Array) -> list[Array]:
        """Pose of each link, shape (..., 4, 4); of one that no joint moves without the dots."""
        poses = [_EYE]
        for step in self._steps:
            pose = poses[step.parent] @ step.fixed
            if step.joint >= 0:
                value = (step.share * joints[..., step.joint] + step.offset)[..., None, None]
                # Rodrigues: I + sin K + (1 - cos) K^2
                pose = pose @ (
                    _EYE + np.sin(value) * step.turn + (1.0 - np.cos(value)) * step.twice + value * step.slide
                )
            poses.append(pose)
        return poses


def _step(item: ET.Element, joint: UrdfJoint, parent: int, moved_by: int) -> _Step:
    axis = numbers(item.find("axis"), "xyz", (1.0, 0.0, 0.0))
    axis = axis / np.linalg.norm(axis)
    sliding = joint.kind == "prismatic"
    x, y, z = (np.zeros(3) if sliding or joint.kind not in MOVING else axis).tolist()
    fixed, turn, slide = np.eye(4), np.zeros((4, 4)), np.zeros((4, 4))
    turn[:3, :3] = [[0.0, -z, y], [z, 0.0, -x], [-y, x, 0.0]]
    origin = item.find("origin")
    fixed[:3, :3] = rotation(*numbers(origin, "rpy"))
    fixed[:3, 3] = numbers(origin, "xyz")
    slide[:3, 3] = axis if sliding else 0.0
    return _Step(parent, fixed, moved_by, joint.multiplier, joint.offset, turn, turn @ turn, slide)


def numbers(element: ET.Element | None, key: str, default: tuple[float, ...] = (0.0, 0.0, 0.0)) -> Array:
    """Those of an attribute of a URDF's element; the default where it is not there."""
    text = None if element is None else element.get(key)
    return np.array(default if text is None else [float(part) for part in text.split()])


def rotation(roll: float, pitch: float, yaw: float) -> Array:
    """Matrix of a turn about fixed axes x, y, z in this order, as URDF has it, shape (3, 3)."""
    (cr, cp, cy), (sr, sp, sy) = np.cos([roll, pitch, yaw]), np.sin([roll, pitch, yaw])
    about_x = np.array([[1.0, 0.0, 0.0], [0.0, cr, -sr], [0.0, sr, cr]])
    about_y = np.array([[cp, 0.0, sp], [0.0, 1.0, 0.0], [-sp, 0.0, cp]])
    about_z = np.array([[cy, -sy, 0.0], [sy, cy, 0.0], [0.0, 0.0, 1.0]])
    return np.asarray(about_z @ about_y @ about_x)


def fixed_angles(matrix: Array) -> tuple[float, float, float]:
    """Roll, pitch and yaw [rad] of a turn, the inverse of `rotation`; yaw is 0 where only its sum with roll counts."""
    level = float(np.hypot(matrix[0, 0], matrix[1, 0]))
    pitch = float(np.arctan2(-matrix[2, 0], level))
    if level < _LOCKED:
        sign = np.sign(pitch)
        return float(np.arctan2(sign * matrix[0, 1], sign * matrix[0, 2])), pitch, 0.0
    roll, yaw = np.arctan2(matrix[2, 1], matrix[2, 2]), np.arctan2(matrix[1, 0], matrix[0, 0])
    return float(roll), pitch, float(yaw)
