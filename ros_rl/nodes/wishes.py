# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""How a node hears what a person wants, from a keyboard or a joystick."""

from __future__ import annotations

import time
from collections.abc import Callable

from sensor_msgs.msg import Joy
from std_msgs.msg import Float64MultiArray

from ros_rl.nodes import packets
from ros_rl.nodes.gate import Entrance, Gate
from ros_rl.nodes.qos import NEWEST, STATE
from ros_rl.settings.teleop import JOYSTICK
from ros_rl.settings.tree import Settings
from ros_rl.teleop.joystick import Joystick
from ros_rl.teleop.wish import Wish, wish_from


def subscribe_wishes(gate: Gate, settings: Settings, take: Callable[[Wish, list[str]], None]) -> Entrance:
    """Listen to the device that the settings name.

    Args:
        gate: By which its messages come in.
        settings: Of the run.
        take: Given each wish, and the services of the driver that the person calls with it.
    """
    teleop, driver = settings.teleop, settings.driver
    if teleop.device != JOYSTICK:
        return gate.subscribe(Float64MultiArray, "teleop", _read_wish, lambda found: take(*found), STATE)
    joystick = Joystick(teleop, driver.dead_man_button, driver.dead_man_limit)

    def read(message: Joy) -> tuple[Wish, list[str]]:
        return joystick.read(message.axes, message.buttons, time.monotonic())

    return gate.subscribe(Joy, "joy", read, lambda found: take(*found), NEWEST)


def _read_wish(message: Float64MultiArray) -> tuple[Wish, list[str]]:
    return wish_from(packets.from_vectors(message)[1]), []
