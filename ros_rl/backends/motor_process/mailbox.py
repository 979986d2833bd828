# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""The newest record of one process for another, in shared memory, without a lock that a dead process could hold.

There are two slots, and the writer always writes the one that was not published last, so that a reader is never kept
waiting, not even by a writer that stopped halfway. A reader takes what it copied only where the slot's number was the
same before and after. Since nothing in Python orders a processor's stores, a checksum goes with it.
"""

from __future__ import annotations

import zlib
from mmap import mmap

import numpy as np

_HEAD = np.dtype([("number", "<u8"), ("checksum", "<u4"), ("spare", "<u4")])
_TRIES = 4


class Mailbox:
    """One end of it: the one writer's, or a reader's.

    Args:
        memory: Shared by both processes, zero at first.
        offset: Where the mailbox begins in it [bytes], a multiple of 8.
        kind: Of the record, a structured type.
    """

    def __init__(self, memory: mmap, offset: int, kind: np.dtype) -> None:
        self._newest = np.frombuffer(memory, "<u8", 1, offset)
        starts = [offset + 8 + slot * _slot_size(kind) for slot in range(2)]
        self._heads = [np.frombuffer(memory, _HEAD, 1, start)[0] for start in starts]
        self._bodies = [np.frombuffer(memory, np.uint8, kind.itemsize, start + _HEAD.itemsize) for start in starts]
        self.record = np.zeros(1, kind)
        """The writer's to fill, or the newest that a reader got, all zero before the first; shape (1,)."""
        self._own = self.record.view(np.uint8)
        self._copy = np.zeros_like(self._own)
        self._seen = 0

    @staticmethod
    def size(kind: np.dtype) -> int:
        """Bytes of a mailbox, a multiple of 8."""
        return 8 + 2 * _slot_size(kind)

    def write(self) -> None:
        """Publish the record."""
        number = int(self._newest[0]) + 1
        head = self._heads[number % 2]
        head["number"] = 0
        self._bodies[number % 2][:] = self._own
        head["checksum"] = zlib.crc32(self._own.data)
        head["number"] = number
        self._newest[0] = number

    def read(self) -> bool:
        """Take the newest record, if there is a new one that is whole; says whether."""
        for _ in range(_TRIES):
            number = int(self._newest[0])
            if number == self._seen:
                return False
            head = self._heads[number % 2]
            before = int(head["number"])
            self._copy[:] = self._bodies[number % 2]
            checksum = int(head["checksum"])
            whole = before == number == int(head["number"])
            if whole and zlib.crc32(self._copy.data) == checksum:
                self._own[:] = self._copy
                self._seen = number
                return True
        return False


def _slot_size(kind: np.dtype) -> int:
    return _HEAD.itemsize + -(-kind.itemsize // 8) * 8
