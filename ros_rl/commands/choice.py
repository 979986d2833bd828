# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Actions that are choices: steps of an arm's tool by a fixed way, and its gripper's other end."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from ros_rl.commands.arm import Arm
from ros_rl.commands.box import Corner, ToolBox, tool_box
from ros_rl.commands.command_map import CommandMap
from ros_rl.commands.heights import check_heights
from ros_rl.errors import ConfigError
from ros_rl.robot import POSITION, Robot
from ros_rl.sensors.inputs import GRASP
from ros_rl.types import Array, Tick

TOGGLE, STEPS = VERTICALS = ("toggle", "steps")
"""One choice that goes between two heights; or two, a step up and a step down."""
ALWAYS, HOLDING = LIFTS = ("always", "holding")
"""When the tool may go up: at any time, or while the gripper holds something, as the published ones could."""
HEIGHT, GRIP, STAY = "height", "grip", "stay"
"""Choices that are no step."""
_UP = (HEIGHT, "z_up")
_MIRRORED = {"y_up": "y_down", "y_down": "y_up"}
_SAME = 1e-9  # of the robot's largest command offsets: commands that differ by less are one
_AGAINST = 0.1  # of a step: what would end sooner stands against it already
_CLEAR = 0.5  # of the distance to the next best choice, within which a command has to be near the best


@dataclass(frozen=True)
class Choice:
    """What may be set of `ChoiceCommands`; `ros_rl.settings.commands` says what each is."""

    step: float
    vertical: str
    stay: bool
    heights: tuple[float, float]
    lift: str
    empty_opens: bool
    orientation: str
    lower: Corner
    upper: Corner
    avoid_lower: Corner
    avoid_upper: Corner


