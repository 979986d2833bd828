# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Settings of the driver."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from ros_rl.commands.tool_path import tool_path
from ros_rl.config import setting, variant, variant_name
from ros_rl.errors import ConfigError
from ros_rl.robot import Robot
from ros_rl.settings.backends import BackendSettings
from ros_rl.settings.registry import BACKEND_SETTINGS, DEFAULT_BACKEND
from ros_rl.types import Array

_LEAST_UNSUPERVISED = 1.0  # s; ten heartbeats
_POINT = 3  # numbers
RESETS = ALWAYS, NEVER, SWEEP = ("always", "never", "sweep")
"""What may follow an episode."""


def check_driver(name: str, backend: BackendSettings, robot: Robot, moves: bool = True) -> None:
    """Refuse a robot that a driver is not for.

    Args:
        name: Of the driver.
        backend: Its settings.
        robot: What it is to move.
        moves: Whether it does; then what only its user knows has to be given.

    Raises:
        ConfigError: The robot's file names other drivers in ``hardware``, as those of a robot with the same joints but
            other motors do; or it has what the driver cannot be; or see `BackendSettings.check_given`.
    """
    if backend.starts_driver and not backend.simulated and robot.hardware and name not in robot.hardware:
        raise ConfigError(
            f"driver '{name}' is not for robot '{robot.name}', whose file has hardware for "
            f"{', '.join(robot.hardware)}; if it does move this robot, add '{name}: {{}}' there"
        )
    if moves:
        backend.check_given()
    backend.check_robot(backend.own_part(robot))


def check_cameras(name: str, backend: BackendSettings, robot: str, asked: Mapping[str, str]) -> None:
    """Refuse a simulator that draws no pictures where a camera is to look.

    Args:
        name: Of the driver.
        backend: Its settings.
        robot: Its name.
        asked: See `CameraSettings.asked`.

    Raises:
        ConfigError: Naming the camera, and who asks for it.
    """
    if asked and backend.simulated and not backend.has_cameras:
        camera, who = next(iter(asked.items()))
        raise ConfigError(
            f"driver '{name}' draws no camera '{camera}' of robot '{robot}', which {who}: leave that out, or use a "
            "driver that draws"
        )


