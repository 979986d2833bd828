# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Between the project's own types and standard ROS messages: commands, sensors, ticks."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
from builtin_interfaces.msg import Time
from geometry_msgs.msg import Point, PoseStamped, Quaternion, Vector3
from nav_msgs.msg import Odometry
from numpy.typing import ArrayLike
from sensor_msgs.msg import Imu, JointState
from std_msgs.msg import Float64MultiArray

from ros_rl.errors import CommandError, ContractError
from ros_rl.nodes.packets import doubles, to_vectors
from ros_rl.robot import Robot
from ros_rl.types import Array, Command, Measurement, SafetyState, Tick
from ros_rl.wire import Header

_SECOND = 1_000_000_000
ODOM_FRAME = "odom"
IMU, ODOM, TOOL = "imu", "odom", "tool"
PARTS = (IMU, ODOM, TOOL)
"""Topics besides the joint states that a tick may come with; the tick says which."""


def to_time(stamp: int) -> Time:
    """A stamp [ns] as a message."""
    sec, nanosec = divmod(stamp, _SECOND)
    return Time(sec=sec, nanosec=nanosec)


def from_time(time: Time) -> int:
    """A message's stamp [ns]."""
    return int(time.sec) * _SECOND + int(time.nanosec)


def to_joint_state(
    stamp: int, robot: Robot, position: Array | None, velocity: Array | None = None, effort: Array | None = None
) -> JointState:
    """Joint values in the robot's order."""
    message = JointState(name=list(robot.joints))
    message.header.stamp = to_time(stamp)
    if position is not None:
        message.position = doubles(position)
    if velocity is not None:
        message.velocity = doubles(velocity)
    if effort is not None:
        message.effort = doubles(effort)
    return message


def to_command(stamp: int, robot: Robot, value: Array) -> JointState:
    """Joint targets, in the field that the robot's command interface names."""
    return to_joint_state(stamp, robot, **{"position": None, robot.command_interface: value})


def to_joint_states(stamp: int, robot: Robot, m: Measurement) -> JointState:
    """What joints measure: the commanded ones, then the passive ones, whose effort is zero."""
    message = to_joint_state(stamp, robot, m.joint_position, m.joint_velocity, m.joint_effort)
    if m.passive_position is not None and m.passive_velocity is not None:
        message.name = [*robot.joints, *robot.passive]
        message.position.extend(m.passive_position.tolist())
        message.velocity.extend(m.passive_velocity.tolist())
        message.effort.extend([0.0] * len(robot.passive))
    return message


def from_command(message: JointState, robot: Robot) -> Command:
    """Joint targets by name.

    Raises:
        CommandError: A joint is missing, unknown or named twice, or the values do not match the names.
    """
    values = getattr(message, robot.command_interface)
    names = message.name
    if sorted(names) != sorted(robot.joints):
        raise CommandError(f"command names the joints {', '.join(names)}, {robot.name} has {', '.join(robot.joints)}")
    if len(values) != len(names):
        raise CommandError(
            f"command has {len(values)} {robot.command_interface} values for {len(names)} joints of {robot.name}"
        )
    return Command(from_time(message.header.stamp), _by_name(names, values, robot.joints, robot))


def _by_name(names: list[str], values: Any, joints: tuple[str, ...], robot: Robot) -> Array:
    found = np.array(values, dtype=np.float64)
    if tuple(names) == joints:
        return found
    try:
        return found[[names.index(joint) for joint in joints]]
    except (ValueError, IndexError):
        needed = ", ".join([*robot.joints, *robot.passive])
        raise ContractError(f"joint state has {', '.join(names)}; {robot.name} needs {needed}") from None


def _vector3(value: Array) -> Vector3:
    x, y, z = value.tolist()
    return Vector3(x=x, y=y, z=z)


def _quaternion(value: Array) -> Quaternion:
    x, y, z, w = value.tolist()
    return Quaternion(x=x, y=y, z=z, w=w)


def _array3(value: Any) -> Array:
    return np.array([value.x, value.y, value.z])


def _array4(value: Any) -> Array:
    return np.array([value.x, value.y, value.z, value.w])


def to_imu(stamp: int, frame: str, m: Measurement) -> Imu:
    """An IMU message; what is not measured has -1 as its first covariance (REP 145)."""
    message = Imu()
    message.header.stamp, message.header.frame_id = to_time(stamp), frame
    if m.imu_orientation is not None:
        message.orientation = _quaternion(m.imu_orientation)
    else:
        message.orientation_covariance[0] = -1.0
    if m.imu_angular_velocity is not None:
        message.angular_velocity = _vector3(m.imu_angular_velocity)
    else:
        message.angular_velocity_covariance[0] = -1.0
    if m.imu_linear_acceleration is not None:
        message.linear_acceleration = _vector3(m.imu_linear_acceleration)
    else:
        message.linear_acceleration_covariance[0] = -1.0
    return message


