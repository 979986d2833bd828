# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""What an agent's actions are: the command maps, as settings."""

from __future__ import annotations

import contextlib
import dataclasses
import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, ClassVar

import numpy as np

from ros_rl.commands import CommandMap, JointCommands
from ros_rl.commands.arm import FIXED, ORIENTATIONS, UPRIGHT
from ros_rl.commands.cartesian import Cartesian, CartesianCommands
from ros_rl.commands.choice import ALWAYS, HOLDING, LIFTS, TOGGLE, VERTICALS, Choice, ChoiceCommands
from ros_rl.commands.planar import HEADING, PlanarCommands
from ros_rl.config import completed, setting
from ros_rl.errors import ConfigError
from ros_rl.robot import POSITION, Robot
from ros_rl.sensors.inputs import GRASP

_ANYWHERE = (-math.inf, -math.inf, -math.inf), (math.inf, math.inf, math.inf)


@dataclass(frozen=True)
class CommandSettings:
    """Settings of a command map, which make it."""

    discrete: ClassVar[bool] = False
    """Whether actions are choices."""
    fields: ClassVar[tuple[str, ...]] = ()
    """Observation fields whose sensors it reads, too."""

    @property
    def memory(self) -> tuple[str, ...]:
        """What it reads that the task has to remember (`ros_rl.tasks.task.Task.memory`)."""
        return ()

    def make(self, name: str, robot: Robot, period: float) -> CommandMap:
        """The map.

        Args:
            name: Of the map.
            robot: Whose joints it commands.
            period: Control period [s].

        Raises:
            ConfigError: The robot has not what it needs.
        """
        raise NotImplementedError

    def fitted(self, robot: Robot, period: float) -> Robot:
        """The robot as the map uses it, whose step limits may differ from those of its file.

        Args:
            robot: As the task has it.
            period: Control period [s].
        """
        return robot

    def described(self, name: str) -> dict[str, Any]:
        """Name and settings as plain data: two maps of one description are the same."""
        return described({"name": name, **dataclasses.asdict(self)})


@dataclass(frozen=True)
class JointSettings(CommandSettings):
    """The robot's own actions: joint targets, scaled."""

    def make(self, name: str, robot: Robot, period: float) -> CommandMap:
        """See `CommandSettings.make`."""
        return JointCommands(robot)


@dataclass(frozen=True)
class ToolSettings(CommandSettings):
    """What maps that move an arm's tool have in common."""

    orientation: str = setting(
        UPRIGHT,
        "of the tool: as it comes (free), what is vertical in the home pose stays so (upright), or its heading, "
        "too (fixed);",
        choices=ORIENTATIONS,
    )
    lower: tuple[float, float, float] = setting(
        _ANYWHERE[0], "smallest x, y and z of the tool in the base frame", unit="m", infinite=True
    )
    upper: tuple[float, float, float] = setting(_ANYWHERE[1], "largest", unit="m", infinite=True)

    def __post_init__(self) -> None:
        """Check what spans two settings."""
        for axis, low, high in zip("xyz", self.lower, self.upper, strict=True):
            if low > high:
                raise ConfigError(
                    f"control.commands.lower is above upper along {axis}, {low:g} and {high:g} m: the box is inverted"
                )


@dataclass(frozen=True)
class CartesianSettings(ToolSettings):
    """Velocities of an arm's tool, and the robot's own actions of what does not move it."""

    speed: float = setting(0.25, "of the tool along each axis at action 1", unit="m/s", low=0.01, high=2.0)
    turn_speed: float = setting(
        0.0, "of the tool about the vertical at action 1; 0: no such action", unit="rad/s", low=0.0, high=6.0
    )
    acceleration: float = setting(2.0, "largest change of the tool's velocity", unit="m/s^2", low=0.1, high=50.0)
    joint_speed: float = setting(
        2.0, "joint velocities (their norm) for action 1 from which on it is damped", unit="rad/s", low=0.1, high=20.0
    )

    def __post_init__(self) -> None:
        """Check what spans two settings."""
        super().__post_init__()
        if self.turn_speed and self.orientation == FIXED:
            raise ConfigError(
                f"control.commands.turn_speed {self.turn_speed:g} turns the tool, which orientation '{FIXED}' forbids: "
                f"use '{UPRIGHT}'"
            )

    def make(self, name: str, robot: Robot, period: float) -> CommandMap:
        """See `CommandSettings.make`."""
        return CartesianCommands(robot, period, Cartesian(**dataclasses.asdict(self)), self.described(name))


