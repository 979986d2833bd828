# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""The learner's own copy of what came since the last checkpoint: what was received, and when a round was done.

Doing the same again from the checkpoint leads to where the training was. A record is in the file as soon as it is
appended, so a process that is killed loses none. Once a second the file goes to the disk, so a power cut loses that.
Each record is a marker, its length, its CRC-32, its kind and its bytes. A torn or damaged one is found, named and left
out.
"""

from __future__ import annotations

import logging
import os
import re
import struct
import threading
import zlib
from collections.abc import Iterator
from pathlib import Path

from ros_rl.errors import ContractError
from ros_rl.runs.records import Record, pack_record, unpack_record

SYNC_SECONDS = 1.0
_HEAD = struct.Struct("<4sIIc")  # marker, length, CRC-32 of kind and bytes, kind
_MARKER = b"\xf5WA\n"
_NAME = re.compile(r"(\d{5,})\.wal")


class WriteAhead:
    """Appends records to one file.

    Args:
        path: The file. What stands in it stays, but for a torn end.

    Raises:
        OSError: It cannot be written.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        path.parent.mkdir(parents=True, exist_ok=True)
        self._end = _whole_end(path)
        self._file = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
        os.ftruncate(self._file, self._end)
        os.lseek(self._file, self._end, os.SEEK_SET)
        self._failure: OSError | None = None
        self._unsynced = True
        self._closed = threading.Event()
        self._thread = threading.Thread(target=self._sync_often, daemon=True)
        self._thread.start()

    def append(self, record: Record) -> None:
        """Append a record.

        Raises:
            OSError: It cannot be written, or an earlier one could not be brought to the disk; nothing of it stays.
        """
        if self._failure is not None:
            raise self._failure
        kind, content = pack_record(record)
        head = _HEAD.pack(_MARKER, len(content), zlib.crc32(content, zlib.crc32(kind)), kind)
        try:
            _write_all(self._file, head + content)
        except OSError:
            os.ftruncate(self._file, self._end)
            os.lseek(self._file, self._end, os.SEEK_SET)
            raise
        self._end += _HEAD.size + len(content)
        self._unsynced = True

    def close(self) -> None:
        """Bring all to the disk."""
        self._closed.set()
        self._thread.join()
        self._sync()
        os.close(self._file)

    def _sync_often(self) -> None:
        while not self._closed.wait(SYNC_SECONDS):
            self._sync()

    def _sync(self) -> None:
        if self._unsynced:
            self._unsynced = False
            try:
                os.fsync(self._file)
            except OSError as error:
                self._failure = error


def _write_all(file: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(file, view) :]


def _whole_end(path: Path) -> int:
    """Where the last whole record of a file ends [bytes]."""
    end = 0
    for _, stop in _scan(path.read_bytes() if path.is_file() else b""):
        end = stop
    return end


def _scan(data: bytes) -> Iterator[tuple[tuple[bytes, bytes], int]]:
    """Kind and content of each whole record, and where it ends; damaged bytes between are left out."""
    start = 0
    while (start := data.find(_MARKER, start)) >= 0:
        if start + _HEAD.size > len(data):
            return
        _, length, checksum, kind = _HEAD.unpack_from(data, start)
        stop = start + _HEAD.size + length
        content = data[start + _HEAD.size : stop]
        if stop <= len(data) and zlib.crc32(content, zlib.crc32(kind)) == checksum:
            yield (kind, content), stop
            start = stop
        else:
            start += 1


def read_records(path: Path) -> tuple[list[Record], list[str]]:
    """The whole records of a file, in order, and what is wrong with the rest of it, a line each."""
    data = path.read_bytes()
    records: list[Record] = []
    problems, end = [], 0
    for (kind, content), stop in _scan(data):
        start = stop - _HEAD.size - len(content)
        if start > end:
            problems.append(f"{path}: {start - end} bytes from byte {end} are damaged and left out")
        end = stop
        try:
            records.append(unpack_record(kind, content))
        except ContractError as error:
            problems.append(f"{path}: the record at byte {start} is left out: {error}")
    if end < len(data):
        problems.append(f"{path}: the last {len(data) - end} bytes are torn and left out")
    return records, problems


def segment(root: Path, number: int) -> Path:
    """The file of what comes after a checkpoint.

    Args:
        root: The run's ``checkpoint`` folder.
        number: Of the checkpoint; 0: before the first.
    """
    return root / f"{number:05d}.wal"


def segments(root: Path) -> dict[int, Path]:
    """The files below a folder by their numbers, in order."""
    files = root.iterdir() if root.is_dir() else ()
    found = {int(match[1]): file for file in files if (match := _NAME.fullmatch(file.name))}
    return dict(sorted(found.items()))


def read_since(root: Path, number: int) -> list[Record]:
    """All that came after a checkpoint, in order; what is damaged is told in the log and left out."""
    records: list[Record] = []
    for found, file in segments(root).items():
        if found >= number:
            new, problems = read_records(file)
            records += new
            for problem in problems:
                logging.getLogger(__name__).warning("%s", problem)
    return records
