# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""What stands between the driver and a robot, simulated or real (contract 2)."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from ros_rl.backends.own_limits import OwnLimits
from ros_rl.robot import Robot
from ros_rl.types import Array, Measurement, Start, Truth, Unique


@dataclass(frozen=True)
class Reading:
    """What a robot measured last."""

    measurement: Measurement
    age: float = 0.0
    """Time since it was measured [s, steady clock]."""
    sequence: int = 0
    """Running number of measurements; one that stands still is a robot that has gone silent."""
    health: str = ""
    """What the robot itself reports as wrong; empty if nothing."""
    stamp: float | None = None
    """When it was measured, by the robot's own clock [s], since 1970 or since it started; None where it tells none."""
    applied: Array | None = None
    """The command that acted in the period that ended, shape (joints,); None: the one that was written last."""
    picture_age: float = 0.0
    """Time since the oldest of a simulator's pictures was taken [s, its own time]; 0 without any."""


class Backend(Unique, ABC):
    """A robot. Acting and measuring are two calls, and none but `connect`, `listen`, `own_limits` and `close` blocks.

    `safe` may be called from any thread, also while another call has not returned.
    """

    @abstractmethod
    def connect(self) -> None:
        """Open the link; nothing moves."""

    def listen(self) -> None:
        """Open the link for measuring only, and leave the robot to whatever moves it now; `connect`, where that does.

        Raises:
            BackendError: It cannot be opened, or the robot is one that `connect` would refuse.
        """
        self.connect()

    @abstractmethod
    def arm(self) -> None:
        """Begin to switch the motors on, at rest where the robot is; `pending` tells until when that lasts.

        A `safe` or a `disarm` that comes meanwhile breaks it off, and nothing starts afterwards.
        """

    @property
    def pending(self) -> str:
        """What the last `arm` still waits for before the motors follow; empty once they do, for most at once."""
        return ""

    @abstractmethod
    def disarm(self) -> None:
        """Do the safe action, then switch the motors off where that is safe."""

    @abstractmethod
    def write(self, command: Array, until: float) -> None:
        """Hold a target from now on: until the next call, or until it expires and the backend does its safe action.

        Args:
            command: Joint targets in the robot's command interfaces, shape (joints,).
            until: When it expires, by `time.monotonic` [s].
        """

    @abstractmethod
    def read(self) -> Reading:
        """The newest measurement."""

    @abstractmethod
    def safe(self) -> None:
        """Do the robot's safe action, damp, hold or stop, until the next `write`."""

    @abstractmethod
    def close(self) -> None:
        """Release the robot or the simulator; once is enough, more do no harm."""

    def show_inputs(self, inputs: Mapping[str, Array]) -> None:  # noqa: B027 - a robot without a display has nothing to do
        """Show what the task is asked for, by name, at every tick, where the backend can."""

    def own_limits(self) -> OwnLimits | None:
        """What the robot itself reports of its joints' limits; None where it reports none. It may block.

        Raises:
            BackendError: It does not answer, or cannot be understood.
        """
        return None

    def truth(self) -> Truth | None:
        """What really happened; None on hardware."""
        return None

    def render(self, width: int, height: int) -> np.ndarray | None:
        """An RGB picture, uint8 (height, width, 3); None where there is no camera."""
        return None


@dataclass(frozen=True)
class Scenario:
    """What a simulator is to simulate around the robot; a real robot has its own.

    Attributes:
        scene: Name of a file in `sim/scenes`.
        seed: Seed of the sensor noise.
        track_contacts: Compute contacts for `Backend.truth`; evaluation wants them, training does not.
        start: How the robot begins an episode; one with a fixed base always in its home pose.
    """

    scene: str = "plane"
    seed: int = 0
    track_contacts: bool = False
    start: Start = Start.HOME


EMPTY = Scenario()
"""Nothing but the ground."""


class Simulator(Backend):
    """A robot whose time passes in `read` alone, one control period at a time, and which can be reset.

    Targets do not expire here: between two readings nothing happens. A simulator gives `begin`, `step`, `safe_step`
    and `close`.

    Args:
        robot: The robot.
    """

    def __init__(self, robot: Robot) -> None:
        self.__neutral = self.__before = self.__target = robot.neutral_command
        self.__safe = False
        self.__sequence = 0

    @abstractmethod
    def begin(self, rng: np.random.Generator) -> Measurement:
        """Put the robot where an episode begins, and draw what changes per episode."""

    def redraw(self, rng: np.random.Generator) -> None:
        """Draw what changes per episode anew, for one that begins where the robot is; nothing moves.

        Args:
            rng: Draws all of it.
        """

    @abstractmethod
    def step(self, previous: Array, command: Array) -> Measurement:
        """Hold `command` for one control period and measure.

        Args:
            previous: The command of the period before, shape (joints,).
            command: Joint targets in the robot's command interfaces, shape (joints,).
        """

    @abstractmethod
    def safe_step(self) -> Measurement:
        """Do the robot's safe action for one control period and measure."""

    def arriving(self, sent: Array, last: Array) -> Array:
        """The command that acts in the period that begins, of the one that is sent, shape (joints,).

        Args:
            sent: What was written.
            last: What acted in the period before.
        """
        return sent

    @property
    def picture_age(self) -> float:
        """Time since the oldest picture of the newest measurement was taken [s]; 0 without cameras."""
        return 0.0

    def rest(self, measurement: Measurement) -> Array:
        """The command under which the robot begins an episode, shape (joints,).

        Args:
            measurement: What `begin` gave.
        """
        return self.__neutral

    def reset(self, rng: np.random.Generator) -> Reading:
        """Begin anew, as if nothing had been written yet."""
        measurement = self.begin(rng)
        self.__before = self.__target = self.rest(measurement)
        self.__safe = False
        return self.__reading(measurement)

    def connect(self) -> None:
        """See `Backend.connect`: there is no link."""

    def arm(self) -> None:
        """See `Backend.arm`: there is nothing to switch."""

    def disarm(self) -> None:
        """See `Backend.disarm`."""
        self.safe()

    def write(self, command: Array, until: float) -> None:
        """See `Backend.write`."""
        self.__target, self.__safe = command, False

    def read(self) -> Reading:
        """Let one control period pass under what was written last, and measure."""
        if self.__safe:
            return self.__reading(self.safe_step())
        previous, self.__before = self.__before, self.arriving(self.__target, self.__before)
        return self.__reading(self.step(previous, self.__before), self.__before)

    def safe(self) -> None:
        """See `Backend.safe`: in the next reading."""
        self.__safe = True

    def __reading(self, measurement: Measurement, applied: Array | None = None) -> Reading:
        self.__sequence += 1
        return Reading(measurement, 0.0, self.__sequence, applied=applied, picture_age=self.picture_age)


__all__ = ["EMPTY", "Backend", "Reading", "Scenario", "Simulator", "Truth"]
