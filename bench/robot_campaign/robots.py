# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""The robots of the campaign: their stand-ins, how to reach them, and what "driven" means for each."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

_STILL = 0.02  # rad/s or rad, of an arm's joints


@dataclass(frozen=True)
class Subject:
    """A robot with its driver and its stand-in."""

    robot: str
    driver: str
    stand_in: Callable[[], Any]
    settings: Callable[[Any], dict[str, Any]]
    """Of the driver's backend, once the stand-in is there."""
    driven: Callable[[Any], bool]
    """Whether, at this moment, its motors follow a command."""
    harmless: frozenset[str] = frozenset()
    """Faults of the stand-in's that a driver goes on with."""
    start_only: frozenset[str] = frozenset()
    """Faults that tell at a connection alone."""
    motor_process: bool = False
    share: float = 0.3
    skipped: dict[str, str] = field(default_factory=dict)
    """Faults that say nothing here, and why."""


def _a1() -> Any:
    from ros_rl.stand_ins.unitree_a1 import A1StandIn

    return A1StandIn(port=0, start="standing")


def _go2() -> Any:
    from ros_rl.stand_ins.unitree_go2 import Go2StandIn

    return Go2StandIn(domain=93)


def _xarm() -> Any:
    from ros_rl.stand_ins.xarm.stand_in import XarmStandIn

    return XarmStandIn(control_port=0, report_ports=(0, 0, 0))


def _legs_driven(stand_in: Any) -> bool:
    return bool(stand_in.told.stiffness.any())


def arm_driven(stand_in: Any) -> bool:
    """Whether an arm moves."""
    return float(stand_in.speed) > _STILL


_LEGS = {"lost", "duplicated", "reordered"}

SUBJECTS: dict[str, Subject] = {
    "a1": Subject(
        "a1",
        "unitree_a1",
        _a1,
        lambda one: {"address": "127.0.0.1", "port": one.port, "local_port": 0},
        _legs_driven,
        harmless=frozenset(_LEGS | {"tick_back", "deaf"}),
        motor_process=True,
    ),
    "go2": Subject(
        "go2",
        "unitree_go2",
        _go2,
        lambda one: {"domain": 93, "interface": "lo"},
        _legs_driven,
        harmless=frozenset(_LEGS),
        motor_process=True,
    ),
    "xarm": Subject(
        "xarm6",
        "xarm",
        _xarm,
        lambda one: {"address": "127.0.0.1", "control_port": one.control_port, "report_port": one.report_port},
        arm_driven,
        harmless=frozenset({"warning", "gripper_timeout"}),
        start_only=frozenset({"stays_off", "old_firmware", "unreadable_firmware", "long_serial", "seven_axes"}),
    ),
}
"""By the names of their stand-ins."""
