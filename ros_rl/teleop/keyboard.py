# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""What the keys of a terminal mean."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from ros_rl.teleop.keys import HeldKey
from ros_rl.teleop.wish import Wish

HELD: dict[str, dict[str, Any]] = {
    "space": {},
    "up": {"jog": 1.0},
    "down": {"jog": -1.0},
    "i": {"forward": 1.0},
    ",": {"forward": -1.0},
    "j": {"left": 1.0},
    "l": {"left": -1.0},
    "u": {"turn": 1.0},
    "o": {"turn": -1.0},
}
"""Keys that are the dead man's switch while they are held, and what they ask for meanwhile."""
STRUCK: dict[str, dict[str, Any]] = {
    "right": {"select": 1},
    "left": {"select": -1},
    "+": {"speed": 1},
    "=": {"speed": 1},
    "-": {"speed": -1},
    **{str(number): {"pick": number} for number in range(1, 10)},
}
"""Keys that choose."""
CALLS = {
    "x": "emergency_stop",
    "enter": "emergency_stop",
    "escape": "emergency_stop",
    "A": "arm",
    "H": "home",
    "d": "disarm",
    "r": "resume",
    "p": "pause",
    "c": "clear_fault",
}
"""Keys that call a service of the driver; those after which a robot moves by itself take Shift."""
HELP = (
    "hold up/down: move the joint, or the tool | left/right or 1-9: choose another | + -: faster, slower",
    "hold space: only hold the dead man's switch | hold i , j l u o: forward, back, left, right, turn",
    "A: arm, goes home | H: home | d: disarm | p: pause | r: resume | c: clear | Ctrl-C: end",
    "x, Enter, Esc: EMERGENCY STOP",
)
"""What a person is shown; let go of a key and the robot rests."""


class Keyboard:
    """Turns keys into wishes and calls."""

    def __init__(self) -> None:
        self._held = HeldKey()
        self._chosen: dict[str, Any] = {}

    def press(self, key: str, now: float) -> str:
        """A key came; gives the service that it calls, or nothing.

        Args:
            key: Its name.
            now: Steady clock [s].
        """
        if key in HELD:
            self._held.press(key, now)
            return ""
        self._held.release()  # whoever strikes another key has let go of the one before
        self._chosen = dict(STRUCK.get(key, {}))
        return CALLS.get(key, "")

    def release(self) -> None:
        """Nothing is held any more, until it was let go of."""
        self._held.release()

    def wish(self, now: float) -> Wish:
        """What the person wants; what was chosen stands in one wish only.

        Args:
            now: Steady clock [s].
        """
        key = self._held.held(now)
        chosen, self._chosen = self._chosen, {}
        return replace(Wish(held=bool(key)), **HELD.get(key, {}), **chosen)
