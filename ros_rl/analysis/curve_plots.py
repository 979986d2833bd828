# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Learning curves: every run a thin line, the runs of a group a median and the range of them."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from ros_rl.analysis.report import grid
from ros_rl.errors import RunFolderError
from ros_rl.runs.curves import MINUTES, STEPS, RunGroup

_COLUMNS, _TICKS = 2, 6
_WIDTH = 60  # of a line of the legend [characters]
_NAMES = {MINUTES: "robot time [min]", STEPS: "environment steps"}
_DPI = 120


def draw(panels: Mapping[str, Sequence[RunGroup]], metric: str, axes_of: Mapping[str, str]) -> Figure:
    """A figure with a panel for each task.

    Args:
        panels: Groups by task.
        metric: As evaluations name it.
        axes_of: What each task's curves run along: `MINUTES` or `STEPS`.
    """
    figure, axes = grid(len(panels), _COLUMNS, width=6.0, height=4.2)
    for axis, (task, groups) in zip(axes, panels.items(), strict=True):
        for number, group in enumerate(groups):
            _group(axis, group, axes_of[task], metric, f"C{number}")
        axis.set(title=task, xlabel=_NAMES[axes_of[task]], ylabel=metric.replace("_", " "))
        axis.xaxis.set_major_locator(MaxNLocator(_TICKS))
        axis.legend(fontsize="small", frameon=False, loc="upper center", bbox_to_anchor=(0.5, -0.16))
    return figure


def _group(axis: Any, group: RunGroup, along: str, metric: str, colour: str) -> None:
    alone = len(group.runs) == 1
    for run in group.runs:
        axis.plot(*run.along(along, metric), color=colour, lw=0.7, alpha=0.5, marker=".", ms=3)
    where, values = group.band(along, metric)
    label = f"{group.label} ({'1 run' if alone else f'median and range of {len(group.runs)} runs'})"
    style = {"color": colour, "lw": 1.8, "marker": ".", "label": textwrap.fill(label, _WIDTH)}
    axis.plot(where, np.median(values, 0), **style)
    if not alone:
        axis.fill_between(where, values.min(0), values.max(0), color=colour, alpha=0.15, lw=0)


def check_format(path: Path) -> None:
    """Refuse a file that cannot be written for its name.

    Raises:
        RunFolderError: No picture ends so, or there is no such folder.
    """
    kinds = Figure().canvas.get_supported_filetypes()
    if path.suffix.lstrip(".").lower() not in kinds:
        raise RunFolderError(f"{path}: no picture ends with '{path.suffix}'; valid: .{', .'.join(sorted(kinds))}")
    if not path.parent.is_dir():
        raise RunFolderError(f"{path}: no such folder as {path.parent}")


def save(figure: Figure, path: Path) -> None:
    """Write a picture.

    Raises:
        RunFolderError: It cannot be written.
    """
    try:
        figure.savefig(path, dpi=_DPI)
    except OSError as error:
        raise RunFolderError(f"{path} cannot be written: {error.strerror}") from None
