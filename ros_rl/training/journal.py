# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""What comes to a training and what it does, in one order: done, written down, and done again by a run that goes on."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable

from ros_rl.errors import RosRlError
from ros_rl.runs.records import Record, Round
from ros_rl.training.run_store import RunStore


class Journal:
    """Keeps that order.

    Args:
        do: Does a record.
        warn: Told in a line what was refused, or not written.
    """

    def __init__(self, do: Callable[[Record], None], warn: Callable[[str], None]) -> None:
        self._do, self._warn = do, warn
        self._ahead: deque[Record] = deque()  # to be done again, and what arrives meanwhile
        self.store: RunStore | None = None
        """Where it is written down; None: nowhere."""

    @property
    def recalling(self) -> bool:
        """Whether something is still to be done again."""
        return bool(self._ahead)

    def resume(self, records: Iterable[Record]) -> None:
        """Have these to do again."""
        self._ahead = deque(records)

    def take(self, record: Record) -> None:
        """Do and write down a record; one that came is done after what is to be done again."""
        if self._ahead:
            self._ahead.append(record)
        else:
            self._do(record)
        if self.store is not None:
            self._tell(self.store.write_down(record))

    def recall(self) -> None:
        """Do again what was done, up to the next round."""
        while self._ahead:
            record = self._ahead.popleft()
            try:
                self._do(record)
            except RosRlError as error:
                self._warn(f"transition refused: {error}")
            if isinstance(record, Round):
                break

    def note_score(self, env_steps: int, score: float) -> None:
        """Note what an evaluation made of the checkpoint at so many environment steps."""
        if self.store is not None:
            self._tell(self.store.note_score(env_steps, score))

    def close(self) -> None:
        """Bring what was written down to the disk."""
        if self.store is not None:
            self.store.close()

    def _tell(self, problem: str) -> None:
        if problem:
            self._warn(problem)
