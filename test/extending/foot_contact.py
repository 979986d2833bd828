# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""A sensor of one's own: the force under each foot, for robots whose `simulation` section names their feet."""

import numpy as np

from ros_rl.backends.pybullet.sensors import PyBulletInstant
from ros_rl.features import Feature
from ros_rl.robot import Robot
from ros_rl.sensors.sensor import Sensor, Topic


def feet(robot: Robot) -> int:
    return len(robot.simulation.feet) if robot.simulation else 0


SENSOR = Sensor(unit="N", shape=lambda robot: (feet(robot),), topic=Topic("foot_contact"))


def measure(now: PyBulletInstant) -> np.ndarray:
    """In PyBullet: the sum of each foot's normal forces."""
    points = [point for world in now.world for point in now.client.getContactPoints(now.body.index, world)]
    return np.array([sum(point[9] for point in points if point[3] == foot) for foot in now.body.feet])


FIELD = Feature(
    unit="N",
    scale=0.02,
    size=feet,
    compute=lambda tick, robot: tick.measurement["foot_contact"],
    sensors=("foot_contact",),
    mirror=(1, 1, 1, 1),
    mirror_order=(1, 0, 3, 2),  # feet are named right, left, right, left
)
