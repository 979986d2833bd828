# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""What the seeds of a training came to, as a table."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from ros_rl.runs.evaluations import read_evaluations
from ros_rl.runs.seeds import FINISHED, SeedRun

_MEASURES = ("_mean", "_median", "_rate")
_SHOWN = 4  # measures, of which the return is the first


def seeds_table(runs: Sequence[SeedRun], problems: Mapping[int, str], title: str) -> str:
    """A row for each seed, then the median and the range of those that have finished.

    Args:
        runs: Of all seeds.
        problems: Why a seed's run failed, by seed, where it left no summary that says so.
        title: What was trained.
    """
    last = {run.seed: newest[-1] for run in runs if (newest := _evaluations(run))}
    columns = _columns(list(last.values()))
    rows = [["seed", "ended", *(name for name, _, _ in columns)]]
    for run in runs:
        ended, why = ("failed", problems[run.seed]) if run.seed in problems else run.ended
        figures = last.get(run.seed, {})
        rows.append([str(run.seed), ended, *(form(figures.get(key)) for _, key, form in columns), why])
    finished = [last[run.seed] for run in runs if run.seed in last and run.ended[0] == FINISHED]
    rows += _summary(finished, columns)
    return "\n".join(["", f"{title}, {len(finished)} of {len(runs)} seeds finished", *_aligned(rows), ""])


def _evaluations(run: SeedRun) -> list[dict[str, Any]]:
    found = [item for item in read_evaluations(run.folder) if "error" not in item]
    return sorted(found, key=lambda item: float(item["env_steps"]))


Column = tuple[str, str, Callable[[Any], str]]
"""Its title, the figure's key in an evaluation, and how it is written."""


def _columns(found: Sequence[Mapping[str, Any]]) -> list[Column]:
    """How far, and the measures that all have."""
    if not found:
        return []
    by_time = all("robot_minutes" in item for item in found)
    first: Column = ("robot min", "robot_minutes", _number(2)) if by_time else ("steps", "env_steps", _number(0))
    keys = [key for key in found[0] if key.endswith(_MEASURES) and all(isinstance(f.get(key), float) for f in found)]
    keys.sort(key=lambda key: key != "return_mean")
    return [first, *((_title(key), key, _number(3)) for key in keys[:_SHOWN])]


def _title(key: str) -> str:
    return key.removesuffix("_mean").replace("_", " ")


def _number(digits: int) -> Callable[[Any], str]:
    return lambda value: "-" if value is None else f"{value:.{digits}f}"


def _summary(finished: Sequence[Mapping[str, Any]], columns: Sequence[Column]) -> list[list[str]]:
    if not finished:
        return []
    values = [(form, np.array([item[key] for item in finished], float)) for _, key, form in columns]
    return [
        ["median", "", *(form(float(np.median(found))) for form, found in values)],
        ["from", "", *(form(float(found.min())) for form, found in values)],
        ["to", "", *(form(float(found.max())) for form, found in values)],
    ]


def _aligned(rows: Sequence[Sequence[str]]) -> list[str]:
    """Numbers to the right; what stands beyond the columns of the first row follows as it is."""
    count = len(rows[0])
    widths = [max(len(row[place]) for row in rows) for place in range(count)]
    lines = []
    for row in rows:
        cells = [row[0].ljust(widths[0]), row[1].ljust(widths[1])]
        cells += [cell.rjust(width) for cell, width in zip(row[2:count], widths[2:], strict=True)]
        lines.append("  ".join(["", *cells, *row[count:]]).rstrip())
    return lines
