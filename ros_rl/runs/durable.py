# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Files that are there as a whole or not at all, also after a power cut, and a word when the disk gets full."""

from __future__ import annotations

import os
import shutil
import zlib
from pathlib import Path
from typing import Any

LOW_DISK = 1_000_000_000
"""Free bytes below which it is time to say so: five checkpoints of 200,000 transitions of the A1."""


def low_disk(folder: Path) -> str:
    """A word on how little room is left where a folder stands; empty while there is enough."""
    try:
        free = shutil.disk_usage(folder).free
    except OSError as error:
        return f"{folder} cannot be written: {error.strerror}"
    if free >= LOW_DISK:
        return ""
    return f"only {free / 1e6:.0f} MB are free at {folder}: a full disk ends checkpoints and log, not the training"


def sync_folder(folder: Path) -> None:
    """See to it that the names in a folder outlast a power cut."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def write_whole(path: Path, data: bytes) -> None:
    """Replace a file's content at once; the old one stays if the new one cannot be written.

    Raises:
        OSError: The disk is full, or the folder cannot be written; nothing half-written stays.
    """
    partial = path.with_name(f"{path.name}.partial")
    try:
        with ChecksummedFile(partial) as file:
            file.write(data)
        os.replace(partial, path)
        sync_folder(path.parent)
    except OSError:
        partial.unlink(missing_ok=True)
        raise


class ChecksummedFile:
    """A new file that counts its bytes and their CRC-32 while it is written, and is on the disk when it closes.

    Args:
        path: Of the file.
    """

    def __init__(self, path: Path) -> None:
        self._file = path.open("wb")
        self.size = 0
        """Bytes written."""
        self.checksum = 0
        """Their CRC-32."""

    def write(self, data: Any) -> None:
        """Append bytes, or what gives them without a copy."""
        self._file.write(data)
        self.size += len(data)
        self.checksum = zlib.crc32(data, self.checksum)

    def __enter__(self) -> ChecksummedFile:
        """For ``with``."""
        return self

    def __exit__(self, *error: object) -> None:
        """Bring what was written to the disk, unless it failed."""
        try:
            if error[0] is None:
                self._file.flush()
                os.fsync(self._file.fileno())
        finally:
            self._file.close()


def checksum_of(path: Path) -> tuple[int, int]:
    """Size [bytes] and CRC-32 of a file.

    Raises:
        OSError: It cannot be read.
    """
    size = checksum = 0
    with path.open("rb") as file:
        while block := file.read(1 << 20):
            size, checksum = size + len(block), zlib.crc32(block, checksum)
    return size, checksum
