# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""What a terminal shows of a run: lines on its way, and its result in one screen."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from ros_rl.features import FEATURES
from ros_rl.layout import Layout
from ros_rl.replay.memory import told
from ros_rl.runs.course import Course, spoken
from ros_rl.runs.run_folder import AGENT
from ros_rl.runs.state import RunState
from ros_rl.runs.summary import SUCCESSES
from ros_rl.settings.tree import Settings
from ros_rl.wire import METRICS

_SUMMARIES = ("_mean", "_min", "_median", "_p95", "_max", "_rate")
_COLUMN = 16  # characters that a name takes at least


def progress_line(state: RunState, course: Course) -> str:
    """How far a run is, in one line for the terminal."""
    return " | ".join(progress_parts(state, course))


def progress_parts(state: RunState, course: Course) -> list[str]:
    """How far a run is: what is done first, then what is known of how it goes."""
    p = state.progress
    parts = [_how_far(p, course)]
    if "episode_return" in p:
        parts.append(f"return {p['episode_return']:.2f}")
    parts += [
        f"{name.removeprefix(METRICS).replace('_', ' ')} {value:.2f}"
        for name, value in p.items()
        if name.startswith(METRICS)
    ]
    parts.append(f"terminations {p.get('terminations', 0.0):.0f}")
    if faults := state.totals.counts.get("faults", 0):
        parts.append(f"faults {faults}")
    p50, p99 = state.number("controller", "plan p50 [ms]"), state.number("controller", "plan p99 [ms]")
    if not math.isnan(p50):
        parts.append(f"plan {p50:.1f} ms (p99 {p99:.1f})")
    if acts := state.figures.get("controller", {}).get("acts", ""):
        parts.append(acts)
    rates = {what: p.get(f"{what}_per_second") for what in ("steps", "updates")}
    return parts + [f"{rate:.1f} {what}/s" for what, rate in rates.items() if rate]


def _how_far(figures: Mapping[str, Any], course: Course) -> str:
    """Robot time, steps of an environment that is no robot, or updates from a log; then the share, and what is left."""
    done, total = figures.get(course.counted, 0.0), course.total
    if "robot_minutes" in figures and course.counted != "updates":
        text = f"robot {figures['robot_minutes']:.2f} {f'of {course.minutes:.2f} ' if course.minutes else ''}min"
    else:
        what = "update" if course.counted == "updates" else "step"
        text = f"{what} {done:.0f}" + (f" of {total:.0f}" if total else "")
    share, left = course.share, course.seconds_left
    text += "" if share is None else f", {100 * share:.0f} %"
    return text + ("" if left is None else f", {spoken(left)} left")


def intention(settings: Settings) -> str:
    """What a training is going to do, in a line."""
    steps, evaluator, course = settings.training_steps, settings.evaluator, Course.of_training(settings)
    what = f"{course.total:g} updates" if course.counted == "updates" and course.total else f"{steps} steps"
    parts = [what if course.minutes is None else f"{course.minutes:.2f} min of robot time ({what})"]
    judged: dict[str, float] = {"episodes": evaluator.episodes}
    trained = settings.task.episode_seconds
    if course.minutes is not None:
        judged["seconds_each"] = settings.evaluation_seconds
        if math.isfinite(trained):
            parts.append(f"episodes of {trained:g} s")
    if evaluator.every and not settings.agent.offline:
        parts.append(f"every {evaluator.every} steps an evaluation of {_episodes(judged)}")
    return ", ".join(parts)


def replay_line(settings: Settings, layout: Layout) -> str:
    """The memory that a training's replay takes, in a line; demonstrations have a buffer of the same size.

    Args:
        settings: Of the run.
        layout: What its agent sees and does.
    """
    line = f"replay: {told(settings.learner.replay_capacity, layout.size, layout.action_size, layout.images)}"
    return f"{line}, and as many demonstrations" if settings.shows else line


def unseen_line(settings: Settings) -> str:
    """What a task asks for anew in each episode and no field that the agent sees shows; empty if it sees all."""
    task, seen = settings.task, settings.observation.seen(settings.task)
    shown = {FEATURES[name].input for name in seen if name in FEATURES}
    one, other = (task.draw_inputs(np.random.default_rng(seed)) for seed in (0, 1))
    unseen = [name for name in task.asked if name not in shown and name in one and (one[name] != other[name]).any()]
    if not (settings.agent.learns and unseen):
        return ""
    what = ", ".join(unseen)
    return f"warning: no field of observation.fields shows {what}, drawn anew in each episode: can the agent know it?"


def evaluation_line(result: Mapping[str, Any]) -> str:
    """One evaluation for the terminal."""
    what = "final evaluation" if result["final"] else f"evaluation at {_when(result)}"
    if "error" in result:
        return f"{what} failed: {result['error']}"
    shown = {"return": result["return_mean"]} | {
        name: value for name, value in result.items() if name.endswith(_SUMMARIES) and name != "return_mean"
    }
    numbers = [f"{name.replace('_', ' ')} {value:.2f}" for name, value in shown.items()]
    length = f", {_episodes(result)}" if "seconds_each" in result else ""
    return f"{what}{length}: {', '.join(numbers)}, terminations {result['terminations']} of {result['episodes']}"


