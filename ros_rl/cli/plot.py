# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""``ros-rl plot``: the learning curves of runs in one picture, and their last figures as a table."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from ros_rl.cli.options import require
from ros_rl.errors import RunFolderError
from ros_rl.runs.curves import MINUTES, STEPS, RunCurve, RunGroup, axis_of, find_runs, grouped, metric_of, read_curve

PICTURE = "curves.png"
_AXES = {"minutes": MINUTES, "steps": STEPS}


def add(commands: Any) -> None:
    """Add its parser."""
    parser = commands.add_parser("plot", help="draw the learning curves of runs, seeds as a median and their range")
    parser.add_argument(
        "runs", type=Path, nargs="+", metavar="RUN", help="run folders, or folders of them; also of runs that go on"
    )
    parser.add_argument("--out", type=Path, default=Path(PICTURE), metavar="FILE", help=f"picture (default: {PICTURE})")
    parser.add_argument(
        "--metric", default="return", metavar="NAME", help="figure of the evaluations (default: return, its mean)"
    )
    parser.add_argument(
        "--x", choices=tuple(_AXES), help="along robot minutes or environment steps (default: minutes, where known)"
    )
    parser.set_defaults(function=_plot)


def _plot(options: argparse.Namespace) -> int:
    require("matplotlib")
    curves = [read_curve(folder) for folder in find_runs(options.runs)]
    if bare := [str(curve.folder) for curve in curves if not curve.points]:
        print(f"left out, as not evaluated yet: {', '.join(bare)}")
    evaluated = [curve for curve in curves if curve.points]
    if not evaluated:
        raise RunFolderError("nothing to draw: no run has been evaluated yet")
    print("\n".join(draw_curves(evaluated, options.metric, options.out, _AXES.get(options.x or ""))))
    print(f"picture: {options.out}")
    return 0


def draw_curves(curves: Sequence[RunCurve], metric: str, out: Path, axis: str | None = None) -> list[str]:
    """Draw a picture.

    Args:
        curves: Each with evaluations.
        metric: As the user names it.
        out: The picture.
        axis: What the curves run along; None to choose for each task.

    Returns:
        The last figures, as lines of a table.

    Raises:
        RosRlError: It cannot be drawn or written.
    """
    from ros_rl.analysis import curve_plots

    curve_plots.check_format(out)
    metric = metric_of(curves, metric)
    panels = grouped(curves)
    axes = {task: axis_of([run for group in groups for run in group.runs], axis) for task, groups in panels.items()}
    curve_plots.save(curve_plots.draw(panels, metric, axes), out)
    return [line for task in panels for line in _table(task, panels[task], metric, axes[task])]


def _table(task: str, groups: Sequence[RunGroup], metric: str, axis: str) -> list[str]:
    """Final figures of a task's groups."""
    unit = "min" if axis == MINUTES else "steps"
    width = max(len(group.label) for group in groups)
    lines = [f"{task}: {metric.replace('_', ' ')} of the last evaluation"]
    for group in groups:
        where, values = group.last(axis, metric)
        count = f"{len(values)} run{'s' if len(values) > 1 else ' '}"
        lines.append(
            f"  {group.label:<{width}}  {count:>7}  median {np.median(values):10.3f}  "
            f"range {span(values, '.3f')}  after {span(where, 'g')} {unit}"
        )
    return lines


def span(values: np.ndarray, form: str) -> str:
    """The range of numbers in words; one number if all are equal."""
    low, high = (format(float(value), form) for value in (values.min(), values.max()))
    return low if low == high else f"{low} to {high}"
