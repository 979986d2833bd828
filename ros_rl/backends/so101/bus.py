# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""The servos as the motor process sees them: goals out, states in, a cycle at a time."""

from __future__ import annotations

import time

import numpy as np

from ros_rl.backends.motor_process import MotorBus, MotorCommand, MotorState
from ros_rl.backends.so101.calibration import Scale
from ros_rl.backends.so101.registers import (
    ACCELERATION,
    COUNTS,
    FULL,
    GOAL_POSITION,
    GOAL_TIME,
    GOAL_VELOCITY,
    HIGHEST_POSITION,
    LOWEST_POSITION,
    PRESENT_CURRENT,
    PRESENT_LOAD,
    PRESENT_POSITION,
    PRESENT_TEMPERATURE,
    PRESENT_VELOCITY,
    RADIANS,
    STATUS,
    TORQUE_ENABLE,
    TORQUE_LIMIT,
    Register,
)
from ros_rl.backends.so101.servos import Servos, complaint_of
from ros_rl.errors import BackendError, one_line
from ros_rl.robot import Robot
from ros_rl.settings.hardware.so101 import So101Settings
from ros_rl.types import Array

_BEGIN = TORQUE_ENABLE.address
_SIZE = PRESENT_CURRENT.address + PRESENT_CURRENT.size - _BEGIN
_JUMP = COUNTS // 4  # in one cycle; no servo turns so fast
_LOST = 3  # answers in a row, after which servos may have gone elsewhere
_REPEATS = 2  # of a goal that holds, to servos that do not answer
_AGAIN_SECONDS = 0.1  # for an answer of all servos
_FASTEST = 254  # 100 counts/s^2


