# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Contract 1: a robot's joints, limits, home pose, gains and action map, read from one YAML file."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import yaml

from ros_rl.errors import ConfigError, UnknownNameError
from ros_rl.resources import share_path
from ros_rl.types import Array

COMMAND_INTERFACES = ("position", "velocity", "effort")
SAFE_ACTIONS = ("damp", "hold", "stop")


@dataclass(frozen=True)
class JointLimits:
    """Bounds of every joint, each of shape (joints,), in rad, rad/s, rad/s^2, N m (or m, ...)."""

    lower: Array
    upper: Array
    velocity: Array
    acceleration: Array
    effort: Array


@dataclass(frozen=True)
class SafetyLimits:
    """Where the driver's guards trip; wider than any task's own termination.

    Attributes:
        tilt: Largest angle between the base's vertical and gravity [rad]; inf for a fixed base.
        joint_error: Largest |measured - commanded| joint position [rad].
        joint_margin: How far past its position limit a joint may be measured [rad].
        effort: Largest |measured effort|, as a multiple of the joint's effort limit.
        step: Largest change of a command from one tick to the next [rad, rad/s or N m], shape (joints,).
        safe_action: What a fault does: ``damp`` (legs), ``hold`` or ``stop`` (zero velocity).
        damping: Damping of ``damp`` [N m s/rad].
    """

    tilt: float
    joint_error: float
    joint_margin: float
    effort: float
    step: Array
    safe_action: str
    damping: float


@dataclass(frozen=True)
class Robot:
    """A robot as its YAML file describes it. Joints are names; arrays follow their order."""

    name: str
    joints: tuple[str, ...]
    command_interface: str
    limits: JointLimits
    home: Array
    """Joint positions of the home pose, shape (joints,)."""
    center: Array
    """Command of action 0: the home pose for position commands, zero for velocities and efforts."""
    scale: Array
    """Command offset of action 1, shape (joints,)."""
    stiffness: Array
    """Proportional gains [N m/rad], shape (joints,)."""
    damping: Array
    """Derivative gains [N m s/rad], shape (joints,)."""
    safety: SafetyLimits
    command_ramp: float
    """Share of the control period over which the target moves linearly from the last command to the new one."""
    base_frame: str
    tool_frame: str | None
    """Frame of the tool centre point; None for a robot without one."""
    floating_base: bool
    sensors: tuple[str, ...]
    """What it measures, by the names of `ros_rl.sensors.table.SENSORS`."""
    passive: tuple[str, ...] = ()
    """Joints that are measured and not commanded; no action, limit or command has a place for them."""
    passive_home: Array = field(default_factory=lambda: np.zeros(0))
    """Positions of the passive joints in the home pose, shape (passive,)."""
    mirror: tuple[tuple[int, ...], Array] | None = None
    """Left-right symmetry: for each joint the index of its mirror image and its sign; None if there is none."""
    simulation: dict[str, Any] = field(default_factory=dict)
    """What only the simulator needs: URDF, joint and link names there, spawn height."""

    @property
    def size(self) -> int:
        """Number of commanded joints, which is also the size of an action."""
        return len(self.joints)

    def command(self, action: Array) -> Array:
        """Map actions in [-1, 1] to joint commands, shapes (..., joints). Exact inverse of `action`."""
        return self.center + np.asarray(action, dtype=np.float64) * self.scale

    def action(self, command: Array) -> Array:
        """Map joint commands to actions, shapes (..., joints). Not clipped: what acted is what is recorded."""
        return (np.asarray(command, dtype=np.float64) - self.center) / self.scale

    @property
    def neutral_command(self) -> Array:
        """The command that keeps the home pose: its position, zero velocity or zero effort."""
        return self.home.copy() if self.command_interface == "position" else np.zeros(self.size)


def robot_names() -> list[str]:
    """Names of the robots that ship with the package."""
    return sorted(path.stem for path in share_path("config", "robots").glob("*.yaml"))


def load_robot(name: str) -> Robot:
    """Load a robot by its name, or from the path of a YAML file.

    Raises:
        UnknownNameError: No robot of that name ships with the package.
        ConfigError: The file misses a key, or a joint's limits make no sense.
    """
    path = Path(name) if name.endswith(".yaml") else share_path("config", "robots") / f"{name}.yaml"
    if not path.is_file():
        raise UnknownNameError("robot", name, robot_names())
    with path.open() as stream:
        data = yaml.safe_load(stream)
    try:
        return _from_mapping(data)
    except KeyError as error:
        raise ConfigError(f"{path}: missing key {error}") from None
    except (TypeError, ValueError) as error:
        raise ConfigError(f"{path}: {error}") from None


