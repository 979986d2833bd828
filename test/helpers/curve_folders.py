# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Run folders with settings and evaluations, as a training leaves them."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ros_rl.runs.evaluations import append_evaluation
from ros_rl.runs.run_folder import RunFolder
from ros_rl.settings.loading import load_settings


def evaluated_run(
    path: Path, points: Mapping[int, float], overrides: Sequence[Any] = (), task: str = "mock_point", **more: float
) -> Path:
    """A run with these returns by environment steps."""
    folder = RunFolder(path)
    settings = load_settings(task, overrides=overrides)
    folder.write_config(settings)
    for steps, value in points.items():
        minutes = {} if task == "gym" else {"robot_minutes": steps / settings.control.rate_hz / 60}
        found = {"episodes": 3, "terminations": 0, "return_mean": value, **more}
        append_evaluation(path, {"env_steps": steps, "version": 1, "final": False, **minutes, **found})
    return path
