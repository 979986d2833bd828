# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""What may stand in a robot's YAML file: every key with its meaning, unit and range."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ros_rl.config import required, setting
from ros_rl.robot.camera import Camera
from ros_rl.robot.gripper import Gripper
from ros_rl.robot.hardware import Hardware
from ros_rl.robot.legs import Leg
from ros_rl.robot.limits import SafetyLimits
from ros_rl.robot.robot import COMMAND_INTERFACES, Simulation

_POSITIVE = 1e-9


@dataclass(frozen=True, kw_only=True)
class JointEntry:
    """A joint that is commanded; units are those of a turning joint, of a sliding one m and N."""

    command_interface: str | None = setting(
        None, "how it is commanded; not set: as the robot", choices=COMMAND_INTERFACES
    )
    lower: float | None = setting(
        None,
        "smallest position; not set, as upper and home: it turns without end, as a wheel",
        unit="rad",
        infinite=True,
    )
    upper: float | None = setting(None, "largest position; see lower", unit="rad", infinite=True)
    velocity: float = required("largest velocity", unit="rad/s", low=_POSITIVE)
    acceleration: float = required("largest acceleration", unit="rad/s^2", low=_POSITIVE)
    effort: float = required("largest effort", unit="N m", low=_POSITIVE)
    home: float | None = setting(None, "position in the home pose; see lower", unit="rad")
    action_scale: float | None = setting(
        None,
        "command offset of action 1; needed where the joint acts by itself, and not allowed where `actions` name it",
        unit="rad, rad/s or N m",
        low=_POSITIVE,
    )
    step: float = required("largest change of the command in a period", unit="rad, rad/s or N m", low=_POSITIVE)
    stiffness: float = setting(
        0.0, "proportional gain, of position commands and of the way home with effort commands", unit="N m/rad", low=0.0
    )
    damping: float = setting(0.0, "derivative gain of the same", unit="N m s/rad", low=0.0)


@dataclass(frozen=True, kw_only=True)
class PassiveJointEntry:
    """A joint that is measured and not commanded."""

    home: float = required("position in the home pose", unit="rad")


@dataclass(frozen=True, kw_only=True)
class ActionEntry:
    """An action that moves several joints at once, such as the forward velocity of a base with four wheels."""

    unit: str = required("unit of what it is")
    scale: float = required("what it is at action 1, in that unit", low=_POSITIVE)
    joints: Mapping[str, float] = required(
        "command of each joint that it moves for one such unit, from home for position commands; where several actions "
        "move a joint, their commands are added",
        unit="rad, rad/s or N m per unit",
    )


@dataclass(frozen=True, kw_only=True)
class RobotFile:
    """A robot's YAML file."""

    name: str = required("the robot's name")
    command_interface: str = required("how its joints are commanded", choices=COMMAND_INTERFACES)
    floating_base: bool = required("whether its base moves through the world")
    command_ramp: float = setting(
        0.0, "share of the control period over which the target moves to the command", low=0.0, high=1.0
    )
    base_frame: str = required("frame of the base")
    tool_frame: str | None = setting(None, "frame of the tool centre point")
    sensors: tuple[str, ...] = required("what it measures, by the names of `ros_rl.sensors.table.SENSORS`")
    optional_sensors: tuple[str, ...] = setting((), "what it measures besides where a task observes it")
    contact_links: tuple[str, ...] = setting((), "links whose contact force is measured")
    contact_threshold: float = setting(2.0, "force from which such a link touches something", unit="N", low=0.0)
    joints: Mapping[str, JointEntry] = required("commanded joints, in the order of commands")
    actions: Mapping[str, ActionEntry] = setting(
        {}, "actions that move several joints; the joints that none of them moves act by themselves, behind these"
    )
    passive_joints: Mapping[str, PassiveJointEntry] = setting({}, "joints that are measured and not commanded")
    mirror: Mapping[str, str] | None = setting(
        None,
        "left-right symmetry: a joint and its image, with a minus before it if the sign changes; contact links, too",
    )
    gripper: Gripper | None = setting(None, "its gripper, where tasks are to know how far it is open")
    cameras: Mapping[str, Camera] = setting(
        {}, "cameras that it may have, by name; they look where somebody asks them to"
    )
    safety: SafetyLimits = required("where the guards trip")
    simulation: Simulation | None = setting(None, "what only a simulator needs")
    kinematics: str | None = setting(
        None, "URDF that tells the guards where the links are, where that of `simulation` may not be on the robot"
    )
    legs: Mapping[str, Leg] = setting({}, "its legs, by the contact links of their feet, from which odometry is made")
    hardware: Mapping[str, Hardware] = setting({}, "how the real robot is driven, by the names of drivers")
