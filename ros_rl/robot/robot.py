# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""A robot as the rest of the package knows it: joints by name, limits, home pose, gains and action map."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ros_rl.config import required, setting
from ros_rl.errors import CommandError, one_line
from ros_rl.robot.camera import Camera
from ros_rl.robot.coupling import Coupling
from ros_rl.robot.gripper import Gripper
from ros_rl.robot.hardware import Hardware, JointMap
from ros_rl.robot.legs import Leg, Legs
from ros_rl.robot.limits import JointLimits, SafetyLimits
from ros_rl.types import Array
from ros_rl.wire import first_beyond

POSITION, VELOCITY, EFFORT = COMMAND_INTERFACES = ("position", "velocity", "effort")


@dataclass(frozen=True, kw_only=True)
class Simulation:
    """What only a simulator needs; the section ``simulation`` of a robot's file."""

    urdf: str = required("URDF: a path from the folder of this file, below sim/ of ros_rl or of pybullet_data")
    spawn_height: float = setting(0.0, "height of the base in the home pose", unit="m")
    joints: Mapping[str, str] = setting({}, "names of joints there, where they differ")
    feet: tuple[str, ...] = setting((), "links that are to touch the ground")
    tool_link: str | None = setting(None, "link that carries the tool centre point")
    tool_offset: tuple[float, float, float] = setting((0.0, 0.0, 0.0), "tool centre point in that link", unit="m")
    friction: Mapping[str, float] = setting({}, "lateral friction of links that are not as slippery as others (0.5)")
    self_collision: bool = setting(False, "whether the robot's links collide with each other")
    inertia_from_urdf: bool = setting(False, "inertias of the URDF, not those of the collision shapes")


