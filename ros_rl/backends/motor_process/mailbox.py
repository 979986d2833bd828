# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""The newest record of one process for another, in shared memory, without a lock that a dead process could hold.

A sequence lock: its number is odd while the writer writes, and the reader takes what it copied only where the number
was even and the same before and after. Since nothing in Python orders a processor's stores, a checksum goes with it.
"""

from __future__ import annotations

import zlib
from mmap import mmap

import numpy as np

_HEAD = np.dtype([("sequence", "<u8"), ("checksum", "<u4"), ("spare", "<u4")])
_TRIES = 4


class Mailbox:
    """One end of it: the one writer's, or a reader's.

    Args:
        memory: Shared by both processes, zero at first.
        offset: Where the mailbox begins in it [bytes], a multiple of 8.
        kind: Of the record, a structured type.
    """

    def __init__(self, memory: mmap, offset: int, kind: np.dtype) -> None:
        self._head = np.frombuffer(memory, _HEAD, 1, offset)
        self._body = np.frombuffer(memory, np.uint8, kind.itemsize, offset + _HEAD.itemsize)
        self.record = np.zeros(1, kind)
        """The writer's to fill, or the newest that a reader got, all zero before the first; shape (1,)."""
        self._own = self.record.view(np.uint8)
        self._copy = np.zeros_like(self._own)
        self._seen = 0

    @staticmethod
    def size(kind: np.dtype) -> int:
        """Bytes of a mailbox, a multiple of 8."""
        return _HEAD.itemsize + -(-kind.itemsize // 8) * 8

    def write(self) -> None:
        """Publish the record."""
        head, sequence = self._head, int(self._head["sequence"][0])
        sequence += sequence % 2  # a writer that died while it wrote left an odd number
        head["sequence"] = sequence + 1
        self._body[:] = self._own
        head["checksum"] = zlib.crc32(self._own.data)
        head["sequence"] = sequence + 2

    def read(self) -> bool:
        """Take the newest record, if there is a new one that is whole; says whether."""
        for _ in range(_TRIES):
            sequence = int(self._head["sequence"][0])
            if sequence == self._seen:
                return False
            self._copy[:] = self._body
            checksum = int(self._head["checksum"][0])
            whole = sequence % 2 == 0 and sequence == int(self._head["sequence"][0])
            if whole and zlib.crc32(self._copy.data) == checksum:
                self._own[:] = self._copy
                self._seen = sequence
                return True
        return False