class So101Bus(MotorBus):
    """The bus of an arm. Where the motor loop damps, the servos hold where they are; in its rest they are left alone.

    A servo goes on to its last goal and stays there, under torque. Goals are never farther from where a joint was
    measured than what takes all of its effort, so that is as far as an arm moves when nobody is there any more.
    """

    settings: So101Settings

    def __init__(self, settings: So101Settings, robot: Robot) -> None:
        super().__init__(settings, robot)
        self._servos = servos_of(settings, robot)
        self._asked = self._on = self._gone = False
        self._counts: Array | None = None
        self._hold: Array | None = None
        self._sent: Array | None = None  # while they follow
        self._tick = self._powerless = self._repeats = self._lost = 0
        self._heavy = np.zeros(robot.size)
        self._most = robot.limits.effort / settings.stall_torque  # share of what a servo has

    def open(self) -> None:
        """See `MotorBus.open`."""
        self._servos.open()
        self._scale = Scale.of(self.robot, self._servos)

    def arm(self) -> None:
        """See `MotorBus.arm`: an adapter that was pulled out is looked for again, and its servos are as new."""
        if not self._gone:
            return
        self.close()
        self._servos.open()
        try:
            middle = self._middle()
        except OSError as error:
            raise BackendError(f"the adapter is gone again ({one_line(error)})") from None
        if not np.array_equal(middle, self._scale.middle):
            raise BackendError("another arm answers, or one that was calibrated anew: start the driver anew")
        self._gone = self._asked = self._on = self._lost = False
        self._counts = self._hold = self._sent = None
        self.complaint = ""

    def _middle(self) -> Array:
        """Of the servos' position limits [counts], all asked at once: the loop's process may not be held up for long.

        Raises:
            BackendError: One does not answer.
            OSError: The port is gone.
        """
        low, high = LOWEST_POSITION, HIGHEST_POSITION
        size = high.address + high.size - low.address
        self._servos.ask(low.address, size)
        deadline = time.monotonic() + _AGAIN_SECONDS
        while not self._servos.quiet(size) and time.monotonic() < deadline:
            time.sleep(0.001)
        ends = [(low.decode(data[: low.size]), high.decode(data[-high.size :])) for data in self._servos.answers(size)]
        return np.mean(ends, axis=1)

    def close(self) -> None:
        """See `MotorBus.close`."""
        self._servos.close()

    def receive(self) -> MotorState | None:
        """See `MotorBus.receive`: what the servos answer to the question of the last cycle."""
        if not self._asked:
            return None
        try:
            if not self._servos.quiet(_SIZE):
                return None
            self._asked = False
            answers = self._servos.answers(_SIZE)
        except (BackendError, OSError) as error:
            self._asked, self._lost = False, self._lost + 1
            self.reject(one_line(error))
            return None
        if self._lost >= _LOST:  # they hold where they are now, not where they were seen last
            self._hold = None
        self._lost = 0
        return self._state(answers)

    def send(self, command: MotorCommand) -> None:
        """See `MotorBus.send`, and ask for the next state; not while servos answer, as there is one wire for both."""
        if self._asked:
            return
        try:
            self._tell(command)
        except OSError as error:
            self._gone = True
            self.complaint = f"the adapter is gone ({one_line(error)}): plug it in, clear the fault, arm"

    def _tell(self, command: MotorCommand) -> None:
        goal = self._goal(command)
        if goal is not None and not self._waits():
            counts = self._scale.counts(goal)
            if self._on:
                self._write((GOAL_POSITION,), counts)
            else:
                self._switch_on(counts)
        self._servos.ask(_BEGIN, _SIZE)
        self._asked = True

    def _goal(self, command: MotorCommand) -> Array | None:
        """Where the joints are sent; None where they are left alone."""
        if command.stiffness.any():
            self._hold, self._sent = None, command.position
            return command.position
        if not command.damping.any() or self._counts is None:
            self._hold, self._sent, self._on = None, None, False
            return None
        if self._hold is None:  # of those that do not answer nobody knows where they are
            unseen = self._sent is not None and self._lost >= _LOST
            self._hold, self._repeats = self._sent if unseen else self._scale.position(self._counts), 0
        return self._hold

    def _waits(self) -> bool:
        """Whether servos that do not answer were told to hold: when they come back they are somewhere else."""
        self._repeats += 1
        return self._lost >= _LOST and self._hold is not None and self._repeats > _REPEATS

    def _switch_on(self, counts: Array) -> None:
        """At rest: limits and goal first, the torque last."""
        none, limits = np.zeros(self.robot.size), self.robot.limits
        self._write((TORQUE_LIMIT,), np.round(FULL * np.minimum(self._most, 1.0)))
        velocity = np.round(limits.velocity / RADIANS)
        registers = (ACCELERATION, GOAL_POSITION, GOAL_TIME, GOAL_VELOCITY)
        self._write(registers, none + _FASTEST, counts, none, velocity)
        self._write((TORQUE_ENABLE,), none + 1)
        self._on, self._powerless = True, 0
        self._heavy[:] = 0.0

    def _write(self, registers: tuple[Register, ...], *values: Array) -> None:
        rows = np.stack(values, axis=1).astype(int).tolist()
        self._servos.write(registers, dict(zip(self._servos.ids, map(tuple, rows), strict=True)))

    def _state(self, answers: list[bytes]) -> MotorState:
        def column(register: Register) -> Array:
            begin = register.address - _BEGIN
            return np.array([register.decode(answer[begin : begin + register.size]) for answer in answers], np.float64)

        counts, share = column(PRESENT_POSITION), column(PRESENT_LOAD) / FULL
        fault = self._jumped(counts) or self._complaint(column(STATUS)) or self._loaded(share)
        fault = fault or self._powered(column(TORQUE_ENABLE))
        turned = self._scale.joints.turned
        self._tick += 1
        none = np.zeros(3)
        return MotorState(
            self._tick,
            self._scale.position(counts if self._counts is None else self._counts),
            turned(column(PRESENT_VELOCITY) * RADIANS),
            turned(share * self.settings.stall_torque),
            column(PRESENT_TEMPERATURE),
            np.array([0.0, 0.0, 0.0, 1.0]),
            none,
            none,
            np.zeros(0),
            fault,
        )

    def _jumped(self, counts: Array) -> str:
        """A position that no servo reaches in a cycle is not believed, nor are those after it."""
        if self._counts is not None:
            moved = np.abs(counts - self._counts)
            worst = int(np.argmax(moved))
            if moved[worst] > _JUMP:
                return (
                    f"the position of {self.robot.joints[worst]} jumped from {self._counts[worst]:.0f} to "
                    f"{counts[worst]:.0f} counts; switch its power off, turn it to the middle, calibrate anew"
                )
        self._counts = counts
        return ""

    def _complaint(self, status: Array) -> str:
        if not status.any():
            return ""
        said = [
            complaint_of(self._servos, servo, int(own)) for servo, own in zip(self._servos.ids, status, strict=True)
        ]
        return "; ".join(filter(None, said))

    def _loaded(self, share: Array) -> str:
        """A servo that presses as hard as it may for long gets hot, or something is in the way."""
        limit = self.settings.load_limit * self._most
        self._heavy = np.where(np.abs(share) > limit, self._heavy + 1.0 / self.settings.rate_hz, 0.0)
        worst = int(np.argmax(self._heavy))
        if self._heavy[worst] <= self.settings.load_time:
            return ""
        return (
            f"{self.robot.joints[worst]} has had a load of {100 * abs(share[worst]):.0f} % for "
            f"{self._heavy[worst]:.1f} s, limit {100 * limit[worst]:.0f} %: is something in its way?"
        )

    def _powered(self, torque: Array) -> str:
        """A servo that was switched on and is not, in two answers in a row, has let go or has started anew."""
        off = self._on and not torque.all()
        self._powerless = self._powerless + 1 if off else 0
        if self._powerless < 2:
            return ""
        return f"the servo of {self.robot.joints[int(np.argmin(torque))]} has let go: its torque is off"


def servos_of(settings: So101Settings, robot: Robot) -> Servos:
    """The servos of a robot, not yet open."""
    ids = robot.joint_map("so101").names
    return Servos(settings.port, {int(name): joint for name, joint in zip(ids, robot.joints, strict=True)})
