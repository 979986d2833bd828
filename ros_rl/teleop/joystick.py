# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""What the axes and buttons of a joystick mean."""

from __future__ import annotations

import math
from collections.abc import Sequence

from ros_rl.errors import CommandError
from ros_rl.settings.teleop import SELECTED, SERVICES, TWIST, TeleopSettings
from ros_rl.teleop.wish import Wish

STOP = "emergency_stop"
_STEPS = {"next": ("select", 1), "previous": ("select", -1), "faster": ("speed", 1), "slower": ("speed", -1)}


class Joystick:
    """Reads a joystick message by message; a button counts when it goes down.

    Args:
        settings: What its axes and buttons do.
        dead_man: Index of the button that is the dead man's switch; None: there is none.
        limit: After this long without a message nothing is known of the buttons any more [s].
    """

    def __init__(self, settings: TeleopSettings, dead_man: int | None, limit: float) -> None:
        self._settings, self._dead_man, self._limit = settings, dead_man, limit
        self._down: set[int] | None = None
        self._heard = 0.0

    def read(self, axes: Sequence[float], buttons: Sequence[int], now: float) -> tuple[Wish, list[str]]:
        """What a message wants, and the services that it calls.

        An emergency stop is called also by a button that is down when the joystick is first heard; others have to be
        seen going down.

        Args:
            axes: In [-1, 1]; to the left and forward are positive.
            buttons: 1 where one is down.
            now: Steady clock [s].

        Raises:
            CommandError: It has less axes or buttons than are used, or an axis is not finite.
        """
        moved = self._moved(axes)
        down = self._pressed(buttons)
        known = self._down if self._down is not None and now - self._heard <= self._limit else None
        went_down = [name for index, name in down.items() if name and index not in (down if known is None else known)]
        stops = [STOP] if known is None and STOP in down.values() else []
        self._down, self._heard = set(down), now
        steps = {key: step for key, step in (_STEPS[name] for name in went_down if name in _STEPS)}
        twist = {name: moved.pop(name, 0.0) for name in TWIST}
        jog = moved.pop(SELECTED, 0.0)
        held = self._dead_man in down
        wish = Wish(held, jog, **twist, **steps, joints=moved)  # type: ignore[arg-type]
        return wish, [*stops, *(name for name in went_down if name in SERVICES)]

    def _pressed(self, buttons: Sequence[int]) -> dict[int, str]:
        """What the buttons do that are down, by their indices."""
        names = self._settings.buttons
        if self._dead_man is not None and self._dead_man >= len(buttons):
            raise CommandError(f"joy has {len(buttons)} buttons, driver.dead_man_button is {self._dead_man}")
        used = max((index for index, name in enumerate(names) if name), default=-1)
        if used >= len(buttons):
            raise CommandError(f"joy has {len(buttons)} buttons, but 'teleop.buttons[{used}]' is '{names[used]}'")
        return {index: names[index] if index < len(names) else "" for index, down in enumerate(buttons) if down}

    def _moved(self, axes: Sequence[float]) -> dict[str, float]:
        """Share of each thing that an axis moves."""
        found = {}
        for index, name in enumerate(self._settings.axes):
            if not name:
                continue
            if index >= len(axes):
                raise CommandError(f"joy has {len(axes)} axes, but 'teleop.axes[{index}]' is '{name}'")
            value = float(axes[index])
            if not math.isfinite(value):
                raise CommandError(f"axis {index} of joy is {value}, expected a number from -1 to 1")
            moved = self._beyond_middle(max(-1.0, min(1.0, value)))
            found[name.removeprefix("-")] = -moved if name.startswith("-") else moved
        return found

    def _beyond_middle(self, value: float) -> float:
        zone = self._settings.deadzone
        return math.copysign(max(0.0, abs(value) - zone) / (1.0 - zone), value)
