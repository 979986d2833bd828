# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""What an observation field is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from ros_rl.robot import Robot
from ros_rl.types import Array, Tick

Bounds = tuple[Array, Array]
"""Smallest and largest values of a field."""

IN_EPISODE = "episode's start"
"""Frame in words: the odometry frame, moved and turned to where the base was when the episode began."""


@dataclass(frozen=True)
class Feature:
    """One observation field of robots; other packages add theirs by the entry point group ``ros_rl.features``.

    Attributes:
        unit: SI unit.
        scale: Factor that brings its usual range near [-1, 1].
        size: Number of values, for a robot.
        compute: The values of a tick, shape (size,).
        sensors: What it reads; a robot without them is refused.
        input: The task's input that it shows (`ros_rl.sensors.inputs`), which makes it a goal; empty for a state.
        mirror: Signs of the values in the left-right mirror image, repeated where there are more; None: it is per
            joint, and the robot says, or it has no such image.
        mirror_order: For each value the index of the one that it is the image of; None: its own.
        bounds: Smallest and largest values that a robot whose guards are quiet can have, noise included, each of shape
            (size,); None: nobody knows.
        as_asked: Whether a goal is the very values of its input, whose bounds are then its own.
        of_legs: Whether it is computed from the legs that the robot's file describes.
        remembered: Whether it is what a task remembers (`ros_rl.tasks.task.Task.memory`).
        of_gripper: Whether it is of the gripper that the robot's file describes.
        of_links: Whether it is per contact link, and the robot says what is whose mirror image.
        meaning: What its values are, in one line.
        frame: Frame that they are given in; empty where they are in none.
    """

    unit: str
    scale: float
    size: Callable[[Robot], int]
    compute: Callable[[Tick, Robot], Array]
    sensors: tuple[str, ...] = ()
    input: str = ""
    mirror: tuple[float, ...] | None = None
    mirror_order: tuple[int, ...] | None = None
    bounds: Callable[[Robot], Bounds] | None = None
    as_asked: bool = field(default=True, kw_only=True)
    of_legs: bool = field(default=False, kw_only=True)
    remembered: bool = field(default=False, kw_only=True)
    of_gripper: bool = field(default=False, kw_only=True)
    of_links: bool = field(default=False, kw_only=True)
    meaning: str = field(default="", kw_only=True)
    frame: str = field(default="", kw_only=True)

    @property
    def kind(self) -> str:
        """See `ros_rl.layout.Field`."""
        return "goal" if self.input else "state"


def measured(sensor: str) -> Callable[[Tick, Robot], Array]:
    """What a sensor of that name measures, as it is."""
    return lambda tick, robot: tick.measurement[sensor]


def asked(name: str) -> Callable[[Tick, Robot], Array]:
    """What an input of that name asks for, as it is."""
    return lambda tick, robot: tick.inputs[name]


def unit(size: Callable[[Robot], int]) -> Callable[[Robot], Bounds]:
    """Of sines, cosines and other parts of unit vectors."""
    return lambda robot: (np.full(size(robot), -1.0), np.ones(size(robot)))


def per_joint(robot: Robot) -> int:
    """A value for each commanded joint."""
    return robot.size


def values(count: int) -> Callable[[Robot], int]:
    """So many values, of whatever robot."""
    return lambda robot: count


def in_episode(points: Array, tick: Tick) -> Array:
    """Points of the odometry frame, shape (..., 2), seen from where the episode began, x along its starting heading."""
    c, s = np.cos(tick.origin[2]), np.sin(tick.origin[2])
    return (points - tick.origin[:2]) @ np.array([[c, -s], [s, c]])


MIRRORED_COLUMNS = (1, -1, 1, -1, 1, -1)
"""Of a rotation, whose mirror image is that of a frame that itself is left-right symmetric."""
