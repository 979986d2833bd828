# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""A camera node that is not there: it knows where things are, and tells so as a tracker does, late and with noise."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import numpy as np

from ros_rl.nodes.messages import message_class
from ros_rl.nodes.qos import NEWEST
from ros_rl.nodes.ros2_control.context import make_context, make_node
from ros_rl.nodes.sensor_messages import SensorTopic
from ros_rl.robot import Robot
from ros_rl.sensors.objects import OBJECT_SENSORS, OBJECTS, TRACKED
from ros_rl.types import Measurement, Pose

_TOLD = ("object_position", "object_orientation")
_STEP = 0.002  # s, between two looks at what is due


@dataclass(frozen=True)
class Camera:
    """How it sees.

    Attributes:
        rate_hz: Pictures per second [Hz].
        latency: From a picture to its message [s].
        noise: Standard deviation of a place along each axis [m].
    """

    rate_hz: float = 30.0
    latency: float = 0.05
    noise: float = 0.002


class Tracker:
    """Publishes on ``tracked_objects``, in a context and a thread of its own, until it is closed.

    Args:
        look: Gives where things are in the robot's base; from this thread.
        robot: Whose base that is.
        names: Of the things.
        namespace: Of the robot's nodes.
        camera: How it sees.
    """

    def __init__(
        self,
        look: Callable[[], Mapping[str, Pose]],
        robot: Robot,
        names: tuple[str, ...],
        namespace: str,
        camera: Camera = Camera(),
    ) -> None:
        self._look, self._camera, self._rng = look, camera, np.random.default_rng(0)
        self._names = names
        robot = replace(robot, objects=names, sensors=_TOLD)
        self._topic = SensorTopic(OBJECTS, {name: OBJECT_SENSORS[name] for name in _TOLD}, robot)
        self._context = make_context()
        self._node = make_node(self._context, "tracker", namespace)
        self._publisher = self._node.create_publisher(message_class(OBJECTS.message), TRACKED, NEWEST)
        self.topic = self._node.resolve_topic_name(TRACKED)
        """Where it publishes."""
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._live, name="tracker", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """End it."""
        self._ended.set()
        self._thread.join()
        self._node.destroy_node()
        self._context.shutdown()

    def _live(self) -> None:
        seen: deque[tuple[int, Measurement]] = deque()
        due, clock = 0, self._node.get_clock()
        while not self._ended.wait(_STEP):
            now = clock.now().nanoseconds
            if now >= due:
                due = max(due, now - round(1e9 * _STEP)) + round(1e9 / self._camera.rate_hz)
                seen.append((now, self._picture()))
            while seen and now - seen[0][0] >= 1e9 * self._camera.latency:
                self._publisher.publish(self._topic.to_message(*seen.popleft()))

    def _picture(self) -> Measurement:
        things = self._look()
        places = np.concatenate([things[name].position for name in self._names])
        places = places + self._rng.normal(0.0, self._camera.noise, places.shape)
        return Measurement(
            object_position=places,
            object_orientation=np.concatenate([things[name].orientation for name in self._names]),
        )
