# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""The expert of tasks that move things from one bin into the other."""

from __future__ import annotations

import numpy as np

from ros_rl.errors import ConfigError
from ros_rl.experts.differential import Differential, action_of, decided_position
from ros_rl.experts.expert import Expert, Wish
from ros_rl.features.gripper import gripper_of, gripper_width
from ros_rl.robot import VELOCITY, Robot
from ros_rl.sensors.inputs import GRASP
from ros_rl.tasks import Task
from ros_rl.tasks.arm.bins import TWO_BINS
from ros_rl.tasks.arm.pick_place import PickPlace
from ros_rl.types import Array, Tick

_GAIN = 4.0  # 1/s
_FASTEST = 0.35  # m/s
_CARRY, _CLEAR = 0.15, 0.11  # m; heights at which the tool goes from place to place, and from which on it may
_DROP, _LOWEST = 0.055, 0.02  # m; heights at which it lets go, and to which it goes down at most
_NEAR = 0.012  # m; so far beside a place it is over it
_OPEN, _OPEN_ENOUGH = 0.085, 0.075  # m
_LAG = 0.006  # m; fingers that close are so far behind what they are told, if they are measured at every tick
_STEP = 0.001  # m; by more than this what they are told differs from before, while they close
_ROOM = 0.068, 0.03  # m; along y and x, that an open gripper needs from its middle to a bin's walls, `_NEAR` beside it
_SPOTS = np.array([(x, y) for y in (0.11, 0.20) for x in (0.35, 0.42, 0.49)])  # m; in the left bin
_APART = 0.08  # m; of a thing that is put down from those that lie there


class PickPlaceExpert(Expert):
    """Takes things from the fuller bin, the first of the task first, and puts them where there is room in the other.

    It goes by the things' measured positions and by the gripper's width, and keeps the tool's orientation that of the
    home pose. See `Expert` for arguments and errors.
    """

    def __init__(self, robot: Robot, task: Task, period: float) -> None:
        super().__init__(robot, task, period)
        if not isinstance(task, PickPlace):
            raise ConfigError(
                f"expert 'pick_place' moves things between bins, which task '{task.name}' does not ask for"
            )
        self._joint = robot.joints.index(gripper_of(robot).joint)
        others = [name for name in robot.joints if name != robot.joints[self._joint]]
        turned = [name for name in others if robot.interfaces[robot.joints.index(name)] != VELOCITY]
        if turned:
            raise ConfigError(
                f"expert 'pick_place' moves an arm by velocities, and joint {turned[0]} of robot '{robot.name}' takes "
                "others"
            )
        self._differential, self._thinnest = Differential(robot), task.thinnest

    def act(self, tick: Tick) -> Array:
        """See `Expert.act`."""
        position = decided_position(self.robot, tick, self.period)
        tool = self._differential.tool(position)
        wish = self.wish(tick, tool, _NEAR)
        velocity = _GAIN * (wish.place - tool)
        velocity = velocity / max(1.0, float(np.linalg.norm(velocity)) / _FASTEST)
        joints = self._differential.held_velocity(position, velocity)
        most = min(self.robot.limits.velocity[self._joint], self.robot.limits.step[self._joint] / self.period)
        way = gripper_of(self.robot).position_at(wish.width or 0.0) - position[self._joint]
        joints[self._joint] = np.clip(way / self.period, -most, most)
        return action_of(self.robot, position, joints, self.period)

    def milestone(self, tick: Tick) -> float:
        """From which bin something was grasped and is held; see `Expert.milestone`."""
        return float(tick.inputs[GRASP][0])

    def wish(self, tick: Tick, tool: Array, near: float) -> Wish:
        """See `Expert.wish`."""
        things = tick.measurement["object_position"].reshape(-1, 3)
        from_side = float(tick.inputs[GRASP][0])
        if from_side:
            return self._carry(things, from_side, tool, near)
        return self._fetch(things, *self._grip(tick), tool, near)

    def _carry(self, things: Array, from_side: float, tool: Array, near: float) -> Wish:
        """Bring what is held into the other bin."""
        held = np.linalg.norm(things - tool, axis=1).argmin()
        lying = np.delete(things, held, axis=0)[:, :2]
        spots = _SPOTS * [1.0, -from_side]
        room = np.array([np.linalg.norm(lying - spot, axis=1).min(initial=1.0) for spot in spots])
        spot = spots[np.argmax(room > _APART) if (room > _APART).any() else room.argmax()]
        over = bool(np.linalg.norm(spot - tool[:2]) < near)
        if not over:
            return Wish(_above(spot, tool), 0.0)
        return Wish(np.append(spot, _DROP - 0.01), _OPEN if tool[2] < _DROP else 0.0)

    def _grip(self, tick: Tick) -> tuple[float, bool]:
        """How far apart the fingers are [m], and whether they are being closed."""
        width, before, told = (
            gripper_width(position, self.robot)
            for position in (tick.measurement["joint_position"], tick.previous_command, tick.newest_command)
        )
        return width, bool(told < width - _LAG or told < before - _STEP)

    def _fetch(self, things: Array, width: float, closing: bool, tool: Array, near: float) -> Wish:
        """Take a thing; of what was just put down let go first."""
        sides = TWO_BINS.side(things)
        fuller = 1.0 if (sides == 1.0).sum() >= (sides == -1.0).sum() else -1.0
        there = sides == fuller
        thing = things[there.argmax() if there.any() else 0]
        place = _reachable(thing[:2])
        if np.linalg.norm(place - tool[:2]) > near:
            return Wish(_above(place, tool), _OPEN)
        low = max(float(thing[2]), _LOWEST)
        if tool[2] > low + near:
            return Wish(np.append(place, low if width > _OPEN_ENOUGH else _CARRY), _OPEN)
        if width < self._thinnest:
            return Wish(np.append(place, _CARRY), _OPEN)  # there was nothing between the fingers
        return Wish(np.append(place, low), 0.0 if closing or width > _OPEN_ENOUGH else _OPEN)


def _above(place: Array, tool: Array) -> Array:
    """On the way to above a place: straight up first, where walls or things may stand in the way."""
    return np.append(place if tool[2] > _CLEAR else tool[:2], _CARRY)


def _reachable(place: Array) -> Array:
    """The place next to it [m] at which an open gripper does not touch the walls of the bin."""
    across = np.clip(abs(place[1]), TWO_BINS.inner + _ROOM[0], TWO_BINS.outer - _ROOM[0])
    along = np.clip(place[0], TWO_BINS.near + _ROOM[1], TWO_BINS.far - _ROOM[1])
    return np.array([along, np.copysign(across, place[1])])
