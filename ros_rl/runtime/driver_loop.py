# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""What the driver does, without ROS: ticks, the delay line, the safety filter and guards, episodes.

The driver opens tick k, takes the command that answers it, and closes it one control period later. What acts in
between is u_k, which was decided `delay` ticks earlier; it is written when the period opens, and the robot is read when
the period ends (contracts 2 and 3 of the design). Whether anything acts at all, the `Latch` says.
"""

from __future__ import annotations

import math
import time
from collections import deque
from collections.abc import Callable

import numpy as np

from ros_rl.backends.backend import Backend, Reading, Simulator
from ros_rl.robot import POSITION, VELOCITY, Robot
from ros_rl.rotations import yaw_of
from ros_rl.runtime.arena import Arena, arena_of
from ros_rl.runtime.asked_inputs import AskedInputs
from ros_rl.runtime.homing import Homing
from ros_rl.runtime.latch import Event, Latch
from ros_rl.runtime.robot_link import RobotLink
from ros_rl.safety import CommandFilter, Guards, expected_position
from ros_rl.settings.driver import NEVER
from ros_rl.settings.tree import Settings
from ros_rl.tasks import Task
from ros_rl.types import Array, Command, Measurement, SafetyState, Start, Tick, Verdict

_NANOSECONDS = 1_000_000_000
COMMAND_HOLDS = 2.0
"""Control periods after which a target expires in the backend, unless it is set otherwise."""
HOMING_SPEED, RETURN_SPEED = 0.05, 0.1
"""Shares of the velocity limits at which a robot goes home, at first and at an episode's end, unless set otherwise."""


