# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""What an xArm that is not there can play."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ros_rl.stand_ins.xarm.firmware import PAUSED, READY

if TYPE_CHECKING:
    from ros_rl.stand_ins.xarm.stand_in import XarmStandIn

FAULTS = {
    "servo_error": "error 11: a joint's servo fails; state 4, and it cannot be cleared while it lasts",
    "joint_limit": "error 23: a joint is at its limit; state 4",
    "speed_limit": "error 24: a joint is too fast; state 4",
    "collision": "error 31: a collision is detected; state 4",
    "emergency_stop": "the button on the control box: error 2, state 4, motors off",
    "warning": "a warning stands; commands act all the same",
    "paused": "somebody pauses the arm: state 3",
    "second_client": "another program puts the arm into position mode and gets it ready",
    "stays_off": "motors do not switch on, though the control box says nothing",
    "blocked": "the arm does not move, whatever it is told",
    "late_replies": "every reply comes 0.6 s late, in a row",
    "silent": "the control port takes connections and requests, and answers nothing, as while it boots",
    "wrong_transaction": "replies answer another transaction than was asked for",
    "control_lost": "control connections are closed, and new ones at once; reports go on",
    "reports_stop": "reports stop; control goes on",
    "reports_lost": "report connections are closed, and new ones at once; control goes on",
    "reports_late": "reports are held back, and come in a burst every 0.3 s",
    "wrong_size": "reports that say another size than they have",
    "frozen": "reports go on with joint angles that stand still",
    "nan": "joint angles that are no numbers",
    "jump": "joint 1 is reported 1 rad further",
    "old_firmware": "firmware 1.7.0, which knows no durations: the last velocity holds for ever",
    "unreadable_firmware": "a version that nobody can read",
    "long_serial": "serial numbers so long that the version is cut off",
    "seven_axes": "an arm of seven axes",
    "gripper_timeout": "the gripper does not answer its control box: a warning in each reply",
}
"""What each does, by name."""
_ERRORS = {"emergency_stop": 2, "servo_error": 11, "joint_limit": 23, "speed_limit": 24, "collision": 31}
"""Of the control box, which last as long as they are played."""
_WARNING = 11
_OLD = "1.7.0"


def begin(robot: XarmStandIn, fault: str) -> None:
    """A fault begins."""
    firmware = robot.arm.firmware
    if fault in _ERRORS:
        firmware.held = _ERRORS[fault]
    if fault == "emergency_stop":
        firmware.fail(firmware.held, motors_off=True)
    elif fault == "warning":
        firmware.warning = _WARNING
    elif fault == "paused":
        firmware.interfere(firmware.mode, PAUSED)
    elif fault == "second_client":
        firmware.interfere(0, READY)
    elif fault == "old_firmware":
        firmware.install(_OLD)
    elif fault in ("control_lost", "reports_lost"):
        robot.disconnect(control=fault == "control_lost")


def end(robot: XarmStandIn, fault: str) -> None:
    """A fault ends; what needs a person or a driver to mend stays."""
    if fault in _ERRORS:
        robot.arm.firmware.held = 0
    elif fault == "warning":
        robot.arm.firmware.warning = 0
