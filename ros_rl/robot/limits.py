# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""How far a robot may go: what its joints are held within, and where the driver's guards trip."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from ros_rl.config import required, setting
from ros_rl.types import Array

SAFE_ACTIONS = ("damp", "hold", "stop")
_POSITIVE = 1e-9


@dataclass(frozen=True)
class JointLimits:
    """Bounds of every joint, each of shape (joints,), in rad, rad/s, rad/s^2, N m (or m, ...)."""

    lower: Array
    upper: Array
    velocity: Array
    acceleration: Array
    effort: Array
    step: Array
    """Largest change of a command from one period to the next [rad, rad/s or N m]."""


@dataclass(frozen=True, kw_only=True)
class Box:
    """A box along the axes of the base frame."""

    lower: tuple[float, float, float] = required("its smallest x, y and z", unit="m", infinite=True)
    upper: tuple[float, float, float] = required("its largest x, y and z", unit="m", infinite=True)


@dataclass(frozen=True, kw_only=True)
class SafetyLimits:
    """Where the driver's guards trip, wider than any task's own termination; the section ``safety`` of a robot's file.

    ``docs/safety.md`` says where each figure comes from.
    """

    tilt: float = required(
        "largest angle between the base's vertical and gravity; .inf for a fixed base",
        unit="rad",
        low=_POSITIVE,
        infinite=True,
    )
    orientation_norm: float = setting(
        0.1, "how far the norm of a measured quaternion may be from 1", low=_POSITIVE, high=1.0
    )
    joint_margin: float = required("how far past its position limits a joint may be measured", unit="rad", low=0.0)
    velocity: float = setting(2.0, "largest measured velocity, in multiples of the limit", low=_POSITIVE, infinite=True)
    velocity_of: Mapping[str, float] = setting(
        {}, "the same of single joints, by name, in place of `velocity`", low=_POSITIVE, infinite=True
    )
    effort: float = setting(1.25, "largest measured effort, in multiples of the limit", low=_POSITIVE, infinite=True)
    joint_error: float = required(
        "largest distance from a position command that may last", unit="rad", low=_POSITIVE, infinite=True
    )
    velocity_error: float = setting(
        0.5,
        "largest distance from a velocity command that may last, in multiples of the limit",
        low=_POSITIVE,
        infinite=True,
    )
    effort_error: float = setting(
        0.5,
        "largest distance from an effort command that may last, in multiples of the limit",
        low=_POSITIVE,
        infinite=True,
    )
    tracking_time: float = setting(0.4, "how long such a distance may last", unit="s", low=0.0)
    frozen: float = setting(
        0.25,
        "how long a joint that is told to move by at least half its action may be measured at the very same position",
        unit="s",
        low=0.0,
        infinite=True,
    )
    frozen_way: float = setting(
        0.01,
        "how far several joints have to be told to go before a state that is the same to the last bit is a frozen one",
        unit="rad",
        low=_POSITIVE,
        infinite=True,
    )
    missing_way: float = setting(
        math.inf,
        "largest way that a joint may fall short of its velocity commands, or go beyond them, in about a second",
        unit="rad",
        low=_POSITIVE,
        infinite=True,
    )
    stale: float = setting(
        0.1,
        "how old the newest state may be; from half of it on, and a control period, a robot is held",
        unit="s",
        low=_POSITIVE,
        infinite=True,
    )
    temperature: float = setting(math.inf, "largest temperature of a motor", unit="degC", low=_POSITIVE, infinite=True)
    workspace: Box | None = setting(None, "where the origins of the links that move and the tool centre point stay")
    keep_out: Mapping[str, Box] = setting({}, "boxes in which none of them may be, by name")
    workspace_margin: float = setting(
        0.03, "how far from where it may be such a point may be measured", unit="m", low=0.0
    )
    safe_action: str = required("what a fault does", choices=SAFE_ACTIONS)
    """``damp`` (legs), ``hold`` or ``stop`` (zero velocity). Joints with velocity commands always stop, and of the
    others ``stop`` holds the position."""
    damping: float = required("damping of 'damp'", unit="N m s/rad", low=0.0)
