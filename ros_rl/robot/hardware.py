# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""A robot's joints as its own controller knows them: other names or numbers, other directions, other zeros."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from ros_rl.config import setting
from ros_rl.types import Array


@dataclass(frozen=True, kw_only=True)
class HardwareJoint:
    """A joint as the robot's controller knows it."""

    name: str | None = setting(None, "its name or number there; not set: the same")
    sign: float = setting(1.0, "1, or -1 where it turns the other way there", low=-1.0, high=1.0)
    zero: float = setting(0.0, "position here where its position there is 0", unit="rad")


@dataclass(frozen=True, kw_only=True)
class Hardware:
    """One way to drive the real robot; the key is the driver's name."""

    joints: Mapping[str, HardwareJoint] = setting({}, "joints that differ there")


@dataclass(frozen=True)
class JointMap:
    """Both ways between a robot's joints and those of its controller; exact, as signs are 1 or -1."""

    names: tuple[str, ...]
    """There, in the order of the robot's joints."""
    sign: Array = field(repr=False)
    zero: Array = field(repr=False)

    @staticmethod
    def of(joints: tuple[str, ...], hardware: Hardware) -> JointMap:
        """Of a robot's joints under one driver."""
        entries = [hardware.joints.get(name, HardwareJoint()) for name in joints]
        return JointMap(
            tuple(entry.name or name for name, entry in zip(joints, entries, strict=True)),
            np.array([entry.sign for entry in entries]),
            np.array([entry.zero for entry in entries]),
        )

    def position_there(self, position: Array) -> Array:
        """Of positions here [rad or m], shape (..., joints)."""
        return self.sign * (position - self.zero)

    def position_here(self, position: Array) -> Array:
        """Inverse of `position_there`."""
        return self.sign * position + self.zero

    def turned(self, values: Array) -> Array:
        """Velocities or efforts, shape (..., joints), in either direction."""
        return self.sign * values
