# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""The expert of tasks that push a thing over the table to a goal."""

from __future__ import annotations

import numpy as np

from ros_rl.errors import ConfigError
from ros_rl.experts.differential import Differential, action_of, decided_position
from ros_rl.experts.expert import Expert
from ros_rl.robot import POSITION, VELOCITY, Robot
from ros_rl.tasks import Task
from ros_rl.tasks.arm.push import Push
from ros_rl.types import Array, Tick

_GAIN = 3.0  # 1/s
_FASTEST, _PUSHING = 0.25, 0.12  # m/s
_MIDDLE = 0.04  # m; height of the thing's middle, by which the lengths and speeds here are meant
_HEIGHT = 0.05  # m, of the tool
_TOUCH = 0.085  # m; from the thing's middle to the tool's that pushes it
_BESIDE = 0.02  # m; so far the tool may be beside the line on which it pushes
_ROUND = 0.125  # m; so far from the thing's middle the tool goes around it
_THERE = 0.01  # m


class PushExpert(Expert):
    """Goes behind the thing, seen from its goal, around it if need be, and pushes it there along a straight line.

    See `Expert` for arguments and errors.
    """

    def __init__(self, robot: Robot, task: Task, period: float) -> None:
        super().__init__(robot, task, period)
        if not isinstance(task, Push):
            raise ConfigError(f"expert 'push' pushes a thing to its goal, which task '{task.name}' does not ask for")
        if not {*robot.interfaces} <= {POSITION, VELOCITY}:
            raise ConfigError(f"expert 'push' sends positions or velocities, and robot '{robot.name}' takes others")
        self._differential, self._size = Differential(robot), task.place[1] / _MIDDLE
        # a tool that leans outwards holds a wrist low over the thing that it goes around
        holds = self._differential.holds
        self._move = self._differential.held_velocity if holds else self._differential.joint_velocity

    def act(self, tick: Tick) -> Array:
        """See `Expert.act`."""
        position = decided_position(self.robot, tick, self.period)
        tool, size = self._differential.tool(position), self._size
        thing, goal = tick.measurement["object_position"], tick.inputs["goal_position"]
        planar = size * _velocity(tool[:2] / size, thing[:2] / size, goal[:2] / size)
        velocity = np.append(planar, _GAIN * (size * _HEIGHT - tool[2]))
        return action_of(self.robot, position, self._move(position, velocity), self.period)


def _velocity(tool: Array, thing: Array, goal: Array) -> Array:
    """Of the tool over the table [m/s], shape (2,); all places [m]."""
    way = goal - thing
    left = float(np.linalg.norm(way))
    if left < _THERE:
        return np.zeros(2)
    ahead = way / left
    beside = np.array([-ahead[1], ahead[0]])
    seen = tool - thing
    along, across = float(seen @ ahead), float(seen @ beside)
    if along < -_TOUCH / 2 and abs(across) < _BESIDE:  # push, and stay on the line
        return _slow(_GAIN * ((left + max(-along - _TOUCH, 0.0)) * ahead - across * beside), _PUSHING)
    behind = thing - _ROUND * ahead
    if along < -_TOUCH or np.linalg.norm(seen) > 1.3 * _ROUND and along < 0.0:
        return _slow(_GAIN * (behind - tool), _FASTEST)
    side = 1.0 if across > 0.0 else -1.0  # around it, on the side where the tool is
    out = _ROUND - float(np.linalg.norm(seen))
    tangent = side * np.array([-seen[1], seen[0]]) / max(float(np.linalg.norm(seen)), 1e-6)
    return _slow(tangent * _FASTEST + _GAIN * out * seen / max(float(np.linalg.norm(seen)), 1e-6), _FASTEST)


def _slow(velocity: Array, most: float) -> Array:
    return velocity / max(1.0, float(np.linalg.norm(velocity)) / most)