@dataclass(frozen=True)
class Robot:
    """A robot as its YAML file describes it. Joints are names; arrays follow their order."""

    name: str
    joints: tuple[str, ...]
    interfaces: tuple[str, ...]
    """How each joint is commanded, one of `COMMAND_INTERFACES`."""
    limits: JointLimits
    home: Array
    """Joint positions of the home pose, shape (joints,)."""
    scale: Array
    """Largest command offset that actions in [-1, 1] make, shape (joints,)."""
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
    endless: tuple[str, ...] = ()
    """Joints that turn without end, such as wheels: they have no limits, and no home that they go to."""
    optional_sensors: tuple[str, ...] = ()
    """What it measures besides where a task observes it (`ros_rl.features.equipped`)."""
    passive: tuple[str, ...] = ()
    """Joints that are measured and not commanded; no action, limit or command has a place for them."""
    passive_home: Array = field(default_factory=lambda: np.zeros(0))
    """Positions of the passive joints in the home pose, shape (passive,)."""
    mirror: tuple[tuple[int, ...], Array] | None = None
    """Left-right symmetry: for each joint the index of its mirror image and its sign; None if there is none."""
    contact_links: tuple[str, ...] = ()
    """Links whose contact force is measured."""
    contact_threshold: float = 0.0
    """Force [N] from which such a link counts as touching something."""
    contact_mirror: tuple[int, ...] | None = None
    """For each of `contact_links` the index of its left-right mirror image; None if there is none."""
    coupling: Coupling | None = None
    """How actions move several joints at once; None where each joint acts by itself."""
    kinematics: str | None = None
    """URDF that tells where the links are; None for that of the simulation."""
    simulation: Simulation | None = None
    """What only a simulator needs; None for a robot without a model of it."""
    legs: Mapping[str, Leg] = field(default_factory=dict)
    """Its legs, by the contact links of their feet; empty where nobody needs odometry of them."""
    hardware: Mapping[str, Hardware] = field(default_factory=dict)
    """How the real robot is driven, by the names of drivers."""
    gripper: Gripper | None = None
    """Its gripper; None without one."""
    optional_cameras: Mapping[str, Camera] = field(default_factory=dict)
    """Cameras that it may have, by name."""
    cameras: Mapping[str, Camera] = field(default_factory=dict)
    """Those of them that look in a run, as it sets them; no part of the robot's file."""
    objects: tuple[str, ...] = ()
    """Movable bodies of the scene that are measured, as the task names them; no part of the robot's file."""

    @property
    def size(self) -> int:
        """Number of commanded joints, which is the size of a command."""
        return len(self.joints)

    @property
    def actions(self) -> tuple[str, ...]:
        """Names of the actions; those of the joints, where each acts by itself."""
        return self.joints if self.coupling is None else self.coupling.actions

    @property
    def action_size(self) -> int:
        """Number of actions."""
        return len(self.actions)

    def commanded_by(self, interface: str) -> NDArray[np.bool_]:
        """Whether each joint has this command interface, bool, shape (joints,)."""
        return np.array([own == interface for own in self.interfaces])

    def joint_map(self, driver: str) -> JointMap:
        """The joints as a driver's robot knows them; where the file says nothing of it, they are the same there."""
        return JointMap.of(self.joints, self.hardware.get(driver, Hardware()))

    @cached_property
    def center(self) -> Array:
        """Command of action 0: the home position for position commands, zero for velocities and efforts."""
        return self.resting(self.home)

    def command(self, action: Array) -> Array:
        """Map actions in [-1, 1], shape (..., actions), to joint commands, shape (..., joints).

        Raises:
            CommandError: It has not one value for each action.
        """
        action = self._sized("action", action, self.action_size)
        offset = action if self.coupling is None else self.coupling.to_joints(action)
        return self.center + offset * self.scale

    def action(self, command: Array) -> Array:
        """Map joint commands, shape (..., joints), to actions, shape (..., actions). Exact inverse of `command`.

        Not clipped: what acted is what is recorded. A command that no action makes, such as one of which the filter
        limited one wheel alone, gives the action that comes nearest to it by least squares, each joint's distance in
        multiples of its `scale`.

        Raises:
            CommandError: It has not one value for each joint.
        """
        offset = (self._sized("command", command, self.size) - self.center) / self.scale
        return offset if self.coupling is None else self.coupling.to_actions(offset)

    def check_action(self, action: Any) -> Array:
        """One action from outside; see `checked_action`."""
        return checked_action(self.name, self.actions, action)

    def _sized(self, what: str, values: Array, size: int) -> Array:
        """As float64; one value is not spread over all."""
        given = np.asarray(values, dtype=np.float64)
        if given.shape[-1:] != (size,):
            raise CommandError(f"{what} of {self.name} has shape {given.shape}, expected (..., {size})")
        return given

    @cached_property
    def action_mirror(self) -> tuple[tuple[int, ...], Array] | None:
        """Left-right symmetry: for each action the index of its mirror image and its sign; None if there is none."""
        if self.mirror is None or self.coupling is None:
            return self.mirror
        return self.coupling.mirror(*self.mirror)

    @cached_property
    def leg_chains(self) -> Legs | None:
        """Where its feet are; None without legs in its file."""
        return Legs(self.joints, self.legs) if self.legs else None

    @cached_property
    def fastest(self) -> Array:
        """Velocities above which guards take what is measured for a fault [rad/s], shape (joints,)."""
        single, usual = self.safety.velocity_of, self.safety.velocity
        return np.array([single.get(name, usual) for name in self.joints]) * self.limits.velocity

    @property
    def neutral_command(self) -> Array:
        """The command that keeps the home pose: its position, zero velocity or zero effort."""
        return self.center.copy()

    def holding(self, position: Array) -> Array:
        """The command that keeps joints where they are, within their limits, shape (joints,).

        Args:
            position: Of the joints [rad or m], shape (joints,).
        """
        return self.resting(np.clip(position, self.limits.lower, self.limits.upper))

    def resting(self, position: Array) -> Array:
        """The command of joints that rest: a position, no velocity or no effort, shape (joints,).

        Args:
            position: Of those that are commanded by it [rad or m], shape (joints,).
        """
        return np.where(self.commanded_by(POSITION), position, 0.0)

    def action_bounds(self) -> tuple[Array, Array]:
        """Smallest and largest action that commands within `command_bounds` are, each of shape (actions,)."""
        low, high = ((side - self.center) / self.scale for side in self.command_bounds())
        return (low, high) if self.coupling is None else self.coupling.action_bounds(low, high)

    def command_bounds(self) -> tuple[Array, Array]:
        """Smallest and largest command that the limits permit at rest, each of shape (joints,)."""
        limits, position = self.limits, self.commanded_by(POSITION)
        largest = np.where(self.commanded_by(VELOCITY), limits.velocity, limits.effort)
        return np.where(position, limits.lower, -largest), np.where(position, limits.upper, largest)


def checked_action(robot: str, actions: Sequence[str], action: Any) -> Array:
    """One action from outside, as float64 of shape (actions,).

    Args:
        robot: The robot's name, for messages.
        actions: Names of the actions.
        action: An array, a list or a tensor of numbers.

    Raises:
        CommandError: It is something else, has another shape, or is not finite.
    """
    try:
        given = np.asarray(action)
    except (TypeError, ValueError, RuntimeError) as error:
        raise CommandError(f"action of {robot} is no array of numbers: {one_line(error)}") from None
    if given.dtype.kind not in "iuf":
        raise CommandError(f"action of {robot} is of type {given.dtype}, expected numbers, such as float32")
    if given.shape != (len(actions),):
        raise CommandError(
            f"action of {robot} has shape {given.shape}, expected ({len(actions)},): {', '.join(actions)}"
        )
    if not np.isfinite(given).all():
        raise CommandError(f"action of {robot} is not finite: {first_beyond(given)}")
    return given.astype(np.float64)
