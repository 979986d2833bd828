# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""What stands between the motor loop and a robot's motors: one for each vendor's protocol."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any, ClassVar

from ros_rl.robot import Robot
from ros_rl.types import Array


@dataclass
class MotorState:
    """What a robot said of itself at one instant; joints in the order and directions of its file here."""

    tick: int
    """The robot's own running number or time, 32 bits; it may run over."""
    position: Array
    """[rad], shape (joints,)."""
    velocity: Array
    """[rad/s], shape (joints,)."""
    effort: Array
    """[N m], shape (joints,)."""
    temperature: Array
    """Of the motors [degrees Celsius], shape (joints,)."""
    orientation: Array
    """Quaternion xyzw of the IMU in a gravity-aligned world, shape (4,)."""
    angular_velocity: Array
    """Of the body, in its frame [rad/s], shape (3,)."""
    linear_acceleration: Array
    """Of the body, in its frame, gravity included [m/s^2], shape (3,)."""
    foot_force: Array
    """In the robot's own unit, shape (feet,)."""
    fault: str = ""
    """What the robot or its remote control says is wrong; empty if nothing."""


@dataclass
class MotorCommand:
    """What all motors are to do: effort + stiffness (position - measured) + damping (velocity - measured).

    The same array again has the same values: nobody writes into one that was sent.
    """

    position: Array
    """[rad], shape (joints,), like all of these."""
    velocity: Array
    """[rad/s]."""
    stiffness: Array
    """[N m/rad]; with the damping at 0, too, the motors do nothing."""
    damping: Array
    """[N m s/rad]."""
    effort: Array
    """[N m]."""


class MotorBus(ABC):
    """A robot's motors. It is made in the process that uses it, and no call but `open` and `arm` blocks.

    Args:
        settings: Of the driver; whatever can be pickled.
        robot: The robot.
    """

    tick_units: ClassVar[tuple[float, ...]] = ()
    """What one step of a state's tick may stand for [s], found out where it is several; none where it is no time."""

    def __init__(self, settings: Any, robot: Robot) -> None:
        self.settings, self.robot = settings, robot
        self.rejected = 0
        """What came and was no state: wrong checksum, wrong length, of another sender."""
        self.complaint = ""
        """Why the last such thing was rejected."""

    @abstractmethod
    def open(self) -> None:
        """Open the link; nothing moves.

        Raises:
            BackendError: It cannot be opened.
        """

    @abstractmethod
    def receive(self) -> MotorState | None:
        """The next state that has come, the oldest first; None if there is none."""

    @abstractmethod
    def send(self, command: MotorCommand) -> None:
        """Hand over what the motors are to do from now on."""

    @abstractmethod
    def close(self) -> None:
        """Close the link, without a word to the robot; once is enough, more do no harm."""

    def arm(self) -> None:  # noqa: B027 - most links open nothing anew
        """A person arms; a link that is lost may be opened anew, and may take its time. Nothing moves.

        Raises:
            BackendError: It cannot be opened.
        """

    def reject(self, complaint: str) -> None:
        """Count something that was no state."""
        self.rejected += 1
        self.complaint = complaint
