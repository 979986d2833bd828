# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""The thread that alone speaks to the arm: it switches, moves, lets targets expire, and asks for errors.

The vendor's client waits for each reply, so nobody else may wait for it. Behind this thread stands the firmware, which
stops the joints by itself when the duration of their velocity has passed.
"""

from __future__ import annotations

import contextlib
import math
import threading
import time
from collections.abc import Callable

import numpy as np

from ros_rl.backends.xarm.arm import Arm
from ros_rl.backends.xarm.gripper import Gripper
from ros_rl.backends.xarm.ramp import Ramp
from ros_rl.errors import BackendError, one_line
from ros_rl.types import Array

_ERROR_EVERY = 0.1  # s; real-time reports carry no errors
_STOP_DURATION = 0.1  # s, of a velocity of zero
_STOPPING = 0.3  # s; from 3.14 rad/s at 20 rad/s^2 it takes half of that
_AGAIN_EVERY = 1.0  # s, between two tries to connect, or to switch off
_RAMP_EVERY = 0.02  # s between two velocities on the way to a target
_SHORTEST = 0.02  # s; what is left of a target is not worth a velocity, and a duration of 0 is one without end


class Hand:
    """Does what it is told, one thing after the other. Every method returns at once, but `close`.

    Args:
        arm: Connected.
        joints: Of the arm.
        gripper: On its flange, if one is driven.
        ramp: Time in which the velocities go over to a new target [s].
        clock: The steady clock [s].
    """

    def __init__(
        self,
        arm: Arm,
        joints: int,
        gripper: Gripper | None = None,
        ramp: float = 0.0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._arm, self._gripper, self._clock = arm, gripper, clock
        self._rest = np.zeros(joints)
        self._ramp, self._until = Ramp(self._rest, ramp), 0.0
        self._order: bool | None = None
        self._claimed = self._moving = self._news = self._ended = self._leaves = False
        self._armings = 0
        self._arming: int | None = None  # number of the one under way
        self._asked = self._reconnected = self._left = 0.0
        self._wake = threading.Condition()
        self.ready_since = math.inf
        """From when on the arm takes velocities [s, steady clock]."""
        self.problem = ""
        """What went wrong since the arm was switched on last; empty if nothing."""
        self._suspicion = ""
        self._thread = threading.Thread(target=self._live, daemon=True, name="xarm hand")
        self._thread.start()

    def switch(self, on: bool) -> None:
        """Switch the motors; what went wrong before is forgotten when they are to be on."""
        with self._wake:
            self._ramp.stop(self._rest)
            self._order, self._arming = on, None
            if on:
                self._armings += 1
                self._arming = self._armings
                self.problem = self._suspicion = ""
                self.ready_since = math.inf
            self._notify()

    def move(self, velocity: Array, until: float, begun: float) -> None:
        """Hold a velocity until a moment, then stop.

        Args:
            velocity: [rad/s], shape (joints,).
            until: The moment [s, steady clock].
            begun: When the way to that velocity was to begin [s, steady clock]; what is over of it is left out.
        """
        with self._wake:
            self._ramp.go(velocity, begun)
            self._until = until
            self._notify()

    def stop(self) -> None:
        """Stop, until the next velocity; motors that are being switched on are switched off again."""
        with self._wake:
            self._ramp.stop(self._rest)
            if self._arming is not None:
                self._order, self._arming = False, None
            if self._moving or self._order is False:
                self._notify()

    def fail(self, problem: str) -> None:
        """Stop because of a problem, until the arm is switched on again; what the control box says of it is asked."""
        with self._wake:
            if not self.problem and not self._suspicion:
                self._suspicion = problem
                self._notify()

    def close(self) -> None:
        """Stop, switch the motors off, and end."""
        self._arm.leave()
        with self._wake:
            self._ramp.stop(self._rest)
            self._order, self._arming, self._ended = False, None, True
            self._notify()
        self._thread.join(timeout=10.0)

    @property
    def ready(self) -> bool:
        """Whether the arm takes velocities."""
        return self.ready_since < math.inf

    @property
    def health(self) -> str:
        """The problem, or what is taken for one until the control box has said more."""
        return self.problem or self._suspicion

    def _notify(self) -> None:
        self._news = True
        self._wake.notify()

    def _live(self) -> None:
        ended = False
        while not ended:
            with self._wake:
                self._wake.wait_for(lambda: self._news, self._patience())
                self._news, order, self._order, ended = False, self._order, None, self._ended
            if order is not None:
                self._leaves, self._left = not order, 0.0
            try:
                if self._arm.connected:
                    self._act(order)
                else:
                    self._find_again(order)
            except BackendError as error:
                self._give_up(str(error))
            except Exception as error:  # the vendor's client raises anything, and this thread must not end
                self._give_up(f"the vendor's client failed: {type(error).__name__}: {one_line(error)}")

    def _patience(self) -> float:
        """Until something is due by itself [s]."""
        now = self._clock()
        due = self._asked + _ERROR_EVERY - now
        if self._gripper is not None:
            due = min(due, self._gripper.due - now)
        if self._moving:
            due = min(due, self._until - now)
        if now < self._ramp.end:
            due = min(due, self._ramp.end - now, _RAMP_EVERY)
        return max(0.0, due)

    def _act(self, order: bool | None) -> None:
        if order:
            self._switch_on()
        if not self._leaves and self.ready:
            self._follow()
        if self._leaves and self._claimed and self._clock() - self._left >= _AGAIN_EVERY:
            self._left = self._clock()  # one that fails is tried again
            self._switch_off()
        if self._suspicion and not self.problem:
            raise BackendError(self._arm.error() or self._suspicion)
        if self._gripper is not None:
            self._gripper.tend(self.ready and not self.health)
        if self._clock() - self._asked >= _ERROR_EVERY:
            self._asked = self._clock()
            error = self._arm.error()
            if error and self.ready:
                raise BackendError(error)

    def _follow(self) -> None:
        """Send what leads to the newest target that has not expired, or standstill where the joints were moving."""
        with self._wake:
            now = self._clock()
            left = self._until - now
            if left <= _SHORTEST or self.health:
                self._ramp.stop(self._rest)
            velocity = self._ramp.at(now + _RAMP_EVERY / 2.0)  # the mean until the next
        if velocity.any():
            self._moving = True
            self._arm.move(velocity, left)
        elif self._moving:
            self._arm.move(self._rest, _STOP_DURATION)
            self._moving = False

    def _switch_on(self) -> None:
        arming, self._claimed = self._arming, True

        def wanted() -> bool:
            return arming is not None and self._arming == arming

        self._arm.recover(wanted)
        if self._gripper is not None and wanted():
            self._gripper.switch_on()
        with self._wake:
            if wanted():
                self.ready_since, self._arming = self._clock(), None

    def _switch_off(self) -> None:
        if self.ready:
            with contextlib.suppress(BackendError):  # stopped already, it may be, by its own doing
                self._follow()
            time.sleep(_STOPPING)
        self.ready_since, self._moving = math.inf, False
        self._arm.switch_off()
        self._claimed = False

    def _find_again(self, order: bool | None) -> None:
        """Connect again, now and then; the arm stays as it is until it is switched on."""
        now = self._clock()
        self._asked = now
        self._claimed = self._claimed or bool(order)
        if order or self.ready:
            self._give_up("the connection to the control box is lost")
        if not self._ended and now - self._reconnected >= _AGAIN_EVERY:
            self._reconnected = now
            self._arm.connect()

    def _give_up(self, problem: str) -> None:
        """Nothing moves any more before it is switched on again; the firmware stops what moves."""
        with self._wake:
            if self._claimed:
                self.problem = self.problem or problem
            self.ready_since, self._moving = math.inf, False
