# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""What a run came to: progress lines, the curve and ``summary.json``. No ROS."""

from __future__ import annotations

import logging
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ros_rl.config import variant_name
from ros_rl.runs.evaluations import append_evaluation, read_evaluations
from ros_rl.runs.run_folder import machine, versions
from ros_rl.settings.registry import AGENT_SETTINGS
from ros_rl.settings.tree import Settings
from ros_rl.tasks.gym_task import GymTask
from ros_rl.wire import METRICS

WATCH = "watch."
"""In front of the names of the watch's figures, among those of the progress."""
_WALKS = 0.5  # m/s
_IN_A_ROW = 3
_ENOUGH = 0.5  # transitions of a step; a robot that falls all the time still gives more
_REQUEST_ONLY = ("version", "final")


@dataclass
class RunState:
    """The newest of what the nodes told.

    Attributes:
        progress: Figures by name, from the learner (or, without one, from the transitions).
        evaluations: Results in the order of their steps, the final one among them.
        status: Level and message of each node's diagnostics, by node.
        figures: Values of each node's diagnostics, by node.
        folder: Of the run, where evaluations are kept; None: nowhere.
    """

    progress: dict[str, float] = field(default_factory=dict)
    evaluations: list[dict[str, Any]] = field(default_factory=list)
    status: dict[str, tuple[int, str]] = field(default_factory=dict)
    figures: dict[str, dict[str, str]] = field(default_factory=dict)
    folder: Path | None = None

    def go_on(self, folder: Path, earlier: Path | None = None) -> None:
        """Keep evaluations in a folder from here on, after those that it, or the run that goes on in it, has already.

        Args:
            folder: Of the run.
            earlier: Folder of the run that goes on, where that is another one.
        """
        if earlier is not None and earlier.resolve() != folder.resolve() and not read_evaluations(folder):
            for result in read_evaluations(earlier):
                append_evaluation(folder, result)
        self.evaluations = sorted(read_evaluations(folder), key=lambda item: float(item["env_steps"]))
        self.folder = folder

    def add_evaluation(self, result: dict[str, Any]) -> bool:
        """Take a result; False if it is known already."""
        key = (result["env_steps"], result["final"])
        if any((item["env_steps"], item["final"]) == key for item in self.evaluations):
            return False
        if self.folder is not None:
            try:
                append_evaluation(self.folder, result)
            except OSError as error:
                logging.getLogger(__name__).warning("an evaluation is not kept: %s", error.strerror)
        self.evaluations.append(result)
        self.evaluations.sort(key=lambda item: (item["env_steps"], item["final"]))
        return True

    @property
    def final_evaluation(self) -> dict[str, Any] | None:
        """The evaluation at the end, once it is there; of a run that went on after its end, the newest."""
        return next((item for item in reversed(self.evaluations) if item["final"]), None)

    def number(self, node: str, name: str) -> float:
        """A figure of a node's diagnostics; nan if it gave none."""
        try:
            return float(self.figures.get(node, {}).get(name, "nan"))
        except ValueError:
            return math.nan


def progress_line(state: RunState) -> str:
    """One line for the terminal."""
    p = state.progress
    parts = [_how_far(p), f"{p.get('steps_per_second', 0.0):5.1f} steps/s"]
    if "updates" in p:
        parts.append(f"{p.get('updates_per_second', 0.0):5.1f} updates/s")
    if "episode_return" in p:
        parts.append(f"return {p['episode_return']:7.2f}")
    parts += [
        f"{name.removeprefix(METRICS).replace('_', ' ')} {value:5.2f}"
        for name, value in p.items()
        if name.startswith(METRICS)
    ]
    parts.append(f"terminations {p.get('terminations', 0.0):.0f}")
    p50, p99 = state.number("controller", "plan p50 [ms]"), state.number("controller", "plan p99 [ms]")
    if not math.isnan(p50):
        parts.append(f"plan {p50:.1f}/{p99:.1f} ms")
    version = state.number("controller", "graph version")
    if not math.isnan(version):
        parts.append(f"model {version:.0f}")
    return " | ".join(parts)


