# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Keys of a terminal, which tells what is typed and never what is let go of."""

from __future__ import annotations

from enum import Enum

_NAMED = {
    "\x1b[A": "up",
    "\x1b[B": "down",
    "\x1b[C": "right",
    "\x1b[D": "left",
    "\x1bOA": "up",
    "\x1bOB": "down",
    "\x1bOC": "right",
    "\x1bOD": "left",
    "\r": "enter",
    "\n": "enter",
    " ": "space",
}
_ESCAPE = "\x1b"
REPEATS_AFTER = (0.12, 1.1)
"""How soon keyboards repeat a key that stays down [s]: by the defaults of consoles and X servers after 0.25 to 0.66."""
REPEATS_WITHIN = 0.2
"""After this long without a repetition a key counts as let go of [s]; slow keyboards repeat 10 times a second."""


class KeyDecoder:
    """Makes names of keys of the bytes that a terminal sends; an arrow's may come in pieces."""

    def __init__(self) -> None:
        self._rest = ""

    def feed(self, data: bytes) -> list[str]:
        """The keys that are complete.

        Args:
            data: What came; empty: nothing for a while, so that what is left is a key by itself.
        """
        text, self._rest = self._rest + data.decode("ascii", errors="replace"), ""
        keys = []
        while text:
            size = _length(text)
            if size > len(text) and data:
                self._rest = text
                break
            part, text = text[:size], text[size:]
            keys.append(_NAMED.get(part, "escape" if part == _ESCAPE else part))
        return keys


def _length(text: str) -> int:
    """Characters of the first key: an escape sequence ends with its first letter, tilde aside."""
    if not text.startswith(_ESCAPE):
        return 1
    if len(text) == 1:
        return 2
    if text[1] not in "[O":
        return 1
    for index, character in enumerate(text[2:], start=3):
        if character.isalpha() or character == "~":
            return index
    return len(text) + 1


class _Stage(Enum):
    UP = 0
    STRUCK = 1
    """Came once; held if it repeats after a pause."""
    HELD = 2
    SPOILT = 3
    """Came too quickly; until there is silence, it counts for nothing."""


class HeldKey:
    """Which key is held down, by how it repeats.

    A key counts from its first repetition on, which comes after the pause that every keyboard makes: a key that is only
    touched, or struck quickly, does nothing. Without repetitions it is let go of. When they come back without that
    pause, it is a link that was interrupted while the key stayed down; that counts for nothing until it is let go of.
    """

    def __init__(self) -> None:
        self._key, self._stage, self._last = "", _Stage.UP, 0.0

    def press(self, key: str, now: float) -> None:
        """A key came.

        Args:
            key: Its name.
            now: Steady clock [s].
        """
        self.held(now)
        since, before, self._last = now - self._last, self._key, now
        earliest, latest = REPEATS_AFTER
        self._key = key
        if self._stage is _Stage.SPOILT:
            self._stage = _Stage.SPOILT if since <= REPEATS_WITHIN else _Stage.STRUCK
        elif self._stage is _Stage.UP or key != before:
            self._stage = _Stage.STRUCK
        elif self._stage is _Stage.STRUCK and since <= latest:
            self._stage = _Stage.SPOILT if since < earliest else _Stage.HELD

    def release(self) -> None:
        """What is held counts no more until it is let go of."""
        self._stage = _Stage.SPOILT

    def held(self, now: float) -> str:
        """The key that is held; empty if none is.

        Args:
            now: Steady clock [s].
        """
        if self._stage is _Stage.HELD and now - self._last > REPEATS_WITHIN:
            self._stage = _Stage.UP
        return self._key if self._stage is _Stage.HELD else ""
