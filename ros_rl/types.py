# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""The vocabulary that drivers, controllers, collectors and learners share."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum, IntEnum
from typing import Any, NamedTuple, NoReturn, SupportsIndex

import numpy as np
from numpy.typing import NDArray

from ros_rl.errors import RosRlError

Array = NDArray[np.float64]
Image = NDArray[np.uint8]
"""(height, width, channels), rows from the top."""


class Unique:
    """What owns a thing that is there once, a robot or a simulator: neither copied nor pickled.

    A copy would share it, and release it under the original's feet.
    """

    def __reduce_ex__(self, protocol: SupportsIndex) -> NoReturn:
        """Refuse `copy.copy`, `copy.deepcopy` and `pickle`.

        Raises:
            RosRlError: Always.
        """
        raise RosRlError(
            f"{type(self).__name__} owns a robot or a simulator, so it is neither copied nor pickled: make another"
        )


class Pose(NamedTuple):
    """Of a frame in another.

    Attributes:
        position: Of its origin [m], shape (3,).
        orientation: Quaternion xyzw, shape (4,).
    """

    position: Array
    orientation: Array


class Start(Enum):
    """How a robot begins an episode."""

    HOME = "home"
    """In its home pose."""
    FALLEN = "fallen"
    """Where it lies after a fall: any way round, legs anywhere."""
    BACK = "back"
    """On its back, legs near their home pose."""


class SafetyState(IntEnum):
    """What the driver lets through to the joints."""

    RUNNING = 0
    """Commands act."""
    DISARMED = 1
    """Nothing moves until the robot is armed."""
    HOMING = 2
    """The driver moves to the home pose by itself; commands are ignored."""
    FAULT = 3
    """A guard tripped and is latched until ``clear_fault``."""
    EMERGENCY_STOP = 4
    """``emergency_stop`` was called; latched until ``clear_fault``."""
    READY = 5
    """Armed and at rest; commands are ignored until ``resume``."""


class Verdict(IntEnum):
    """The collector's answer to a tick."""

    CONTINUE = 0
    TERMINATED = 1
    """The task ended in this tick's state; its value is zero from here on."""
    TRUNCATED = 2
    """The episode was cut (time limit, broken chain); its value is not zero."""


class Measurement(dict[str, NDArray[Any]]):
    """What a driver measures at one instant: a value for each sensor, by the sensor's name; never changed.

    `ros_rl.sensors.table` says what each is, in which unit, frame and shape. What was not measured is not there.
    """


@dataclass(frozen=True)
class Tick:
    """One instant of the control loop: everything that an observation is made from.

    The previous and the pending commands travel inside the tick, so an observation is a pure function of one tick
    and no process can disagree about what acted.
    """

    stamp: int
    """Names the tick [ns]; simulated time in lock-step."""
    index: int
    """Running number of the tick since the driver started."""
    episode: int
    """Running number of the episode, from 0; -1 before the first."""
    step: int
    """Control periods since the episode began; 0 right after a reset."""
    safety: SafetyState
    """Whether commands act."""
    intact: bool
    """False if the period that ended here ran a command other than the controller's (missed or replaced)."""
    origin: Array
    """Pose at the episode's start (x [m], y [m], yaw [rad]) in the odometry frame."""
    previous_command: Array
    """The command that acted during the period that ended here, shape (joints,)."""
    pending_commands: Array
    """Commands already decided, the next to act first, shape (delay, joints)."""
    measurement: Measurement
    inputs: Mapping[str, Array] = field(default_factory=dict)
    """What the task is asked for at this tick, by the names of `ros_rl.sensors.inputs`; empty if it has no inputs."""
    env_steps: int = 0
    """Control periods in which commands acted since the driver started; resets, pauses and faults take none."""
    by_person: bool = False
    """Whether the newest of the commands, which answered the tick before, was a person's in the agent's place."""

    @property
    def newest_command(self) -> Array:
        """The command that was decided last, and acts last, shape (joints,)."""
        return self.pending_commands[-1] if len(self.pending_commands) else self.previous_command


