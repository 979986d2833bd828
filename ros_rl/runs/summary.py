# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""What a run came to: the curve and ``summary.json``. No ROS."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from ros_rl.config import variant_name
from ros_rl.runs.best import best_controller
from ros_rl.runs.run_folder import FINISHED, machine, versions
from ros_rl.runs.state import RunState
from ros_rl.runs.totals import TIMES
from ros_rl.settings.registry import AGENT_SETTINGS
from ros_rl.settings.tree import Settings
from ros_rl.tasks.gym_task import GymTask

WATCH = "watch."
"""In front of the names of the watch's figures, among those of the progress."""
JUDGED_AT = "judged_at"
"""Among the progress: environment steps of the newest evaluation that the learner has taken note of; -1: none."""
SUCCESSES = "ended_by_successes"
"""Among the progress: how many evaluations in a row, by their success, ended the training before its time; else 0."""
_ENOUGH = 0.5  # transitions of a step; a robot that falls all the time still gives more
_FEW = 10  # steps whose transitions may be on their way
_REQUEST_ONLY = ("version", "final")


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


def summarise(settings: Settings, state: RunState, agent_file: str = "", finished: bool = True) -> dict[str, Any]:
    """The content of ``summary.json``.

    Args:
        settings: Of the run.
        state: At its end.
        agent_file: The control graph that acted, where none was learned.
        finished: Whether the run came to its end; else it was stopped, and may go on.
    """
    p, points, totals = state.progress, curve(state.evaluations), state.totals
    steps, updates = int(p.get("env_steps", 0)), int(p.get("updates", 0))
    request = (*_REQUEST_ONLY, "env_steps", "robot_minutes")
    final = {name: value for name, value in (state.final_evaluation or {}).items() if name not in request}
    summary: dict[str, Any] = {
        FINISHED: finished,
        "task": settings.task.title,
        "driver": "gymnasium" if settings.task.name == GymTask.name else settings.driver.backend_name,
        "agent": agent_file or variant_name(AGENT_SETTINGS, settings.agent),
        "seed": settings.seed,
        "robot_minutes": p.get("robot_minutes"),
        "wall_minutes": totals.wall_minutes,
        "env_steps": steps,
        "episodes": int(p.get("episodes", 0)),
        "episode_seconds": settings.task.episode_seconds,
        "terminations": int(p.get("terminations", 0)),
        SUCCESSES: int(p.get(SUCCESSES, 0)),
        "updates": updates,
        "updates_per_step": updates / steps if steps else 0.0,
        "watch": {name.removeprefix(WATCH): value for name, value in p.items() if name.startswith(WATCH)},
        "curve": points,
        **_milestone(settings, points),
        "evaluation": final,
        "best": best_controller(state.folder) if not agent_file else None,
        **{name: totals.percentiles(name) for name in TIMES},
        **{name: totals.counts.get(name, 0) for name in ("deadline_misses", "faults")},
        "transitions": int(p.get("transitions", 0)),
        "dropped_transitions": totals.counts.get("dropped", 0) + int(p.get("transitions_lost", 0)),
        **_shown(settings, p),
        "model_versions": int(p.get("version", 0)) + 1,
        "machine": machine(),
        "versions": versions(),
    }
    return _finite(summary | {"shortfall": "" if agent_file else _shortfall(settings, summary)})


def _shown(settings: Settings, progress: Mapping[str, float]) -> dict[str, Any]:
    """What the agent was shown, beside what it did; nothing where nobody showed it anything."""
    if "demonstrations" not in progress:
        return {}
    shown, expert = settings.learner, settings.expert
    about: dict[str, Any] = {"paths": list(shown.demonstrations or ()), "share": shown.demonstration_share}
    about |= {"transitions": int(progress["demonstrations"]), "corrections": int(progress.get("corrections", 0))}
    return {"demonstrations": about | ({"expert": expert.name, "expert_share": expert.share} if expert.name else {})}


def _milestone(settings: Settings, points: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    milestone = settings.task.milestone
    described = milestone.describe(points)
    named = {milestone.key: (described or {}).get("robot_minutes")} if milestone.key else {}
    return {"milestone": described, **named}


def _shortfall(settings: Settings, summary: Mapping[str, Any]) -> str:
    """Why a training is none to go by; empty if all is well. One that was stopped had not the time for all of it."""
    steps, transitions, learner = summary["env_steps"], summary["transitions"], settings.learner
    if steps - transitions > max(_FEW, (1.0 - _ENOUGH) * steps):
        return f"only {transitions} transitions came of {steps} steps: see the driver's and the collector's logs"
    if not summary[FINISHED]:
        return ""
    owed = (steps - learner.warmup_steps) * learner.updates_per_step
    if settings.agent.learns and owed >= 1.0 and not summary["updates"]:
        return f"nothing was learned: no update was made in {steps} steps"
    failed = summary["evaluation"].get("error", "")
    return f"the final evaluation failed: {failed}" if failed else ""


def _finite(value: Any) -> Any:
    """JSON knows no nan."""
    if isinstance(value, dict):
        return {key: _finite(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_finite(item) for item in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
