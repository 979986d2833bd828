# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""What acts where somebody names a run's folder instead of an agent file: a control graph made on the spot."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from ros_rl.config import expand, iterate
from ros_rl.runtime.earlier_run import run_settings
from ros_rl.runtime.run_folder import CONFIG
from ros_rl.runtime.saved_run import SavedRun
from ros_rl.settings import Settings, load_settings

_OF_GRAPH = ("task.", "agent.", "robot", "control.")
"""Settings that a control graph is made of; all others are free where it acts."""


def graph_of_run(path: Path, task: str, overrides: Iterable[str | Mapping[str, Any]]) -> tuple[Settings, bytes]:
    """Settings for acting, and the control graph of a run's networks for them.

    Args:
        path: The run's folder; its settings hold but for the overrides.
        task: The task to act on, which may be another than the run's.
        overrides: Settings that replace the run's own, as `load_settings` takes them.

    Raises:
        RunFolderError: There is no run that learned a model.
        ConfigError: An override is wrong, or the run's networks do not fit it.
    """
    own = run_settings(path).task.name
    other = [{"task": {"name": task}}] if task != own else []
    settings = load_settings(None, path / CONFIG, [*other, *overrides])
    asked = {key: value for key, value, _ in iterate(settings) if key.startswith(_OF_GRAPH)}
    return settings, SavedRun(path, [expand(asked)]).training.graph()
