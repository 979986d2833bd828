# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""What a sensor is: a row of `ros_rl.sensors.table.SENSORS`, which every reader of measurements reads.

Other packages add rows by the entry point group ``ros_rl.sensors``, whose names are the sensors'.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np

from ros_rl.errors import ConfigError
from ros_rl.robot import Robot
from ros_rl.rotations import from_rotation_vector, multiply
from ros_rl.types import Array, Measurement

VECTORS = "std_msgs/msg/Float64MultiArray"
"""Message type of topics that carry named vectors (`ros_rl.wire`), for what no standard message says."""
IN_BASE, IN_ODOMETRY = "robot's base", "odometry"
"""Frames of values, in words: the one moves with the robot, the other stands still."""


def _say_nothing(message: Any, robot: Robot, measurement: Measurement) -> None:
    pass


class Covariance(NamedTuple):
    """Where a message tells the covariance of a value with three axes.

    Attributes:
        sensor: Whose value.
        field: Of the message, with dots.
        row: Of the value's first axis in that square matrix.
    """

    sensor: str
    field: str
    row: int = 0


class ListField(NamedTuple):
    """A list of messages within a message, whose elements have no class here.

    Attributes:
        field: Of the message.
        message: Type of the elements.
        length: How many there are.
    """

    field: str
    message: str
    length: int


def _no_lists(robot: Robot) -> tuple[ListField, ...]:
    return ()


@dataclass(frozen=True)
class Topic:
    """What sensors are published on; those of one topic share its messages.

    Attributes:
        name: Relative topic.
        message: Its type.
        prepare: Writes into a new message what is no sensor's value: frames, names, and what is not measured.
        covariances: Those that its messages have; a sensor's variances are known where its noise is.
        partial: Whether its messages can say that a value was not measured; else they go out only with all of them.
        lists: Lists in a new message, which get their elements before anything is written.
    """

    name: str
    message: str = VECTORS
    prepare: Callable[[Any, Robot, Measurement], None] = _say_nothing
    partial: bool = False
    covariances: tuple[Covariance, ...] = ()
    lists: Callable[[Robot], tuple[ListField, ...]] = _no_lists


@dataclass(frozen=True)
class Noise:
    """How a simulator falsifies a sensor.

    Attributes:
        setting: The standard deviation's name among the settings of ``driver.backend.noise``, or one's own.
        draw: An error, from standard deviation, shape of the value and random numbers.
        add: The noisy value, from value and error.
        shared: Whether all sensors with this setting have the same error.
        std: The standard deviation where there is no such setting, as for sensors of other packages.
        axes: Which axes of a value with three it befalls.
    """

    setting: str
    draw: Callable[[float, tuple[int, ...], np.random.Generator], Array]
    add: Callable[[Array, Array], Array]
    shared: bool = False
    std: float | None = None
    axes: tuple[int, ...] = (0, 1, 2)

    def variances(self, settings: Mapping[str, float]) -> Array:
        """Of a value with three axes, shape (3,), in its unit squared; zeros where nothing says.

        Args:
            settings: Standard deviations by their names.
        """
        found = np.zeros(3)
        found[list(self.axes)] = (settings.get(self.setting, self.std) or 0.0) ** 2
        return found


@dataclass(frozen=True)
class Sensor:
    """One thing that a robot measures at every tick.

    Attributes:
        unit: SI unit.
        shape: Of its value, for a robot.
        topic: What it is published on.
        write: Writes a value into a message; None on topics of `VECTORS`, where the sensor's name labels it.
        read: Reads it from a message, None if that says that it was not measured; None as for `write`.
        noise: What a simulator adds; None for nothing.
        dtype: Of its value.
        meaning: What its value is, in one line.
        frame: Frame that it is given in; empty where it is in none.
        of_objects: Whether it is of the task's objects: each robot has it where a task observes it.
    """

    unit: str
    shape: Callable[[Robot], tuple[int, ...]]
    topic: Topic
    write: Callable[[Any, Array, Robot], None] | None = None
    read: Callable[[Any, Robot], Array | None] | None = None
    noise: Noise | None = None
    dtype: str = "float64"
    meaning: str = field(default="", kw_only=True)
    frame: str = field(default="", kw_only=True)
    of_objects: bool = field(default=False, kw_only=True)

    def __post_init__(self) -> None:
        """Refuse half a conversion."""
        conversions = (self.write is not None, self.read is not None)
        needed = self.topic.message != VECTORS
        if conversions != (needed, needed):
            raise ConfigError(
                f"a sensor on topic '{self.topic.name}' of {self.topic.message} takes "
                f"{'a write and a read' if needed else 'neither a write nor a read'} conversion"
            )


def white(setting: str, std: float | None = None) -> Noise:
    """Independent noise on every value."""
    return Noise(setting, lambda std, shape, rng: rng.normal(0.0, std, shape), np.add, std=std)


def vertical(setting: str) -> Noise:
    """Noise on the third of three coordinates."""
    return Noise(setting, lambda std, shape, rng: np.array([0.0, 0.0, rng.normal(0.0, std)]), np.add, axes=(2,))


def rotation(setting: str) -> Noise:
    """A small rotation of a quaternion, with independent noise about each axis [rad]; shared by all that it befalls."""
    return Noise(
        setting,
        lambda std, shape, rng: from_rotation_vector(rng.normal(0.0, std, 3)),
        lambda value, error: multiply(error, value),
        shared=True,
    )


def rotations(setting: str) -> Noise:
    """The same of each of several quaternions, one after the other in the value."""

    def draw(std: float, shape: tuple[int, ...], rng: np.random.Generator) -> Array:
        return np.concatenate([from_rotation_vector(vector) for vector in rng.normal(0.0, std, (shape[0] // 4, 3))])

    def add(value: Array, error: Array) -> Array:
        pairs = zip(error.reshape(-1, 4), value.reshape(-1, 4), strict=True)
        return np.concatenate([multiply(small, quaternion) for small, quaternion in pairs])

    return Noise(setting, draw, add)
