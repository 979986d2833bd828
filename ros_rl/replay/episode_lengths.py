# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""How long episodes are, against the steps in a row that settings ask for."""

from __future__ import annotations

import logging

_JUDGED_EPISODES = 10
"""Finished episodes after which it can be said that all are shorter than what is to be drawn."""


class EpisodeLengths:
    """Counts finished episodes, and says when they are all too short."""

    def __init__(self) -> None:
        self._finished, self._longest = 0, 0
        self._told: set[str] = set()

    def note(self, length: int) -> None:
        """An episode has ended.

        Args:
            length: Its steps in a row.
        """
        self._finished, self._longest = self._finished + 1, max(self._longest, length)

    def tell_short(self, name: str, steps: int, so: str) -> None:
        """Say once that episodes never have as many steps as a setting asks for, as soon as that is plain.

        Args:
            name: Of the setting.
            steps: Its value.
            so: What follows from it.
        """
        if self._finished >= _JUDGED_EPISODES and self._longest < steps and name not in self._told:
            self._told.add(name)
            logging.getLogger(__name__).warning(
                "%s is %d, the longest of the first %d episodes had %d steps: %s",
                name,
                steps,
                self._finished,
                self._longest,
                so,
            )
