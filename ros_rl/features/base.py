# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Observation fields of a robot's base."""

from __future__ import annotations

import numpy as np

from ros_rl.features.feature import IN_EPISODE, Bounds, Feature, in_episode, measured, unit, values
from ros_rl.robot import Robot
from ros_rl.rotations import quaternion_to_matrix, yaw_matrix, yaw_of
from ros_rl.sensors.sensor import IN_ODOMETRY
from ros_rl.types import Array, Tick


def _base_velocity(tick: Tick, robot: Robot) -> Array:
    m = tick.measurement
    rotation = yaw_matrix(-tick.origin[2]) @ quaternion_to_matrix(m["base_orientation"])
    return rotation @ m["base_linear_velocity"]


def gravity_of(tick: Tick, robot: Robot) -> Array:
    """Direction of gravity in the body frame, shape (3,)."""
    quaternion = tick.measurement["imu_orientation"]
    return -quaternion_to_matrix(quaternion / (np.linalg.norm(quaternion) or 1.0))[2]


def _roll_pitch(tick: Tick, robot: Robot) -> Array:
    x, y, z = gravity_of(tick, robot)
    return np.array([np.arctan2(-y, -z), np.arcsin(np.clip(x, -1.0, 1.0))])


def _half_turn(robot: Robot) -> Bounds:
    return -np.array([np.pi, 0.5 * np.pi]), np.array([np.pi, 0.5 * np.pi])


def _heading(tick: Tick, robot: Robot) -> Array:
    yaw = yaw_of(tick.measurement["base_orientation"]) - tick.origin[2]
    return np.array([np.sin(yaw), np.cos(yaw)])


def _heading_estimate(tick: Tick, robot: Robot) -> Array:
    yaw = tick.measurement["heading_estimate"] - tick.origin[2]
    return np.concatenate([np.sin(yaw), np.cos(yaw)])


def _base_position(tick: Tick, robot: Robot) -> Array:
    return in_episode(tick.measurement["base_position"][:2], tick)


def _base_height(tick: Tick, robot: Robot) -> Array:
    return tick.measurement["base_position"][2:3]


BASE: dict[str, Feature] = {
    "gravity": Feature(
        "1",
        1.0,
        values(3),
        gravity_of,
        ("imu_orientation",),
        mirror=(1, -1, 1),
        bounds=unit(values(3)),
        meaning="direction of gravity; (0, 0, -1) when level",
        frame="body",
    ),
    "angular_velocity": Feature(
        "rad/s",
        0.25,
        values(3),
        measured("imu_angular_velocity"),
        ("imu_angular_velocity",),
        mirror=(-1, 1, -1),
        meaning="of the body",
        frame="body",
    ),
    "roll_pitch": Feature(
        "rad",
        1.0 / np.pi,
        values(2),
        _roll_pitch,
        ("imu_orientation",),
        mirror=(-1, 1),
        bounds=_half_turn,
        meaning="of the body, from level: about its x axis, -pi to pi, after about its y axis (REP 103)",
    ),
    "roll_pitch_rate": Feature(
        "rad/s",
        0.25,
        values(2),
        lambda tick, robot: tick.measurement["imu_angular_velocity"][:2],
        ("imu_angular_velocity",),
        mirror=(-1, 1),
        meaning="angular velocity of the body about its x and y axes",
        frame="body",
    ),
    "base_velocity": Feature(
        "m/s",
        1.0,
        values(3),
        _base_velocity,
        ("base_orientation", "base_linear_velocity"),
        mirror=(1, -1, 1),
        meaning="of the base, mean over the last period",
        frame=IN_EPISODE,
    ),
    "body_velocity": Feature(
        "m/s",
        1.0,
        values(3),
        measured("base_linear_velocity"),
        ("base_linear_velocity",),
        mirror=(1, -1, 1),
        meaning="of the base, mean over the last period",
        frame="body",
    ),
    "heading": Feature(
        "1",
        1.0,
        values(2),
        _heading,
        ("base_orientation",),
        mirror=(-1, 1),
        bounds=unit(values(2)),
        meaning="sine and cosine of the base's yaw",
        frame=IN_EPISODE,
    ),
    "heading_estimate": Feature(
        "1",
        1.0,
        values(2),
        _heading_estimate,
        ("heading_estimate",),
        mirror=(-1, 1),
        bounds=unit(values(2)),
        meaning="sine and cosine of the yaw of a base whose heading nothing measures, as its driver makes it out",
        frame=IN_EPISODE,
    ),
    "base_position": Feature(
        "m",
        0.5,
        values(2),
        _base_position,
        ("base_position",),
        mirror=(1, -1),
        meaning="x and y of the base",
        frame=IN_EPISODE,
    ),
    "base_height": Feature(
        "m",
        3.0,
        values(1),
        _base_height,
        ("base_position",),
        mirror=(1,),
        meaning="height of the base",
        frame=IN_ODOMETRY,
    ),
}
"""By name."""
