# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""What is asked of a UR by RTDE, and what in it is wrong."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import IntEnum

import numpy as np

from ros_rl.backends.ur_rtde.gripper import Grip
from ros_rl.backends.ur_rtde.protocol import SAFETY_BITS, RobotMode, Runtime
from ros_rl.errors import beyond
from ros_rl.robot.hardware import JointMap
from ros_rl.rotations import from_rotation_vector, multiply, yaw_matrix
from ros_rl.types import Measurement

FIELDS = (
    "timestamp",
    "actual_q",
    "actual_qd",
    "target_moment",
    "joint_temperatures",
    "actual_TCP_pose",
    "actual_TCP_speed",
    "robot_mode",
    "safety_status_bits",
    "runtime_state",
    "speed_scaling",
    "target_speed_fraction",
)
_MEASURED = FIELDS[:7]
State = Mapping[str, Sequence[float]]


def not_finite(state: State) -> str:
    """Which of what it measures is no number; empty if all are."""
    for name in _MEASURED:
        if not np.isfinite(state[name]).all():
            return f"the robot reports {name} that is not finite: {tuple(state[name])}"
    return ""


def cannot_move(state: State) -> str:
    """Why it cannot move; empty if it can."""
    bits = int(state["safety_status_bits"][0])
    for bit, what in SAFETY_BITS.items():
        if bits >> bit & 1:
            return f"the robot is in {what}" if not what.startswith("stopped") else f"the robot is {what}"
    mode = int(state["robot_mode"][0])
    if mode != RobotMode.RUNNING:
        return f"the robot's mode is {_name(RobotMode, mode)}, not RUNNING: switch it on and release its brakes"
    return ""


def _name(kind: type[IntEnum], value: int) -> str:
    return next((item.name for item in kind if item == value), str(value))


def too_hot(state: State, limit: float, joints: Sequence[str]) -> str:
    """Which of its joints is hotter than a limit [degC]; empty if none is."""
    temperatures = state["joint_temperatures"]
    hottest = int(np.argmax(temperatures))
    if temperatures[hottest] <= limit:
        return ""
    shown = beyond(temperatures[hottest], limit, 0)
    return f"{joints[hottest]} has {shown} degC, limit {limit:g} degC: let it cool down"


def plays(state: State) -> bool:
    """Whether a program runs."""
    return int(state["runtime_state"][0]) == Runtime.PLAYING


def stopped(state: State) -> bool:
    """Whether no program runs, nor could be resumed."""
    return int(state["runtime_state"][0]) == Runtime.STOPPED


def ended(state: State) -> str:
    """Whether the program that should run does not; empty if it does."""
    runtime = int(state["runtime_state"][0])
    if runtime == Runtime.PLAYING:
        return ""
    return (
        f"the robot's program is {_name(Runtime, runtime)}: ended by the robot, its watchdog or somebody at the pendant"
    )


def slowed(state: State, least: float) -> str:
    """Whether the robot slows motion to less than a share; empty if not."""
    share = float(state["speed_scaling"][0]) * float(state["target_speed_fraction"][0])
    if share >= least:
        return ""
    return (
        f"the robot moves at {100.0 * share:.0f} % of the speed it is told, least {100.0 * least:.0f} %: set its slider"
    )


class Converter:
    """From the robot's joints and base to ours.

    Args:
        joints: Both ways between the joints.
        sensors: What is measured.
        base_yaw: Heading of the controller's base in the robot's base frame [rad].
    """

    def __init__(self, joints: JointMap, sensors: Sequence[str], base_yaw: float) -> None:
        self._joints, self._sensors = joints, tuple(sensors)
        self._turn = yaw_matrix(base_yaw)
        self._quaternion = from_rotation_vector(np.array([0.0, 0.0, base_yaw]))

    def measurement(self, state: State, grip: Grip | None = None) -> Measurement:
        """Of a state, and of a gripper behind the arm's joints; its effort is told as 0."""
        return Measurement({name: self._measure(name, state, grip) for name in self._sensors})

    def _measure(self, name: str, state: State, grip: Grip | None) -> np.ndarray:
        joints, pose = self._joints, np.array(state["actual_TCP_pose"])
        position, velocity, effort = ([], [], []) if grip is None else ([grip.position], [grip.velocity], [0.0])
        if name == "joint_position":
            return joints.position_here(np.array([*state["actual_q"], *position]))
        if name == "joint_velocity":
            return joints.turned(np.array([*state["actual_qd"], *velocity]))
        if name == "joint_effort":
            return joints.turned(np.array([*state["target_moment"], *effort]))
        if name == "joint_temperature":
            return np.array(state["joint_temperatures"])
        if name == "tool_position":
            return np.asarray(self._turn @ pose[:3])
        if name == "tool_velocity":
            return np.asarray(self._turn @ np.array(state["actual_TCP_speed"][:3]))
        return multiply(self._quaternion, from_rotation_vector(pose[3:]))
