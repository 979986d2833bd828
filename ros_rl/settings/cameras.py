# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Which of a robot's cameras look in a run, as settings, and how a simulator's pictures come."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar

from ros_rl.config import setting
from ros_rl.errors import ConfigError
from ros_rl.robot import Robot
from ros_rl.robot.camera import LARGEST, SMALLEST


@dataclass(frozen=True)
class CameraSettings:
    """The cameras of a run. The robot's file says where they are and what else they are."""

    names: tuple[str, ...] | None = setting(
        None, "those of the robot that look, besides those that the task observes; not set: no others"
    )
    width: int | None = setting(
        None, "of all pictures; not set: as the robot's file says", unit="px", low=SMALLEST, high=LARGEST
    )
    height: int | None = setting(None, "of all pictures; see width", unit="px", low=SMALLEST, high=LARGEST)
    depth: bool | None = setting(None, "whether they measure depth, too; not set: as the robot's file says")

    def asked(self, observed: Sequence[str], who: str) -> dict[str, str]:
        """Names of the cameras that look, and who wants each, for messages: a subject and its verb.

        Args:
            observed: Cameras whose pictures the agent sees.
            who: Wants these.
        """
        named = {name: "cameras.names asks for" for name in self.names or () if name not in observed}
        return dict.fromkeys(observed, who) | named

    def fitted(self, robot: Robot, asked: Mapping[str, str]) -> Robot:
        """The robot with the cameras that look.

        Args:
            robot: As its file describes it.
            asked: See `asked`.

        Raises:
            ConfigError: The robot has no such camera.
        """
        for name, who in asked.items():
            if name not in robot.optional_cameras:
                has = ", ".join(robot.optional_cameras) or "none"
                raise ConfigError(f"robot '{robot.name}' has no camera '{name}', which {who}; it has: {has}")
        given = {"width": self.width, "height": self.height, "depth": self.depth}
        changes: dict[str, Any] = {key: value for key, value in given.items() if value is not None}
        return replace(robot, cameras={name: replace(robot.optional_cameras[name], **changes) for name in asked})


@dataclass(frozen=True)
class LampSettings:
    """The light in which a physics engine draws; what is not set is the engine's own. Nothing casts a shadow."""

    direction: tuple[float, float, float] | None = setting(None, "the way to it, in the world; of any length but 0")
    ambient: float | None = setting(None, "share of its colour in which all is seen", low=0.0, high=2.0)
    diffuse: float | None = setting(
        None, "share that is added where a surface faces the light, less where it is turned from it", low=0.0, high=2.0
    )

    def __post_init__(self) -> None:
        """Refuse a light that is nowhere."""
        if self.direction is not None and not any(self.direction):
            raise ConfigError("driver.backend.lamp.direction is [0, 0, 0], which is no direction")


@dataclass(frozen=True)
class FrameSettings:
    """How a simulator's pictures come. At an episode's begin each camera's first comes at once."""

    former: ClassVar[Mapping[str, str]] = {
        "moved": "a knocked camera is driver.backend.frames.shift (m) and turn (rad) now; leave it out if it is [0, 0]"
    }

    late: tuple[int, int] = setting(
        (0, 0), "control periods by which a picture comes after what it shows, drawn for each", low=0, high=20
    )
    dropped: float = setting(0.0, "share of pictures that never come: the one before them stays", low=0.0, high=0.95)
    light: tuple[float, float] = setting(
        (1.0, 1.0), "brightness of colours, as lamps and the sun change it, drawn for each episode", low=0.0, high=4.0
    )
    tint: tuple[float, float, float] = setting(
        (1.0, 1.0, 1.0), "share of red, green and blue in pictures", low=0.0, high=4.0
    )
    background: tuple[float, float, float] = setting(
        (1.0, 1.0, 1.0), "share of red, green and blue in what stands still: floor, walls, tables", low=0.0, high=4.0
    )
    shift: tuple[float, float, float] = setting(
        (0.0, 0.0, 0.0),
        "how far to the right, down and ahead, as it sees it, a camera is from where the robot's file has it, as one "
        "that was knocked",
        unit="m",
        low=-2.0,
        high=2.0,
    )
    turn: tuple[float, float, float] = setting(
        (0.0, 0.0, 0.0),
        "how it is turned from there: a rotation vector about the same three axes",
        unit="rad",
        low=-3.2,
        high=3.2,
    )

    def __post_init__(self) -> None:
        """Refuse ranges that are upside down."""
        for name in ("late", "light"):
            low, high = getattr(self, name)
            if low > high:
                raise ConfigError(
                    f"driver.backend.frames.{name} is [{low:g}, {high:g}]: its first, the lowest, is above its second"
                )