class DriverLoop:
    """One robot's ticks. `emergency_stop` and the latch may be used from any thread, all else from one.

    Args:
        robot: The robot.
        task: Draws what each episode asks for.
        backend: Moves the robot; a `Simulator` is reset where a robot goes home by itself.
        rate_hz: Control rate [Hz].
        delay: Control periods between a decision and its action.
        seed: Seed of resets and inputs.
        auto_recover: A tripped guard clears itself and resets the episode (simulator only).
        latch: Says what may act; None for one that keeps nothing, and lets only a simulator begin by itself.
        command_holds: Control periods after which a target expires in the backend.
        homing_speed: Share of the velocity limits at which a robot that was not acting goes home.
        return_speed: The same of one that was, at an episode's end.
        lost_time: How long a call of the backend's may take [s].
        stays: Nothing is reset and nothing goes home: what begins, an episode too, begins where the robot is.
        arena: Turns it round by command at the edge of its place; None where there is no edge.
        draws_inputs: Whether the task draws what it is asked for, or else a person asks, as on a robot; None: in a
            simulator.
        clock: The steady clock [s].
    """

    def __init__(
        self,
        robot: Robot,
        task: Task,
        backend: Backend,
        rate_hz: float,
        delay: int,
        seed: int = 0,
        *,
        auto_recover: bool = False,
        latch: Latch | None = None,
        command_holds: float = COMMAND_HOLDS,
        homing_speed: float = HOMING_SPEED,
        return_speed: float = RETURN_SPEED,
        lost_time: float = math.inf,
        stays: bool = False,
        arena: Arena | None = None,
        draws_inputs: bool | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._robot, self._backend = robot, backend
        self._simulator = backend if isinstance(backend, Simulator) else None
        self.latch = latch or Latch(self_arming=self._simulator is not None)
        self._period = 1.0 / rate_hz
        self._period_ns = round(_NANOSECONDS / rate_hz)
        self._link = RobotLink(backend, self.latch, command_holds * self._period, clock, lost_time)
        self._delay, self._auto_recover = delay, auto_recover
        self._stays, self._arena = stays, arena
        self._rng = np.random.default_rng([seed, 0xD21E])
        self._filter = CommandFilter(robot, self._period)
        self._guards = Guards(robot, self._period)
        self._homing = Homing(robot, self._period, homing_speed, return_speed)
        draws = self._simulator is not None if draws_inputs is None else draws_inputs
        self._inputs = AskedInputs(task, robot, self._period, draws)
        self._index, self._episode, self._step = -1, -1, -1
        self._env_steps = 0
        self._stamp, self._elapsed = 0, self._period
        self._previous = robot.neutral_command
        self._line: deque[np.ndarray] = deque([self._previous] * delay)
        self._command: np.ndarray | None = None
        self._by_person = False
        self._origin = np.zeros(3)
        self._goes_home = False
        self.attended = True
        """Whether somebody answers ticks; until then a robot that is ready stays so."""
        self.limited = 0
        """Commands that the filter changed."""
        self.missed = 0
        """Ticks that no valid command answered in time."""

    @property
    def safety(self) -> SafetyState:
        """Whether commands act."""
        return self.latch.state

    @property
    def fault(self) -> str:
        """Why a fault or the emergency stop is latched; empty otherwise."""
        return self.latch.reason

    @property
    def faults(self) -> int:
        """Faults that were latched, those that cleared themselves included."""
        return self._link.faults

    @property
    def tick(self) -> Tick:
        """The open tick."""
        return self._tick

    @property
    def answered(self) -> bool:
        """Whether the open tick has its command."""
        return self._command is not None

    def start(self, stamp: int | None = None) -> Tick:
        """Open a tick: in a simulator the first of a new episode, on a robot where it stands.

        Args:
            stamp: Its stamp [ns]; None: one period after the last.

        Raises:
            BackendError: Nothing can be measured.
        """
        self.latch.begin()
        self.latch.fire(Event.HOME)
        if self._goes_on():
            return self._go_on(stamp)
        if self._simulator is not None and (self.latch.armed or self._link.reading is None):
            return self._reset(self._simulator, stamp)
        if self._link.reading is None:
            self._inputs.begin(self._rng)
        return self._idle(stamp)

    def accept(self, command: Command) -> bool:
        """Take the command that answers the open tick; a repeated or late one is ignored.

        Where commands do not act, an answer is only a sign that somebody is there.

        Returns:
            True if it answers the open tick for the first time.

        Raises:
            CommandError: It is non-finite or has the wrong size. The robot keeps its last command.
        """
        if command.stamp != self._stamp or self._command is not None:
            return False
        if self._tick.safety is not SafetyState.RUNNING:
            return command.value.shape == (self._robot.size,) and bool(np.isfinite(command.value).all())
        filtered = self._filter(command.value, self._expected_position())
        self.limited += bool(filtered.limited)
        self._command, self._by_person = filtered.value, command.by_person
        if not self._delay:
            self._link.write(self._command)
        return True

    def give(self, name: str, value: np.ndarray) -> None:
        """Ask the task for something, from the next tick on: until the next episode, on a robot as long as it holds.

        Args:
            name: Of one of the task's inputs.
            value: In its shape and unit; see `ros_rl.sensors.inputs`.

        Raises:
            CommandError: The task has no such input, or the value has the wrong shape or is not finite.
        """
        self._inputs.give(name, value, self._index)

    def advance(self, verdict: Verdict = Verdict.CONTINUE, stamp: int | None = None, whole: bool = True) -> Tick:
        """Close the open tick and open the next, after one control period, of a new episode if the verdict says so.

        A simulator is reset for that, in no time; a robot goes home. One that stays is what it is: the period passes
        under the command that acts, and the next tick begins another episode.

        Without a command the last decided one is repeated and the next tick says that the chain broke.

        Args:
            verdict: On the open tick.
            stamp: Of the next tick [ns]; None: one period after the last.
            whole: Whether the period was as long as it should be.

        Raises:
            BackendError: Nothing can be measured, and nothing ever was.
        """
        latch, simulator = self.latch, self._simulator
        if latch.state is SafetyState.RUNNING and verdict is not Verdict.CONTINUE:
            latch.fire(Event.HOME)
        if self._goes_on():
            return self._go_on(stamp)
        if latch.state is SafetyState.HOMING and simulator is not None:
            return self._reset(simulator, stamp)
        if latch.state is SafetyState.RUNNING and self._tick.safety is SafetyState.RUNNING:
            return self._act(stamp, whole)
        if latch.state is SafetyState.READY and self._link.reading is not None and self._runs():
            self._count(stamp)
            return self._begin(self._link.reading, self._rest())
        return self._idle(stamp)

    def trip(self, reason: str) -> bool:
        """Latch a fault and do the robot's safe action; False if something is latched already."""
        return self._link.trip(reason)

    def emergency_stop(self) -> None:
        """Latch the emergency stop, in any state and from any thread; the robot does its safe action."""
        self.latch.emergency_stop()
        self.be_safe()

    def clear(self) -> str:
        """Unlatch a fault or an emergency stop, which is returned; what follows is a new episode."""
        return self.latch.clear()

    def be_safe(self) -> None:
        """Send the robot its safe action; may be called from any thread."""
        self._link.be_safe()

    def end(self) -> None:
        """Let nothing act any more: the safe action, then the motors off."""
        self.latch.disarm()
        self.be_safe()
        self._link.switch_off()

    def _runs(self) -> bool:
        return self.attended and self.latch.goes_on and self.latch.fire(Event.RUN)

    def _reset(self, simulator: Simulator, stamp: int | None) -> Tick:
        """A new episode of a simulation, or its first measurement where nothing may act."""
        self._link.switch_on()
        reading = self._link.ask("reset", simulator.reset, self._rng)
        if reading is None:
            return self._idle(stamp)
        self._link.reading, rest = reading, simulator.rest(reading.measurement)
        self._guards.reset()
        self.latch.fire(Event.HOMED)
        self._count(stamp)
        if self._runs():
            return self._begin(reading, rest)
        self._previous = rest
        self._filter.reset(rest)
        return self._open(reading, intact=False)

    def _goes_on(self) -> bool:
        """Whether what begins does so where the robot is: nothing homes one that stays and was measured."""
        return self._stays and self.latch.state is SafetyState.HOMING and self._link.reading is not None

    def _go_on(self, stamp: int | None) -> Tick:
        """Close a period under the command that holds the robot, or that keeps its joints where they are."""
        link, reading = self._link, self._link.reading
        if link.sent is None and reading is not None:
            link.switch_on()
            held = self._robot.holding(reading.measurement["joint_position"])
            self._filter.reset(held)
            link.write(held)
        reading = link.read()
        self._count(stamp)
        self._env_steps += self._tick.safety is SafetyState.RUNNING
        if link.sent is not None:
            self._guard(reading, _acted(reading, link.sent))
        return self._from_here(reading)

    def _from_here(self, reading: Reading) -> Tick:
        """A new episode where the robot is, unless nothing may run; a tick is counted already."""
        sent, robot = self._link.sent, self._robot
        if self.latch.fire(Event.HOMED):
            here = reading.measurement["joint_position"]
            rest = robot.holding(here) if sent is None else np.where(robot.commanded_by(POSITION), sent, 0.0)
            if self._runs():
                return self._begin(reading, rest)
            self._previous, self._line = rest, deque([rest] * self._delay)
        return self._open(reading, intact=False)

    def _begin(self, reading: Reading, rest: Array) -> Tick:
        """The first tick of an episode, from where the robot is and from the command that it rests under."""
        self._episode += 1
        self._step = -1
        self._goes_home = False
        self._previous = rest
        self._line = deque([rest] * self._delay)
        self._filter.reset(rest)
        self._inputs.begin(self._rng)
        self._origin = _origin(reading.measurement)
        return self._open(reading, intact=True)

    def _act(self, stamp: int | None, whole: bool) -> Tick:
        """Close a period in which commands acted."""
        answered = self._command is not None
        self.missed += not answered
        last = self._line[-1] if self._line else self._previous
        self._line.append(self._command if self._command is not None else self._held(last))
        acting = self._line.popleft()
        if not (self._delay or answered):
            self._link.write(acting)
        reading = self._link.read()
        self._count(stamp)
        self._env_steps += 1
        self._previous = _acted(reading, acting)
        self._guard(reading, self._previous)
        if self.latch.state is SafetyState.HOMING and self._simulator is not None:  # recovered by itself
            return self._from_here(reading) if self._stays else self._reset(self._simulator, None)
        running = self.latch.state is SafetyState.RUNNING
        return self._open(reading, answered and whole and running, by_person=answered and self._by_person)

    def _idle(self, stamp: int | None) -> Tick:
        """Close a period in which no command acted."""
        state = self.latch.state
        if self._delay > 1 and self._link.sent is not None and self._tick.safety is SafetyState.RUNNING:
            self._filter.reset(self._link.sent)  # what was decided and will not act is no place to go on from
        command = None
        if state is SafetyState.HOMING:
            command = self._way_home()
        elif state is SafetyState.READY:
            command = self._held(self._previous if self._link.sent is None else self._link.sent)
        self._goes_home = state is SafetyState.HOMING and command is not None
        if command is not None:
            self._previous, self._line = command, deque([command] * self._delay)
            self._link.write(command)
        elif state is SafetyState.DISARMED:
            self._link.switch_off()
        else:
            self.be_safe()
        reading = self._link.read()
        self._count(stamp)
        if command is None:
            self._guards.reset()  # nothing is asked of the robot, and nobody knows who moves it
        else:
            self._previous = _acted(reading, command)
            self._guard(reading, self._previous)
        return self._open(reading, intact=False)

    def _way_home(self) -> Array | None:
        """The next command towards home; None at the start, before anything was measured."""
        if self._link.reading is None:
            return None
        self._link.switch_on()
        measurement = self._link.reading.measurement
        if not self._goes_home:  # a robot at rest begins where it is, one that moves at what it was told last
            was_acting = self._tick.safety is SafetyState.RUNNING
            rest = self._homing.start(measurement, self._link.sent, was_acting)
            if self._link.sent is None:
                self._filter.reset(rest)
        command = self._filter(self._homing.command(measurement), measurement["joint_position"]).value
        problem = self._homing.too_long(measurement)
        if problem:
            self.trip(problem)
        elif self._homing.done:
            self.latch.fire(Event.HOMED)
        return command

    def _open(self, reading: Reading, intact: bool, by_person: bool = False) -> Tick:
        self._step += 1
        self._command = None
        if self._step:
            self._inputs.change(self._step, self._rng)
        self._inputs.remember(reading.measurement, self._previous)
        inputs = self._inputs.at(self._index)
        if self._arena is not None:
            inputs = self._arena.within(inputs, reading.measurement)
        self._link.ask("show inputs", self._backend.show_inputs, inputs)
        self._tick = Tick(
            stamp=self._stamp,
            index=self._index,
            episode=self._episode,
            step=self._step,
            safety=self.latch.state,
            intact=intact,
            origin=self._origin.copy(),
            previous_command=self._previous.copy(),
            pending_commands=np.array(self._line).reshape(self._delay, self._robot.size),
            measurement=reading.measurement,
            inputs=inputs,
            env_steps=self._env_steps,
            by_person=by_person,
        )
        if self._delay and self._tick.safety is SafetyState.RUNNING:
            self._link.write(self._line[0])
        return self._tick

    def _count(self, stamp: int | None) -> None:
        """One tick more, stamped [ns] as asked for, but always later than the last."""
        before = self._stamp
        self._index += 1
        self._stamp = before + self._period_ns if stamp is None else max(stamp, before + 1)
        self._elapsed = max(self._period, (self._stamp - before) / _NANOSECONDS)

    def _rest(self) -> Array:
        """The command that keeps the robot where the last one has brought it."""
        return np.where(self._robot.commanded_by(POSITION), self._previous, 0.0)

    def _held(self, last: Array) -> Array:
        """The command of a period without one: the last position, standstill or no effort; through the filter, too."""
        wanted = np.where(self._robot.commanded_by(POSITION), last, 0.0)
        return self._filter(wanted).value

    def _expected_position(self) -> Array | None:
        """Where the joints will be when the open tick's command begins to act; only velocity commands need it."""
        if VELOCITY not in self._robot.interfaces:
            return None
        measured = self._tick.measurement["joint_position"]
        pending = self._tick.pending_commands
        return expected_position(self._robot, self._period, measured, self._previous, pending)

    def _guard(self, reading: Reading, acting: Array) -> None:
        tripped = self._guards.check(
            reading.measurement, acting, age=reading.age, sequence=reading.sequence, elapsed=self._elapsed
        )
        reason = reading.health or tripped
        if not reason:
            return
        self.trip(reason)
        if self._auto_recover:
            self.latch.recover()


def make_driver_loop(
    settings: Settings,
    robot: Robot,
    backend: Backend,
    seed: int = 0,
    auto_recover: bool = False,
    latch: Latch | None = None,
    draws_inputs: bool | None = None,
) -> DriverLoop:
    """The driver of a run; arguments as those of `DriverLoop`."""
    control, driver = settings.control, settings.driver
    return DriverLoop(
        robot,
        settings.task,
        backend,
        control.rate_hz,
        control.delay,
        seed,
        auto_recover=auto_recover,
        latch=latch,
        stays=driver.resets == NEVER or (settings.task.start is not Start.HOME and not driver.backend.simulated),
        arena=arena_of(settings),
        draws_inputs=draws_inputs,
        command_holds=driver.command_holds,
        homing_speed=driver.homing_speed,
        return_speed=driver.return_speed,
        lost_time=math.inf if driver.backend.simulated else driver.lost_time_limit,
    )


def _acted(reading: Reading, sent: Array) -> Array:
    """What the joints were really told in the period that ended."""
    return sent if reading.applied is None else reading.applied


def _origin(measurement: Measurement) -> Array:
    if "base_position" not in measurement or "base_orientation" not in measurement:
        return np.zeros(3)
    return np.array([*measurement["base_position"][:2], yaw_of(measurement["base_orientation"])])
