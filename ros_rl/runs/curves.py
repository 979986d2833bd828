# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""The learning curves of runs side by side: those that differ in nothing but the seed belong together."""

from __future__ import annotations

import json
import os
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ros_rl.errors import ConfigError, RunFolderError, UnknownNameError
from ros_rl.formats.parameters_file import read_parameters_file
from ros_rl.runs.evaluations import read_evaluations
from ros_rl.runs.run_folder import CONFIG, LOGS, ROBOT, SUMMARY
from ros_rl.runs.summary import curve
from ros_rl.settings.nodes import NODES

MINUTES, STEPS = "robot_minutes", "env_steps"
"""What a curve may run along, as evaluations name it."""
_NO_DIFFERENCE = (
    "seed",
    "supervisor",
    "collector",
    "learner.robot_minutes",
    "learner.steps",
    "learner.checkpoint_every",
    "learner.loggers",
    "learner.stop_at_success",
    "evaluator.every",
    "evaluator.episodes",
    "evaluator.final_episodes",
    "evaluator.video",
)
"""Settings, or groups of them, by which no controller becomes another: how long it went on, and what is told of it."""


@dataclass(frozen=True)
class RunCurve:
    """One run and its evaluations.

    Attributes:
        folder: Of the run.
        settings: All that it wrote down, by their key paths.
        points: Its evaluations in the order of their steps, as its summary has them.
    """

    folder: Path
    settings: Mapping[str, Any]
    points: Sequence[Mapping[str, Any]]

    @property
    def task(self) -> str:
        """The task, or the Gymnasium environment."""
        return str(self.settings.get("task.env") or self.settings.get("task.name", ""))

    @property
    def agent(self) -> str:
        """Name of the agent."""
        return str(self.settings.get("agent.name", ""))

    def along(self, axis: str, metric: str) -> tuple[np.ndarray, np.ndarray]:
        """Where it was evaluated, and what came out; both (evaluations,)."""
        found = [(point[axis], point[metric]) for point in self.points if axis in point and _number(point.get(metric))]
        return np.array([where for where, _ in found], float), np.array([value for _, value in found], float)


@dataclass(frozen=True)
class RunGroup:
    """Runs that differ in nothing but the seed.

    Attributes:
        label: The agent, and the settings in which it differs from its other groups.
        runs: At least one.
    """

    label: str
    runs: Sequence[RunCurve]

    def band(self, axis: str, metric: str) -> tuple[np.ndarray, np.ndarray]:
        """All runs on one axis, over the part that each of them has come through.

        Returns:
            Where (n,), and each run's value there (runs, n), linear between its evaluations.
        """
        curves = [run.along(axis, metric) for run in self.runs]
        first, last = max(where[0] for where, _ in curves), min(where[-1] for where, _ in curves)
        grid = np.unique(np.concatenate([where for where, _ in curves]))
        grid = grid[(grid >= first) & (grid <= last)]
        return grid, np.array([np.interp(grid, where, values) for where, values in curves])

    def last(self, axis: str, metric: str) -> tuple[np.ndarray, np.ndarray]:
        """Where each run was evaluated last, and what came out; both (runs,)."""
        ends = [tuple(part[-1] for part in run.along(axis, metric)) for run in self.runs]
        return np.array([where for where, _ in ends]), np.array([value for _, value in ends])


def find_runs(paths: Iterable[Path]) -> list[Path]:
    """The run folders among these folders, and in those of them that are none.

    Raises:
        RunFolderError: There is no such folder, or no run in any of them.
    """
    given = list(paths)
    missing = [path for path in given if not path.exists()]
    if missing:
        raise RunFolderError(f"{missing[0]}: no such folder")
    found = {folder.resolve(): folder for path in given for folder in _runs_in(path)}
    if not found:
        raise RunFolderError(f"{', '.join(map(str, given))}: no run there, as none has a {CONFIG}")
    return list(found.values())


def _runs_in(path: Path) -> Iterator[Path]:
    for folder, inner, files in os.walk(path):
        inner[:] = sorted(name for name in inner if not name.startswith("."))
        if CONFIG in files and (Path(folder) / LOGS).is_dir():
            inner.clear()
            yield Path(folder)