@dataclass(frozen=True)
class DriverSettings:
    """The driver and what it moves."""

    backend: BackendSettings = variant(
        BACKEND_SETTINGS, DEFAULT_BACKEND, "what moves the robot; external: a driver started elsewhere"
    )
    mode: str = setting(
        "lock_step", "wait for every answer (simulator only), or tick by the clock", choices=("lock_step", "real_time")
    )
    auto_recover: bool | None = setting(
        None, "simulator only: a tripped guard clears itself and resets the episode; not set: it does in a simulator"
    )
    commanders: tuple[str, ...] = setting(
        ("controller",),
        "nodes whose joint_command counts, such as a teleoperator beside the controller; of another namespace with /",
    )
    nodes: tuple[str, ...] | None = setting(
        None,
        "nodes whose ticks and sensors count; not set: driver or, where it is external, the first that is heard",
    )
    silence_limit: float = setting(20.0, "lock-step: fault when a node is silent for this long", unit="s", low=0.5)
    miss_limit: int = setting(2, "real time: consecutive deadline misses before the safe state", low=1)
    miss_share: float = setting(
        0.2, "real time: share of the last 100 deadlines that may be missed before the safe state", low=0.0, high=1.0
    )
    unjudged_limit: float = setting(
        1.0,
        "real time: safe state when the collector judges no tick for a control period and this long; 0: never",
        unit="s",
        low=0.0,
    )
    unsupervised_limit: float = setting(
        5.0,
        "hardware: safe state when a supervisor that was heard is silent for this long, 1 s at least; 0: never",
        unit="s",
        low=0.0,
    )
    lost_time_limit: float = setting(
        0.5, "real time: safe state when the driver itself was held up for this long", unit="s", low=0.02
    )
    auto_arm: bool | None = setting(
        None, "simulator only: armed and run without being asked, at every start; not set: it is in a simulator"
    )
    dead_man: str = setting(
        "none",
        "a switch that a person holds while the robot acts: none, a std_msgs/Bool on dead_man, or a button of joy",
        choices=("none", "topic", "joy"),
    )
    dead_man_button: int = setting(4, "its index among the buttons of joy; 4: the left shoulder", low=0, high=31)
    dead_man_limit: float = setting(
        0.5, "after this long without a message the switch counts as released", unit="s", low=0.05, high=5.0
    )
    objects_limit: float = setting(
        0.5,
        "hardware, tasks with objects: how old what a tracker says on tracked_objects may be, by its stamp and since "
        "it came; then the robot stops",
        unit="s",
        low=0.02,
        high=10.0,
    )
    camera_limit: float = setting(
        0.5,
        "tasks with cameras: how old a picture may be, by its stamp and since it came; then the robot stops",
        unit="s",
        low=0.02,
        high=10.0,
    )
    camera_topics: tuple[str, ...] = setting(
        (),
        "hardware: where your camera nodes publish, such as image_wrist=/camera/color/image_raw; of those that are not "
        "named, watched/<camera>/image_raw and watched/<camera>/depth/image_raw",
    )
    command_holds: float = setting(
        2.0, "after this long the robot does its safe action by itself", unit="control periods", low=1.0, high=10.0
    )
    resets: str = setting(
        ALWAYS,
        "what follows an episode: always a reset (simulator) or the way home; or never, and the robot goes on from "
        "where it is, upright or not; or sweep: an arm goes along driver.sweep and home, in a simulator too",
        choices=RESETS,
    )
    sweep: tuple[float, ...] = setting(
        (),
        "driver.resets sweep: tool points in the base frame, x, y, z of each, along which the closed gripper goes "
        "between episodes, as fast as it returns home",
        unit="m",
    )
    arena: float = setting(
        0.0,
        "tasks with a velocity_command: half the side of the square around where the run began, at whose edge a "
        "command turns the robot round; 0: none",
        unit="m",
        low=0.0,
    )
    homing_speed: float = setting(
        0.05,
        "share of the velocity limits at which a robot goes to its home pose when it was not acting, as at first",
        low=0.01,
        high=1.0,
    )
    return_speed: float = setting(
        0.1,
        "the same at an episode's end, from its motion: legs that walk and then go slower than this are no support",
        low=0.01,
        high=1.0,
    )

    def __post_init__(self) -> None:
        """Check what no range says."""
        if 0.0 < self.unsupervised_limit < _LEAST_UNSUPERVISED:
            raise ConfigError(
                f"driver.unsupervised_limit is {self.unsupervised_limit:g} s, allowed: 0, or {_LEAST_UNSUPERVISED:g} s "
                "and more, as a supervisor's heartbeat comes at 10 Hz at best"
            )
        if self.auto_recover and not self.backend.simulated:
            raise ConfigError(
                f"driver.auto_recover is True, but driver.backend '{self.backend_name}' is no simulator: "
                "there a person clears a fault; use False"
            )
        if self.auto_arm and not self.backend.simulated:
            raise ConfigError(
                f"driver.auto_arm is True, but driver.backend '{self.backend_name}' is no simulator: "
                "there a person arms it; use False"
            )
        if self.mode == "lock_step" and self.backend.starts_driver and not self.backend.simulated:
            raise ConfigError(
                f"driver.mode is 'lock_step', but driver.backend '{self.backend_name}' is no simulator: "
                "its world waits for nobody; use real_time"
            )

        if len(self.sweep) % _POINT:
            raise ConfigError(f"driver.sweep has {len(self.sweep)} numbers, expected x, y and z of each point")
        if self.resets == SWEEP and not self.sweep:
            raise ConfigError("driver.resets is 'sweep', but driver.sweep names no points to go along")

    def swept(self, robot: Robot, period: float) -> Array | None:
        """Places of the joints along `sweep`, shape (places, joints); None for one that does not sweep.

        Args:
            robot: That goes along it.
            period: Control period [s].

        Raises:
            ConfigError: See `tool_path`.
        """
        if self.resets != SWEEP:
            return None
        return tool_path(robot, period, np.reshape(self.sweep, (-1, _POINT)).tolist(), "driver.sweep")

    @property
    def backend_name(self) -> str:
        """The name that the backend is chosen by."""
        return variant_name(BACKEND_SETTINGS, self.backend)

    @property
    def recovers(self) -> bool:
        """Whether a tripped guard clears itself and resets the episode."""
        return self.backend.simulated if self.auto_recover is None else self.auto_recover

    @property
    def arms_itself(self) -> bool:
        """Whether the robot is armed and run without being asked."""
        return self.backend.simulated if self.auto_arm is None else self.auto_arm

    @property
    def supervised(self) -> bool:
        """Whether the robot stops when its supervisor is silent: not where a simulation waits for whoever is slow."""
        return bool(self.unsupervised_limit) and self.mode == "real_time" and not self.backend.simulated

    @property
    def speakers(self) -> tuple[str, ...] | None:
        """Nodes whose ticks and sensors count; None: the first that is heard."""
        ours = self.backend.guarded or (self.nodes is None and self.backend.starts_driver)
        return ("driver",) if ours else self.nodes