@dataclass(frozen=True)
class ChoiceSettings(ToolSettings):
    """Steps of an arm's tool and its gripper's other end, one choice a control period: 2 Hz as published."""

    discrete: ClassVar[bool] = True

    step: float = setting(0.04, "of the tool along an axis", unit="m", low=0.001, high=0.3)
    vertical: str = setting(
        TOGGLE, "one choice that goes between two heights, or a step up and a step down;", choices=VERTICALS
    )
    stay: bool = setting(False, "one choice more, which is to stay; of the published ones all move something")
    heights: tuple[float, float] = setting((0.1, 0.25), "toggle: lower and upper height of the tool", unit="m")
    lift: str = setting(
        ALWAYS,
        "when the tool may go up: at any time, or while the gripper holds something, as published (holding), which "
        "makes it far likelier to grasp something by chance;",
        choices=LIFTS,
    )
    empty_opens: bool = setting(
        False, "a gripper that closed around nothing opens with the next choice, so that each closing is a try"
    )
    avoid_lower: tuple[float, float, float] = setting(
        _ANYWHERE[1], "smallest x, y and z of a box that no step leads into, such as a wall", unit="m", infinite=True
    )
    avoid_upper: tuple[float, float, float] = setting(_ANYWHERE[0], "largest", unit="m", infinite=True)

    def __post_init__(self) -> None:
        """Check what spans two settings."""
        super().__post_init__()
        if self.heights[0] >= self.heights[1]:
            raise ConfigError(f"control.commands.heights are {self.heights}, expected the lower one first")
        lower, upper = self.avoid_lower, self.avoid_upper
        if (lower, upper) != _ANYWHERE[::-1] and any(low >= high for low, high in zip(lower, upper, strict=True)):
            raise ConfigError(f"control.commands.avoid_lower {lower} is not below avoid_upper {upper}: both make a box")

    @property
    def memory(self) -> tuple[str, ...]:
        """See `CommandSettings.memory`."""
        return (GRASP,) if self.lift == HOLDING or self.empty_opens else ()

    def fitted(self, robot: Robot, period: float) -> Robot:
        """See `CommandSettings.fitted`: in a long period commands may change as far as their limits go."""
        limits = robot.limits
        far = period * np.where(robot.commanded_by(POSITION), limits.velocity, limits.acceleration)
        return replace(robot, limits=replace(limits, step=np.maximum(limits.step, far)))

    def make(self, name: str, robot: Robot, period: float) -> CommandMap:
        """See `CommandSettings.make`."""
        return ChoiceCommands(robot, period, Choice(**dataclasses.asdict(self)), self.described(name))


@dataclass(frozen=True)
class PlanarSettings(CommandSettings):
    """Velocities of a base on two wheels in the odometry frame, by the heading that its driver makes out."""

    fields: ClassVar[tuple[str, ...]] = (HEADING,)

    speed: float = setting(0.3, "at action 1", unit="m/s", low=0.01, high=3.0)
    wheel: float = setting(0.03, "radius of its wheels", unit="m", low=0.005, high=0.5)
    track: float = setting(0.08, "distance between them", unit="m", low=0.01, high=1.0)

    def make(self, name: str, robot: Robot, period: float) -> CommandMap:
        """See `CommandSettings.make`."""
        return PlanarCommands(robot, period, self.speed, self.wheel, self.track, self.described(name))


def _plain(value: Any) -> Any:
    """As JSON knows it: an infinite number is none there."""
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    return str(value) if isinstance(value, float) and not math.isfinite(value) else value


COMMAND_SETTINGS: dict[str, type[CommandSettings]] = {
    "joints": JointSettings,
    "cartesian": CartesianSettings,
    "choice": ChoiceSettings,
    "planar": PlanarSettings,
}
"""By the names of the maps."""


def fitting(robot: Robot, period: float, discrete: bool) -> list[str]:
    """Names of the maps that a robot can have, as they come.

    Args:
        robot: As its task uses it.
        period: Control period [s].
        discrete: Whether their actions are to be choices.
    """
    names = []
    for name, kind in COMMAND_SETTINGS.items():
        with contextlib.suppress(ConfigError):
            if kind.discrete == discrete:
                kind().make(name, kind().fitted(robot, period), period)
                names.append(name)
    return names


def described(commands: Mapping[str, Any]) -> dict[str, Any]:
    """The description of a map, whole where an earlier version made it (`ros_rl.config.completed`).

    Args:
        commands: Its name and settings as plain data; nothing for a robot's own actions.
    """
    kind = COMMAND_SETTINGS.get(commands.get("name", ""))
    whole = dict(commands) if kind is None else completed(kind, commands)
    return {key: _plain(value) for key, value in whole.items()}


def differing(one: Mapping[str, Any], other: Mapping[str, Any]) -> dict[str, tuple[Any, Any]]:
    """Both values of each setting in which two maps differ, the map's name first; "nothing" of one that has none.

    Args:
        one: A description (`described`); nothing for a robot's own actions.
        other: Another.
    """
    maps = [{"name": "joints"} | dict(found) for found in (one, other)]
    pairs = {key: (maps[0].get(key, "nothing"), maps[1].get(key, "nothing")) for key in {**maps[0], **maps[1]}}
    return {key: pair for key, pair in pairs.items() if pair[0] != pair[1]}
