# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Whether the supervisor that leads a run is still there: without it Ctrl-C, time limits and restarts are gone."""

from __future__ import annotations


class Supervised:
    """Hears a supervisor's heartbeat. A driver that has never heard one is led by nobody, and misses nobody.

    Args:
        limit: How long it may be silent [s].
    """

    def __init__(self, limit: float) -> None:
        self._limit = limit
        self._heard: float | None = None

    def hear(self, now: float) -> None:
        """It is there.

        Args:
            now: Steady clock [s].
        """
        self._heard = now

    def forget(self) -> None:
        """Nobody leads it until one is heard again."""
        self._heard = None

    def missing(self, now: float) -> str:
        """Why nothing may act on; empty while it is heard.

        Args:
            now: Steady clock [s].
        """
        silent = 0.0 if self._heard is None else now - self._heard
        return f"supervisor has been silent for {silent:.1f} s" if silent > self._limit else ""
