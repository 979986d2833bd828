# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""The evaluations of a run: what is asked for and answered, and a JSON line each, kept as they come.

So the curve of a run that goes on is whole.
"""

from __future__ import annotations

import itertools
import json
import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from ros_rl.errors import ContractError, warn_once
from ros_rl.formats.json_text import check_entries, json_object

EVALUATIONS = "evaluations.jsonl"
SUCCESS_RATE, RETURN_THRESHOLD = "success_rate", "return_threshold"
"""Entries of an evaluation: share of the episodes that succeeded; mean return from which on it counts as solved."""
_REQUEST = {"env_steps": int, "version": int, "episodes": int, "robot_minutes": float, "final": bool}


def read_evaluations(folder: Path) -> list[dict[str, Any]]:
    """What was evaluated before; what was the end then is a point on the way now. Damaged lines are told of."""
    try:
        lines = (folder / EVALUATIONS).read_bytes().splitlines()
    except OSError:
        return []
    found = [result | {"final": False} for line in lines if (result := _read(line)) is not None]
    if damaged := sum(map(bool, lines)) - len(found):
        lost = f"{damaged} of {len(lines)} lines are damaged, their evaluations are left out"
        warn_once(f"{folder / EVALUATIONS}: {lost}")
    return found


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


def succeeded(result: Mapping[str, Any]) -> bool:
    """Whether an evaluation is a success: each of its episodes was one, as far as the task can say.

    A Gymnasium environment that does not tell names a mean return from which on it counts as solved.
    """
    if SUCCESS_RATE in result:
        return bool(result[SUCCESS_RATE] == 1.0)
    return RETURN_THRESHOLD in result and bool(result["return_mean"] >= result[RETURN_THRESHOLD])


def in_a_row(results: Iterable[Mapping[str, Any]]) -> int:
    """How many evaluations at the end, in the order of their steps, are a success; those that failed do not count."""
    judged = sorted((item for item in results if "error" not in item), key=lambda item: float(item["env_steps"]))
    return sum(1 for _ in itertools.takewhile(succeeded, reversed(judged)))


def _torn(path: Path) -> bool:
    """Whether a file ends within a line."""
    with path.open("rb") as file:
        size = file.seek(0, os.SEEK_END)
        file.seek(max(0, size - 1))
        return file.read(1) not in (b"", b"\n")


def evaluation_request(text: bytes) -> dict[str, Any]:
    """What the learner asks the evaluator for.

    Raises:
        ContractError: It is no request.
    """
    try:
        found = json_object(text, 10_000)
        check_entries(found, _REQUEST)
        if not 1 <= found["episodes"] <= 10_000:
            raise ContractError(f"'episodes' is {found['episodes']}, expected 1 to 10000")
    except ContractError as error:
        raise ContractError(f"not an evaluation request: {error}") from None
    return found


def evaluation(text: str) -> dict[str, Any]:
    """What the evaluator answers: the request, and what it found or why it failed.

    Raises:
        ContractError: It is no evaluation.
    """
    try:
        found = json_object(text, 1_000_000)
        check_entries(found, _REQUEST)
        if "error" in found:
            check_entries(found, {"error": str})
        else:
            check_entries(found, {"terminations": int})
            if not isinstance(found.get("return_mean"), (int, float)) or isinstance(found["return_mean"], bool):
                raise ContractError(f"'return_mean' is {str(found.get('return_mean'))[:100]}, expected a number")
    except ContractError as error:
        raise ContractError(f"not an evaluation: {error}") from None
    return found
