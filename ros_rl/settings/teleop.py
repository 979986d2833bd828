# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Settings of teleoperation: what a person drives a robot with."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from ros_rl.config import setting
from ros_rl.errors import ConfigError

NONE, KEYBOARD, JOYSTICK = "none", "keyboard", "joystick"
DEVICES = (NONE, KEYBOARD, JOYSTICK)
TELEOPERATOR = "teleoperator"
"""Name of the node."""
CORRECTS = "you take over while you hold the switch"
"""What a person is told who corrects an agent."""
SELECTED = "selected"
"""The axis that moves the joint that is selected."""
TWIST = ("forward", "left", "turn")
"""Axes of the velocity that a task may be asked for."""
SERVICES = ("arm", "disarm", "home", "resume", "pause", "emergency_stop", "clear_fault")
"""Services of the driver that a person calls."""
CHOICES = ("next", "previous", "faster", "slower")
"""What else a button may do."""


@dataclass(frozen=True)
class TeleopSettings:
    """A person who drives the robot."""

    device: str = setting(
        NONE, "what a person gives commands with: none, keys in a terminal, or sensor_msgs/Joy on joy", choices=DEVICES
    )
    episodes: bool = setting(
        False, "the task ends episodes while a person drives, as it does an agent's; otherwise by letting go"
    )
    corrects: bool = setting(
        False, "a person who drives takes over from a learning agent while the switch is held, and hands back"
    )
    speed: float = setting(
        0.1, "share of a joint's limit, or of a tool's, that it is moved with at first", low=0.01, high=1.0
    )
    axes: tuple[str, ...] = setting(
        ("left", "forward", "", "turn", SELECTED),
        f"what each axis of joy does: {SELECTED} (the selected joint), {', '.join(TWIST)} (the velocity that the "
        "task is asked for), the name of a joint, or nothing; with a minus in front the other way round",
    )
    buttons: tuple[str, ...] = setting(
        ("arm", "emergency_stop", "previous", "next", "", "faster", "clear_fault", "home", "", "slower", "disarm"),
        f"what each button of joy does: {', '.join((*SERVICES, *CHOICES))}, or nothing, as driver.dead_man_button must",
    )
    deadzone: float = setting(0.1, "share of an axis of joy around its middle that does nothing", low=0.0, high=0.9)
    forward: float = setting(0.5, "velocity forward at a whole axis or a key", unit="m/s", low=0.0, high=5.0)
    left: float = setting(0.3, "velocity to the left at a whole axis or a key", unit="m/s", low=0.0, high=5.0)
    turn: float = setting(0.7, "turning to the left at a whole axis or a key", unit="rad/s", low=0.0, high=10.0)

    def __post_init__(self) -> None:
        """Refuse buttons that do what nothing can."""
        for index, name in enumerate(self.buttons):
            if name and name not in (*SERVICES, *CHOICES):
                raise ConfigError(
                    f"'teleop.buttons[{index}]' is '{name}', expected one of {', '.join((*SERVICES, *CHOICES))}, or ''"
                )

    def check_joints(self, joints: Sequence[str]) -> None:
        """Refuse axes that move what the robot does not have.

        Args:
            joints: That the robot is commanded by; none where actions move its tool.

        Raises:
            ConfigError: An axis moves none of them, and does nothing else either.
        """
        if self.device != JOYSTICK:
            return
        for index, name in enumerate(self.axes):
            if name.removeprefix("-") not in ("", SELECTED, *TWIST, *joints):
                known = f"'' or a joint: {', '.join(joints)}" if joints else "or '': control.commands moves the tool"
                raise ConfigError(
                    f"'teleop.axes[{index}]' is '{name}', expected {SELECTED}, {', '.join(TWIST)}, {known}"
                )


def implied_by_teleop(device: str, acts: bool, corrects: bool = False) -> dict[str, Any]:
    """Settings that a person who drives brings unless others are given: time goes on, and nothing acts by itself.

    Args:
        device: One of `DEVICES`; empty as `NONE`.
        acts: Whether the person's commands count, in place of an agent's.
        corrects: Whether the person takes over from an agent that learns, and acts by itself otherwise.
    """
    if device in ("", NONE):
        return {}
    if corrects:
        return {"teleop.device": device, "teleop.corrects": True, "driver.mode": "real_time"}
    return {
        **({"driver.commanders": [TELEOPERATOR]} if acts else {}),
        "teleop.device": device,
        "driver.mode": "real_time",
        "driver.auto_arm": False,
        "driver.auto_recover": False,
        "driver.dead_man": "joy" if device == JOYSTICK else "topic",
    }
