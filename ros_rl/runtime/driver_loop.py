# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""What the driver does, without ROS: ticks, the delay line, the safety filter and guards, episodes.

The driver opens tick k, takes the command that answers it, and advances the world by one control period under u_k,
which was decided `delay` ticks earlier (contracts 2 and 3 of the design).
"""

from __future__ import annotations

from collections import deque

import numpy as np

from ros_rl.backends.backend import Backend
from ros_rl.robot import POSITION, VELOCITY, Robot
from ros_rl.rotations import yaw_of
from ros_rl.safety import CommandFilter, expected_position, tripped_guard
from ros_rl.sensors.inputs import INPUTS, check_input
from ros_rl.settings.tree import Settings
from ros_rl.tasks import Task
from ros_rl.types import Command, Measurement, SafetyState, Tick, Verdict

_NANOSECONDS = 1_000_000_000


class DriverLoop:
    """One robot's ticks.

    Args:
        robot: The robot.
        task: Draws what each episode asks for.
        backend: Moves the robot.
        rate_hz: Control rate [Hz].
        delay: Control periods between a decision and its action.
        seed: Seed of resets and inputs.
        auto_recover: A tripped guard clears itself and resets the episode (simulator only).
        simulated: The task draws its inputs, and what was given holds until the next episode. On a robot inputs are
            neutral until something is given, and again when that is too old; see `ros_rl.sensors.inputs.TaskInput`.
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
        simulated: bool = False,
    ) -> None:
        self._robot, self._task, self._backend = robot, task, backend
        self._period_ns = round(_NANOSECONDS / rate_hz)
        self._delay = delay
        self._auto_recover, self._simulated = auto_recover, simulated
        self._rng = np.random.default_rng([seed, 0xD21E])
        self._filter = CommandFilter(robot, 1.0 / rate_hz)
        self._index, self._episode, self._step = -1, -1, -1
        self._env_steps = 0
        self._stamp = 0
        self._previous = robot.neutral_command
        self._line: deque[np.ndarray] = deque()
        self._command: np.ndarray | None = None
        self._restart = False
        self._inputs: dict[str, np.ndarray] = {}
        self._given: dict[str, np.ndarray] = {}
        self._given_at: dict[str, int] = {}
        self.safety = SafetyState.RUNNING
        self.fault = ""
        """Why the safety state is FAULT; empty otherwise."""
        self.limited = 0
        """Commands that the filter changed."""
        self.missed = 0
        """Ticks that no valid command answered in time."""
        self.faults = 0
        """Guards that tripped."""

    def start(self, stamp: int | None = None) -> Tick:
        """Reset the robot and open the first tick of a new episode.

        Args:
            stamp: Its stamp [ns]; None: one period after the last.
        """
        return self._new_episode(stamp)

    @property
    def tick(self) -> Tick:
        """The open tick."""
        return self._tick

    @property
    def answered(self) -> bool:
        """Whether the open tick has its command."""
        return self._command is not None

    def accept(self, command: Command) -> bool:
        """Take the command that answers the open tick; a repeated or late one is ignored.

        Returns:
            True if the command was taken.

        Raises:
            CommandError: It is non-finite or has the wrong size. The robot keeps its last command.
        """
        if command.stamp != self._stamp or self._command is not None:
            return False
        filtered = self._filter(command.value, self._expected_position())
        self.limited += bool(filtered.limited)
        self._command = filtered.value
        return True

    def give(self, name: str, value: np.ndarray) -> None:
        """Ask the task for something, from the next tick on: until the next episode, on a robot as long as it holds.

        Args:
            name: Of one of the task's inputs.
            value: In its shape and unit; see `ros_rl.sensors.inputs`.

        Raises:
            CommandError: The task has no such input, or the value has the wrong shape or is not finite.
        """
        check_input(name, value, self._task.inputs)
        self._given[name], self._given_at[name] = np.array(value), self._index

    def advance(self, verdict: Verdict = Verdict.CONTINUE, stamp: int | None = None) -> Tick:
        """Close the open tick: end the episode if the verdict says so, else move for one period, and open the next.

        Without a command the last decided one is repeated and the next tick says that the chain broke.

        Args:
            verdict: On the open tick.
            stamp: Of the next tick [ns]; None: one period after the last.
        """
        if self.safety is SafetyState.RUNNING and (self._restart or verdict is not Verdict.CONTINUE):
            return self._new_episode(stamp)
        self._stamp = self._next(stamp)
        self._index += 1
        if self.safety is not SafetyState.RUNNING:
            return self._open(self._backend.safe_step(), intact=False)
        intact = self._command is not None
        self.missed += not intact
        decided = self._command if self._command is not None else self._repeat()
        self._line.append(decided)
        acting = self._line.popleft()
        measurement = self._backend.step(self._previous, acting)
        self._env_steps += 1
        self._previous = acting
        reason = tripped_guard(self._robot, measurement, acting)
        if reason is not None:
            self.trip(reason)
            if self._auto_recover:
                self.clear()
                return self._new_episode()
            intact = False
        return self._open(measurement, intact)

    def trip(self, reason: str) -> None:
        """Latch a fault, unless the emergency stop holds; the robot does its safe action from the next period on."""
        self.faults += 1
        if self.safety is SafetyState.EMERGENCY_STOP:
            return
        self.fault, self.safety = reason, SafetyState.FAULT

    def emergency_stop(self) -> None:
        """Latch the emergency stop, in any state."""
        self.fault, self.safety = "emergency stop was called", SafetyState.EMERGENCY_STOP

    def clear(self) -> None:
        """Unlatch a fault or an emergency stop; what follows is a new episode."""
        self._restart = self._restart or self.safety is not SafetyState.RUNNING
        self.fault, self.safety = "", SafetyState.RUNNING

    def _expected_position(self) -> np.ndarray | None:
        """Where the joints will be when the open tick's command begins to act; only velocity commands need it."""
        if VELOCITY not in self._robot.interfaces:
            return None
        measured = self._tick.measurement["joint_position"]
        pending = self._tick.pending_commands
        return expected_position(self._robot, self._period_ns / _NANOSECONDS, measured, self._previous, pending)

    def _repeat(self) -> np.ndarray:
        """The command of a period without one: the last position, standstill or no effort; through the filter, too."""
        last = self._line[-1] if self._line else self._previous
        wanted = np.where(self._robot.commanded_by(POSITION), last, 0.0)
        return self._filter(wanted, self._expected_position()).value

    def _next(self, stamp: int | None) -> int:
        """The next tick's stamp [ns]: as asked for, but always later than the last."""
        return self._stamp + self._period_ns if stamp is None else max(stamp, self._stamp + 1)

    def _asked(self) -> dict[str, np.ndarray]:
        """The inputs of the tick that opens."""
        if self._simulated:
            return self._inputs | self._given
        asked = dict(self._inputs)
        for name in self._task.inputs:
            periods = INPUTS[name].holds * _NANOSECONDS / self._period_ns
            neutral = INPUTS[name].neutral
            if name in self._given and self._index - self._given_at[name] <= periods:
                asked[name] = self._given[name]
            elif neutral is not None:
                asked[name] = np.array(neutral)
        return asked

    def _new_episode(self, stamp: int | None = None) -> Tick:
        self._restart = False
        measurement = self._backend.reset(self._rng)
        self._episode += 1
        self._index += 1
        self._stamp = self._next(stamp)
        self._step = -1
        self._previous = self._robot.neutral_command
        self._line = deque(self._robot.neutral_command for _ in range(self._delay))
        self._filter.reset()
        self._inputs = self._task.draw_inputs(self._rng)
        if self._simulated:
            self._given.clear()
        self._origin = _origin(measurement)
        return self._open(measurement, intact=True)

    def _open(self, measurement: Measurement, intact: bool) -> Tick:
        self._step += 1
        self._command = None
        if self._step:
            self._inputs = self._task.change_inputs(self._inputs, self._step, self._rng)
        inputs = {name: value.copy() for name, value in self._asked().items()}
        self._backend.show_inputs(inputs)
        self._tick = Tick(
            stamp=self._stamp,
            index=self._index,
            episode=self._episode,
            step=self._step,
            safety=self.safety,
            intact=intact,
            origin=self._origin.copy(),
            previous_command=self._previous.copy(),
            pending_commands=np.array(self._line).reshape(self._delay, self._robot.size),
            measurement=measurement,
            inputs=inputs,
            env_steps=self._env_steps,
        )
        return self._tick


def make_driver_loop(
    settings: Settings, robot: Robot, backend: Backend, seed: int = 0, auto_recover: bool = False
) -> DriverLoop:
    """The driver of a run; arguments as those of `DriverLoop`."""
    control, simulated = settings.control, settings.driver.backend.simulated
    rate, delay = control.rate_hz, control.delay
    return DriverLoop(robot, settings.task, backend, rate, delay, seed, auto_recover=auto_recover, simulated=simulated)


def _origin(measurement: Measurement) -> np.ndarray:
    if "base_position" not in measurement or "base_orientation" not in measurement:
        return np.zeros(3)
    return np.array([*measurement["base_position"][:2], yaw_of(measurement["base_orientation"])])
