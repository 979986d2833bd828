# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Sensors of a robot's last control periods, from which a heading that nobody measures can be told.

A driver keeps them beside what it measures, so that one tick still says all that an observation is made from.
"""

from __future__ import annotations

from ros_rl.sensors.sensor import IN_ODOMETRY, Sensor, Topic

PERIODS = 2
"""How many control periods a trail tells of, the newest first."""

TRAIL_SENSORS = {
    "base_trail": Sensor(
        "m",
        lambda robot: (2 * PERIODS,),
        Topic("base_trail"),
        meaning="how far the base went along x and y in each of its last control periods, the newest first",
        frame=IN_ODOMETRY,
    ),
    "joint_trail": Sensor(
        "rad or m",
        lambda robot: (robot.size * PERIODS,),
        Topic("joint_trail"),
        meaning="how far each commanded joint went in each of the last control periods, the newest first",
    ),
}
