# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""White noise on simulated sensors."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ros_rl.rotations import from_rotation_vector, multiply
from ros_rl.settings.backends import NoiseSettings
from ros_rl.types import Array, Measurement


def add_noise(measurement: Measurement, noise: NoiseSettings, rng: np.random.Generator) -> Measurement:
    """The measurement as noisy sensors would give it. The IMU and the odometry share their orientation error."""

    def white(value: Array | None, std: float) -> Array | None:
        return value if value is None or std == 0.0 else value + rng.normal(0.0, std, value.shape)

    m = measurement
    changes: dict[str, Array | None] = {
        "joint_position": white(m.joint_position, noise.joint_position),
        "joint_velocity": white(m.joint_velocity, noise.joint_velocity),
        "passive_position": white(m.passive_position, noise.joint_position),
        "passive_velocity": white(m.passive_velocity, noise.joint_velocity),
        "imu_angular_velocity": white(m.imu_angular_velocity, noise.angular_velocity),
        "base_linear_velocity": white(m.base_linear_velocity, noise.linear_velocity),
        "tool_position": white(m.tool_position, noise.tool_position),
    }
    if m.base_position is not None and noise.height > 0.0:
        changes["base_position"] = m.base_position + np.array([0.0, 0.0, rng.normal(0.0, noise.height)])
    if noise.orientation > 0.0 and m.imu_orientation is not None:
        error = from_rotation_vector(rng.normal(0.0, noise.orientation, 3))
        changes["imu_orientation"] = multiply(error, m.imu_orientation)
        if m.base_orientation is not None:
            changes["base_orientation"] = multiply(error, m.base_orientation)
    return replace(measurement, **changes)  # type: ignore[arg-type]
