# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""How good the latent model of a run is, on episodes that it never saw and on those that it learned from.

Such a model never decodes its state, so there are no pictures of what it foresees: its states are held against those
that its own encoder makes of what was then seen.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from ros_rl.analysis.explored import explored
from ros_rl.analysis.foresight import Foreseen, errors, foresee
from ros_rl.analysis.model_report import HELD_OUT, REPLAY
from ros_rl.analysis.report import grid
from ros_rl.analysis.trajectories import HELD_OUT_SEED, control_period
from ros_rl.training.saved_run import SavedRun

_WINDOWS = 128
_BASELINES = {
    "state": {"stays_rmse": "'nothing changes'", "mean_rmse": "the mean state"},
    "reward": {"mean_mae": "the mean reward"},
    "value": {"stays_mae": "'nothing changes'"},
}
"""By what is foreseen, who foresees it without a model, by its key in the report."""
_UNITS = {"state": "RMS error", "reward": "mean absolute error", "value": "mean absolute error"}


@dataclass(frozen=True)
class LatentReport:
    """The numbers, and what the plots need besides."""

    numbers: dict[str, Any]
    """Content of ``report.json``."""
    held_out: Foreseen


def analyse_latent(run: SavedRun, episodes: int, horizon: int, seed: int | None) -> LatentReport:
    """Judge a run's latent model.

    Args:
        run: The run.
        episodes: Held-out episodes to simulate.
        horizon: Steps to foresee.
        seed: Of the held-out episodes; None: far from the run's own.

    Raises:
        DataError: No episode is as long.
    """
    seed = run.settings.seed + HELD_OUT_SEED if seed is None else seed
    sources = {HELD_OUT: explored(run, episodes, seed), REPLAY: run.training.replay}
    seen = {name: foresee(run.agent, replay, _WINDOWS, horizon) for name, replay in sources.items()}
    numbers = {
        "run": str(run.path),
        "task": run.settings.task.title,
        "members": run.agent.latent_model.members,
        "control_period": control_period(run.settings),
        "planner_horizon": run.agent.planner.settings.horizon,
        "horizon": horizon,
        "held_out": f"simulated from seed {seed}",
        "episodes": episodes,
        "steps": {name: len(replay) for name, replay in sources.items()},
        "measured_against": "what the encoder makes of what was then seen",
        "k_step": {name: errors(item) for name, item in seen.items()},
        "reward_correlation": {name: _correlations(item) for name, item in seen.items()},
    }
    return LatentReport(numbers, seen[HELD_OUT])


def _correlations(seen: Foreseen) -> list[float]:
    """Of foreseen and received rewards at each step; nan where one of them never changes."""
    told, truth = seen.reward.mean(0), seen.true_reward
    with np.errstate(invalid="ignore", divide="ignore"):
        return [float(np.corrcoef(told[:, k], truth[:, k])[0, 1]) for k in range(truth.shape[1])]


def plots(report: LatentReport) -> dict[str, Figure]:
    """Errors against k, and the rewards that were foreseen beside those that came."""
    return {"k_step_error": _error_figure(report.numbers), "rewards": _reward_figure(report)}


def _error_figure(numbers: dict[str, Any]) -> Figure:
    held_out, replay = (numbers["k_step"][name] for name in (HELD_OUT, REPLAY))
    figure, axes = grid(len(_BASELINES), 3)
    for axis, (what, baselines) in zip(axes, _BASELINES.items(), strict=True):
        ours = "rmse" if what == "state" else "mae"
        k = range(1, numbers["horizon"] + 1)
        axis.plot(k, held_out[what][ours], color="C0", label="model, held-out")
        axis.plot(k, replay[what][ours], color="C2", lw=1, label="model, replay")
        for (key, label), colour in zip(baselines.items(), ("C3", "C1"), strict=False):
            axis.plot(k, held_out[what][key], color=colour, ls="--", label=label)
        axis.axvline(numbers["planner_horizon"], color="black", ls=":", lw=1, label="the planner's horizon")
        axis.set_title(what)
        axis.set_ylabel(_UNITS[what])
        axis.set_xlabel("k [steps after the look]")
        axis.set_ylim(bottom=0.0)
        axis.legend(fontsize="x-small")
    return figure


def _reward_figure(report: LatentReport) -> Figure:
    told, truth = report.held_out.reward.mean(0), report.held_out.true_reward
    ks = _shown(report.numbers)
    figure, axes = grid(len(ks), 4)
    ends = [float(truth.min()), float(truth.max())]
    for axis, k in zip(axes, ks, strict=True):
        axis.scatter(truth[:, k - 1], told[:, k - 1], s=6)
        axis.plot(ends, ends, color="black", lw=1, ls=":")
        axis.set_title(f"reward of step {k}, held-out")
        axis.set_xlabel("received")
        axis.set_ylabel("foreseen, mean of the members")
    return figure


def _shown(numbers: dict[str, Any]) -> list[int]:
    """Steps that are told of."""
    longest = numbers["horizon"]
    return sorted({1, min(numbers["planner_horizon"], longest), min(10, longest), longest})


def screen(numbers: dict[str, Any], folder: str) -> str:
    """The main figures in one screen."""
    ks, held_out, replay = _shown(numbers), numbers["k_step"][HELD_OUT], numbers["k_step"][REPLAY]
    lines = [
        f"latent model of {numbers['members']} members, {numbers['run']}",
        f"held-out episodes: {numbers['episodes']} of {numbers['steps'][HELD_OUT]} steps, {numbers['held_out']}; "
        f"errors are against {numbers['measured_against']}",
        "it decodes nothing, so there are no pictures of what it foresees",
        "",
        f"  {'k steps after the look':<34}" + "".join(f"{f'k = {k}':>11}" for k in ks),
    ]

    def line(label: str, values: list[float]) -> str:
        return f"  {label:<34}" + "".join(f"{values[k - 1]:>11.3g}" for k in ks)

    for what, baselines in _BASELINES.items():
        ours = "rmse" if what == "state" else "mae"
        lines.append(line(f"{what}, {_UNITS[what]}", held_out[what][ours]))
        lines.append(line("  on what it learned from", replay[what][ours]))
        lines += [line(f"  of {label}", held_out[what][key]) for key, label in baselines.items()]
        if what == "reward":
            lines.append(line("  correlation with what came", numbers["reward_correlation"][HELD_OUT]))
        if what == "state":
            lines.append(line("  how far members disagree", held_out[what]["spread"]))
    return "\n".join([*lines, "", f"report and plots in {folder}"])
