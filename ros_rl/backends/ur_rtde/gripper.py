# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""A Robotiq gripper of two fingers on a UR's flange: a thread that alone speaks to its server on the control box."""

from __future__ import annotations

import math
import threading
import time
from collections import deque
from collections.abc import Callable
from typing import NamedTuple

from ros_rl.backends.ur_rtde.urcap import FAULTS, LARGEST, Status, Urcap
from ros_rl.errors import BackendError, beyond
from ros_rl.robot.gripper import Gripper as Fingers
from ros_rl.settings.hardware.robotiq import RobotiqSettings

_AGAIN = 1.0  # s, between two tries to connect
_CHECKED = 5  # looks at its position for each at its status
_ACTIVATES = 10.0  # s; fingers go all the way and back by themselves
_OWN_FAULT = 0x0F
_NO_FAULTS = (0, 5, 7)  # the latter two say that it is not active
_INACTIVE = (
    "the gripper is not active: activate it on the pendant (Installation, URCaps, Gripper), or let arming do it by "
    "driver.backend.gripper.activate=true; either way its fingers then go all the way and back by themselves"
)


class Grip(NamedTuple):
    """How it was found.

    Attributes:
        position: Of its joint [rad].
        velocity: [rad/s].
        time: When, by the steady clock [s].
        told: Where it had been sent `latency` before [rad]; None: it takes no positions.
    """

    position: float
    velocity: float
    time: float
    told: float | None = None


