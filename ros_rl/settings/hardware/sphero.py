# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Settings of the driver of Sphero's rolling robots."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from ros_rl.config import setting
from ros_rl.errors import ConfigError, TimingError
from ros_rl.robot import Robot
from ros_rl.settings.backends import BackendSettings
from ros_rl.settings.hardware.checks import endpoint
from ros_rl.settings.nodes import ControlSettings
from ros_rl.settings.simulators.rolling import check_two_wheels

_FASTEST = 10.0  # Hz; each command waits for its response and then 60 ms, so that 17 Hz is all the client does
_CORNERS = 8


@dataclass(frozen=True)
class SpheroSettings(BackendSettings):
    """A Sphero Ollie or its like: two raw motors over Bluetooth, its place from a camera above."""

    requires: ClassVar[tuple[str, ...]] = ("spherov2",)

    toy: str = setting("", "its Bluetooth name, such as 2B-1A2B; empty: the first that is found")
    bridge: str = setting(
        "", "HOST:PORT of the client's TCP adapter, which has the Bluetooth; empty: this machine's own"
    )
    connect_time: float = setting(20.0, "how long it may take to be found", unit="s", low=1.0, high=120.0)
    reply_time: float = setting(0.5, "how long it may take to answer a command", unit="s", low=0.1, high=5.0)
    wheel_speed: float = setting(60.0, "of a wheel at full power, as measured on the floor", unit="rad/s", low=1.0)
    wheel: float = setting(0.03, "radius of its wheels", unit="m", low=0.005, high=0.5)
    track: float = setting(0.08, "distance between its wheels", unit="m", low=0.01, high=1.0)
    delay: float = setting(
        0.3, "from a command to motion in the camera's picture, by which the heading is made out", unit="s", low=0.0
    )
    camera: str = setting("0", "number of a camera of this machine (OpenCV), or tcp://HOST:PORT of raw pictures")
    arena: tuple[float, ...] = setting((1.6, 1.2), "width and depth of what the corners bound", unit="m", low=0.1)
    corners: tuple[float, ...] | None = setting(
        None,
        "x and y in the picture of the arena's corners: left far, right far, right near, left near; not set: all of it",
        unit="pixels",
    )
    colour: tuple[float, ...] = setting((40.0, 90.0, 240.0), "of the ball: red, green, blue", low=0.0, high=255.0)
    tolerance: float = setting(
        0.12, "distance of shares of red, green and blue that is the same colour", low=0.01, high=0.5
    )
    smallest: int = setting(12, "of the ball in the picture", unit="pixels", low=1)
    fastest: float = setting(1.0, "farther than it rolls at this speed is not the ball", unit="m/s", low=0.1)
    height: float = setting(0.04, "of its middle above the floor", unit="m", low=0.0)
    lost_time: float = setting(0.3, "how long the ball may not be seen", unit="s", low=0.05, high=5.0)

    def __post_init__(self) -> None:
        """Check what has a number of values, and where the toy and the camera are."""
        if self.bridge:
            endpoint("driver.backend.bridge", self.bridge)
        self.camera_at()
        for name, value, size in (
            ("arena", self.arena, 2),
            ("corners", self.corners, _CORNERS),
            ("colour", self.colour, 3),
        ):
            if value is not None and len(value) != size:
                raise ConfigError(f"driver.backend.{name} has {len(value)} values, expected {size}")

    def camera_at(self) -> int | tuple[str, int]:
        """Number of a camera of this machine, or host and port of one that sends raw pictures.

        Raises:
            ConfigError: It is neither.
        """
        if self.camera.isdecimal():
            return int(self.camera)
        key, scheme = "driver.backend.camera", "tcp://"
        if not self.camera.startswith(scheme):
            raise ConfigError(f"{key} is '{self.camera}', expected a camera's number, or {scheme}HOST:PORT")
        return endpoint(key, self.camera.removeprefix(scheme))

    def check_timing(self, control: ControlSettings) -> None:
        """See `BackendSettings.check_timing`: at most what its client holds."""
        if control.rate_hz > _FASTEST:
            raise TimingError(
                f"control.rate_hz is {control.rate_hz:g}, but a Sphero takes a command every 60 ms and answers it: "
                f"use at most {_FASTEST:g}, better 2"
            )

    def check_robot(self, robot: Robot) -> None:
        """See `BackendSettings.check_robot`: two wheels that turn without end."""
        check_two_wheels("sphero", robot)
        if robot.limits.velocity.max() > self.wheel_speed:
            raise ConfigError(
                f"robot '{robot.name}' has velocity {robot.limits.velocity.max():g} rad/s; at full power a wheel does "
                f"driver.backend.wheel_speed {self.wheel_speed:g}"
            )
