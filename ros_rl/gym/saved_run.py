# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Brings back a run in an environment."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from ros_rl.gym.environment import Environment
from ros_rl.training.earlier_run import run_settings
from ros_rl.training.saved_run import SavedRun


def saved_run(path: Path, overrides: Iterable[str | Mapping[str, Any]] = ()) -> SavedRun:
    """A run, whose layout its environment alone can tell.

    Args:
        path: Its folder.
        overrides: Settings that replace the run's own.

    Raises:
        RunFolderError: See `SavedRun`.
        ConfigError: See `SavedRun`; or the environment cannot be made any more.
    """
    settings = run_settings(path)
    environment = Environment.of(settings)
    try:
        return SavedRun(path, overrides, environment.layout)
    finally:
        environment.close()
