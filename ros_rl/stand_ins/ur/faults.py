# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""What a UR can do wrong, or be made to do."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

from ros_rl.backends.ur_rtde.protocol import RobotMode
from ros_rl.backends.ur_rtde.urcap import PORT as GRIPPER_PORT
from ros_rl.stand_ins.ur.controller import Controller
from ros_rl.stand_ins.ur.gripper import Robotiq
from ros_rl.stand_ins.ur.session import Values

if TYPE_CHECKING:
    from ros_rl.stand_ins.ur.stand_in import UrStandIn

_HOT = 90.0  # degC

FAULTS: Mapping[str, str] = {
    "rtde_silent": "sends no data, though the connection stands",
    "frozen": "sends the same data again and again, time stamp included",
    "late": "holds its data back, and sends it in a burst at the end of the fault",
    "closed": "closes all connections, once",
    "unreachable": "closes all connections, and every new one",
    "in_use": "another client writes the registers (IN_USE); met by whoever connects then",
    "other_recipes": "gives other ids to recipes of data; met by whoever connects then",
    "protective_stop": "protective stop; the program pauses, and goes on with what it did if somebody resumes it",
    "safeguard_stop": "somebody opens the safeguard; the same",
    "emergency_stop": "emergency stop: the program ends",
    "power_off": "the motors are switched off, brakes in",
    "script_ends": "the program ends by itself, once",
    "script_refused": "programs that are sent do not start",
    "pause": "somebody pauses the program on the pendant, and resumes it at the end of the fault",
    "deaf": "what is written to it does not arrive: its watchdog ends the program",
    "slow": "the speed slider is at 10 %",
    "local": "is not in remote control",
    "nan": "joint positions are no numbers",
    "jump": "joint positions are off by 1 rad",
    "hot": "the elbow's joint reports 90 degC",
    "gripper_inactive": "somebody deactivates the gripper on the pendant, and activates it at the end of the fault",
    "gripper_fault": "the gripper reports fault 14, over-current, and moves no more",
    "gripper_off": "the gripper has no power: its variables are question marks",
    "gripper_silent": "the gripper's server takes lines, and answers none",
    "gripper_slow": "the gripper's server answers each line 0.3 s late",
    "gripper_garbage": "the gripper's server answers what was not asked for",
    "gripper_closed": "the gripper's server closes its connections, and every new one",
}
"""What each does, by name."""


def begin(robot: UrStandIn, fault: str) -> None:
    """A fault begins."""
    control = robot.controller
    if fault in ("closed", "unreachable"):
        robot.ports.disconnect()
    elif fault == "gripper_closed":
        robot.ports.disconnect(GRIPPER_PORT)
    elif robot.arm.gripper is not None and fault in _OF_GRIPPER:
        _OF_GRIPPER[fault](robot.arm.gripper, True)
    elif fault == "other_recipes":
        robot.ports.first_recipe = 101
    elif fault in _STOPS:
        control.stop_by_safety(_STOPS[fault])
    elif fault == "slow":
        control.slider = 0.1
    elif fault == "local":
        control.remote = False
    elif fault == "script_refused":
        control.refuses_programs = True
    elif fault in _ONCE:
        _ONCE[fault](control)


def end(robot: UrStandIn, fault: str) -> None:
    """A fault ends."""
    control = robot.controller
    if fault == "late":
        robot.ports.release()
    elif robot.arm.gripper is not None and fault in _OF_GRIPPER:
        _OF_GRIPPER[fault](robot.arm.gripper, False)
    elif fault == "other_recipes":
        robot.ports.first_recipe = 1
    elif fault in _STOPS:
        control.safety.discard(_STOPS[fault])
    elif fault == "slow":
        control.slider = 1.0
    elif fault == "local":
        control.remote = True
    elif fault == "script_refused":
        control.refuses_programs = False
    elif fault == "power_off":
        control.mode = RobotMode.RUNNING
    elif fault == "pause":
        control.resume(time.monotonic())


def changed(active: frozenset[str], values: Values, before: Values) -> Values:
    """What is sent, under the faults that are played; `before` is what was sent last."""
    if "frozen" in active and before:
        return before
    found: dict[str, Sequence[float]] = dict(values)
    if "nan" in active:
        found["actual_q"] = (float("nan"),) * 6
    elif "jump" in active:
        found["actual_q"] = tuple(value + 1.0 for value in values["actual_q"])
    if "hot" in active:
        found["joint_temperatures"] = (*values["joint_temperatures"][:2], _HOT, *values["joint_temperatures"][3:])
    return found


_STOPS = {"protective_stop": 2, "safeguard_stop": 4, "emergency_stop": 6}
"""Bits of the safety status."""
_ONCE: Mapping[str, Callable[[Controller], None]] = {
    "power_off": Controller.power_off,
    "script_ends": Controller.end_program,
    "pause": Controller.pause,
}


def _deactivate(gripper: Robotiq, begins: bool) -> None:
    gripper.deactivate() if begins else gripper.activated()


def _fail(gripper: Robotiq, begins: bool) -> None:
    gripper.fault = _OVER_CURRENT if begins else 0


def _switch_off(gripper: Robotiq, begins: bool) -> None:
    gripper.powered = not begins


_OVER_CURRENT = 14
_OF_GRIPPER: Mapping[str, Callable[[Robotiq, bool], None]] = {
    "gripper_inactive": _deactivate,
    "gripper_fault": _fail,
    "gripper_off": _switch_off,
}
