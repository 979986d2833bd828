# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""A tracker that is not there: it knows where things are, and tells so as one does, late and with noise."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import replace

import numpy as np

from ros_rl.nodes.late_camera import USUAL, LateCamera
from ros_rl.nodes.messages import message_class
from ros_rl.nodes.qos import NEWEST
from ros_rl.nodes.ros2_control.context import make_context, make_node
from ros_rl.nodes.sensor_messages import SensorTopic
from ros_rl.robot import Robot
from ros_rl.sensors.objects import OBJECT_SENSORS, OBJECTS, TRACKED
from ros_rl.types import Measurement, Pose

_TOLD = ("object_position", "object_orientation")


class Tracker:
    """Publishes on ``tracked_objects``, in a context and a thread of its own, until it is closed.

    Args:
        look: Gives where things are in the robot's base; from this thread.
        robot: Whose base that is.
        names: Of the things.
        namespace: Of the robot's nodes.
        camera: How it sees.
        noise: Standard deviation of a place along each axis [m].
    """

    def __init__(
        self,
        look: Callable[[], Mapping[str, Pose]],
        robot: Robot,
        names: tuple[str, ...],
        namespace: str,
        camera: LateCamera = USUAL,
        noise: float = 0.002,
    ) -> None:
        self._look, self._noise, self._rng = look, noise, np.random.default_rng(0)
        self._names = names
        robot = replace(robot, objects=names, sensors=_TOLD)
        self._topic = SensorTopic(OBJECTS, {name: OBJECT_SENSORS[name] for name in _TOLD}, robot)
        self._context = make_context()
        self._node = make_node(self._context, "tracker", namespace)
        self._publisher = self._node.create_publisher(message_class(OBJECTS.message), TRACKED, NEWEST)
        self.topic = self._node.resolve_topic_name(TRACKED)
        """Where it publishes."""
        self._ended = threading.Event()
        self._thread = threading.Thread(
            target=camera.live, args=(self._ended, self._picture, self._tell), name="tracker", daemon=True
        )
        self._thread.start()

    def close(self) -> None:
        """End it."""
        self._ended.set()
        self._thread.join()
        self._node.destroy_node()
        self._context.shutdown()

    def _picture(self) -> tuple[int, Measurement]:
        now, things = self._node.get_clock().now().nanoseconds, self._look()
        places = np.concatenate([things[name].position for name in self._names])
        places = places + self._rng.normal(0.0, self._noise, places.shape)
        turns = np.concatenate([things[name].orientation for name in self._names])
        return now, Measurement(object_position=places, object_orientation=turns)

    def _tell(self, stamp: int, seen: Measurement) -> None:
        self._publisher.publish(self._topic.to_message(stamp, seen))
