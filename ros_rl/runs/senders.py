# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""What is counted of those who send, source by source: steps across restarts of a driver, gaps in what is sent."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ros_rl.errors import ContractError

LARGEST_GAP = 10_000
"""Packets that may be missing in a row: eight minutes at 20 Hz."""


class StepCounter:
    """Environment steps of a training: of all robots, and across restarts of drivers, which count from zero each time.

    Args:
        joins: Whether drivers are others' and may have acted before this run heard them: what a session did until it
            was first heard is none of the run's robot time.
    """

    def __init__(self, joins: bool = False) -> None:
        self._joins = joins
        self.earlier = 0
        """Steps of drivers' sessions that are over, less those before one was first heard."""
        self.drivers: dict[str, tuple[int, int]] = {}
        """By source, its driver's present session and the steps known of it."""

    def state(self) -> dict[str, Any]:
        """What `restore` takes; JSON can hold it."""
        return {"earlier": self.earlier, "drivers": self.drivers}

    def restore(self, state: Mapping[str, Any]) -> None:
        """Go on from what `state` gave."""
        self.earlier, self.drivers = state["earlier"], _pairs(state["drivers"])

    @property
    def total(self) -> int:
        """Steps of the training."""
        return self.earlier + sum(steps for _, steps in self.drivers.values())

    def note(self, source: str, session: int, steps: int) -> int:
        """Take a driver's session and its steps in it; returns the steps of the training."""
        before, last = self.drivers.get(source, (None, 0))
        if session != before:
            self.earlier += last - (steps if self._joins else 0)
        self.drivers[source] = (session, steps)
        return self.total

    def elsewhere(self, source: str) -> int:
        """Steps of the training that are not those of this source's driver in its present session.

        It is below 0 where that driver had acted before this run heard it.
        """
        return self.total - self.drivers.get(source, (0, 0))[1]


def _pairs(values: Mapping[str, Any]) -> dict[str, tuple[int, int]]:
    """JSON's lists as pairs again."""
    return {source: (first, second) for source, (first, second) in values.items()}


class SequenceCheck:
    """Finds gaps and repetitions in the packets of each source, also across restarts of who sends them."""

    def __init__(self) -> None:
        self.newest: dict[str, tuple[int, int]] = {}
        """By source, session and sequence number of the newest packet known."""
        self.received = 0
        """Packets that came."""
        self.lost = 0
        """Packets that never came."""
        self._doubted: dict[str, tuple[int, int]] = {}  # by source, the packet that lay too far ahead

    def check_plausible(self, source: str, session: int, sequence: int) -> None:
        """Refuse a packet that lies too far ahead, unless it follows the one that was refused for it before.

        One wrong number so costs one packet, instead of hiding all that are numbered below it.

        Raises:
            ContractError: Naming the two numbers.
        """
        before, newest = self.newest.get(source, (session, -1))
        newest = newest if session == before else -1
        doubted = self._doubted.pop(source, None)
        if sequence - newest > LARGEST_GAP and doubted != (session, sequence - 1):
            self._doubted[source] = (session, sequence)
            raise ContractError(
                f"number {sequence} of '{source}' follows {newest}, at most {LARGEST_GAP} may be missing"
            )

    def state(self) -> dict[str, Any]:
        """What `restore` takes; JSON can hold it."""
        return {"newest": self.newest, "received": self.received, "lost": self.lost}

    def restore(self, state: Mapping[str, Any]) -> None:
        """Go on from what `state` gave."""
        self.newest, self.received, self.lost = _pairs(state["newest"]), state["received"], state["lost"]

    def take(self, source: str, session: int, sequence: int) -> bool:
        """Note a packet; False if it is known already."""
        before, newest = self.newest.get(source, (session, -1))
        if session != before:
            newest = -1
        if sequence <= newest:
            return False
        self.newest[source] = (session, sequence)
        self.lost += sequence - newest - 1
        self.received += 1
        return True
