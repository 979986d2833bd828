# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""The arm behind the controller, and what RTDE tells of both."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from ros_rl.features.gripper import gripper_of
from ros_rl.robot import POSITION, VELOCITY
from ros_rl.robot.gripper import Gripper
from ros_rl.rotations import multiply
from ros_rl.stand_ins.body import Body
from ros_rl.stand_ins.surroundings import Surroundings
from ros_rl.stand_ins.ur.controller import JOINTS, Controller
from ros_rl.stand_ins.ur.gripper import CLOSED, OPEN, Robotiq
from ros_rl.types import Array

_SENSORS = ("joint_position", "joint_velocity", "joint_effort", "tool_position", "tool_orientation", "tool_velocity")
_GAIN = 20.0  # 1/s; a real arm holds its planned position, where a simulated velocity motor sinks
_APART = 0.02  # rad, by which it lags behind what it planned at most
_TURN = np.array([0.0, 0.0, 1.0, 0.0])  # base_link is turned by pi about z against the controller's base


class Arm:
    """A body, moved by a controller, and on its flange a gripper or none.

    Args:
        surroundings: Who it is, and where it stands.
        controller: Says how fast its joints are to turn.
        seed: Of the start.
        latency: Of a gripper [s].
    """

    def __init__(self, surroundings: Surroundings, controller: Controller, seed: int = 0, latency: float = 0.0) -> None:
        self._controller = controller
        self._robot = robot = surroundings.load_robot("ur")
        self.body = Body(
            robot,
            (VELOCITY,) * JOINTS + (POSITION,) * (robot.size - JOINTS),
            1.0 / controller.period,
            scene=surroundings.scene,
            seed=seed,
            sensors=_SENSORS,
            objects=surroundings.objects,
        )
        self._planned = self.position
        self.gripper = None if robot.gripper is None else Robotiq(self._fingers(robot.gripper), latency)
        """A Robotiq."""
        self.time = 0.0
        """Of the controller [s]."""

    @property
    def position(self) -> Array:
        """Of the arm's joints [rad], shape (6,)."""
        return self._measured("joint_position")

    def step(self, now: float) -> Array:
        """One cycle at a moment of the steady clock [s]; gives the commanded speeds [rad/s], shape (6,)."""
        period, position = self._controller.period, self.position
        speed = self._controller.step(now, position)
        self._planned = np.clip(self._planned + period * speed, position - _APART, position + _APART)
        driven = speed + _GAIN * (self._planned - position)
        self.body.step(driven if self.gripper is None else np.append(driven, self._grip(self.gripper)))
        self.time += period
        return speed

    def _grip(self, gripper: Robotiq) -> float:
        """One cycle of the gripper; gives where its motor tells its joint to be [rad]."""
        fingers = gripper_of(self._robot)
        gripper.step(self._controller.period, self._fingers(fingers))
        return fingers.position_at((CLOSED - gripper.course) / (CLOSED - OPEN) * fingers.width)

    def _fingers(self, fingers: Gripper) -> float:
        """Where the fingers are [counts of 255]."""
        width = fingers.width_at(float(self.body.measurement["joint_position"][-1]))
        return CLOSED - width / fingers.width * (CLOSED - OPEN)

    def _measured(self, name: str) -> Array:
        return self.body.measurement[name][:JOINTS]

    def skip(self, seconds: float) -> None:
        """Its clock goes on, though the machine had no time for the arm."""
        self.time += seconds

    def values(self) -> dict[str, Sequence[float]]:
        """The fields of RTDE that mean something here."""
        controller, measured = self._controller, self.body.measurement
        position, velocity = tuple(self.position), tuple(self._measured("joint_velocity"))
        effort, speed = tuple(self._measured("joint_effort")), tuple(controller.speed)
        pose = (*_turned(measured["tool_position"]), *_rotation_vector(measured["tool_orientation"]))
        moves = (*_turned(measured["tool_velocity"]), 0.0, 0.0, 0.0)
        bits = sum(1 << bit for bit in controller.safety) or 1
        return {
            "timestamp": (self.time,),
            "actual_q": position,
            "target_q": position,
            "actual_qd": velocity,
            "target_qd": speed,
            "target_moment": effort,
            "actual_current": tuple(value / 10.0 for value in effort),
            "actual_TCP_pose": pose,
            "target_TCP_pose": pose,
            "actual_TCP_speed": moves,
            "target_TCP_speed": moves,
            "joint_temperatures": (30.0,) * 6,
            "joint_mode": (253,) * 6,
            "robot_mode": (int(controller.mode),),
            "safety_mode": (3 if 2 in controller.safety else 7 if controller.safety else 1,),
            "safety_status_bits": (bits,),
            "robot_status_bits": (1 + 2 * controller.playing,),
            "runtime_state": (int(controller.runtime),),
            "speed_scaling": (1.0,),
            "target_speed_fraction": (controller.slider,),
            "output_int_register_0": (controller.ready,),
        }


def _turned(vector: Array) -> tuple[float, float, float]:
    return -float(vector[0]), -float(vector[1]), float(vector[2])


def _rotation_vector(quaternion: Array) -> tuple[float, ...]:
    turned = multiply(_TURN, quaternion)
    axis, norm = turned[:3], float(np.linalg.norm(turned[:3]))
    angle = 2.0 * math.atan2(norm, float(turned[3]))
    return tuple(axis * (angle / norm if norm > 1e-9 else 2.0))
