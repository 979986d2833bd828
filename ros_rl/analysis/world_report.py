# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""How good a run's world model is, on episodes that it never saw and on those that it learned from."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from matplotlib.figure import Figure

from ros_rl.analysis.explored import explored
from ros_rl.analysis.foretelling import Foretold, errors, foretell
from ros_rl.analysis.model_report import HELD_OUT, REPLAY
from ros_rl.analysis.pictures import side_by_side, write_film, write_sheet
from ros_rl.analysis.report import grid
from ros_rl.analysis.trajectories import HELD_OUT_SEED, control_period
from ros_rl.training.saved_run import SavedRun

_STRETCHES = 64
_SHOWN = 4


@dataclass(frozen=True)
class WorldReport:
    """The numbers, and what the pictures need besides."""

    numbers: dict[str, Any]
    """Content of ``report.json``."""
    held_out: Foretold
    period: float
    """Control period [s]; of an environment, which tells of none, 0."""

    def write_pictures(self, folder: Path) -> list[Path]:
        """A contact sheet and a film of each image: what was seen, what was foretold, and the difference."""
        written = []
        for name, told in self.held_out.images.items():
            seen, sheet, film = self.held_out.seen.images[name].numpy(), folder / f"{name}.png", folder / f"{name}.gif"
            frames = side_by_side(seen[:, :_SHOWN], told[:, :_SHOWN], self.held_out.looks)
            write_sheet(sheet, frames)
            write_film(film, frames, self.period)
            written += [sheet, film]
        return written


def analyse_world(run: SavedRun, episodes: int, horizon: int, looks: int, seed: int | None) -> WorldReport:
    """Judge a run's world model.

    Args:
        run: The run.
        episodes: Held-out episodes to simulate.
        horizon: Steps to foretell.
        looks: Observations that the model sees before them.
        seed: Of the held-out episodes; None: far from the run's own.
    """
    seed = run.settings.seed + HELD_OUT_SEED if seed is None else seed
    held_out = explored(run, episodes, seed)
    told = {
        name: foretell(run.agent, replay, _STRETCHES, looks, horizon)
        for name, replay in ((HELD_OUT, held_out), (REPLAY, run.training.replay))
    }
    numbers = {
        "run": str(run.path),
        "task": run.settings.task.title,
        "control_period": control_period(run.settings),
        "imagined": run.agent.settings.horizon,
        "looks": looks,
        "horizon": horizon,
        "held_out": f"simulated from seed {seed}",
        "episodes": episodes,
        "steps": {HELD_OUT: len(held_out), REPLAY: len(run.training.replay)},
        "units": {item.name: item.unit for item in run.layout.fields if item.size},
        "k_step": {name: errors(item, run.layout) for name, item in told.items()},
    }
    return WorldReport(numbers, told[HELD_OUT], numbers["control_period"] or 0.0)


def plots(numbers: dict[str, Any]) -> dict[str, Figure]:
    """One axis each for surprise, reward, every field and every image."""
    held_out, replay = (numbers["k_step"][name] for name in (HELD_OUT, REPLAY))
    panels: list[tuple[str, str, list[float], list[float], list[float] | None]] = [
        ("surprise", "divergence [nat]", held_out["surprise"], replay["surprise"], None),
        (
            "reward",
            "mean absolute error",
            held_out["reward"]["mae"],
            replay["reward"]["mae"],
            held_out["reward"]["mean_mae"],
        ),
    ]
    for kind, unit_of in (("fields", numbers["units"].get), ("images", lambda name: "of the brightest")):
        for name, found in held_out[kind].items():
            unit = unit_of(name)
            panels.append(
                (name, f"RMS error [{unit}]", found["rmse"], replay[kind][name]["rmse"], found["baseline_rmse"])
            )
    figure, axes = grid(len(panels), 4)
    for axis, (title, label, ours, learned, baseline) in zip(axes, panels, strict=True):
        k = range(1, len(ours) + 1)
        axis.plot(k, ours, color="C0", label="model, held-out")
        axis.plot(k, learned, color="C2", lw=1, label="model, replay")
        if baseline is not None:
            axis.plot(k, baseline, color="C3", ls="--", label="'stays', or the mean reward")
        axis.axvline(numbers["imagined"], color="black", ls=":", lw=1, label="steps that the policy imagines")
        axis.set_title(title.replace("_", " "))
        axis.set_ylabel(label)
        axis.set_xlabel("k [steps after the last look]")
        axis.set_ylim(bottom=0.0)
    figure.legend(*axes[1].get_legend_handles_labels(), loc="outside upper center", ncols=4)
    return {"k_step_error": figure}


def screen(numbers: dict[str, Any], folder: str) -> str:
    """The main figures in one screen."""
    longest, held_out = numbers["horizon"], numbers["k_step"][HELD_OUT]
    ks = sorted({1, min(numbers["imagined"], longest), longest})
    rows = [("reward", "1", held_out["reward"]["mae"], held_out["reward"]["mean_mae"])]
    rows += [
        (name, numbers["units"].get(name, "1"), found["rmse"], found["baseline_rmse"])
        for kind in ("fields", "images")
        for name, found in held_out[kind].items()
    ]
    lines = [
        f"world model of {numbers['run']}",
        f"held-out episodes: {numbers['episodes']} of {numbers['steps'][HELD_OUT]} steps, {numbers['held_out']}; "
        f"the model sees {numbers['looks']} observations, then actions alone",
        "",
        "error k steps after the last look ('stays', of the reward its mean, in brackets)",
        f"  {'what':<22}{'unit':<7}" + "".join(f"{f'k = {k}':>18}" for k in ks),
    ]
    for name, unit, ours, baseline in rows:
        cells = [f"{ours[k - 1]:.3g} ({baseline[k - 1]:.3g})" for k in ks]
        lines.append(f"  {name:<22}{unit:<7}" + "".join(f"{cell:>18}" for cell in cells))
    surprise = [f"{held_out['surprise'][k - 1]:.3g}" for k in ks]
    lines.append(f"  {'surprise':<22}{'nat':<7}" + "".join(f"{cell:>18}" for cell in surprise))
    return "\n".join([*lines, "", f"report and pictures in {folder}"])