def read_curve(folder: Path) -> RunCurve:
    """A run as it stands, also while it goes on.

    Raises:
        ConfigError: Its settings cannot be read.
    """
    settings = dict(_flat(read_parameters_file(folder / CONFIG, NODES)))
    if settings.get("robot") == ROBOT and (folder / ROBOT).is_file():  # each run has its own copy
        settings["robot"] = f"{ROBOT} #{zlib.crc32((folder / ROBOT).read_bytes()):08x}"
    points = {point[STEPS]: point for point in curve(read_evaluations(folder)) or _summarised(folder)}
    return RunCurve(folder, settings, [points[steps] for steps in sorted(points)])


def _summarised(folder: Path) -> list[dict[str, Any]]:
    """The curve of a run that kept no evaluations beside it."""
    try:
        found = json.loads((folder / SUMMARY).read_text(encoding="utf-8"))
        return [point for point in found["curve"] if STEPS in point]
    except (OSError, ValueError, KeyError, TypeError):
        return []


def grouped(curves: Sequence[RunCurve]) -> dict[str, list[RunGroup]]:
    """Groups by task; see `RunGroup`."""
    tasks = dict.fromkeys(curve.task for curve in curves)
    return {task: _groups([curve for curve in curves if curve.task == task]) for task in tasks}


def _groups(curves: Sequence[RunCurve]) -> list[RunGroup]:
    same: dict[str, list[RunCurve]] = {}
    for run in curves:
        same.setdefault(repr(sorted(_compared(run).items())), []).append(run)
    labels = _labels([runs[0] for runs in same.values()])
    return [RunGroup(label, runs) for label, runs in zip(labels, same.values(), strict=True)]


def _labels(runs: Sequence[RunCurve]) -> list[str]:
    """Each by its agent, with the fewest settings that set it apart from the others of that agent."""
    labels = []
    for run in runs:
        rivals = [_compared(other) for other in runs if other.agent == run.agent]
        differing = _differing(rivals)
        chosen = _telling(rivals, differing)
        more = f"and {len(differing) - len(chosen)} more" if len(differing) > len(chosen) else ""
        settings = [f"{key}={run.settings.get(key, '')}" for key in chosen]
        labels.append(", ".join(part for part in (run.agent, *settings, more) if part))
    return labels


def _differing(settings: Sequence[Mapping[str, Any]]) -> list[str]:
    """The keys whose values are not the same in all."""
    keys = dict.fromkeys(key for values in settings for key in values)
    return [key for key in keys if any(values.get(key) != settings[0].get(key) for values in settings)]


def _telling(settings: Sequence[Mapping[str, Any]], keys: Sequence[str]) -> list[str]:
    """Few of these keys, by whose values all can be told apart: always the one next that parts most of them."""

    def parted(chosen: Sequence[str]) -> int:
        return len({repr([values.get(key) for key in chosen]) for values in settings})

    chosen: list[str] = []
    while parted(chosen) < len(settings):
        chosen.append(max(keys, key=lambda key: parted([*chosen, key])))
    return chosen


def _compared(curve: RunCurve) -> dict[str, Any]:
    return {
        key: value
        for key, value in curve.settings.items()
        if not any(key == name or key.startswith(f"{name}.") for name in _NO_DIFFERENCE)
    }


def metric_of(curves: Iterable[RunCurve], name: str) -> str:
    """A metric as curves name it: means are ``return`` to them, ``return_mean`` to evaluations.

    Raises:
        UnknownNameError: A run's evaluations do not have it.
    """
    name = name.removesuffix("_mean")
    for run in curves:
        known = {key for point in run.points for key, value in point.items() if _number(value)} - {MINUTES, STEPS}
        if name not in known:
            raise UnknownNameError(f"metric of {run.folder}", name, known)
    return name


def axis_of(curves: Iterable[RunCurve], asked: str | None = None) -> str:
    """What the curves can run along: robot minutes where all have them, unless asked for another.

    Raises:
        ConfigError: Robot minutes are asked for, and a run has none.
    """
    without = [curve for curve in curves if any(MINUTES not in point for point in curve.points)]
    if asked == MINUTES and without:
        raise ConfigError(f"{without[0].folder} has no robot minutes: it is a run of {without[0].task}")
    return asked or (STEPS if without else MINUTES)


def _number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and bool(np.isfinite(value))


def _flat(values: Mapping[str, Any], path: str = "") -> Iterator[tuple[str, Any]]:
    for name, value in values.items():
        key = f"{path}.{name}" if path else str(name)
        if isinstance(value, Mapping):
            yield from _flat(value, key)
        else:
            yield key, value
