# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""MCAP logs of the mock robot as the collector writes them; needs ROS."""

from pathlib import Path

import numpy as np
from learners import small_settings
from rclpy.serialization import serialize_message
from tick_parts import tick_parts

from ros_rl.backends import make_backend
from ros_rl.runs.mcap_log import McapLog
from ros_rl.runtime.making import make_driver_loop
from ros_rl.types import Command, Tick

SETTINGS = small_settings("mock_point")
ROBOT = SETTINGS.load_robot()


def mock_ticks(count: int, seed: int = 0) -> list[Tick]:
    rng = np.random.default_rng(seed)
    driver = make_driver_loop(SETTINGS, ROBOT, make_backend(SETTINGS, seed), seed, auto_recover=True)
    ticks = [driver.start()]
    while len(ticks) < count:
        driver.accept(Command(ticks[-1].stamp, ROBOT.command(rng.uniform(-1, 1, 2))))
        ticks.append(driver.advance())
    return ticks


def write(folder: Path, ticks: list[Tick], space: str = "/mock") -> Path:
    log = McapLog(folder)
    for tick in ticks:
        for topic, message in tick_parts(tick, ROBOT).items():
            log.write(f"{space}/{topic}", "a/msg/B", serialize_message(message), tick.stamp)
        log.write(f"{space}/verdict", "a/msg/B", b"of no use here", tick.stamp)
    log.close()
    return folder