def _episodes(evaluation: Mapping[str, Any]) -> str:
    length = f" of {evaluation['seconds_each']:g} s" if "seconds_each" in evaluation else ""
    return f"{evaluation['episodes']} episode{'s' if evaluation['episodes'] != 1 else ''}{length}"


def result_screen(summary: Mapping[str, Any], folder: str) -> str:
    """The result of a training in one screen."""
    title = f"{summary['task']} with {summary['agent']} on {summary['driver']}, seed {summary['seed']}"
    rows = [_experience(summary), ("wall-clock", f"{summary['wall_minutes']:.2f} min")]
    if summary["updates"]:
        rows.append(("updates", f"{summary['updates']} ({summary['updates_per_step']:.2f} per step)"))
    if shown := summary.get("demonstrations"):
        corrections = f", {shown['corrections']} of them corrections" if shown["corrections"] else ""
        rows.append(("shown to it", f"{shown['transitions']} transitions{corrections}"))
    if summary["watch"].get("first_beyond"):
        rows.append(("values too large", _too_large(summary["watch"])))
    rows.append(("terminations", f"{summary['terminations']} in {summary['episodes']} episodes"))
    if summary["faults"]:
        rows.append(("faults", str(summary["faults"])))
    if summary.get(SUCCESSES):
        rows.append(("ended early", f"as evaluations succeeded, {summary[SUCCESSES]} in a row"))
    rows += [*_milestone(summary), *_evaluation_rows(summary["evaluation"], summary["episode_seconds"])]
    rows += _planning_rows(summary["plan_ms"])
    if summary["best"] is not None:
        rows += [("last controller", AGENT), ("best controller", _best(summary["best"]))]
    elif summary["updates"] and (Path(folder) / AGENT).is_file():
        rows.append(("last controller", f"{AGENT}, not evaluated yet"))
    if summary["shortfall"]:
        rows.append(("warning", summary["shortfall"]))
    rows.append(("files", folder))
    return "\n".join(["", title, *(f"  {row}" for row in _aligned(rows)), ""])


def _aligned(rows: Sequence[tuple[str, str]]) -> list[str]:
    """Values below each other; those of indented names, too, among themselves."""
    widths = {
        inner: max([_COLUMN, *(len(n) for n, _ in rows if n.startswith(" ") == inner)]) for inner in (False, True)
    }
    return [f"{name:<{widths[name.startswith(' ')]}} {value}" for name, value in rows]


def _best(best: Mapping[str, Any]) -> str:
    if best["final"]:
        return f"{best['file']}, the same: evaluated at the end"
    return f"{best['file']}: return {best['return_mean']:.2f} in the evaluation at {_when(best)}"


def _when(result: Mapping[str, Any]) -> str:
    return f"{result['robot_minutes']:.2f} min" if "robot_minutes" in result else f"{result['env_steps']} steps"


def _experience(summary: Mapping[str, Any]) -> tuple[str, str]:
    steps, minutes = summary["env_steps"], summary["robot_minutes"]
    return ("steps", str(steps)) if minutes is None else ("robot time", f"{minutes:.2f} min ({steps} steps)")


def _planning_rows(plan_ms: Mapping[str, float | None]) -> list[tuple[str, str]]:
    known = [f"{name} {value:.1f} ms" for name, value in plan_ms.items() if value is not None]
    return [("planning time", ", ".join(known))] if known else []


def _milestone(summary: Mapping[str, Any]) -> list[tuple[str, str]]:
    """From when on the robot could do its task."""
    milestone = summary["milestone"]
    if milestone is None or milestone["env_steps"] is None:
        return []
    steps, minutes = milestone["env_steps"], milestone["robot_minutes"]
    since = f"{steps} steps" if minutes is None else f"{minutes:.2f} robot minutes"
    return [(f"{milestone['name']} since", since)]


def _too_large(watch: Mapping[str, float]) -> str:
    text = f"in {100 * watch['beyond_total']:.1f} % of the updates, first at update {watch['first_beyond']:.0f}"
    return text + (f", right again since {watch['recovered']:.0f}" if watch["recovered"] else "")


def _evaluation_rows(evaluation: Mapping[str, Any], trained: float | None) -> list[tuple[str, str]]:
    """Its figures; the length of an episode in training [s] is told where it differs."""
    if not evaluation:
        return []
    if "error" in evaluation:
        return [("evaluation", f"failed: {evaluation['error']}")]
    judged = evaluation.get("seconds_each")
    differs = trained is not None and judged is not None and trained != judged
    rows = [("evaluation", _episodes(evaluation) + (f"; in training {trained:g} s" if differs else ""))]
    for name, value in evaluation.items():
        if isinstance(value, float) and name != "seconds_each":
            rows.append((f"  {name.replace('_', ' ')}", f"{value:.3f}"))
    rows.append(("  terminations", str(evaluation["terminations"])))
    return rows


def evaluation_screen(evaluation: Mapping[str, Any], episode_seconds: float | None = None) -> str:
    """An evaluation as rows.

    Args:
        evaluation: Its figures.
        episode_seconds: Length of an episode in training [s], which is told where it differs.
    """
    rows = _evaluation_rows(evaluation, episode_seconds)
    return "\n".join(_aligned(rows + _planning_rows(evaluation.get("plan_ms") or {})))