@dataclass(frozen=True)
class Truth:
    """What only a simulator knows about the last control period; evaluation reads it, agents never do.

    Attributes:
        base_position: [m], shape (3,); zeros for a fixed base.
        base_yaw: [rad].
        tool_position: [m] in the robot's base frame, shape (3,); None without a tool.
        fallen_contacts: Contacts of the robot with the world other than by its feet or its fixed base.
        foot_slip: Mean speed of the feet's contact points along the ground [m/s].
        feet_in_contact: Number of feet on the ground.
        saturated: Share of joint torques at their limit during the period.
        base_orientation: Quaternion xyzw, shape (4,).
        base_velocity: Forward and to the left [m/s], turning to the left [rad/s], in the base frame, shape (3,).
        tool_orientation: Quaternion xyzw in the robot's base frame, shape (4,); None without a tool.
        tool_velocity: [m/s] relative to the base, in its frame, shape (3,); None without a tool.
        joint_position: Of the commanded joints [rad or m], shape (joints,); empty where nobody says.
        contact_force: Normal force on each of the robot's contact links [N], shape (links,).
        objects: Poses of the scene's movable bodies in the world, by name.
    """

    base_position: Array
    base_yaw: float
    tool_position: Array | None
    fallen_contacts: int
    foot_slip: float
    feet_in_contact: int
    saturated: float
    base_orientation: Array = field(default_factory=lambda: np.array([0.0, 0.0, 0.0, 1.0]))
    base_velocity: Array = field(default_factory=lambda: np.zeros(3))
    tool_orientation: Array | None = None
    tool_velocity: Array | None = None
    joint_position: Array = field(default_factory=lambda: np.zeros(0))
    contact_force: Array = field(default_factory=lambda: np.zeros(0))
    objects: Mapping[str, Pose] = field(default_factory=dict)


@dataclass(frozen=True)
class Outcome:
    """What one evaluation episode came to; the measures of a task are computed from it.

    Attributes:
        start: At the episode's first tick.
        end: At its last tick.
        inputs: What the task was asked for at its last tick, by name.
        seconds: Length that the episode was to have [s].
        terminated: Whether the task (or a guard) ended it earlier.
        truths: At each of its ticks, first and last included.
        asked: What the task was asked for at each of them.
        period: Control period, from one of them to the next [s].
    """

    start: Truth
    end: Truth
    inputs: Mapping[str, Array]
    seconds: float
    terminated: bool
    truths: Sequence[Truth] = ()
    asked: Sequence[Mapping[str, Array]] = ()
    period: float = field(kw_only=True)


@dataclass(frozen=True)
class Command:
    """A decision: joint targets in the order of the robot's YAML file."""

    stamp: int
    """Stamp of the tick that it answers [ns]."""
    value: Array
    """Joint position [rad or m], velocity [rad/s or m/s] or effort [N m or N], by the robot's command interface, shape
    (joints,)."""
    by_person: bool = False
    """Whether a person decided it, or a script in a person's place, and not an agent."""


@dataclass(frozen=True)
class Transition:
    """One step of experience, from tick k to k + 1 (contract 5 of the design).

    Attributes:
        tick: Index of tick k.
        episode: Episode number.
        observation: o_k, flat, shape (observation_size,).
        action: The decision taken at k, u_{k+d}, in [-1, 1], shape (actions,).
        reward: r(x_k, u_k, x_{k+1}).
        next_observation: o_{k+1}, flat; it holds u_k as its last action.
        terminated: True if the task ended at k + 1.
        truncated: True if the episode was cut at k + 1.
        source: The robot that it is experience of: its namespace, or its name; empty where there is one only.
        images: Those of o_k, by name.
        next_images: Those of o_{k+1}; the next transition of the chain has the same as its `images`.
        by_person: Whether a person took the decision, or a script in a person's place, and not an agent.
    """

    tick: int
    episode: int
    observation: Array
    action: Array
    reward: float
    next_observation: Array
    terminated: bool
    truncated: bool
    source: str = ""
    images: Mapping[str, Image] = field(default_factory=dict)
    next_images: Mapping[str, Image] = field(default_factory=dict)
    by_person: bool = False
