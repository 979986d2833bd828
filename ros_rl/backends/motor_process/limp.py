# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Motors that exert nothing, again and again, although they are told to: without power, or under another's commands."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ros_rl.backends.motor_process.bus import MotorCommand, MotorState
from ros_rl.robot import Robot

_LOADED, _NOTHING = 0.1, 0.01  # of the largest effort: what a motor is told to exert, and what is none
_MOTORS = 4  # so many have to be loaded, as those are that bear the weight, and all that are exert nothing
_FIRST = 25  # states, as many as come within the silence that is allowed: they may tell of damped motors yet
_STATES, _SHARE = 25.0, 0.35  # states over which their share is taken, and from which they are limp


class Limp:
    """Looks at each state of motors that follow positions.

    Args:
        robot: Whose motors.
    """

    def __init__(self, robot: Robot) -> None:
        self._load, self._none = _LOADED * robot.limits.effort, _NOTHING * robot.limits.effort
        self._share, self._followed = 0.0, 0

    def take(self, state: MotorState, command: MotorCommand) -> str:
        """Why the motors may not follow any more; empty if nothing is wrong.

        Args:
            state: The newest.
            command: What the motors were sent last.
        """
        if not command.stiffness.any():
            self._share, self._followed = 0.0, 0
            return ""
        self._followed += 1
        if self._followed <= _FIRST:
            return ""
        idle = np.abs(state.effort) < self._none
        if np.count_nonzero(idle) < _MOTORS:
            limp = False
        else:
            limp = self._are_idle(idle, state, command)
        self._share += (limp - self._share) / _STATES
        if self._share < _SHARE:
            return ""
        return "the motors exert nothing in many states, though told to: does another program command them?"

    def _are_idle(self, idle: NDArray[np.bool_], state: MotorState, command: MotorCommand) -> bool:
        """Whether enough motors are loaded, and all of these idle."""
        wanted = command.stiffness * (command.position - state.position)
        wanted += command.damping * (command.velocity - state.velocity) + command.effort
        loaded = np.abs(wanted) >= self._load
        return bool(np.count_nonzero(loaded) >= _MOTORS and idle[loaded].all())
