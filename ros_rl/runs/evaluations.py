# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""The evaluations of a run, a JSON line each, kept as they come, so that the curve of one that goes on is whole."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

EVALUATIONS = "evaluations.jsonl"


def read_evaluations(folder: Path) -> list[dict[str, Any]]:
    """What was evaluated before; what was the end then is a point on the way now. Damaged lines are left out."""
    try:
        lines = (folder / EVALUATIONS).read_bytes().splitlines()
    except OSError:
        return []
    return [result | {"final": False} for line in lines if (result := _read(line)) is not None]


def _read(line: bytes) -> dict[str, Any] | None:
    try:
        result = json.loads(line)
    except ValueError:
        return None
    return result if isinstance(result, dict) and {"env_steps", "final"} <= result.keys() else None


def append_evaluation(folder: Path, result: Mapping[str, Any]) -> None:
    """Add a result.

    Raises:
        OSError: The disk is full, or the folder cannot be written.
    """
    with (folder / EVALUATIONS).open("ab") as file:
        file.write(b"\n" * _torn(folder / EVALUATIONS) + json.dumps(result).encode() + b"\n")
        file.flush()
        os.fsync(file.fileno())


def _torn(path: Path) -> bool:
    """Whether a file ends within a line."""
    with path.open("rb") as file:
        size = file.seek(0, os.SEEK_END)
        file.seek(max(0, size - 1))
        return file.read(1) not in (b"", b"\n")
