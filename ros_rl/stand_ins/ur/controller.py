# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""What a UR controller does between its ports and the arm: modes, registers, the script's commands and the joints."""

from __future__ import annotations

from enum import IntEnum

import numpy as np

from ros_rl.backends.ur_rtde.protocol import RobotMode, Runtime
from ros_rl.types import Array

JOINTS = 6
REGISTERS = 48
_BRAKE = 20.0  # rad/s^2, of a stop by the controller itself
_STEP = 0.002  # s


class Order(IntEnum):
    """Commands of ur_rtde's script, in integer register 0; measured with ur_rtde 1.6.5."""

    NONE = 0
    MOVE_J = 1
    SPEED_J = 9
    SPEED_STOP = 15
    STOP_J = 34
    SET_WATCHDOG = 35
    KICK = 99
    END = 255


_STREAMED = {Order.SPEED_J, Order.KICK}
_READY, _DONE = 1, 2


class Controller:
    """Modes, registers and the speed of the joints; its time passes in `step`.

    Args:
        period: Of its own cycle [s].
    """

    def __init__(self, period: float = _STEP) -> None:
        self.period = period
        self.integers = [0] * REGISTERS
        """Input registers, written from outside."""
        self.doubles = [0.0] * REGISTERS
        """The same, of numbers."""
        self.ready = 0
        """Output register 0: whether the script takes a command."""
        self.mode = RobotMode.RUNNING
        self.runtime = Runtime.STOPPED
        self.safety: set[int] = set()
        """Bits of the safety status that are set besides normal mode."""
        self.slider = 1.0
        """Speed slider, 0 to 1."""
        self.remote = True
        """Whether it is in remote control."""
        self.refuses_programs = False
        """Whether a program that is sent does not start."""
        self.speed = np.zeros(JOINTS)
        """Of the joints as they are commanded [rad/s]."""
        self.breaches = 0
        """Times that its watchdog has ended the program."""
        self._target = np.zeros(JOINTS)
        self._acceleration = _BRAKE
        self._goal: Array | None = None
        self._least_hz, self._kicked = 0.0, 0.0

    @property
    def playing(self) -> bool:
        """Whether a program runs."""
        return self.runtime is Runtime.PLAYING

    @property
    def stopped_by_safety(self) -> bool:
        """Whether its safety system keeps it from moving."""
        return bool(self.safety)

    def start_program(self, now: float) -> None:
        """Run the script that was sent, if it may; it begins at rest."""
        if self.refuses_programs or self.safety or self.mode is not RobotMode.RUNNING:
            return
        self.runtime, self.ready = Runtime.PLAYING, _READY
        self._least_hz, self._kicked = 0.0, now
        self._rest(_BRAKE)

    def end_program(self) -> None:
        """The program ends, and the joints brake."""
        self.runtime, self.ready, self._least_hz = Runtime.STOPPED, 0, 0.0
        self._rest(_BRAKE)

    def pause(self) -> None:
        """The program pauses, and the joints brake; it would go on with what it did."""
        if self.playing:
            self.runtime = Runtime.PAUSED

    def resume(self, now: float) -> None:
        """A program that pauses goes on with what it did."""
        if self.runtime is Runtime.PAUSED and not self.safety:
            self.runtime, self._kicked = Runtime.PLAYING, now

    def stop_by_safety(self, bit: int) -> None:
        """A stop of its safety system: the program pauses, or ends in an emergency stop."""
        self.safety.add(bit)
        self.pause() if bit in (2, 4) else self.end_program()

    def power_off(self) -> None:
        """Brakes in, motors off."""
        self.end_program()
        self.mode = RobotMode.POWER_OFF

    def kick(self, now: float) -> None:
        """Register 0 was written: that is what the watchdog of ur_rtde's script watches."""
        self._kicked = now

    def step(self, now: float, position: Array) -> Array:
        """One cycle.

        Args:
            now: Steady clock [s].
            position: Of the joints [rad], shape (6,).

        Returns:
            Speed of the joints [rad/s], shape (6,).
        """
        if self.playing:
            if self._least_hz > 0.0 and now - self._kicked > 1.0 / self._least_hz:
                self.breaches += 1
                self.end_program()
            else:
                self._obey(position)
        moves = self.playing and not self.safety and self.mode is RobotMode.RUNNING
        target = self.slider * self._target if moves else np.zeros(JOINTS)
        change = target - self.speed
        most = (self._acceleration if moves else _BRAKE) * self.period
        largest = float(np.max(np.abs(change)))
        self.speed = target if largest <= most else self.speed + change * (most / largest)  # the leading axis's
        return self.speed

    def _obey(self, position: Array) -> None:
        order, values = self.integers[0], self.doubles
        if order == Order.END:
            self.end_program()
        elif order == Order.NONE:
            self.ready = _READY
        elif order == Order.SPEED_J:
            self._goal = None
            self._target, self._acceleration = np.array(values[:JOINTS]), values[6]
        elif order not in _STREAMED and self.ready == _READY:
            self._begin(order)
        self._approach(position)

    def _begin(self, order: int) -> None:
        """A command that is done once."""
        values = self.doubles
        if order == Order.MOVE_J:
            self._goal, self._acceleration = np.array(values[:JOINTS]), values[7]
            return  # done when it arrives
        if order in (Order.SPEED_STOP, Order.STOP_J):
            self._rest(max(values[0], 1e-3))
        elif order == Order.SET_WATCHDOG:
            self._least_hz = values[0]
        self.ready = _DONE

    def _approach(self, position: Array) -> None:
        """On the way of moveJ."""
        if self._goal is None:
            return
        way = self._goal - position
        if float(np.max(np.abs(way))) < 1e-3:
            self._rest(_BRAKE)
            self.ready = _DONE
            return
        fastest = max(self.doubles[6], 1e-3)
        self._target = np.clip(4.0 * way, -fastest, fastest)

    def _rest(self, acceleration: float) -> None:
        self._goal, self._target, self._acceleration = None, np.zeros(JOINTS), acceleration
