# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""A UR5e behind ros2_control, played in this process, and its driver."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import numpy as np

from ros_rl.backends.ros2_control.backend import Ros2ControlBackend
from ros_rl.errors import BackendError
from ros_rl.nodes.ros2_control.driver import make_driver
from ros_rl.robot import Robot, load_robot
from ros_rl.settings.hardware.ros2_control import Ros2ControlSettings
from ros_rl.stand_ins.ros2_control import Ros2ControlStandIn
from ros_rl.types import Array

PERIOD = 0.2  # s; long enough for a busy machine
SETTINGS = Ros2ControlSettings(connect_timeout=30.0, silence_limit=1.0, stamp_limit=0.4, status="required")
PATIENCE = 60.0  # s; a busy machine is no failure


def robot_of(interface: str = "velocity") -> Robot:
    robot = load_robot("ur5e")
    return robot if interface == "velocity" else replace(robot, interfaces=(interface,) * robot.size)


@contextlib.contextmanager
def stand_in(**options: Any) -> Iterator[Ros2ControlStandIn]:
    """One that serves; 125 Hz, as this process has other work, too."""
    played = Ros2ControlStandIn(**{"rate_hz": 125.0, "locked": 0.5, **options})
    with contextlib.closing(played):
        played.start()
        yield played


@contextlib.contextmanager
def driver(settings: Ros2ControlSettings = SETTINGS, robot: Robot | None = None) -> Iterator[Ros2ControlBackend]:
    """One that is not connected yet."""
    with contextlib.closing(make_driver(robot or robot_of(), settings, PERIOD)) as made:
        yield made


class Pilot:
    """Gives a driver one target again and again, from a thread, as a driver's loop does."""

    def __init__(self, backend: Ros2ControlBackend, target: Array) -> None:
        self._backend, self._target = backend, target
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._fly, daemon=True)
        self.last = 0.0
        """When it gave the last [s, steady clock]."""

    def _fly(self) -> None:
        while not self._ended.is_set():
            self.last = time.monotonic()
            self._backend.write(self._target, self.last + 2.0 * PERIOD)
            time.sleep(PERIOD / 4.0)

    def __enter__(self) -> Pilot:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join()


def wait_for(condition: Callable[[], Any], what: str, seconds: float = PATIENCE) -> Any:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        value = condition()
        if value:
            return value
        time.sleep(0.005)
    raise AssertionError(f"waited {seconds:g} s in vain for {what}")


def told(played: Ros2ControlStandIn) -> Array:
    """What the controller holds."""
    return np.full(6, np.nan) if played.command is None else played.command


def moves_since(played: Ros2ControlStandIn, moment: float) -> list[float]:
    """When it was told to move, from a moment on [s, steady clock]."""
    return [item.time for item in played.since(moment) if not isinstance(item.what, str) and np.any(item.what != 0.0)]


def follows(played: Ros2ControlStandIn, target: Array) -> bool:
    """Whether it is told a target, or almost: a pilot gives it anew before the set point is there."""
    return bool(np.allclose(told(played), target, atol=0.02))


def rests(played: Ros2ControlStandIn) -> bool:
    """Whether the robot is told to stand still, and does."""
    return bool(np.array_equal(told(played), np.zeros(6)) and np.abs(played.velocity()).max() < 0.02)


def arm(backend: Ros2ControlBackend) -> None:
    """As a person does it: again and again, until the robot is fit and follows."""

    def armed() -> bool:
        try:
            backend.arm()
            wait_for(lambda: backend.read() and not backend.pending, "nothing to be pending")
        except BackendError:
            time.sleep(0.2)
            return False
        return backend.read().health == ""

    wait_for(armed, "the robot to be armed")