def to_odometry(stamp: int, frame: str, m: Measurement) -> Odometry:
    """Pose in the odometry frame; twist: mean over the last period, in the base frame."""
    message = Odometry(child_frame_id=frame)
    message.header.stamp, message.header.frame_id = to_time(stamp), ODOM_FRAME
    assert m.base_position is not None and m.base_orientation is not None and m.base_linear_velocity is not None
    message.pose.pose.position = to_point(m.base_position)
    message.pose.pose.orientation = _quaternion(m.base_orientation)
    message.twist.twist.linear = _vector3(m.base_linear_velocity)
    if m.imu_angular_velocity is not None:
        message.twist.twist.angular = _vector3(m.imu_angular_velocity)
    return message


def to_point(value: Array) -> Point:
    """A position [m], shape (3,)."""
    x, y, z = value.tolist()
    return Point(x=x, y=y, z=z)


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


def to_tick(tick: Tick, session: int = 0, response: float = math.nan) -> Float64MultiArray:
    """What a tick holds besides its measurement; its version names the driver's session.

    Args:
        tick: The tick.
        session: The driver's.
        response: How long after its publication the tick before was answered [s]; nan if it was not.
    """
    fields: dict[str, ArrayLike] = {
        "index": tick.index,
        "episode": tick.episode,
        "step": tick.step,
        "safety": int(tick.safety),
        "intact": tick.intact,
        "response": response,
        "parts": list(tick_parts(tick.measurement).values()),
        "origin": tick.origin,
        "previous_command": tick.previous_command,
        "pending_commands": tick.pending_commands,
    }
    if tick.goal is not None:
        fields["goal"] = tick.goal
    return to_vectors(Header(tick.stamp, tick.index, session), fields)


def from_tick(header: Header, fields: Mapping[str, Array], parts: Mapping[str, Any], robot: Robot) -> Tick:
    """A tick from its own fields and the messages of the same stamp.

    Args:
        header: Of the tick's own message.
        fields: Of the tick's own message.
        parts: ``joints`` (JointState) and those of `PARTS` that the tick names.
        robot: Whose joints they are.

    Raises:
        ContractError: A field is missing, or the joints are not the robot's.
    """
    try:
        return Tick(
            stamp=header.stamp,
            index=int(fields["index"][0]),
            episode=int(fields["episode"][0]),
            step=int(fields["step"][0]),
            safety=SafetyState(int(fields["safety"][0])),
            intact=bool(fields["intact"][0]),
            origin=fields["origin"],
            previous_command=fields["previous_command"],
            pending_commands=fields["pending_commands"].reshape(-1, robot.size),
            measurement=_measurement(parts, robot),
            goal=fields.get("goal"),
        )
    except KeyError as error:
        raise ContractError(f"tick lacks the field {error}") from None
    except ValueError as error:
        raise ContractError(f"tick does not fit {robot.name}: {error}") from None


def _measurement(parts: Mapping[str, Any], robot: Robot) -> Measurement:
    joints, values = parts["joints"], {}
    for name in ("position", "velocity", "effort"):
        found = getattr(joints, name)
        measured = _by_name(joints.name, found, robot.joints, robot) if len(found) else np.zeros(robot.size)
        values[f"joint_{name}"] = measured
        if robot.passive and name != "effort":
            values[f"passive_{name}"] = _by_name(joints.name, found, robot.passive, robot)
    if IMU in parts:
        imu = parts[IMU]
        if imu.orientation_covariance[0] != -1.0:
            values["imu_orientation"] = _array4(imu.orientation)
        if imu.angular_velocity_covariance[0] != -1.0:
            values["imu_angular_velocity"] = _array3(imu.angular_velocity)
        if imu.linear_acceleration_covariance[0] != -1.0:
            values["imu_linear_acceleration"] = _array3(imu.linear_acceleration)
    if ODOM in parts:
        pose = parts[ODOM].pose.pose
        values["base_position"], values["base_orientation"] = _array3(pose.position), _array4(pose.orientation)
        values["base_linear_velocity"] = _array3(parts[ODOM].twist.twist.linear)
    if TOOL in parts:
        values["tool_position"] = _array3(parts[TOOL].pose.position)
    return Measurement(**values)
