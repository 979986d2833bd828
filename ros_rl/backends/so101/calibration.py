# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""How joints lie on their servos: the middle of each one's position limits, which LeRobot's calibration sets."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ros_rl.backends.own_limits import OwnLimits
from ros_rl.backends.so101.registers import COUNTS, HIGHEST_POSITION, HOMING_OFFSET, LOWEST_POSITION, RADIANS, Register
from ros_rl.backends.so101.servos import Servos
from ros_rl.errors import BackendError
from ros_rl.robot import Robot
from ros_rl.robot.hardware import JointMap
from ros_rl.types import Array

_SPARE = 1.0  # rad; a calibrated servo's limits leave little more than what its joint can do
_KEYS: dict[str, Register] = {
    "homing_offset": HOMING_OFFSET,
    "range_min": LOWEST_POSITION,
    "range_max": HIGHEST_POSITION,
}


@dataclass(frozen=True)
class Scale:
    """From joint positions [rad] to servo counts and back; exact but for rounding."""

    joints: JointMap
    middle: Array
    """Counts in the middle of each servo's position limits, shape (joints,)."""

    @staticmethod
    def of(robot: Robot, servos: Servos) -> Scale:
        """By what the servos hold.

        Raises:
            BackendError: One does not answer.
        """
        ends = [[servos.read(servo, end) for end in (LOWEST_POSITION, HIGHEST_POSITION)] for servo in servos.ids]
        return Scale(robot.joint_map("so101"), np.mean(ends, axis=1))

    def counts(self, position: Array) -> Array:
        """Whole counts of joint positions [rad], shape (joints,)."""
        there = self.joints.position_there(position)
        return np.clip(np.round(there / RADIANS + self.middle), 0, COUNTS - 1)

    def position(self, counts: Array) -> Array:
        """Joint positions [rad] of counts, shape (joints,)."""
        return self.joints.position_here((counts - self.middle) * RADIANS)


def own_limits(robot: Robot, servos: Servos) -> OwnLimits:
    """How far the servos let the joints go.

    Raises:
        BackendError: One does not answer.
    """
    ends = [[servos.read(servo, end) for servo in servos.ids] for end in (LOWEST_POSITION, HIGHEST_POSITION)]
    lower, upper = (np.array(ends) - np.mean(ends, axis=0)) * RADIANS
    return OwnLimits.of("its servos", robot.joint_map("so101"), lower, upper)


def check_calibrated(robot: Robot, servos: Servos) -> None:
    """Refuse servos as they come from the factory, whose zero is anywhere.

    Raises:
        BackendError: One may turn much farther than its joint.
    """
    for index, servo in enumerate(servos.ids):
        low, high = servos.read(servo, LOWEST_POSITION), servos.read(servo, HIGHEST_POSITION)
        span = float(robot.limits.upper[index] - robot.limits.lower[index])
        if low >= high or (high - low) * RADIANS > span + _SPARE:
            raise BackendError(
                f"{servos.called(servo)} has position limits {low} to {high}, its joint turns by {span:.2f} rad: it is "
                "not calibrated; run LeRobot's lerobot-calibrate once, which writes them into the servos"
            )


def check_file(path: str, servos: Servos) -> None:
    """Refuse servos that do not hold what a calibration file says.

    Args:
        path: A file as LeRobot writes it: for each joint id, homing_offset, range_min and range_max; its drive_mode
            means nothing to an SO-101.
        servos: Open.

    Raises:
        BackendError: It cannot be read, or a servo holds something else.
    """
    joints = _read(path)
    for servo, joint in servos.ids.items():
        entry = joints.get(joint)
        if not isinstance(entry, dict) or entry.get("id") != servo:
            raise BackendError(f"calibration {path} has no joint '{joint}' with id {servo}; is it that of another arm?")
        for key, register in _KEYS.items():
            held = servos.read(servo, register)
            if entry.get(key) != held:
                raise BackendError(
                    f"{servos.called(servo)} holds {key} {held}, calibration {path} says {entry.get(key)}: "
                    "it is of another arm, or older; run lerobot-calibrate, or leave driver.backend.calibration out"
                )


def _read(path: str) -> dict[str, Any]:
    try:
        joints = json.loads(Path(path).expanduser().read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise BackendError(f"calibration {path} cannot be read: {error}") from None
    if not isinstance(joints, dict):
        raise BackendError(f"calibration {path} is no file as LeRobot writes it: expected an object with the joints")
    return joints
