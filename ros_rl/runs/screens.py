# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""What a terminal shows of a run: lines on its way, and its result in one screen."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from ros_rl.runs.run_folder import AGENT
from ros_rl.runs.state import RunState
from ros_rl.runs.summary import SUCCESSES
from ros_rl.wire import METRICS


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
    if faults := state.totals.counts.get("faults", 0):
        parts.append(f"faults {faults}")
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
    what = "final evaluation" if result["final"] else f"evaluation at {_when(result)}"
    if "error" in result:
        return f"{what} failed: {result['error']}"
    shown = {"return": result["return_mean"]} | {
        name: value
        for name, value in result.items()
        if name.endswith(("_mean", "_min", "_median", "_max")) and name != "return_mean"
    }
    numbers = [f"{name.replace('_', ' ')} {value:.2f}" for name, value in shown.items()]
    return f"{what}: {', '.join(numbers)}, terminations {result['terminations']} of {result['episodes']}"


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
    if summary["faults"]:
        lines.append(f"  faults           {summary['faults']}")
    if summary[SUCCESSES]:
        lines.append(f"  ended early      as evaluations succeeded, {summary[SUCCESSES]} in a row")
    if summary["first_robot_minute_at_0.5_mps"] is not None:
        lines.append(f"  walks since      {summary['first_robot_minute_at_0.5_mps']:.2f} robot minutes")
    lines += [f"  {name:<16} {value}" for name, value in _evaluation_rows(summary["evaluation"])]
    if any(value is not None for value in summary["plan_ms"].values()):
        figures = ", ".join(f"{name} {value:.1f} ms" for name, value in summary["plan_ms"].items() if value is not None)
        lines.append(f"  planning time    {figures}")
    if summary["best"] is not None:
        lines += [f"  last controller  {AGENT}", f"  best controller  {_best(summary['best'])}"]
    if summary["shortfall"]:
        lines.append(f"  warning          {summary['shortfall']}")
    lines += [f"  files            {folder}", ""]
    return "\n".join(lines)


def _best(best: Mapping[str, Any]) -> str:
    if best["final"]:
        return f"{best['file']}, the same: evaluated at the end"
    return f"{best['file']}: return {best['return_mean']:.2f} in the evaluation at {_when(best)}"


def _when(result: Mapping[str, Any]) -> str:
    return f"{result['robot_minutes']:.2f} min" if "robot_minutes" in result else f"{result['env_steps']} steps"


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
