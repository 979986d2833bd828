# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Curves, settings as text and hyperparameters for TensorBoard."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from ros_rl.config import iterate, to_mapping
from ros_rl.errors import MissingDependencyError
from ros_rl.runs.run_folder import TENSORBOARD
from ros_rl.settings.tree import Settings

try:
    from torch.utils.tensorboard import SummaryWriter
    from torch.utils.tensorboard.summary import hparams
except ImportError as error:
    raise MissingDependencyError("tensorboard", "learn") from error


class TensorBoardLogger:
    """Writes event files, `ros_rl.training.scalars.Logger`.

    A run is one session of the tab *HPARAMS*: its settings, and beside them the last value of each of its curves. No
    description of an experiment is written, so that TensorBoard makes the table's columns from all runs that it shows.

    Args:
        folder: Of the run.
        settings: Of the run.
    """

    def __init__(self, folder: Path, settings: Settings) -> None:
        self._writer = SummaryWriter(log_dir=str(folder / TENSORBOARD))
        text = yaml.safe_dump(_plain(to_mapping(settings)), sort_keys=False)
        self._writer.add_text("settings", "".join(f"    {line}\n" for line in text.splitlines()))
        _, start, self._end = hparams(_hyperparameters(settings), {})
        self._add(start)

    def write(self, values: Mapping[str, float], step: int) -> None:
        """Add numbers at an environment step."""
        for name, value in values.items():
            self._writer.add_scalar(name, value, step)

    def close(self) -> None:
        """Write what is left, and that the session is over."""
        self._add(self._end)
        self._writer.close()

    def _add(self, summary: Any) -> None:
        self._writer._get_file_writer().add_summary(summary)


def _hyperparameters(settings: Settings) -> dict[str, bool | str | float]:
    """Each setting by its key path, as the plugin takes it."""
    found = {key: value for key, value, _ in iterate(settings)}
    return {
        key: value if isinstance(value, (bool, str, int, float)) else str(value)
        for key, value in found.items()
        if value is not None
    }


def _plain(value: Any) -> Any:
    """As YAML writes it: lists for tuples."""
    if isinstance(value, Mapping):
        return {name: _plain(item) for name, item in value.items()}
    return [_plain(item) for item in value] if isinstance(value, (list, tuple)) else value
