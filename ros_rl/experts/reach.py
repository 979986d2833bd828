# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Brings an arm's tool straight to its goal."""

from __future__ import annotations

import numpy as np

from ros_rl.errors import ConfigError
from ros_rl.experts.differential import Differential, action_of, decided_position
from ros_rl.experts.expert import Expert, Wish
from ros_rl.robot import EFFORT, Robot
from ros_rl.tasks import Task
from ros_rl.types import Array, Tick

_GOAL = "goal_position"
_GAIN = 2.5  # 1/s
_FASTEST = 0.5  # m/s


class ReachExpert(Expert):
    """Brings the tool straight to its goal; of any arm whose task asks for a ``goal_position``.

    It gives the tool a velocity towards the goal, by damped least squares; see `Expert` for arguments and errors.
    """

    def __init__(self, robot: Robot, task: Task, period: float) -> None:
        super().__init__(robot, task, period)
        if _GOAL not in task.inputs:
            raise ConfigError(f"expert 'reach' goes to a {_GOAL}, which task '{task.name}' does not ask for")
        if EFFORT in robot.interfaces:
            raise ConfigError(f"expert 'reach' moves joints by position or velocity, robot '{robot.name}' by effort")
        self._differential = Differential(robot)

    def act(self, tick: Tick) -> Array:
        """See `Expert.act`."""
        position = decided_position(self.robot, tick, self.period)
        way = tick.inputs[_GOAL] - self._differential.tool(position)
        velocity = _GAIN * way
        velocity = velocity / max(1.0, float(np.linalg.norm(velocity)) / _FASTEST)
        return action_of(self.robot, position, self._differential.joint_velocity(position, velocity), self.period)

    def wish(self, tick: Tick, tool: Array, near: float) -> Wish:
        """See `Expert.wish`."""
        return Wish(tick.inputs[_GOAL])
