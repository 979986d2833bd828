# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""One cycle of the motor loop: take the robot's states, decide, command the motors, report. Time is passed in."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from ros_rl.backends.motor_process.bus import MotorBus, MotorCommand, MotorState
from ros_rl.backends.motor_process.intake import Intake
from ros_rl.backends.motor_process.limp import Limp
from ros_rl.backends.motor_process.phases import Phases
from ros_rl.backends.motor_process.records import Phase, SharedMemory
from ros_rl.backends.motor_process.set_point import SetPoint
from ros_rl.backends.motor_process.spec import MotorSpec
from ros_rl.errors import one_line

_MOST = 64  # states taken in one cycle; a flood must not stop the loop


class MotorLoop:
    """The motor loop, whose time passes in `step`.

    Args:
        spec: The robot and how its loop runs.
        bus: Open.
        memory: Shared with the driver.
        attended: Whether the driver's process is still there.
    """

    def __init__(self, spec: MotorSpec, bus: MotorBus, memory: SharedMemory, attended: Callable[[], bool]) -> None:
        self._bus, self._memory, self._attended = bus, memory, attended
        self._orders, self._reports = memory.orders(), memory.reports()
        self._order, record = self._orders.record[0], self._reports.record
        self._report = {name: record[name] for name in record.dtype.names or ()}  # to look them up costs more
        self._position = self._report["position"][0]
        self._intake, self._phases = Intake(spec, record), Phases()
        self._set_point = SetPoint(spec.robot, spec.ramp)
        self._number = 0
        self._long, self._last = 1.5 / spec.rate_hz, 0.0
        rest, self._robot = np.zeros(spec.robot.size), spec.robot
        self._none, self._damping = rest, np.full(spec.robot.size, spec.robot.safety.damping)
        self._command = MotorCommand(rest.copy(), rest, rest, rest, rest)
        self._complaint, self._told = "", ("", "")
        self._limp = Limp(spec.robot) if spec.estimator is not None else None  # of legs, which bear a weight

    @property
    def over(self) -> bool:
        """Whether the driver is done or gone, and the motors are at rest."""
        return self._phases.phase is Phase.REST and (bool(self._order["closing"]) or not self._attended())

    def be_told(self, priority: str) -> None:
        """Report how the process is scheduled."""
        self._report["priority"][0] = priority.encode()

    def summary(self) -> str:
        """How it has run, in one line."""
        report, (middle, most) = self._reports.record[0], self._memory.percentiles("periods", (50.0, 99.9))
        return (
            f"motor loop ({report['priority'].decode()}): periods of {1e3 * middle:.2f} ms, 99.9 % within "
            f"{1e3 * most:.2f} ms, the longest {1e3 * float(report['longest']):.2f} ms; {report['rejected']} datagrams "
            f"rejected, {report['disordered']} states out of order or twice, {report['expired']} targets expired"
        )

    def step(self, now: float) -> None:
        """One cycle.

        Args:
            now: Steady clock [s].
        """
        failure = self._take_states(now)
        self._orders.read()
        failure = self._arm() or failure
        before = self._phases.phase
        blind, fault = self._intake.blind(now), failure or self._intake.fault()
        phase = self._phases.decide(self._order, now, self._attended(), blind, fault)
        self._send(phase, before, now)
        self._tell(phase, now)

    def _arm(self) -> str:
        """Tell the bus of a new arming; returns why that failed."""
        if int(self._order["arming"]) <= self._phases.arming:
            return ""
        try:
            self._bus.arm()
        except Exception as error:  # as in `_take_states`
            return one_line(error)
        return ""

    def _take_states(self, now: float) -> str:
        """Returns why that failed, whatever it was: a robot must not be left with its last command."""
        failure = ""
        try:
            for _ in range(_MOST):
                state = self._bus.receive()
                if state is None:
                    break
                if self._intake.take(state):  # the same once more, as after a silence, is no second look at the motors
                    failure = failure or self._look(state)
            self._intake.settle(now)
        except Exception as error:
            return f"a state of the robot cannot be taken: {type(error).__name__}: {one_line(error)}"
        return failure

    def _look(self, state: MotorState) -> str:
        return self._limp.take(state, self._command) if self._limp is not None else ""

    def _send(self, phase: Phase, before: Phase, now: float) -> None:
        command, position = self._command, self._position
        command.stiffness = command.damping = self._none
        if phase is Phase.FOLLOW:
            self._follow(before, now)
            command.position = self._set_point.within_reach(now, position)
            command.stiffness, command.damping = self._robot.stiffness, self._robot.damping
        else:
            command.position = position
            command.damping = self._damping if phase is Phase.DAMP else self._none
        try:
            self._bus.send(command)
        except Exception as error:  # as above
            self._complaint = f"cannot send to the robot: {one_line(error)}"

    def _follow(self, before: Phase, now: float) -> None:
        """Aim at the newest target, from where the joints are or where they were sent so far."""
        if before is not Phase.FOLLOW:
            self._set_point.begin(self._position)
        elif self._order["number"] == self._number:
            return
        self._number = int(self._order["number"])
        self._set_point.aim(self._order["target"].copy(), now)
        self._memory.count("ages", now - float(self._order["written"]))

    def _tell(self, phase: Phase, now: float) -> None:
        report, phases = self._report, self._phases
        if self._last:
            passed = now - self._last
            self._memory.count("periods", passed)
            report["late"][0] += passed > self._long
            report["longest"][0] = max(float(report["longest"][0]), passed)
        self._last = now
        report["alive"][0], report["phase"][0], report["arming"][0] = now, phase, phases.arming
        report["setpoint"][0] = self._command.position
        report["rejected"][0], report["expired"][0] = self._bus.rejected, phases.expired
        texts = phases.fault, self._bus.complaint or self._complaint
        if texts != self._told:
            report["fault"][0], report["complaint"][0] = (text.encode() for text in texts)
            self._told = texts
        self._reports.write()
