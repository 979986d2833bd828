# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""What a robot takes up in the world, so that a camera shows the robot that is there."""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np

from ros_rl.backends.pybullet.client import connect, pybullet, quiet
from ros_rl.backends.pybullet.model import Body, load_robot
from ros_rl.robot import Robot
from ros_rl.settings.simulators.pybullet import PyBulletSettings
from ros_rl.types import Array

_SWEEP = 0.7  # rad to either side of the home pose
_SAMPLES = 9  # of a joint's way


@dataclass(frozen=True)
class Box:
    """A box along the axes of the world: its lowest and its highest corner [m], each of shape (3,)."""

    low: Array
    high: Array

    @property
    def centre(self) -> Array:
        """Its middle [m], shape (3,)."""
        return (self.low + self.high) / 2

    @property
    def corners(self) -> Array:
        """All of them [m], shape (8, 3)."""
        return np.array(list(itertools.product(*zip(self.low, self.high, strict=True))))


def robot_box(client: Any, index: int) -> Box:
    """What the links of a body take up as it stands now.

    Args:
        client: The world.
        index: PyBullet's index of the body.
    """
    drawn = list(_drawn(client, index))
    others = set(range(-1, client.getNumJoints(index))) - {link for link, _ in drawn}
    boxes = [Box(*np.array(client.getAABB(index, link))) for link in others]
    return _around(boxes + [box for _, box in drawn])


def home_box(robot: Robot) -> Box:
    """What a robot takes up in its home pose; one with a fixed base while it moves each joint, too.

    It is measured in a world of its own.

    Args:
        robot: Its joints are swept by 0.7 rad to either side or, where they slide or nobody holds them, all the way,
            within their limits. Below the lowest point of the home pose lies what the robot is mounted on.
    """
    client = connect(PyBulletSettings())
    try:
        with quiet():
            body = load_robot(client, robot)
        joints = [*body.joints, *body.passive]
        home = [*robot.home, *robot.passive_home]
        _pose(client, body, joints, home)
        still = robot_box(client, body.index)
        if robot.floating_base:
            return still
        swept = _around([still, *_swept(client, body, robot, joints, home)])
        return Box(np.append(swept.low[:2], still.low[2]), swept.high)
    finally:
        client.disconnect()


def _swept(client: Any, body: Body, robot: Robot, joints: list[int], home: list[float]) -> Iterable[Box]:
    for joint, start in enumerate(home):
        slides = client.getJointInfo(body.index, joints[joint])[2] == pybullet.JOINT_PRISMATIC
        if joint < robot.size:
            way = np.inf if slides else _SWEEP
            lower = max(robot.limits.lower[joint], start - way)
            upper = min(robot.limits.upper[joint], start + way)
        else:
            lower, upper = (start, start) if slides else (start - np.pi, start + np.pi)
        for position in np.linspace(lower, upper, _SAMPLES) if np.isfinite(upper - lower) else ():
            _pose(client, body, joints, [*home[:joint], position, *home[joint + 1 :]])
            yield robot_box(client, body.index)


def _pose(client: Any, body: Body, joints: list[int], positions: Iterable[float]) -> None:
    for joint, position in zip(joints, positions, strict=True):
        client.resetJointState(body.index, joint, position)


def _around(boxes: list[Box]) -> Box:
    return Box(np.stack([box.low for box in boxes]).min(axis=0), np.stack([box.high for box in boxes]).max(axis=0))


def _drawn(client: Any, index: int) -> Iterable[tuple[int, Box]]:
    """Links that are drawn and collide with nothing, with their boxes: PyBullet's own know only what collides."""
    for _, link, kind, size, _, position, orientation, *_ in client.getVisualShapeData(index):
        if client.getCollisionShapeData(index, link) or kind == pybullet.GEOM_MESH:
            continue
        centre, turned = client.multiplyTransforms(*_frame(client, index, link), position, orientation)
        rotation = np.reshape(client.getMatrixFromQuaternion(turned), (3, 3))
        half = np.abs(rotation) @ _half_size(kind, size)
        yield link, Box(np.array(centre) - half, np.array(centre) + half)


def _frame(client: Any, index: int, link: int) -> tuple[Any, Any]:
    """Position and orientation of a link's frame; of the base PyBullet gives those of its centre of mass."""
    if link >= 0:
        return client.getLinkState(index, link, computeForwardKinematics=True)[4:6]
    inertial = client.getDynamicsInfo(index, -1)[3:5]
    return client.multiplyTransforms(*client.getBasePositionAndOrientation(index), *client.invertTransform(*inertial))


def _half_size(kind: int, size: tuple[float, ...]) -> Array:
    """Of a shape's own box: PyBullet gives a box's edges, a sphere's radius, a cylinder's length and radius."""
    if kind == pybullet.GEOM_BOX:
        return np.array(size) / 2
    if kind == pybullet.GEOM_SPHERE:
        return np.full(3, size[0])
    length, radius, _ = size
    return np.array([radius, radius, length / 2 + radius * (kind == pybullet.GEOM_CAPSULE)])
