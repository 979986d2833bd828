# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""A Sphero as a backend."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np

from ros_rl.backends.backend import EMPTY, Backend, Reading, Scenario
from ros_rl.backends.sphero.camera import Camera, open_camera
from ros_rl.backends.sphero.link import Link
from ros_rl.backends.sphero.overhead import Overhead
from ros_rl.backends.wheel_heading import WheelHeading
from ros_rl.errors import BackendError
from ros_rl.robot import Robot
from ros_rl.settings.hardware.sphero import SpheroSettings
from ros_rl.types import Array, Measurement

_FULL = 255


class SpheroBackend(Backend):
    """Two raw motors, and where a camera sees the ball.

    A process of its own has the toy: it lets powers expire, and switches the motors off when this one ends or hangs.

    Args:
        robot: Its wheels.
        settings: Which toy, which camera.
        period: Control period [s].
        scenario: What is around it is real.
        camera: Opens the camera; None for that of the settings.
    """

    def __init__(
        self,
        robot: Robot,
        settings: SpheroSettings,
        period: float,
        scenario: Scenario = EMPTY,
        camera: Callable[[], Camera] | None = None,
    ) -> None:
        self._robot, self._settings = robot, settings
        self._joints = robot.joint_map("sphero")
        self._link = Link(settings)
        self._heading = WheelHeading(settings.wheel, settings.track, settings.delay, period)
        self._overhead = Overhead(settings, camera or partial(open_camera, settings))

    def connect(self) -> None:
        """See `Backend.connect`.

        Raises:
            BackendError: The toy is not there, or the camera does not see it.
        """
        self._link.start()
        try:
            self._overhead.start()
        except BaseException:
            self.close()
            raise

    def arm(self) -> None:
        """See `Backend.arm`."""
        self._link.switch(True)

    @property
    def pending(self) -> str:
        """See `Backend.pending`: a toy that was lost is reached anew."""
        return "" if self._link.on else "the toy to be reached"

    def disarm(self) -> None:
        """See `Backend.disarm`."""
        self._link.switch(False)

    def write(self, command: Array, until: float) -> None:
        """See `Backend.write`.

        Raises:
            BackendError: It is not finite, or has not one value for each motor.
        """
        if command.shape != (self._robot.size,) or not np.isfinite(command).all():
            raise BackendError(f"velocities of {self._robot.size} wheels are wanted, not {command}")
        share = self._joints.turned(command) / self._settings.wheel_speed
        left, right = np.clip(np.rint(_FULL * share), -_FULL, _FULL).astype(int).tolist()
        self._link.drive(left, right, until)

    def read(self) -> Reading:
        """See `Backend.read`."""
        place, age, count, problem = self._overhead.newest()
        if place is None:
            raise BackendError(problem)
        way, powers = self._link.told()
        speed = self._settings.wheel_speed
        joints = self._joints.position_here(speed * np.array(way))
        measured = {
            "joint_position": joints,
            "joint_velocity": self._joints.turned(speed * np.array(powers) / _FULL),
            "base_position": np.array([*place, self._settings.height]),
            "heading_estimate": self._heading.update(place, joints),
        }
        chosen = {name: value for name, value in measured.items() if name in self._robot.sensors}
        return Reading(Measurement(chosen), age, count, self._link.problem or problem)

    def safe(self) -> None:
        """See `Backend.safe`: motors off."""
        try:
            self._link.drive(0, 0, 0.0)
        except BackendError:
            pass  # not connected, so that nothing of ours turns

    def close(self) -> None:
        """See `Backend.close`."""
        self._overhead.close()
        self._link.close()
