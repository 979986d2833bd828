# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""The sensors that there are, by name: unit, shape, topic, conversions and noise of each."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from ros_rl.errors import ConfigError, UnknownNameError
from ros_rl.plugins import SENSORS_GROUP, Table
from ros_rl.robot import Robot
from ros_rl.sensors.cameras import camera_sensors
from ros_rl.sensors.message_fields import by_name, doubles, get_xyz, get_xyzw, set_xyz, set_xyzw
from ros_rl.sensors.objects import OBJECT_SENSORS, OBJECTS
from ros_rl.sensors.sensor import IN_BASE, IN_ODOMETRY, Covariance, Noise, Sensor, Topic, rotation, vertical, white
from ros_rl.types import Array, Measurement
from ros_rl.wire import first_beyond

ODOM_FRAME = "odom"


def _prepare_joints(message: Any, robot: Robot, m: Measurement) -> None:
    message.name = [*robot.joints, *robot.passive]


def _prepare_imu(message: Any, robot: Robot, m: Measurement) -> None:
    """Where the first covariance is -1, the value was not measured (REP 145)."""
    message.header.frame_id = robot.base_frame
    for name in ("orientation", "angular_velocity", "linear_acceleration"):
        if f"imu_{name}" not in m:
            getattr(message, f"{name}_covariance")[0] = -1.0


def _prepare_odometry(message: Any, robot: Robot, m: Measurement) -> None:
    message.header.frame_id, message.child_frame_id = ODOM_FRAME, robot.base_frame
    if "imu_angular_velocity" in m:  # for displays; as a measurement it comes from the IMU
        set_xyz(message.twist.twist.angular, m["imu_angular_velocity"])


def _prepare_tool(message: Any, robot: Robot, m: Measurement) -> None:
    message.header.frame_id = robot.base_frame


JOINTS = Topic("joint_states", "sensor_msgs/msg/JointState", _prepare_joints)
IMU = Topic(
    "imu/data",
    "sensor_msgs/msg/Imu",
    _prepare_imu,
    partial=True,
    covariances=tuple(
        Covariance(f"imu_{name}", f"{name}_covariance")
        for name in ("orientation", "angular_velocity", "linear_acceleration")
    ),
)
ODOMETRY = Topic(
    "odom",
    "nav_msgs/msg/Odometry",
    _prepare_odometry,
    covariances=(
        Covariance("base_position", "pose.covariance"),
        Covariance("base_orientation", "pose.covariance", 3),
        Covariance("base_linear_velocity", "twist.covariance"),
        Covariance("imu_angular_velocity", "twist.covariance", 3),
    ),
)
TOOL = Topic("tool_pose", "geometry_msgs/msg/PoseStamped", _prepare_tool)
TOOL_VELOCITY = Topic("tool_velocity", "geometry_msgs/msg/TwistStamped", _prepare_tool)


def _joint(field: str, unit: str, noise: Noise | None, meaning: str = "of the commanded joints") -> Sensor:
    """Of the commanded joints; what is measured of the passive ones goes behind."""

    def write(message: Any, value: Array, robot: Robot) -> None:
        values = doubles(value)
        if field == "effort":
            values.extend([0.0] * len(robot.passive))
        setattr(message, field, values)

    def read(message: Any, robot: Robot) -> Array | None:
        values = getattr(message, field)
        return by_name(message.name, values, robot.joints, robot) if len(values) else None

    return Sensor(unit, lambda robot: (robot.size,), JOINTS, write, read, noise, meaning=meaning)


def _passive(field: str, unit: str, noise: Noise) -> Sensor:
    """Of the joints that nobody commands."""

    def write(message: Any, value: Array, robot: Robot) -> None:
        getattr(message, field).extend(value.tolist())

    def read(message: Any, robot: Robot) -> Array | None:
        values = getattr(message, field)
        return by_name(message.name, values, robot.passive, robot) if len(values) else None

    return Sensor(
        unit,
        lambda robot: (len(robot.passive),),
        JOINTS,
        write,
        read,
        noise,
        meaning="of the joints that nobody commands",
    )


def _imu(field: str, unit: str, noise: Noise | None, meaning: str, frame: str = "body") -> Sensor:
    size, get, put = (4, get_xyzw, set_xyzw) if field == "orientation" else (3, get_xyz, set_xyz)
    covariance = f"{field}_covariance"

    def write(message: Any, value: Array, robot: Robot) -> None:
        put(getattr(message, field), value)

    def read(message: Any, robot: Robot) -> Array | None:
        return None if getattr(message, covariance)[0] == -1.0 else get(getattr(message, field))

    return Sensor(unit, lambda robot: (size,), IMU, write, read, noise, meaning=meaning, frame=frame)


