# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""The part of a prediction's error that no model can avoid: noise of the sensor that it is compared with."""

from __future__ import annotations

from math import sqrt

from ros_rl.features import ObservationSpec
from ros_rl.settings.tree import Settings


def noise_floor(settings: Settings, spec: ObservationSpec) -> dict[str, float]:
    """RMS noise of each state field whose simulated sensor has some, in the field's unit.

    Gravity's direction and the heading get theirs from a small rotation about each axis: of three components of the
    one, two move; of the heading's sine and cosine, one does, to first order.
    """
    noise = settings.driver.backend.sensor_noise()
    if noise is None:
        return {}
    known = {
        "joint_position": noise.joint_position,
        "joint_velocity": noise.joint_velocity,
        "gravity": noise.orientation * sqrt(2 / 3),
        "angular_velocity": noise.angular_velocity,
        "base_velocity": noise.linear_velocity,
        "body_velocity": noise.linear_velocity,
        "heading": noise.orientation * sqrt(1 / 2),
        "base_height": noise.height,
        "tool_position": noise.tool_position,
    }
    return {field.name: known[field.name] for field in spec.fields if known.get(field.name, 0.0) > 0.0}
