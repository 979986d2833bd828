# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Measurements made up for tests."""

import numpy as np

from ros_rl.robot import Robot
from ros_rl.sensors.table import SENSORS
from ros_rl.types import Measurement


def at_rest(robot: Robot, **changes: np.ndarray) -> Measurement:
    """At rest in the home pose, as all sensors of the robot would say; other values by the sensors' names."""
    level = np.array([0.0, 0.0, 0.0, 1.0])
    values = {name: np.zeros(SENSORS[name].shape(robot)) for name in robot.sensors}
    values |= {"joint_position": robot.home.copy(), "imu_orientation": level, "base_orientation": level}
    return Measurement({name: values[name] for name in robot.sensors} | changes)