SENSORS: Table[Sensor] = Table(
    SENSORS_GROUP,
    {  # noise is drawn in this order
        "joint_position": _joint("position", "rad or m", white("joint_position")),
        "joint_velocity": _joint("velocity", "rad/s or m/s", white("joint_velocity")),
        "joint_effort": _joint("effort", "N m or N", None, "torque or force of the commanded joints' motors"),
        "joint_temperature": Sensor(
            "degC",
            lambda robot: (robot.size,),
            Topic("joint_temperature"),
            meaning="of the commanded joints' motors",
        ),
        "passive_position": _passive("position", "rad or m", white("joint_position")),
        "passive_velocity": _passive("velocity", "rad/s or m/s", white("joint_velocity")),
        "imu_angular_velocity": _imu("angular_velocity", "rad/s", white("angular_velocity"), "of the body"),
        "imu_linear_acceleration": _imu("linear_acceleration", "m/s^2", None, "of the body, gravity included"),
        "base_linear_velocity": Sensor(
            "m/s",
            lambda robot: (3,),
            ODOMETRY,
            lambda message, value, robot: set_xyz(message.twist.twist.linear, value),
            lambda message, robot: get_xyz(message.twist.twist.linear),
            white("linear_velocity"),
            meaning="of the base, mean over the last control period",
            frame=IN_BASE,
        ),
        "tool_position": Sensor(
            "m",
            lambda robot: (3,),
            TOOL,
            lambda message, value, robot: set_xyz(message.pose.position, value),
            lambda message, robot: get_xyz(message.pose.position),
            white("tool_position"),
            meaning="tool centre point",
            frame=IN_BASE,
        ),
        "base_position": Sensor(
            "m",
            lambda robot: (3,),
            ODOMETRY,
            lambda message, value, robot: set_xyz(message.pose.pose.position, value),
            lambda message, robot: get_xyz(message.pose.pose.position),
            vertical("height"),
            meaning="of the base",
            frame=IN_ODOMETRY,
        ),
        "imu_orientation": _imu(
            "orientation", "1", rotation("orientation"), "of the IMU, quaternion xyzw", "gravity-aligned world"
        ),
        "base_orientation": Sensor(
            "1",
            lambda robot: (4,),
            ODOMETRY,
            lambda message, value, robot: set_xyzw(message.pose.pose.orientation, value),
            lambda message, robot: get_xyzw(message.pose.pose.orientation),
            rotation("orientation"),
            meaning="of the base, quaternion xyzw",
            frame=IN_ODOMETRY,
        ),
        "tool_orientation": Sensor(
            "1",
            lambda robot: (4,),
            TOOL,
            lambda message, value, robot: set_xyzw(message.pose.orientation, value),
            lambda message, robot: get_xyzw(message.pose.orientation),
            rotation("tool_orientation"),
            meaning="of the tool, quaternion xyzw",
            frame=IN_BASE,
        ),
        "tool_velocity": Sensor(
            "m/s",
            lambda robot: (3,),
            TOOL_VELOCITY,
            lambda message, value, robot: set_xyz(message.twist.linear, value),
            lambda message, robot: get_xyz(message.twist.linear),
            white("tool_velocity"),
            meaning="of the tool centre point, relative to the base",
            frame=IN_BASE,
        ),
        "contact_force": Sensor(
            "N",
            lambda robot: (len(robot.contact_links),),
            Topic("contact_force"),
            noise=white("contact_force"),
            meaning="normal force on each of the robot's contact_links, by whatever it touches",
        ),
        **OBJECT_SENSORS,
        "heading_estimate": Sensor(
            "rad",
            lambda robot: (1,),
            Topic("heading_estimate"),
            meaning="yaw of a base whose heading nothing measures, as its driver makes it out",
            frame=IN_ODOMETRY,
        ),
    },
)
"""Joints are in the order of the robot's YAML file."""


def sensors_by_topic(robot: Robot) -> dict[Topic, dict[str, Sensor]]:
    """The robot's sensors by name, grouped by topic, both in the order of the table; without its cameras."""
    grouped: dict[Topic, dict[str, Sensor]] = {}
    for name, sensor in SENSORS.items():
        if name in robot.sensors:
            grouped.setdefault(sensor.topic, {})[name] = sensor
    return grouped


def tracked(robot: Robot) -> tuple[str, ...]:
    """The robot's sensors of objects that a tracker can measure in its place."""
    return tuple(name for name in robot.sensors if name in SENSORS and SENSORS[name].topic is OBJECTS)


def without_objects(robot: Robot) -> Robot:
    """The robot with what remains to be measured where a tracker follows its task's objects."""
    followed = tracked(robot)
    return replace(robot, sensors=tuple(name for name in robot.sensors if name not in followed), objects=())


def check_sensors(robot: Robot) -> None:
    """Refuse a robot whose list of sensors cannot be.

    Raises:
        UnknownNameError: It lists a sensor that is not in the table.
        ConfigError: It cannot tell where its joints are, or two of its sensors want one topic for different messages.
    """
    for name in (*robot.sensors, *robot.optional_sensors):
        if name not in SENSORS:
            raise UnknownNameError(f"sensor of robot '{robot.name}'", name, SENSORS)
    if "contact_force" in (*robot.sensors, *robot.optional_sensors) and not robot.contact_links:
        raise ConfigError(f"robot '{robot.name}' has sensor 'contact_force', but no contact_links")
    needed = ["joint_position", *(["passive_position", "passive_velocity"] if robot.passive else [])]
    missing = [name for name in needed if name not in robot.sensors]
    if missing:
        raise ConfigError(f"robot '{robot.name}' has no sensor '{missing[0]}', which its joints need")
    names = [topic.name for topic in sensors_by_topic(robot)]
    twice = [name for name in names if names.count(name) > 1]
    if twice:
        raise ConfigError(f"sensors of robot '{robot.name}' want topic '{twice[0]}' for different messages")


def check_measurement(robot: Robot, m: Measurement) -> str | None:
    """What is wrong with a measurement: a sensor of the robot that is missing, misshapen or not finite.

    A camera may have taken no picture yet.
    """
    for name, sensor in camera_sensors(robot).items() if robot.cameras else ():
        if name in m and (m[name].shape != sensor.shape(robot) or m[name].dtype != sensor.dtype):
            return f"{name} is {m[name].dtype} {m[name].shape}, expected {sensor.dtype} {sensor.shape(robot)}"
    for name in robot.sensors:
        if name not in m:
            return f"{name} is not measured"
        if m[name].shape != SENSORS[name].shape(robot):
            return f"{name} has shape {m[name].shape}, expected {SENSORS[name].shape(robot)}"
        if not np.isfinite(m[name]).all():
            return f"{name} is not finite: {first_beyond(m[name])}"
    return None
