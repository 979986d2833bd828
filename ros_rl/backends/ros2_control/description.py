# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""The limits in a robot description, as its own nodes publish it: a URDF as text, whose meshes need not be here."""

from __future__ import annotations

import xml.etree.ElementTree as ET

import numpy as np

from ros_rl.backends.own_limits import OwnLimits
from ros_rl.errors import BackendError
from ros_rl.robot.hardware import JointMap

TOPIC = "robot_description"
"""Where it is published."""


def limits_of(description: str, joints: JointMap) -> OwnLimits:
    """What it says of joints' limits; infinite where it has no such joint, or that has none.

    Args:
        description: A URDF.
        joints: Of the robot, by their names there.

    Raises:
        BackendError: It is no URDF, or a limit is no number.
    """
    try:
        found = {str(item.get("name")): item for item in ET.fromstring(description).findall("joint")}
        table = np.array([_limits(found.get(name)) for name in joints.names]).T
    except (ET.ParseError, ValueError) as error:
        raise BackendError(f"{TOPIC} cannot be read: {error}") from None
    return OwnLimits.of(TOPIC, joints, *table)


def _limits(joint: ET.Element | None) -> tuple[float, float, float]:
    """Lower, upper and velocity."""
    limit = None if joint is None else joint.find("limit")
    if joint is None or limit is None:
        return -np.inf, np.inf, np.inf
    velocity = float(limit.get("velocity", "inf"))
    if joint.get("type") == "continuous":
        return -np.inf, np.inf, velocity
    return float(limit.get("lower", "0")), float(limit.get("upper", "0")), velocity
