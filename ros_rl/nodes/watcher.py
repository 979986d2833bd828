# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Camera nodes that are not there: what a robot's cameras would see, drawn and published as a real one's pictures are.

To draw takes long, so that it is done in a process of its own, which asks now and then where everything is.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import signal
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from multiprocessing.connection import Connection
from typing import Any, NamedTuple

import numpy as np

from ros_rl.backends.backend import Scenario
from ros_rl.backends.motor_process.priority import without_priority
from ros_rl.cameras.pinhole import millimetres
from ros_rl.errors import one_line
from ros_rl.nodes.late_camera import LateCamera
from ros_rl.nodes.qos import NEWEST
from ros_rl.nodes.ros2_control.context import make_context, make_node
from ros_rl.nodes.sensor_messages import camera_topics
from ros_rl.robot import Robot
from ros_rl.sensors.cameras import depth_of, image_of, watched_topics
from ros_rl.types import Array, Measurement, Pose

_PERIOD = 0.05  # s; of a simulation in which no time passes
_LOOK_SECONDS, _ENDS_SECONDS = 0.1, 5.0


class Posture(NamedTuple):
    """Where everything is.

    Attributes:
        joints: Of the robot [rad or m], shape (joints,).
        things: Bodies of the scene that move, by name, in the robot's base.
    """

    joints: Array
    things: Mapping[str, Pose]


@dataclass(frozen=True)
class Sight:
    """What is seen, and how.

    Attributes:
        robot: Whose cameras look: all that its file has.
        scene: Name of a file in `sim/scenes`.
        namespace: Of the robot's nodes.
        camera: How often, how late.
        width: Of the pictures [px].
        height: Of the pictures [px].
    """

    robot: Robot
    scene: str
    namespace: str
    camera: LateCamera = LateCamera(15.0, 0.05)
    width: int = 160
    height: int = 120

    @property
    def looking(self) -> Robot:
        """The robot with cameras of its own size, depth too."""
        cameras = {
            name: replace(camera, width=self.width, height=self.height, depth=True)
            for name, camera in self.robot.optional_cameras.items()
        }
        return replace(self.robot, cameras=cameras)


class Watcher:
    """Publishes on ``watched/...`` what somebody listens to, until it is closed.

    Args:
        look: Gives where everything is; from this thread.
        sight: What is seen of it.
    """

    def __init__(self, look: Callable[[], Posture], sight: Sight) -> None:
        self._look, self._ended = look, threading.Event()
        self.topics = tuple(
            f"/{sight.namespace.strip('/')}/{topic}" for topic in watched_topics(sight.looking).values()
        )
        """Where it publishes."""
        context = multiprocessing.get_context("spawn")
        self._link, theirs = context.Pipe()
        self._process = context.Process(target=_watch, args=(theirs, sight), name="watcher", daemon=True)
        with without_priority():
            self._process.start()
        theirs.close()
        self._thread = threading.Thread(target=self._answer, name="watcher", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """End it."""
        self._ended.set()
        self._thread.join()
        self._link.close()
        self._process.join(_ENDS_SECONDS)
        self._process.kill()

    def _answer(self) -> None:
        try:
            while not self._ended.is_set():
                if self._link.poll(_LOOK_SECONDS):
                    problem = self._link.recv()
                    if problem:
                        print(f"warning: no pictures any more: {problem}", flush=True)
                        return
                    self._link.send((time.time_ns(), self._look()))
        except (EOFError, OSError):
            if not self._ended.is_set():
                print("warning: no pictures any more: the process that draws them has ended", flush=True)


def _watch(link: Connection, sight: Sight) -> None:
    """The life of the process: until nobody answers any more."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches who started it, which then ends it
    try:
        cameras = _Cameras(link, sight)
        with contextlib.closing(cameras), contextlib.suppress(EOFError, OSError):
            sight.camera.live(threading.Event(), cameras.take, cameras.tell)
    except Exception as error:  # a renderer raises anything; whoever started this tells it
        with contextlib.suppress(OSError):
            link.send(f"{type(error).__name__}: {one_line(error)}")


class _Cameras:
    """Draws and publishes."""

    def __init__(self, link: Connection, sight: Sight) -> None:
        from ros_rl.backends.pybullet.backend import PyBulletBackend  # it takes its time
        from ros_rl.settings.simulators.pybullet import PyBulletSettings

        self._link, self._robot = link, sight.looking
        self._world = PyBulletBackend(self._robot, PyBulletSettings(), _PERIOD, Scenario(sight.scene))
        self._world.reset(np.random.default_rng(0))
        self._context = make_context()
        self._node = make_node(self._context, "camera", sight.namespace)
        self._topics = camera_topics(self._robot)
        where = watched_topics(self._robot)
        self._publishers = {
            name: self._node.create_publisher(topic.kind, where[name], NEWEST) for name, topic in self._topics.items()
        }

    def take(self) -> tuple[int, Measurement]:
        """What those cameras see that somebody listens to, and when."""
        self._link.send(None)
        stamp, posture = self._link.recv()
        self._world.pose(*posture)
        found: dict[str, Any] = {}
        for name, camera in self._robot.cameras.items():
            if any(self._publishers[kind].get_subscription_count() for kind in (image_of(name), depth_of(name))):
                colour, depth = self._world.look(name)
                found[image_of(name)] = colour
                if depth is not None:
                    found[depth_of(name)] = millimetres(depth, camera)
        return stamp, Measurement(found)

    def tell(self, stamp: int, seen: Measurement) -> None:
        """Publish it."""
        for name in seen:
            self._publishers[name].publish(self._topics[name].to_message(stamp, seen))

    def close(self) -> None:
        """End it."""
        self._node.destroy_node()
        self._context.shutdown()
        self._world.close()
