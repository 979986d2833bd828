# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""What power cuts, worn disks and other programs do to files."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

Damage = Callable[[Path], None]
"""Does something to a file of a run's folder."""


def newest(folder: Path, *patterns: str) -> Path:
    """The newest file of one of these patterns below a folder.

    Raises:
        RuntimeError: There is none.
    """
    found = [path for pattern in patterns for path in folder.glob(pattern) if path.is_file()]
    if not found:
        raise RuntimeError(f"{folder.name} has no {' or '.join(patterns)}")
    return max(found, key=lambda path: (path.stat().st_mtime, str(path)))


def flip(*patterns: str, place: float = 0.5) -> Damage:
    """Change one byte of the newest such file, at a share of its length."""

    def damage(folder: Path) -> None:
        path = newest(folder, *patterns)
        data = bytearray(path.read_bytes())
        data[int(place * (len(data) - 1))] ^= 0xFF
        path.write_bytes(data)

    return damage


def cut(*patterns: str, share: float = 0.5) -> Damage:
    """Keep a share of the newest such file."""

    def damage(folder: Path) -> None:
        path = newest(folder, *patterns)
        data = path.read_bytes()
        path.write_bytes(data[: int(share * len(data))])

    return damage


def tear(*patterns: str, size: int = 7) -> Damage:
    """The last bytes of the newest such file were not written."""

    def damage(folder: Path) -> None:
        path = newest(folder, *patterns)
        path.write_bytes(path.read_bytes()[:-size])

    return damage


def garbage(name: str) -> Damage:
    """A file that holds nonsense."""

    def damage(folder: Path) -> None:
        (folder / name).write_bytes(b"\x00\xff{not\n")

    return damage
