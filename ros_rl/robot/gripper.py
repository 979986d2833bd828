# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""A gripper: how far its fingers are apart, by the joint that moves them."""

from __future__ import annotations

from dataclasses import dataclass

from ros_rl.config import required

_POSITIVE = 1e-9
_AT_REST = 0.05  # m/s; fingers that close without a thing between them are three times as fast


@dataclass(frozen=True, kw_only=True)
class Gripper:
    """A gripper that one joint opens and closes; the section ``gripper`` of a robot's file."""

    joint: str = required("the joint")
    closed: float = required("its position where the fingers touch each other", unit="rad or m")
    opened: float = required("its position where they are farthest apart", unit="rad or m")
    width: float = required("how far apart they are then", unit="m", low=_POSITIVE)

    def width_at(self, position: float) -> float:
        """How far apart the fingers are [m], at a position of the joint [rad or m]."""
        return (position - self.closed) / (self.opened - self.closed) * self.width

    def speed_at(self, velocity: float) -> float:
        """How fast the fingers part [m/s], at a velocity of the joint [rad/s or m/s]; negative: they close."""
        return velocity / (self.opened - self.closed) * self.width

    def rests_at(self, velocity: float) -> bool:
        """Whether the fingers have come to rest, at a velocity of the joint [rad/s or m/s]."""
        return abs(self.speed_at(velocity)) < _AT_REST

    def position_at(self, width: float) -> float:
        """The inverse of `width_at`."""
        return self.closed + width / self.width * (self.opened - self.closed)
