# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Between measurements and the messages of the robot's sensors, by the table of sensors."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from operator import attrgetter
from typing import Any

import numpy as np

from ros_rl.errors import ContractError
from ros_rl.layout import LARGEST_VALUE
from ros_rl.nodes.messages import fill_lists, from_time, message_class, to_time
from ros_rl.nodes.packets import from_vectors, to_vectors
from ros_rl.robot import Robot
from ros_rl.sensors.cameras import camera_sensors
from ros_rl.sensors.sensor import VECTORS, Sensor, Topic
from ros_rl.sensors.table import SENSORS, sensors_by_topic
from ros_rl.types import Array, Measurement
from ros_rl.wire import Header, first_beyond


class SensorTopic:
    """One topic of a robot's sensors.

    Args:
        topic: The topic.
        sensors: What the robot publishes on it, by name.
        robot: The robot.
        noise: What is known of its sensors' noise: standard deviations by the names of their settings.
    """

    def __init__(
        self, topic: Topic, sensors: Mapping[str, Sensor], robot: Robot, noise: Mapping[str, float] | None = None
    ) -> None:
        self.name, self.kind = topic.name, message_class(topic.message)
        self._topic, self._robot = topic, robot
        self._vectors, self._lists = topic.message == VECTORS, topic.lists(robot)
        self._covariances = _covariances(topic, noise or {})
        self._writes = {name: sensor.write for name, sensor in sensors.items()}
        self._reads = [
            (name, sensor.read or _labelled(name), sensor.shape(robot), np.dtype(sensor.dtype))
            for name, sensor in sensors.items()
        ]

    def to_message(self, stamp: int, m: Measurement) -> Any | None:
        """The topic's message; None if too little was measured for one."""
        measured = [name for name in self._writes if name in m]
        if not measured or (len(measured) < len(self._writes) and not self._topic.partial):
            return None
        if self._vectors:
            return to_vectors(Header(stamp), {name: m[name] for name in measured})
        message = self.kind()
        message.header.stamp = to_time(stamp)
        fill_lists(message, self._lists)
        self._topic.prepare(message, self._robot, m)
        for name in measured:
            write = self._writes[name]
            if write is not None:
                write(message, m[name], self._robot)
        for name, matrix, diagonal, variances in self._covariances:
            if name in m:
                matrix(message)[diagonal] = variances
        return message

    def unpack(self, message: Any) -> tuple[int, Any]:
        """Stamp [ns] and content of a message.

        Raises:
            ContractError: It does not hold what its layout says.
        """
        if self._vectors:
            header, fields = from_vectors(message)
            return header.stamp, fields
        return from_time(message.header.stamp), message

    def values(self, content: Any) -> dict[str, Array]:
        """What a message's content says was measured, by sensor.

        Raises:
            ContractError: A value has another size than the robot's sensor, lacks a joint, or is not finite or beyond
                `LARGEST_VALUE`.
        """
        found, robot = {}, self._robot
        for name, read, shape, dtype in self._reads:
            value = read(content, robot)
            if value is None:
                continue
            if value.shape != shape:
                value = _reshaped(name, value, shape, robot)
            if not (np.abs(value) <= LARGEST_VALUE).all():
                where = first_beyond(value, LARGEST_VALUE)
                raise ContractError(f"sensor '{name}' is not finite or beyond {LARGEST_VALUE:g}: {where}")
            found[name] = value if value.dtype is dtype else value.astype(dtype)
        return found


def _covariances(topic: Topic, noise: Mapping[str, float]) -> list[tuple[str, Callable[[Any], Any], slice, Array]]:
    """Of each sensor: its name, what gets the message's matrix, which of its values are the variances, and these."""
    found: list[tuple[str, Callable[[Any], Any], slice, Array]] = []
    for name, field, row in topic.covariances:
        known = SENSORS[name].noise
        variances = known.variances(noise) if known is not None else np.zeros(3)
        if variances.any():
            size = 6 if "." in field else 3  # a pose's and a twist's have rotations, too
            first = row * (size + 1)
            found.append((name, attrgetter(field), slice(first, first + 2 * (size + 1) + 1, size + 1), variances))
    return found


def _labelled(name: str) -> Callable[[Any, Robot], Array | None]:
    """Reads a sensor from named vectors."""
    return lambda content, robot: content.get(name)


def _reshaped(name: str, value: Array, shape: tuple[int, ...], robot: Robot) -> Array:
    """Vectors travel flat."""
    try:
        return value.reshape(shape)
    except ValueError:
        raise ContractError(f"sensor '{name}' gives {value.size} values, {robot.name} expects {shape}") from None


def camera_topics(robot: Robot) -> dict[str, SensorTopic]:
    """The topics of the robot's cameras that look, by the names of what they measure; their shapes are the robot's."""
    return {name: SensorTopic(row.topic, {name: row}, robot) for name, row in camera_sensors(robot).items()}


def sensor_topics(robot: Robot, noise: Mapping[str, float] | None = None) -> tuple[SensorTopic, ...]:
    """The topics of a robot's sensors but its cameras, in the order of the table; see `SensorTopic`."""
    return tuple(SensorTopic(topic, sensors, robot, noise) for topic, sensors in sensors_by_topic(robot).items())