def _from_mapping(data: dict[str, Any]) -> Robot:
    joints = data["joints"]
    names = tuple(joints)

    def per_joint(key: str) -> Array:
        values = np.array([float(joints[name][key]) for name in names])
        if np.isnan(values).any():
            raise ValueError(f"joints.*.{key} has a value that is not a number")
        return values

    interface = data["command_interface"]
    if interface not in COMMAND_INTERFACES:
        raise ValueError(f"command_interface is '{interface}', allowed: {', '.join(COMMAND_INTERFACES)}")
    limits = JointLimits(
        per_joint("lower"), per_joint("upper"), per_joint("velocity"), per_joint("acceleration"), per_joint("effort")
    )
    home, scale = per_joint("home"), per_joint("action_scale")
    center = home if interface == "position" else np.zeros(len(names))
    safety, passive = data["safety"], data.get("passive_joints", {})
    robot = Robot(
        name=data["name"],
        joints=names,
        command_interface=interface,
        limits=limits,
        home=home,
        center=center,
        scale=scale,
        stiffness=per_joint("stiffness"),
        damping=per_joint("damping"),
        safety=SafetyLimits(
            tilt=float(safety["tilt"]),
            joint_error=float(safety["joint_error"]),
            joint_margin=float(safety["joint_margin"]),
            effort=float(safety.get("effort", 1.25)),
            step=per_joint("step"),
            safe_action=safety["safe_action"],
            damping=float(safety["damping"]),
        ),
        command_ramp=float(data.get("command_ramp", 0.0)),
        base_frame=data["base_frame"],
        tool_frame=data.get("tool_frame"),
        floating_base=bool(data["floating_base"]),
        sensors=tuple(data["sensors"]),
        passive=tuple(passive),
        passive_home=np.array([float(passive[name]["home"]) for name in passive]),
        mirror=_mirror(names, data["mirror"]) if "mirror" in data else None,
        simulation=data.get("simulation", {}),
    )
    _check(robot)
    return robot


def _mirror(names: tuple[str, ...], pairs: dict[str, str]) -> tuple[tuple[int, ...], Array]:
    """Read pairs ``joint: image``, with a minus before the image if the sign changes; each holds both ways."""
    images: dict[str, tuple[str, float]] = {}
    for joint, image in pairs.items():
        sign = -1.0 if image.startswith("-") else 1.0
        image = image.lstrip("-")
        images[joint], images[image] = (image, sign), (joint, sign)
    unknown = [joint for joint in images if joint not in names]
    missing = [joint for joint in names if joint not in images]
    if unknown or missing:
        raise ValueError(f"mirror: {'unknown' if unknown else 'no image of'} joint {(unknown or missing)[0]}")
    return tuple(names.index(images[name][0]) for name in names), np.array([images[name][1] for name in names])


def command_bounds(robot: Robot) -> tuple[Array, Array]:
    """Smallest and largest command that the limits permit at rest, each of shape (joints,)."""
    limits = robot.limits
    if robot.command_interface == "position":
        return limits.lower, limits.upper
    largest = limits.velocity if robot.command_interface == "velocity" else limits.effort
    return -largest, largest


def _check_passive(robot: Robot) -> None:
    both = [name for name in robot.passive if name in robot.joints]
    if both:
        raise ValueError(f"passive_joints: {both[0]} is a commanded joint, too")
    if not np.isfinite(robot.passive_home).all():
        raise ValueError("passive_joints.*.home has a value that is not finite")
    if robot.passive and robot.mirror is not None:
        raise ValueError("mirror: not allowed together with passive_joints, whose mirror images it cannot name")


def _check(robot: Robot) -> None:
    if robot.safety.safe_action not in SAFE_ACTIONS:
        raise ValueError(f"safety.safe_action is '{robot.safety.safe_action}', allowed: {', '.join(SAFE_ACTIONS)}")
    if not 0.0 <= robot.command_ramp <= 1.0:
        raise ValueError(f"command_ramp is {robot.command_ramp}, allowed: 0 to 1")
    if robot.command_interface == "effort" and robot.safety.safe_action == "stop":
        raise ValueError("safety.safe_action is 'stop', allowed with effort commands: damp, hold")
    _check_passive(robot)
    bounds = command_bounds(robot)
    for index, joint in enumerate(robot.joints):
        lower, upper = robot.limits.lower[index], robot.limits.upper[index]
        if not lower < upper:
            raise ValueError(f"joints.{joint}: lower {lower} is not below upper {upper}")
        if not lower <= robot.home[index] <= upper:
            raise ValueError(f"joints.{joint}: home {robot.home[index]} is outside [{lower}, {upper}]")
        if robot.scale[index] <= 0:
            raise ValueError(f"joints.{joint}: action_scale {robot.scale[index]} is not positive")
        low, high = robot.center[index] - robot.scale[index], robot.center[index] + robot.scale[index]
        if low < bounds[0][index] or high > bounds[1][index]:
            raise ValueError(
                f"joints.{joint}: action range [{low:.3f}, {high:.3f}] leaves the limits "
                f"[{bounds[0][index]:.3f}, {bounds[1][index]:.3f}]"
            )
