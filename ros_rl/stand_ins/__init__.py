# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Robots that are not there.

Each speaks its vendor's protocol, with a simulated body behind it, and can play faults: for whoever has no robot at
hand, by ``ros-rl stand-in NAME``, and for the tests of the drivers.
"""

from __future__ import annotations

from importlib.metadata import EntryPoint

from ros_rl.errors import MissingDependencyError, UnknownNameError
from ros_rl.stand_ins.stand_in import StandIn

STAND_INS: dict[str, str] = {
    "a1": "unitree_a1:A1StandIn",
    "go2": "unitree_go2:Go2StandIn",
    "so101": "so101:So101StandIn",
    "xarm": "xarm.stand_in:XarmStandIn",
    "ros2_control": "ros2_control:Ros2ControlStandIn",
    "sphero": "sphero.stand_in:SpheroStandIn",
    "ur": "ur:UrStandIn",
}
"""Modules and classes of this room, by the names of the stand-ins."""


def load_stand_in(name: str) -> type[StandIn]:
    """The class of a stand-in, imported only when asked for.

    Raises:
        UnknownNameError: There is none of that name.
        MissingDependencyError: Its optional package is not installed.
    """
    if name not in STAND_INS:
        raise UnknownNameError("stand-in", name, STAND_INS)
    try:
        kind: type[StandIn] = EntryPoint(name, f"ros_rl.stand_ins.{STAND_INS[name]}", "ros_rl.stand_ins").load()
    except ModuleNotFoundError as error:
        raise MissingDependencyError((error.name or "").partition(".")[0], "ros") from None
    return kind


__all__ = ["STAND_INS", "StandIn", "load_stand_in"]
