# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""What a task is asked for at each tick: drawn by the task in simulation, given by whoever asks."""

from __future__ import annotations

import numpy as np

from ros_rl.robot import Robot
from ros_rl.sensors.inputs import INPUTS, check_input
from ros_rl.tasks import Task
from ros_rl.types import Measurement

_ANYTHING = (np.array(-np.inf), np.array(np.inf))
_ROUNDING = 1e-6  # of numbers that were float32 on their way


class AskedInputs:
    """The inputs of one robot's task.

    Args:
        task: Draws them.
        robot: The robot.
        period: Control period [s].
        draws: The task draws its inputs, as in a simulator, and what was given holds until the next episode. Otherwise
            inputs are neutral until something is given, and again when that is too old; see
            `ros_rl.sensors.inputs.TaskInput`.
    """

    def __init__(self, task: Task, robot: Robot, period: float, draws: bool) -> None:
        self._task, self._robot, self._period, self._draws = task, robot, period, draws
        self._drawn: dict[str, np.ndarray] = {}
        self._given: dict[str, np.ndarray] = {}
        self._given_at: dict[str, int] = {}
        limits = {name: pair for name, pair in task.input_bounds().items() if not INPUTS[name].turns}
        self._bounds = {name: (np.asarray(low), np.asarray(high)) for name, (low, high) in limits.items()}
        self._told = set[str]()

    def begin(self, rng: np.random.Generator) -> None:
        """Draw those of a new episode."""
        self._drawn = self._task.draw_inputs(rng)
        if self._draws:
            self._given.clear()

    def change(self, step: int, rng: np.random.Generator) -> None:
        """Let the task change them at a later tick of the episode."""
        self._drawn = self._task.change_inputs(self._drawn, step, self._period, rng)

    def give(self, name: str, value: np.ndarray, index: int) -> str:
        """Ask for something from the next tick on; what is beyond the task's `input_bounds` is clamped to them.

        A rotation is not: it is none any more once its numbers are cut off.

        Args:
            name: Of one of the task's inputs, but not of what it remembers by itself.
            value: In its shape and unit; see `ros_rl.sensors.inputs`.
            index: Of the open tick.

        Returns:
            What there is to say of what was clamped, the first time that this input is; else nothing.

        Raises:
            CommandError: The task has no such input, or the value has the wrong shape or is not finite.
        """
        check_input(name, value, self._task.asked, self._robot)
        low, high = self._bounds.get(name, _ANYTHING)
        clamped = np.clip(value, low, high)
        self._given[name], self._given_at[name] = clamped, index
        if name in self._told or np.allclose(clamped, value, rtol=0.0, atol=_ROUNDING):
            return ""
        self._told.add(name)
        asked, least, most, got = (np.array2string(part, precision=3) for part in (value, low, high, clamped))
        return (
            f"{name} {asked} {INPUTS[name].unit} is beyond what task '{self._task.name}' asks for, {least} to {most}: "
            f"the robot gets {got}, and from now on without a word"
        )

    def remember(self, measurement: Measurement, command: np.ndarray) -> None:
        """Let the task remember what is measured at a tick; see `ros_rl.tasks.task.Task.remember`."""
        if self._task.memory:
            self._drawn = {**self._drawn, **self._task.remember(self._drawn, measurement, command, self._robot)}

    def at(self, index: int) -> dict[str, np.ndarray]:
        """Those of the tick of that index, copied."""
        asked = dict(self._drawn)
        if self._draws:
            asked |= self._given
        else:
            asked |= {name: value for name in self._task.asked if (value := self._on_robot(name, index)) is not None}
        return {name: value.copy() for name, value in asked.items()}

    def _on_robot(self, name: str, index: int) -> np.ndarray | None:
        """What was given and holds, else the neutral value; None where the task draws it."""
        if name in self._given and index - self._given_at[name] <= INPUTS[name].holds / self._period:
            return self._given[name]
        neutral = INPUTS[name].neutral
        return None if neutral is None else np.array(neutral)