class Gripper:
    """A gripper that goes where it was sent last and stays there, whatever becomes of the driver.

    All methods but `open` and `close` return at once.

    Args:
        address: Of the control box.
        settings: Of the gripper.
        fingers: Positions of its joint, open and closed, by the robot's file.
        clock: The steady clock [s].
    """

    def __init__(
        self, address: str, settings: RobotiqSettings, fingers: Fingers, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._settings, self._clock = settings, clock
        self._server = Urcap(address, settings.port, settings.silence_limit)
        self._zero, self._ends = fingers.opened, (settings.open_count, settings.closed_count)
        self._scale = (settings.closed_count - settings.open_count) / (fingers.closed - fingers.opened)
        self._wake = threading.Condition()
        self._order: bool | None = None
        self._target: float | None = None
        self._told: float | None = None
        self._history: deque[tuple[float, float]] = deque()
        self._until = 0.0
        self._armed = self._ready = self._ended = False
        self._looks = 0
        self._fault = self._now = ""
        self.found = Grip(0.0, 0.0, 0.0)
        """As it was found last."""
        self._thread = threading.Thread(target=self._live, daemon=True, name="ur gripper")

    def open(self) -> None:
        """Connect, and look how it is; nothing moves.

        Raises:
            BackendError: It does not answer, reports a fault, or is not active and is not to be activated.
        """
        self._server.connect()
        try:
            self._look()
        except BackendError:
            self._server.close()
            raise
        self._thread.start()

    def switch(self, on: bool) -> None:
        """Let it take positions, where it is, or take none; what it holds it holds either way."""
        with self._wake:
            self._target, self._order, self._armed, self._ready = None, on, on, False
            if on:
                self._fault = ""
            self._wake.notify()

    def go(self, position: float, until: float) -> None:
        """Send it to a position, where it stays.

        Args:
            position: Of its joint [rad].
            until: After this it is not sent any more [s, steady clock].
        """
        with self._wake:
            self._target, self._until = position, until
            self._wake.notify()

    def hold(self) -> None:
        """Send it nowhere until the next `go`; what was sent already stays so, and an activation is broken off."""
        with self._wake:
            self._target = None
            if not self._ready:
                self._order, self._armed = None, False

    @property
    def pending(self) -> str:
        """What it waits for before it takes positions; empty if it does."""
        return "" if self._ready and self._order is None else "its gripper to take positions"

    @property
    def problem(self) -> str:
        """What is wrong with it, or was since it was switched on last; empty if nothing."""
        silent, limit = self._clock() - self.found.time, self._settings.silence_limit
        return (
            self._fault
            or self._now
            or (
                f"the gripper has told nothing for {beyond(silent, limit, 2)} s, limit {limit:g} s"
                if silent > limit
                else ""
            )
        )

    def close(self) -> None:
        """Leave it as it is; once is enough, more do no harm."""
        with self._wake:
            self._ended = True
            self._wake.notify()
        if self._thread.is_alive():
            self._thread.join(_AGAIN + 2.0 * self._settings.silence_limit)
        self._server.close()

    def _live(self) -> None:
        while not self._ended:
            try:
                if not self._server.connected:
                    self._server.connect()
                self._tend(self._wait())
                self._now = ""
            except BackendError as error:
                self._give_up(str(error))

    def _wait(self) -> bool | None:
        """Until there is something to do; gives the order."""
        with self._wake:
            self._wake.wait_for(lambda: self._ended or self._order is not None or self._news, max(self._due, 0.0))
            order, self._order = self._order, None
        return order

    @property
    def _due(self) -> float:
        """Until it is to be looked at [s]."""
        return self.found.time + 1.0 / self._settings.rate_hz - self._clock()

    @property
    def _news(self) -> bool:
        return self._ready and self._target not in (None, self._told) and self._clock() <= self._until

    def _tend(self, order: bool | None) -> None:
        if order is not None:
            self._ready = False
        if order:
            self._switch_on()
        with self._wake:
            target = self._target if self._news else None
        if target is not None:
            if self._told is None or self._count(target) != self._count(self._told):
                self._server.set(POS=self._count(target))
            self._told = target
            self._history.append((self._clock(), target))
        if self._due <= 0.0:
            self._look()

    def _switch_on(self) -> None:
        """Nothing moves, but in an activation: where it goes to a position that is left so, else it is told its own."""
        if self._settings.activate and self._trouble():
            self._activate()
        self._refuse_trouble()
        self._server.set(SPE=round(LARGEST * self._settings.speed), FOR=round(LARGEST * self._settings.force))
        if not self._server.get("GTO"):
            self._server.set(POS=self._server.get("POS"))
            self._server.set(GTO=1)
        wished = self._server.get("PRE")
        self._history = deque([(-math.inf, self._position(min(max(wished, self._ends[0]), self._ends[1])))])
        self._told, self._ready = None, True

    def _activate(self) -> None:
        """A rising edge of ``ACT`` clears faults, and moves the fingers all the way and back."""
        self._server.set(GTO=0)
        self._server.set(ACT=0, ATR=0)
        self._await_status(Status.RESET)
        self._server.set(ACT=1)
        try:
            self._await_status(Status.ACTIVE)
        except BackendError:
            self._server.set(ACT=0)  # its fingers stop
            raise

    def _await_status(self, status: Status) -> None:
        end = self._clock() + _ACTIVATES
        while self._server.get("STA") != status:
            self._find()
            if self._ended or not self._armed:
                raise BackendError("the gripper was left while it was being activated")
            if self._clock() > end:
                raise BackendError(f"the gripper was not activated within {_ACTIVATES:g} s; is something in its way?")
            time.sleep(1.0 / self._settings.rate_hz)

    def _look(self) -> None:
        """Where it is, and now and then how."""
        self._find()
        if self._looks % _CHECKED == 0 and (self._ready or not self._settings.activate):
            self._refuse_trouble()
        self._looks += 1

    def _find(self) -> None:
        position, now, before = self._position(self._server.get("POS")), self._clock(), self.found
        passed = now - before.time
        lately = 0.0 < passed < self._settings.silence_limit
        velocity = (position - before.position) / passed if lately else 0.0
        while len(self._history) > 1 and self._history[1][0] <= now - self._settings.latency:
            self._history.popleft()
        self.found = Grip(position, velocity, now, self._history[0][1] if self._ready else None)

    def _position(self, count: int) -> float:
        """Of its joint [rad]."""
        return self._zero + (count - self._settings.open_count) / self._scale

    def _count(self, position: float) -> int:
        """Of a position of its joint [rad]."""
        count = round(self._settings.open_count + self._scale * (position - self._zero))
        return min(max(count, 0), LARGEST)

    def _refuse_trouble(self) -> None:
        trouble = self._trouble()
        if trouble:
            raise BackendError(trouble)

    def _trouble(self) -> str:
        """What it reports as wrong itself; empty if nothing."""
        fault = self._server.get("FLT") & _OWN_FAULT
        if fault not in _NO_FAULTS:
            return f"the gripper reports fault {fault}: {FAULTS.get(fault, 'unknown')}"
        return "" if self._server.get("STA") == Status.ACTIVE else _INACTIVE

    def _give_up(self, problem: str) -> None:
        """It takes no positions any more before it is switched on again, and holds what it holds."""
        with self._wake:
            self._ready, self._order, self._now = False, None, problem
            if self._armed:
                self._fault = self._fault or problem
            pause = 1.0 / self._settings.rate_hz if self._server.connected else _AGAIN
            self._wake.wait_for(lambda: self._ended, pause)
