# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Observation fields of a robot's tool, and of what its links touch."""

from __future__ import annotations

import numpy as np

from ros_rl.features.feature import MIRRORED_COLUMNS, Feature, measured, values
from ros_rl.robot import Robot
from ros_rl.rotations import rotation_columns
from ros_rl.sensors.sensor import IN_BASE
from ros_rl.types import Array, Tick


def _contact(tick: Tick, robot: Robot) -> Array:
    return (tick.measurement["contact_force"] >= robot.contact_threshold).astype(np.float64)


def _links(robot: Robot) -> int:
    return len(robot.contact_links)


TOOL: dict[str, Feature] = {
    "tool_position": Feature(
        "m",
        2.0,
        values(3),
        measured("tool_position"),
        ("tool_position",),
        mirror=(1, -1, 1),
        meaning="tool centre point",
        frame=IN_BASE,
    ),
    "tool_orientation": Feature(
        "1",
        1.0,
        values(6),
        lambda tick, robot: rotation_columns(tick.measurement["tool_orientation"]),
        ("tool_orientation",),
        mirror=MIRRORED_COLUMNS,
        meaning="x and y axis of the tool: the first two columns of its rotation matrix",
        frame=IN_BASE,
    ),
    "tool_velocity": Feature(
        "m/s",
        1.0,
        values(3),
        measured("tool_velocity"),
        ("tool_velocity",),
        mirror=(1, -1, 1),
        meaning="of the tool centre point, relative to the base",
        frame=IN_BASE,
    ),
    "contact_force": Feature(
        "N",
        0.02,
        _links,
        measured("contact_force"),
        ("contact_force",),
        of_links=True,
        meaning="normal force on each of the robot's contact_links",
    ),
    "contact": Feature(
        "1",
        1.0,
        _links,
        _contact,
        ("contact_force",),
        bounds=lambda robot: (np.zeros(_links(robot)), np.ones(_links(robot))),
        of_links=True,
        meaning="1 for each of the robot's contact_links that touches something by its contact_threshold, else 0",
    ),
}
"""By name."""
