# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""A joystick of this machine, by the events of Linux's own interface (linux/joystick.h). No ROS."""

from __future__ import annotations

import os
import select
import struct
from dataclasses import replace
from pathlib import Path

from ros_rl.errors import CommandError, ConfigError
from ros_rl.settings.teleop import TWIST, TeleopSettings
from ros_rl.teleop.joystick import STOP, Joystick
from ros_rl.teleop.wish import Wish

_EVENT = struct.Struct("=IhBB")  # ms, value, kind, number
_BUTTON, _AXIS, _INITIAL = 0x01, 0x02, 0x80
_MOST = 32767.0
_AT_ONCE = 1024  # events: Linux has 64 axes and 512 buttons at most, and tells first of each how it is
_BUTTONS = (STOP, "home", "faster", "slower")


class Gamepad:
    """What a person steers by with a joystick; its axes and buttons count and mean what they do on ``joy``.

    Those that do not steer do nothing and need not be there: the dead man's switch, the axis of the selected joint.

    Args:
        path: The device.
        settings: What its axes and buttons do.

    Raises:
        ConfigError: It cannot be opened.
    """

    def __init__(self, path: Path, settings: TeleopSettings) -> None:
        try:
            self._device = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
        except OSError as error:
            raise ConfigError(f"joystick {path}: {error.strerror}; connect one, or name its device") from None
        self._joystick = Joystick(_steering(settings), None, limit=float("inf"))
        self._path = path
        self._axes: dict[int, float] = {}
        self._buttons: dict[int, int] = {}

    def read(self, seconds: float, now: float) -> list[tuple[Wish, list[str]]] | None:
        """What came within a time, each with the services that it calls; None once nothing can come any more.

        Args:
            seconds: The time [s].
            now: Steady clock [s].

        Raises:
            CommandError: It has less axes or buttons than are used, or tells what no joystick does.
        """
        if not select.select([self._device], [], [], seconds)[0]:
            return []
        try:
            data = os.read(self._device, _AT_ONCE * _EVENT.size)
        except OSError:  # it was pulled out
            return None
        if len(data) % _EVENT.size:
            raise CommandError(f"joystick {self._path} tells {len(data)} bytes, which are no events: is it a joystick?")
        found = []
        for _, value, kind, number in _EVENT.iter_unpack(data):
            self._take(kind & ~_INITIAL, number, value)
            if not kind & _INITIAL:
                found.append(self._now(now))
        return (found or [self._now(now)]) if data else None

    def _take(self, kind: int, number: int, value: int) -> None:
        """An axis moved, which ROS has positive to the left and forward; or a button."""
        if kind == _AXIS:
            self._axes[number] = -value / _MOST
        elif kind == _BUTTON:
            self._buttons[number] = value

    def _now(self, now: float) -> tuple[Wish, list[str]]:
        axes = [self._axes.get(index, 0.0) for index in range(1 + max(self._axes, default=-1))]
        buttons = [self._buttons.get(index, 0) for index in range(1 + max(self._buttons, default=-1))]
        return self._joystick.read(axes, buttons, now)


def _steering(settings: TeleopSettings) -> TeleopSettings:
    """What of the axes and buttons steers."""
    axes = tuple(name if name.removeprefix("-") in TWIST else "" for name in settings.axes)
    return replace(settings, axes=axes, buttons=tuple(name if name in _BUTTONS else "" for name in settings.buttons))
