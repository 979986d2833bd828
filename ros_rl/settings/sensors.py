# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""What a simulated robot's sensors measure, as settings: noise, and what odometry is made of."""

from __future__ import annotations

from dataclasses import dataclass

from ros_rl.config import setting

TRUTH, ESTIMATED = ODOMETRY = ("truth", "estimated")


@dataclass(frozen=True)
class NoiseSettings:
    """Standard deviation of white noise that the simulator adds to its sensors at every tick."""

    joint_position: float = setting(0.01, "joint position noise", unit="rad", low=0.0)
    joint_velocity: float = setting(0.5, "joint velocity noise", unit="rad/s", low=0.0)
    orientation: float = setting(0.02, "orientation noise, each axis", unit="rad", low=0.0)
    angular_velocity: float = setting(0.1, "gyro noise", unit="rad/s", low=0.0)
    linear_velocity: float = setting(0.1, "odometry velocity noise", unit="m/s", low=0.0)
    height: float = setting(0.01, "odometry height noise", unit="m", low=0.0)
    tool_position: float = setting(0.001, "tool position noise, each axis", unit="m", low=0.0)
    tool_orientation: float = setting(0.002, "tool orientation noise, each axis", unit="rad", low=0.0)
    tool_velocity: float = setting(0.01, "tool velocity noise, each axis", unit="m/s", low=0.0)
    contact_force: float = setting(0.5, "contact force noise", unit="N", low=0.0)
    object_position: float = setting(0.002, "noise of objects' positions, each axis", unit="m", low=0.0)
    object_orientation: float = setting(0.01, "noise of objects' orientations, each axis", unit="rad", low=0.0)
    object_velocity: float = setting(0.02, "noise of objects' velocities, each axis", unit="m/s", low=0.0)


@dataclass(frozen=True)
class OdometrySensors:
    """What a simulated robot's odometry is made of, where it is estimated.

    White noise at every reading is that of an A1 in legged_state_estimator (mayataka), biases and leaning are drawn per
    episode: a calibrated MEMS IMU (`docs/how_it_works.md`).
    """

    rate_hz: float = setting(250.0, "how often they are read", unit="Hz", low=20.0, high=5000.0)
    accelerometer: float = setting(0.1, "accelerometer noise", unit="m/s^2", low=0.0)
    accelerometer_bias: float = setting(0.05, "accelerometer bias, each axis", unit="m/s^2", low=0.0)
    gyro: float = setting(0.01, "gyro noise", unit="rad/s", low=0.0)
    gyro_bias: float = setting(0.005, "gyro bias, each axis", unit="rad/s", low=0.0)
    orientation: float = setting(0.002, "orientation noise, each axis", unit="rad", low=0.0)
    tilt_bias: float = setting(0.01, "error of roll and pitch that lasts", unit="rad", low=0.0)
    joint_position: float = setting(0.001, "joint position noise", unit="rad", low=0.0)
    joint_velocity: float = setting(0.1, "joint velocity noise", unit="rad/s", low=0.0)
    touch: float = setting(10.0, "force from which a foot bears weight", unit="N", low=0.0)
    release: float = setting(5.0, "force below which it no longer does", unit="N", low=0.0)
    contact_delay: float = setting(0.004, "how late contacts are known", unit="s", low=0.0, high=0.1)