def _how_far(figures: Mapping[str, Any]) -> str:
    """Robot time, or the steps of an environment that is no robot."""
    if "robot_minutes" in figures:
        return f"robot {figures['robot_minutes']:5.2f} min"
    return f"step {figures.get('env_steps', 0):7.0f}"


def evaluation_line(result: Mapping[str, Any]) -> str:
    """One evaluation for the terminal."""
    when = f"{result['robot_minutes']:.2f} min" if "robot_minutes" in result else f"{result['env_steps']} steps"
    what = "final evaluation" if result["final"] else f"evaluation at {when}"
    if "error" in result:
        return f"{what} failed: {result['error']}"
    shown = {"return": result["return_mean"]} | {
        name: value
        for name, value in result.items()
        if name.endswith(("_mean", "_min", "_median", "_max")) and name != "return_mean"
    }
    numbers = [f"{name.replace('_', ' ')} {value:.2f}" for name, value in shown.items()]
    return f"{what}: {', '.join(numbers)}, terminations {result['terminations']} of {result['episodes']}"


def curve(evaluations: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The evaluations along the training; means go without their suffix."""
    points = []
    for item in evaluations:
        if "error" in item:
            continue
        values = {
            name.removesuffix("_mean"): value
            for name, value in item.items()
            if isinstance(value, (int, float)) and name not in _REQUEST_ONLY
        }
        points.append(values)
    return points


def first_minute_walking(points: Sequence[Mapping[str, Any]]) -> float | None:
    """Robot minutes at the first of three evaluations in a row that all hold 0.5 m/s net without a fall.

    None if there is none.
    """
    good = [point.get("forward_velocity", 0.0) >= _WALKS and not point["terminations"] for point in points]
    for index in range(len(good) - _IN_A_ROW + 1):
        if all(good[index : index + _IN_A_ROW]):
            return float(points[index]["robot_minutes"])
    return None


def summarise(settings: Settings, state: RunState, wall_minutes: float, agent_file: str = "") -> dict[str, Any]:
    """The content of ``summary.json``.

    Args:
        settings: Of the run.
        state: At its end.
        wall_minutes: Wall-clock time it took [min].
        agent_file: The control graph that acted, where none was learned.
    """
    p, points = state.progress, curve(state.evaluations)
    steps, updates = int(p.get("env_steps", 0)), int(p.get("updates", 0))
    request = (*_REQUEST_ONLY, "env_steps", "robot_minutes")
    final = {name: value for name, value in (state.final_evaluation or {}).items() if name not in request}
    summary: dict[str, Any] = {
        "task": settings.task.title,
        "driver": "gymnasium" if settings.task.name == GymTask.name else settings.driver.backend_name,
        "agent": agent_file or variant_name(AGENT_SETTINGS, settings.agent),
        "seed": settings.seed,
        "robot_minutes": p.get("robot_minutes"),
        "wall_minutes": wall_minutes,
        "env_steps": steps,
        "episodes": int(p.get("episodes", 0)),
        "terminations": int(p.get("terminations", 0)),
        "updates": updates,
        "updates_per_step": updates / steps if steps else 0.0,
        "watch": {name.removeprefix(WATCH): value for name, value in p.items() if name.startswith(WATCH)},
        "curve": points,
        "first_robot_minute_at_0.5_mps": first_minute_walking(points),
        "evaluation": final,
        "plan_ms": _percentiles(state, "controller", "plan"),
        "tick_to_command_ms": _percentiles(state, "driver", "tick to command"),
        "deadline_misses": _count(state, "driver", "deadline misses"),
        "faults": _count(state, "driver", "faults"),
        "transitions": int(p.get("transitions", 0)),
        "dropped_transitions": _count(state, "collector", "transitions dropped") + int(p.get("transitions_lost", 0)),
        "model_versions": int(p.get("version", 0)) + 1,
        "machine": machine(),
        "versions": versions(),
    }
    return _finite(summary | {"shortfall": "" if agent_file else _shortfall(settings, summary)})


def _shortfall(settings: Settings, summary: Mapping[str, Any]) -> str:
    """Why a training that came to its end is none to go by; empty if all is well."""
    steps, transitions, learner = summary["env_steps"], summary["transitions"], settings.learner
    if transitions < _ENOUGH * steps:
        return f"only {transitions} transitions came of {steps} steps: see the driver's and the collector's logs"
    owed = (steps - learner.warmup_steps) * learner.updates_per_step
    if settings.agent.learns and owed >= 1.0 and not summary["updates"]:
        return f"nothing was learned: no update was made in {steps} steps"
    return ""


def _percentiles(state: RunState, node: str, name: str) -> dict[str, float]:
    return {key: state.number(node, f"{name} {key} [ms]") for key in ("p50", "p99", "max")}


def _count(state: RunState, node: str, name: str) -> int:
    value = state.number(node, name)
    return 0 if math.isnan(value) else int(value)


def _finite(value: Any) -> Any:
    """JSON knows no nan."""
    if isinstance(value, dict):
        return {key: _finite(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_finite(item) for item in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def result_screen(summary: Mapping[str, Any], folder: str) -> str:
    """The result of a training in one screen."""
    lines = [
        "",
        f"{summary['task']} with {summary['agent']} on {summary['driver']}, seed {summary['seed']}",
        _experience(summary),
        f"  wall-clock       {summary['wall_minutes']:.2f} min",
    ]
    if summary["updates"]:
        lines.append(f"  updates          {summary['updates']} ({summary['updates_per_step']:.2f} per step)")
    if summary["watch"].get("first_beyond"):
        lines.append(f"  values too large {_too_large(summary['watch'])}")
    lines.append(f"  terminations     {summary['terminations']} in {summary['episodes']} episodes")
    if summary["first_robot_minute_at_0.5_mps"] is not None:
        lines.append(f"  walks since      {summary['first_robot_minute_at_0.5_mps']:.2f} robot minutes")
    lines += [f"  {name:<16} {value}" for name, value in _evaluation_rows(summary["evaluation"])]
    if any(value is not None for value in summary["plan_ms"].values()):
        figures = ", ".join(f"{name} {value:.1f} ms" for name, value in summary["plan_ms"].items() if value is not None)
        lines.append(f"  planning time    {figures}")
    if summary["shortfall"]:
        lines.append(f"  warning          {summary['shortfall']}")
    lines += [f"  files            {folder}", ""]
    return "\n".join(lines)


def _experience(summary: Mapping[str, Any]) -> str:
    steps, minutes = summary["env_steps"], summary["robot_minutes"]
    return f"  steps            {steps}" if minutes is None else f"  robot time       {minutes:.2f} min ({steps} steps)"


def _too_large(watch: Mapping[str, float]) -> str:
    text = f"in {100 * watch['beyond_total']:.1f} % of the updates, first at update {watch['first_beyond']:.0f}"
    return text + (f", right again since {watch['recovered']:.0f}" if watch["recovered"] else "")


def _evaluation_rows(evaluation: Mapping[str, Any]) -> list[tuple[str, str]]:
    if not evaluation:
        return []
    if "error" in evaluation:
        return [("evaluation", f"failed: {evaluation['error']}")]
    length = f" of {evaluation['seconds_each']:g} s" if "seconds_each" in evaluation else ""
    rows = [("evaluation", f"{evaluation['episodes']} episodes{length}")]
    for name, value in evaluation.items():
        if isinstance(value, float) and name != "seconds_each":
            rows.append((f"  {name.replace('_', ' ')}", f"{value:.3f}"))
    rows.append(("  terminations", str(evaluation["terminations"])))
    return rows


def evaluation_screen(evaluation: Mapping[str, Any]) -> str:
    """An evaluation as rows."""
    return "\n".join(f"{name:<28} {value}" for name, value in _evaluation_rows(evaluation))
