# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""A dead-man's switch: the robot acts while a person holds a button, and rests as soon as nobody does."""

from __future__ import annotations

from typing import Protocol


class Pausable(Protocol):
    """What a dead man's switch acts on, such as a latch."""

    def pause(self) -> bool:
        """Rest until `resume`."""

    def resume(self) -> bool:
        """Act."""


class Switch:
    """A button as somebody hears of it. Silence is a released button, and a link that comes back holds nothing.

    Args:
        limit: How long a held button counts without being heard again [s].
    """

    def __init__(self, limit: float) -> None:
        self._limit = limit
        self._held = self._seen_released = False
        self._heard = 0.0

    def hear(self, held: bool, now: float) -> bool:
        """Take what the button says; True if that presses it.

        Args:
            held: Whether the button is held.
            now: Steady clock [s].
        """
        self.poll(now)
        pressed = held and not self._held and self._seen_released
        if not held:
            self._seen_released = True
        self._held, self._heard = held and (self._held or pressed), now
        return pressed

    def poll(self, now: float) -> bool:
        """Time has passed; whether it is held.

        Args:
            now: Steady clock [s].
        """
        if self._held and now - self._heard > self._limit:
            self._held = self._seen_released = False  # it has to be let go of before it counts again
        return self._held

    @property
    def held(self) -> bool:
        """Whether it is held, as far as is known."""
        return self._held


class DeadMan:
    """Pauses and resumes an armed robot by a `Switch`.

    Args:
        latch: What it pauses and resumes.
        limit: How long a held button counts without being heard again [s].
    """

    def __init__(self, latch: Pausable, limit: float) -> None:
        self._latch, self._switch = latch, Switch(limit)

    def hear(self, held: bool, now: float) -> None:
        """Take what the switch says.

        Args:
            held: Whether the button is held.
            now: Steady clock [s].
        """
        if self._switch.hear(held, now):
            self._latch.resume()
        elif not self._switch.held:
            self._latch.pause()

    def poll(self, now: float) -> None:
        """Time has passed; as often as the robot is to notice a silence.

        Args:
            now: Steady clock [s].
        """
        if not self._switch.poll(now):
            self._latch.pause()

    @property
    def held(self) -> bool:
        """Whether the button is held, as far as is known."""
        return self._switch.held
