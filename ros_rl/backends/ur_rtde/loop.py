# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""One cycle of the process that moves the arm: take orders, send joint speeds. Time is passed in."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

import numpy as np

from ros_rl.backends.ur_rtde.records import ArmSpec, Phase, SharedMemory
from ros_rl.errors import beyond, one_line
from ros_rl.types import Array

_STOPS_SECONDS = 0.5  # of standstill that is commanded before the program ends


class Control(Protocol):
    """A robot whose program of ours runs: what is used of ``rtde_control.RTDEControlInterface``."""

    def speedJ(self, qd: list[float], acceleration: float, time: float) -> bool:  # noqa: N802 - the vendor's name
        """Turn the joints at speeds [rad/s]; the robot holds them until the next call, or its watchdog bites."""

    def setWatchdog(self, min_frequency: float) -> bool:  # noqa: N802
        """Let the robot end the program when it hears less often than this [Hz]."""

    def isConnected(self) -> bool:  # noqa: N802
        """Whether the connection for registers stands."""

    def isProgramRunning(self) -> bool:  # noqa: N802
        """Whether the program runs."""

    def speedStop(self, a: float) -> bool:  # noqa: N802
        """Brake [rad/s^2] and leave speed control."""

    def stopScript(self) -> None:  # noqa: N802
        """End the program."""


class ArmLoop:
    """Follows the driver's targets until they expire, then lets the joints stand still.

    Args:
        spec: The robot and how its loop runs.
        memory: Shared with the driver.
        attended: Whether the driver's process is still there.
        clock: The steady clock [s].
    """

    def __init__(
        self, spec: ArmSpec, memory: SharedMemory, attended: Callable[[], bool], clock: Callable[[], float]
    ) -> None:
        self._spec, self._orders, self._reports = spec, memory.orders, memory.reports
        self._attended, self._clock = attended, clock
        self._order, self._report = self._orders.record[0], self._reports.record[0]
        self._control: Control | None = None
        self._number, self._stopping = 0, 0.0
        self._from = self._to = np.zeros(spec.joints)
        self._began = 0.0
        self._cycle = 1.0 / spec.settings.rate_hz
        self._longest = 1.0 / spec.settings.watchdog_hz

    @property
    def over(self) -> bool:
        """Whether no program of ours runs any more, or should."""
        return self._report["phase"] == Phase.REST

    def arm(self, take_control: Callable[[], Control]) -> None:
        """Start the program on the robot; nothing moves.

        Args:
            take_control: Starts it; raises whatever it likes.
        """
        self._tell()
        try:
            self._control = take_control()
            if not self._control.setWatchdog(self._spec.settings.watchdog_hz):
                raise RuntimeError("it sets no watchdog")
        except Exception as error:  # the vendor's client raises anything
            self._fail(f"the robot cannot be armed: {one_line(error)}")
        else:
            self._report["phase"], self._report["armed"] = Phase.STAND, self._clock()
        self._tell()

    def step(self) -> None:
        """One cycle."""
        now = self._clock()
        self._orders.read()
        leaves = bool(self._order["disarmed"]) or not self._attended()
        if leaves and not self._stopping:
            self._stopping, self._report["armed"] = now, 0.0
        if leaves and now - self._stopping >= _STOPS_SECONDS:
            self._end()
        else:
            self._move(now, leaves)
        self._tell()

    def _move(self, now: float, leaves: bool) -> None:
        order, report = self._order, self._report
        follows = not leaves and bool(order["moving"]) and now <= order["until"]
        if report["phase"] == Phase.FOLLOW and not follows:
            report["expired"] += bool(order["moving"]) and not leaves
            self._from = self._to = np.zeros(self._spec.joints)
        elif follows and order["number"] != self._number:
            self._from, self._to, self._began = self._at(now), order["target"].copy(), now
            self._number = int(order["number"])
        report["phase"] = Phase.FOLLOW if follows else Phase.STAND
        self._send(self._at(now), follows)

    def _send(self, speed: Array, follows: bool) -> None:
        spec, control = self._spec, self._control
        assert control is not None
        begin = self._clock()
        acceleration = spec.acceleration if follows else spec.settings.stop_acceleration
        try:
            linked = control.isConnected()
            done = linked and control.speedJ(speed.tolist(), acceleration, self._cycle)
            ended = not done and linked and not control.isProgramRunning()
        except Exception as error:  # as above
            self._fail(f"the robot's client failed: {one_line(error)}")
            return
        took = self._clock() - begin
        self._report["speed"] = speed
        if not linked:
            self._fail("the connection for commands is lost")
        elif not done:
            self._fail("the robot's program has ended" if ended else "the robot refuses joint speeds")
        elif took > self._longest:
            self._fail(
                f"the robot took {beyond(took, self._longest, 2)} s to take joint speeds, limit {self._longest:g} s"
            )

    def _at(self, now: float) -> Array:
        """The speed on its way from the last target to the newest [rad/s]."""
        passed, ramp = now - self._began, self._spec.ramp
        if passed >= ramp:
            return self._to
        return self._from + max(passed, 0.0) / ramp * (self._to - self._from)

    def _end(self) -> None:
        """End the program; brakes stay open, and the robot holds itself, as after any program."""
        assert self._control is not None
        try:
            self._control.speedStop(self._spec.settings.stop_acceleration)
            self._control.stopScript()
        except Exception as error:  # as above
            self._fail(f"the robot's client failed: {one_line(error)}")
        self._report["phase"] = Phase.REST

    def _fail(self, fault: str) -> None:
        """Send nothing any more: without kicks the robot's watchdog ends the program, and with that any motion."""
        self._report["fault"] = fault.encode()[:200]
        self._report["phase"], self._report["armed"] = Phase.REST, 0.0

    def _tell(self) -> None:
        self._report["alive"] = self._clock()
        self._reports.write()
