# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Where a report goes: ``report.json`` with all its numbers, and its plots as PNG."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from ros_rl.errors import MissingDependencyError, RunFolderError

try:
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib.figure import Figure
except ImportError as error:
    raise MissingDependencyError("matplotlib", "learn") from error

FOLDER, REPORT = "analysis", "report.json"
_DPI = 90


def write(folder: Path, numbers: Mapping[str, Any], plots: Mapping[str, Figure]) -> None:
    """Write a report; an older one of the same name is replaced.

    Args:
        folder: Made if it does not exist.
        numbers: Content of ``report.json``; numbers that are not finite become null.
        plots: Figures by their name without ``.png``.

    Raises:
        RunFolderError: The folder cannot be written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / REPORT).write_text(json.dumps(plain(numbers), indent=1) + "\n", encoding="utf-8")
        for name, figure in plots.items():
            figure.savefig(folder / f"{name}.png", dpi=_DPI)
    except OSError as error:
        raise RunFolderError(f"{folder} cannot be written: {error.strerror}") from None


def plain(value: Any) -> Any:
    """As JSON has it: lists for arrays, null for what is not finite."""
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, np.ndarray):
        return plain(value.tolist())
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    if isinstance(value, np.generic):
        return plain(value.item())
    return None if isinstance(value, float) and not math.isfinite(value) else value


def grid(count: int, columns: int, width: float = 4.0, height: float = 2.9) -> tuple[Figure, list[Any]]:
    """A figure with so many axes in rows of `columns`, each of that size [inch].

    Returns:
        The figure and its axes.
    """
    columns = min(count, columns)
    rows = math.ceil(count / columns)
    figure = Figure(figsize=(columns * width, rows * height), layout="constrained")
    axes = [figure.add_subplot(rows, columns, place + 1) for place in range(count)]
    for axis in axes:
        axis.grid(alpha=0.3)
        axis.spines[["top", "right"]].set_visible(False)
    return figure, axes
