# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""The driver of a run, as its settings say."""

from __future__ import annotations

import math

from ros_rl.backends.backend import Backend
from ros_rl.robot import Robot
from ros_rl.runtime.arena import arena_of
from ros_rl.runtime.driver_loop import DriverLoop
from ros_rl.runtime.latch import Latch
from ros_rl.runtime.sweep import Sweep
from ros_rl.settings.driver import NEVER
from ros_rl.settings.tree import Settings
from ros_rl.types import Start

_PICTURES = 5  # in a row that a simulated camera may lose, which takes one a control period and not 30 a second


def make_driver_loop(
    settings: Settings,
    robot: Robot,
    backend: Backend,
    seed: int = 0,
    auto_recover: bool = False,
    latch: Latch | None = None,
    draws_inputs: bool | None = None,
) -> DriverLoop:
    """The driver of a run; arguments as those of `DriverLoop`."""
    control, driver = settings.control, settings.driver
    return DriverLoop(
        robot,
        settings.task,
        backend,
        control.rate_hz,
        control.delay,
        seed,
        auto_recover=auto_recover,
        latch=latch,
        stays=driver.resets == NEVER or (settings.task.start is not Start.HOME and not driver.backend.simulated),
        sweep=sweep_of(settings, robot),
        arena=arena_of(settings),
        draws_inputs=draws_inputs,
        command_holds=driver.command_holds,
        homing_speed=driver.homing_speed,
        return_speed=driver.return_speed,
        camera_limit=max(driver.camera_limit, (driver.backend.latest_picture + _PICTURES) * control.period),
        lost_time=math.inf if driver.backend.simulated else driver.lost_time_limit,
    )


def sweep_of(settings: Settings, robot: Robot) -> Sweep | None:
    """What an arm does between episodes; None if it does not sweep."""
    control, driver = settings.control, settings.driver
    places = driver.swept(robot, control.period)
    return None if places is None else Sweep(robot, control.period, places, driver.return_speed)
