# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""A driver of somebody else's, as far as it can be told something: commands, and to stop."""

from __future__ import annotations

from abc import ABC, abstractmethod

from ros_rl.types import Array

_AGAIN_SECONDS = 0.5  # between two requests to stop
_NOTHING = ("", float("-inf"))


class OtherDriver(ABC):
    """Neither call waits; both may come from any thread."""

    @abstractmethod
    def command(self, stamp: int, value: Array) -> None:
        """Answer its tick.

        Args:
            stamp: Of the tick [ns].
            value: Joint targets, shape (joints,).
        """

    @abstractmethod
    def request(self, service: str) -> None:
        """Call one of its services, if it has that; nobody waits for the answer."""


class Insistence:
    """Requests the same again as long as it is not done.

    Args:
        other: Of whom.
    """

    def __init__(self, other: OtherDriver) -> None:
        self._other = other
        self._asked = _NOTHING

    def ask(self, service: str, now: float) -> None:
        """Have it done, if the last request is long ago.

        Args:
            service: What is missing now; empty: nothing.
            now: Steady clock [s].
        """
        before, when = self._asked
        if not service:
            self._asked = _NOTHING
        elif service != before or now - when >= _AGAIN_SECONDS:
            self._other.request(service)
            self._asked = (service, now)
