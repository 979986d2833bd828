# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""What is counted of those who send: steps across restarts of a driver, gaps in the packets of a sender."""

from __future__ import annotations


class StepCounter:
    """Environment steps of a training, across restarts of the driver, which counts from zero each time.

    Args:
        offset: Steps taken before the driver's present session.
        session: Names the driver's present session; -1 for none yet.
        last: Steps known of it.
    """

    def __init__(self, offset: int = 0, session: int = -1, last: int = 0) -> None:
        self.offset, self.session, self.last = offset, session, last

    def note(self, session: int, steps: int) -> int:
        """Take the driver's session and its steps in it; returns the steps of the training."""
        if session != self.session:
            self.offset += self.last
            self.session = session
        self.last = steps
        return self.offset + steps


class SequenceCheck:
    """Finds gaps and repetitions in the packets of one sender, also across its restarts.

    Args:
        session: Of the newest packet known; -1 for none.
        sequence: Of the newest packet known.
        received: Packets before.
        lost: Of them that never came.
    """

    def __init__(self, session: int = -1, sequence: int = -1, received: int = 0, lost: int = 0) -> None:
        self.session, self.sequence = session, sequence
        self.received = received
        self.lost = lost
        """Packets that never came."""

    def take(self, session: int, sequence: int) -> bool:
        """Note a packet; False if it is known already."""
        if session != self.session:
            self.session, self.sequence = session, -1
        if sequence <= self.sequence:
            return False
        self.lost += sequence - self.sequence - 1
        self.sequence = sequence
        self.received += 1
        return True
