# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Whether a task keeps what every task must: for the tests of ros_rl's own tasks and of those of other packages."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from ros_rl.conformance.checks import CHECKS, REMARKS, Check
from ros_rl.conformance.trial import Trial
from ros_rl.errors import ConformanceError
from ros_rl.settings.loading import load_settings
from ros_rl.settings.registry import register_task
from ros_rl.tasks import Task


def check_task(task: str | type[Task], overrides: Iterable[str | Mapping[str, Any]] = (), seed: int = 0) -> list[str]:
    """Try a task with random actions in its simulator.

    Args:
        task: Its name, or its class, which needs no entry point.
        overrides: Settings, as those of `load_settings`; ``["driver.backend.name=mock"]`` for the robot ``mock``.
        seed: Of the trial.

    Returns:
        What is worth a look and may be meant so, a line each: elements that never change, values far beyond 1.

    Raises:
        ConformanceError: It breaks what every task must keep; its text says all of it.
        ConfigError: Another task has its name.
        RosRlError: It cannot run at all: a field, sensor, input or object that is not there.
    """
    if isinstance(task, type):
        register_task(task)
    trial = Trial(load_settings(task if isinstance(task, str) else task.name, overrides=overrides), seed)
    problems = _said(CHECKS, trial)
    if problems:
        raise ConformanceError(f"task '{trial.task.name}': {'; '.join(problems)}")
    return _said(REMARKS, trial)


def _said(checks: Iterable[Check], trial: Trial) -> list[str]:
    return [line for check in checks for line in check(trial)]


__all__ = ["CHECKS", "REMARKS", "Check", "Trial", "check_task"]