class ChoiceCommands(CommandMap):
    """Steps of the tool along x and y, up and down, and the gripper, if the robot has one, to its other end.

    One choice lasts one control period. Its joint velocity is the difference of two places by the period: of the one
    that the kinematics give for the end of the step, solved to a tenth of a micrometre, and of that at which the joints
    would come to rest (`Arm.places`). So the step ends at its place whatever moved before, one ramp after the period if
    another choice follows. Steps that would leave the box end at its side, those that would lead into what is avoided
    before that, or lead up, the way over it, where the tool stands against it already or was pushed into it; faster
    ones than the joints' limits permit fall short. Over what is avoided the gripper lets nothing go that the task
    remembers it holds, since it could not fetch it, and no choice leads down onto it: the tool then goes a step towards
    the next side of that beside which the box has room, if there is one. With ``lift: holding`` none lifts the tool
    unless the task remembers so.

    Back, a command is the choice whose command it is: exact up to choices that are the same at that tick, such as two
    steps against the sides of a corner, of which the first is told, or the one that leads up. One that is nearer to
    none, as the driver's filter may leave it or a person may give, is no choice, and the collector makes no transition
    of it. A gripper on its way, as that filter makes it, counts as at the end that is nearer.

    Observations show of a command the way that it moves the tool, in steps along x, y and z, and the gripper's action.
    Where both boxes are their own mirror images in the plane y = 0, the image of a step to a side is one to the other.

    Args:
        robot: An arm whose joints take velocities; a gripper takes positions and is one action.
        period: Control period [s].
        settings: See there.
        described: Name and settings for contracts.

    Raises:
        ConfigError: See `Arm` and `tool_box`; or something else than one gripper does not move the tool, or the gripper
            is not past its middle within a period, or a height is outside the box or out of reach (`check_heights`).
    """

    actions = ("choice",)

    def __init__(self, robot: Robot, period: float, settings: Choice, described: dict[str, Any]) -> None:
        self.robot, self._settings, self._described = robot, settings, described
        what = f"control.commands '{described['name']}'"
        self._arm = Arm(robot, period, what)
        self._avoided = ToolBox(np.array(settings.avoid_lower), np.array(settings.avoid_upper))
        self._box = tool_box(robot, self._arm.tool(robot.home).position, settings.lower, settings.upper)
        for height in settings.heights if self.toggles else ():
            if not self._box.lower[2] <= height <= self._box.upper[2]:
                raise ConfigError(
                    f"{what} has height {height:g} m, robot '{robot.name}' allows {self._box.lower[2]:.3g} to "
                    f"{self._box.upper[2]:.3g} m"
                )
        if self.toggles:
            asked = ToolBox(np.array(settings.lower), np.array(settings.upper))
            check_heights(self._arm, self._box, asked, settings.heights, settings.orientation)
        self._check_gripper(what, period)
        size = settings.step
        self.moves = {"x_up": (size, 0.0, 0.0), "x_down": (-size, 0.0, 0.0), "y_up": (0.0, size, 0.0)}
        """Ways [m] of the choices by their names, in the order of their numbers; those that are no step have none."""
        self.moves["y_down"] = (0.0, -size, 0.0)
        steps = {"z_up": (0.0, 0.0, size), "z_down": (0.0, 0.0, -size)}
        self.moves |= {HEIGHT: (0.0, 0.0, 0.0)} if self.toggles else steps
        self.moves |= {GRIP: (0.0, 0.0, 0.0)} if self._arm.others.size else {}
        self.moves |= {STAY: (0.0, 0.0, 0.0)} if settings.stay else {}
        self.choices = len(self.moves)
        self.shown = ("step_x", "step_y", "step_z", *(robot.actions[index] for index in self._arm.others))
        if self._box.symmetric and self._avoided.symmetric:
            names, others = list(self.moves), self._arm.others.size
            self.mirror = [*range(3 + others)], np.array([1.0, -1.0, 1.0, *[1.0] * others])
            self.mirrored_choices = tuple(names.index(_MIRRORED.get(name, name)) for name in names)

    def _check_gripper(self, what: str, period: float) -> None:
        robot, others = self.robot, self._arm.others
        driven = np.flatnonzero(~self._arm.moved)
        if others.size > 1 or any(robot.interfaces[joint] != POSITION for joint in driven):
            raise ConfigError(
                f"{what} knows one gripper that takes positions; besides the joints that move the tool, robot "
                f"'{robot.name}' has {', '.join(robot.joints[joint] for joint in driven)}"
            )
        ends = [self._arm.with_others(np.zeros(robot.size), np.full(others.size, end)) for end in (-1.0, 1.0)]
        limits = robot.limits
        for joint in driven:
            half = abs(ends[1][joint] - ends[0][joint]) / 2.0  # beyond which it is held to be on its way to the other
            fastest = min(limits.step[joint], limits.velocity[joint] * period)
            if half >= fastest:
                raise ConfigError(
                    f"{what} moves '{robot.joints[joint]}' of robot '{robot.name}' by more than {half:.3g} in a "
                    f"control period, whose step and velocity permit {fastest:.3g}: use a lower control.rate_hz"
                )

    def describe(self) -> dict[str, Any]:
        """See `CommandMap.describe`."""
        return self._described

    def command(self, tick: Tick, action: Array) -> Array:
        """See `CommandMap.command`.

        Raises:
            CommandError: There is no such choice.
        """
        (number,) = self.check_action(action)
        return self._command(tick, list(self.moves)[int(number)])

    def decided(self, tick: Tick, command: Array) -> Array | None:
        """See `CommandMap.decided`, and the class."""
        commands = np.array([self._command(tick, move) for move in self.moves]) / self.robot.scale
        told = self._arm.with_others(command, np.where(self._arm.of_others(command) > 0.0, 1.0, -1.0))
        away = np.linalg.norm(commands - told / self.robot.scale, axis=1)
        same = np.flatnonzero(away <= away.min() + _SAME)
        best = int(next((number for number in same if list(self.moves)[number] in _UP), same[0]))
        apart = np.linalg.norm(commands - commands[best], axis=1)
        others = away[apart > _SAME]
        if away[best] > _SAME and away[best] > _CLEAR * others.min(initial=np.inf):
            return None
        return np.array([float(best)])

    def seen(self, tick: Tick) -> Array:
        """See `CommandMap.seen`: by the places between which this tick expects the command to act."""
        commands = np.vstack([tick.previous_command, tick.pending_commands])
        tools = np.array([self._arm.tool(place).position for place in self._arm.places(tick)])
        return np.hstack([np.diff(tools, axis=0) / self._settings.step, self._arm.of_others(commands)])

    def bounds(self) -> tuple[Array, Array]:
        """See `CommandMap.bounds`: how far a command moves the tool depends on the pose."""
        low, high = self.robot.action_bounds()
        free, others = np.full(3, np.inf), self._arm.others
        return np.append(-free, low[others]), np.append(free, high[others])

    @property
    def step(self) -> float:
        """Of the tool along an axis [m]."""
        return self._settings.step

    @property
    def toggles(self) -> bool:
        """Whether one choice goes between two heights."""
        return self._settings.vertical == TOGGLE

    def tool(self, tick: Tick) -> Array:
        """Where the tool will be when what is decided at a tick begins to act [m], shape (3,)."""
        return self._arm.tool(self._arm.places(tick)[-1]).position

    def closed(self, tick: Tick) -> bool:
        """Whether the gripper was told last to close, or is on its way there."""
        return bool((self._arm.of_others(tick.newest_command) > 0.0).all())

    def target(self, start: Array, move: str) -> Array:
        """Where a choice brings the tool from a place [m], both of shape (3,)."""
        way = np.array(self.moves[move])
        wanted = start + way
        wanted[2] = self._height(wanted[2], other=move == HEIGHT)
        end = self._box.clip(wanted)
        if way[:2].any() and self._avoided.holds(start) and self._avoided.holds(end):
            return self._up_beside(start)  # pushed in, as by closing fingers
        if not self._avoided.meets(start, end):
            return end
        if not way[:2].any() or self._avoided.covers(start):
            return start
        short = self._avoided.before(start, end, int(np.abs(way).argmax()))
        return self._up_beside(start) if np.abs(short - start).max() < _AGAINST * self.step else short

    def _up_beside(self, start: Array) -> Array:
        """Where a step against the side of what is avoided goes [m], shape (3,): up, if that leads over it."""
        top = self._settings.heights[1] if self.toggles else self._box.upper[2]
        higher = top if self.toggles else min(start[2] + self.step, top)
        return np.array([*start[:2], higher]) if top >= self._avoided.upper[2] else start

    def is_high(self, height: float) -> bool:
        """Whether the upper one of the two heights is nearer [m]."""
        return height > 0.5 * sum(self._settings.heights)

    def _command(self, tick: Tick, move: str) -> Array:
        arm, place, before = self._arm, self._arm.places(tick)[-1], tick.newest_command
        start = arm.tool(place).position
        grip = np.where(arm.of_others(before) > 0.0, 1.0, -1.0)
        lets_go = move == GRIP and (grip > 0.0).all() and _holds(tick)
        beside = lets_go or self._falls_short(start, move)
        aside = self._avoided.way_off(start, self.step, self._box) if beside else None
        if aside is not None:
            target = aside
        else:
            target = self.target(start, move)
            target = start if self._lifts(start, target) and self._stays_low(tick) else target
        way = arm.place_of(target, place, self._settings.orientation) - place
        velocity = arm.limits(place).towards(np.zeros(self.robot.size), way / arm.period)
        if self._opens(tick):
            return arm.with_others(velocity, -np.ones_like(grip))
        return arm.with_others(velocity, -grip if move == GRIP and aside is None else grip)

    def _falls_short(self, start: Array, move: str) -> bool:
        """Whether a choice would go down onto what is avoided, and is not made."""
        down = move == "z_down" or (move == HEIGHT and self.is_high(start[2]))
        return down and self._avoided.covers(start) and np.allclose(self.target(start, move), start)

    def _opens(self, tick: Tick) -> bool:
        """Whether the gripper has closed around nothing, which shows once it has come to rest, and is to open again."""
        if not self._settings.empty_opens or _holds(tick):
            return False
        gripper, velocities = self.robot.gripper, tick.measurement.get("joint_velocity")
        if gripper is not None and velocities is not None:
            if not gripper.rests_at(float(velocities[self.robot.joints.index(gripper.joint)])):
                return False
        closed = (self._arm.of_others(command) > 0.0 for command in (tick.previous_command, tick.newest_command))
        return all(bool(ends.all()) for ends in closed)

    def _lifts(self, start: Array, target: Array) -> bool:
        """Whether a way leads from the lower height to the upper one, or up by most of a step [m], shape (3,) each."""
        if self.toggles:
            return self.is_high(target[2]) and not self.is_high(start[2])
        return bool(target[2] - start[2] > 0.5 * self.step)

    def _stays_low(self, tick: Tick) -> bool:
        """Whether nothing lifts the tool, as nothing is in it."""
        return self._settings.lift == HOLDING and not _holds(tick)

    def _height(self, height: float, other: bool) -> float:
        """Of the two heights the nearer one, or the other; where steps go up and down, the one that was reached."""
        if not self.toggles:
            return height
        low, high = self._settings.heights
        return high if self.is_high(height) != other else low


def _holds(tick: Tick) -> bool:
    """Whether the task remembers that the gripper holds something; no task that does not remember it says so."""
    return bool(np.any(tick.inputs.get(GRASP, 0.0)))
