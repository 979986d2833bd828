# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""The arm behind the control box, and the gripper on its flange."""

from __future__ import annotations

import time

import numpy as np

from ros_rl.robot import POSITION, VELOCITY
from ros_rl.settings.hardware.xarm import axes_of
from ros_rl.stand_ins.body import Body
from ros_rl.stand_ins.surroundings import Surroundings
from ros_rl.stand_ins.xarm.firmware import Firmware
from ros_rl.stand_ins.xarm.gripper import Gripper
from ros_rl.types import Array, Measurement

STEP = 0.005
"""In which its time passes [s]."""
LOWER = np.array([-6.283, -2.059, -3.927, -6.283, -1.69297, -6.283])
UPPER = np.array([6.283, 2.0944, 0.19198, 6.283, 3.14159, 6.283])
"""Joint limits of an xArm6's control box [rad]: the vendor's URDF."""
_SUBSTEPS = 4  # of physics, where fingers hold things
_CLOSED, _PULSES = 0.85, 1000.0  # rad of the gripper's drive_joint, which is 0 where it is open; per rad
_OF_JOINTS = ("joint_position", "joint_velocity", "joint_effort")
_SENSORS = (*_OF_JOINTS, "tool_position", "tool_orientation")


class Arm:
    """A body, moved by the firmware of its control box.

    Args:
        surroundings: Who it is, and where it stands.
        version: Of the firmware, such as ``2.3.0``.
    """

    def __init__(self, surroundings: Surroundings, version: str) -> None:
        robot = surroundings.load_robot("xarm")
        axes = self._axes = axes_of(robot)
        self._has_fingers = axes < robot.size
        self.body = Body(
            robot,
            (VELOCITY,) * axes + (POSITION,) * (robot.size - axes),
            1.0 / STEP,
            surroundings.scene,
            sensors=_SENSORS,
            objects=surroundings.objects,
            substeps=_SUBSTEPS if self._has_fingers else 1,
        )
        lower, upper = (LOWER, UPPER) if axes == 6 else (robot.limits.lower[:axes], robot.limits.upper[:axes])
        self.firmware = Firmware(version, lower, upper, time.monotonic)
        """Of its control box."""
        self.gripper = Gripper() if self._fingers is None else Gripper(self._fingers)
        """Which moves nothing where the arm has no fingers."""

    @property
    def position(self) -> Array:
        """Where the joints really are [rad], shape (axes,)."""
        return self.body.measurement["joint_position"][: self._axes]

    @property
    def measured(self) -> Measurement:
        """What the control box knows: of the gripper nothing, that answers for itself."""
        found = self.body.measurement
        return Measurement({**found, **{name: found[name][: self._axes] for name in _OF_JOINTS}})

    @property
    def _fingers(self) -> float | None:
        """Where the gripper really is [pulses]; None where it has no fingers."""
        joint = self.body.measurement["joint_position"][-1]
        return float(_PULSES * (_CLOSED - joint)) if self._has_fingers else None

    def step(self, blocked: bool) -> Array:
        """Let one step pass.

        Args:
            blocked: Whether something keeps the joints where they are.

        Returns:
            What the firmware drives the joints with [rad/s], shape (axes,).
        """
        speed = self.firmware.step(self.position, STEP)
        driven = np.zeros_like(speed) if blocked else speed
        grip = [_CLOSED - self.gripper.course / _PULSES] if self._has_fingers else []
        self.body.step(np.append(driven, grip))
        self.gripper.step(STEP, self._fingers)
        return speed
