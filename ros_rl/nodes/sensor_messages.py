# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Between measurements and standard sensor messages."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from geometry_msgs.msg import PoseStamped
from nav_msgs.msg import Odometry
from sensor_msgs.msg import Imu, JointState

from ros_rl.nodes.messages import (
    ODOM_FRAME,
    by_name,
    from_xyz,
    from_xyzw,
    to_joint_state,
    to_point,
    to_quaternion,
    to_time,
    to_vector3,
)
from ros_rl.robot import Robot
from ros_rl.types import Array, Measurement

IMU, ODOM, TOOL = "imu", "odom", "tool"


PARTS = (IMU, ODOM, TOOL)
"""Topics besides the joint states that a tick may come with; the tick says which."""


def to_joint_states(stamp: int, robot: Robot, m: Measurement) -> JointState:
    """What joints measure: the commanded ones, then the passive ones, whose effort is zero."""
    message = to_joint_state(stamp, robot, m.joint_position, m.joint_velocity, m.joint_effort)
    if m.passive_position is not None and m.passive_velocity is not None:
        message.name = [*robot.joints, *robot.passive]
        message.position.extend(m.passive_position.tolist())
        message.velocity.extend(m.passive_velocity.tolist())
        message.effort.extend([0.0] * len(robot.passive))
    return message


def to_imu(stamp: int, frame: str, m: Measurement) -> Imu:
    """An IMU message; what is not measured has -1 as its first covariance (REP 145)."""
    message = Imu()
    message.header.stamp, message.header.frame_id = to_time(stamp), frame
    if m.imu_orientation is not None:
        message.orientation = to_quaternion(m.imu_orientation)
    else:
        message.orientation_covariance[0] = -1.0
    if m.imu_angular_velocity is not None:
        message.angular_velocity = to_vector3(m.imu_angular_velocity)
    else:
        message.angular_velocity_covariance[0] = -1.0
    if m.imu_linear_acceleration is not None:
        message.linear_acceleration = to_vector3(m.imu_linear_acceleration)
    else:
        message.linear_acceleration_covariance[0] = -1.0
    return message


def to_odometry(stamp: int, frame: str, m: Measurement) -> Odometry:
    """Pose in the odometry frame; twist: mean over the last period, in the base frame."""
    message = Odometry(child_frame_id=frame)
    message.header.stamp, message.header.frame_id = to_time(stamp), ODOM_FRAME
    assert m.base_position is not None and m.base_orientation is not None and m.base_linear_velocity is not None
    message.pose.pose.position = to_point(m.base_position)
    message.pose.pose.orientation = to_quaternion(m.base_orientation)
    message.twist.twist.linear = to_vector3(m.base_linear_velocity)
    if m.imu_angular_velocity is not None:
        message.twist.twist.angular = to_vector3(m.imu_angular_velocity)
    return message


def to_position(stamp: int, frame: str, position: Array) -> PoseStamped:
    """A position [m] without an orientation of its own."""
    message = PoseStamped()
    message.header.stamp, message.header.frame_id = to_time(stamp), frame
    message.pose.position = to_point(position)
    return message


def tick_parts(m: Measurement) -> dict[str, bool]:
    """Which of `PARTS` a measurement has."""
    imu = any(v is not None for v in (m.imu_orientation, m.imu_angular_velocity, m.imu_linear_acceleration))
    odom = all(v is not None for v in (m.base_position, m.base_orientation, m.base_linear_velocity))
    return {IMU: imu, ODOM: odom, TOOL: m.tool_position is not None}


def from_parts(parts: Mapping[str, Any], robot: Robot) -> Measurement:
    """A measurement from the messages of one stamp: ``joints`` (JointState) and those of `PARTS` that are there."""
    joints, values = parts["joints"], {}
    for name in ("position", "velocity", "effort"):
        found = getattr(joints, name)
        measured = by_name(joints.name, found, robot.joints, robot) if len(found) else np.zeros(robot.size)
        values[f"joint_{name}"] = measured
        if robot.passive and name != "effort":
            values[f"passive_{name}"] = by_name(joints.name, found, robot.passive, robot)
    if IMU in parts:
        imu = parts[IMU]
        if imu.orientation_covariance[0] != -1.0:
            values["imu_orientation"] = from_xyzw(imu.orientation)
        if imu.angular_velocity_covariance[0] != -1.0:
            values["imu_angular_velocity"] = from_xyz(imu.angular_velocity)
        if imu.linear_acceleration_covariance[0] != -1.0:
            values["imu_linear_acceleration"] = from_xyz(imu.linear_acceleration)
    if ODOM in parts:
        pose = parts[ODOM].pose.pose
        values["base_position"], values["base_orientation"] = from_xyz(pose.position), from_xyzw(pose.orientation)
        values["base_linear_velocity"] = from_xyz(parts[ODOM].twist.twist.linear)
    if TOOL in parts:
        values["tool_position"] = from_xyz(parts[TOOL].pose.position)
    return Measurement(**values)
