# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Closed-loop return against milliseconds of a decision: what proposals and a terminal value save.

Each run's checkpoint acts in one simulator from the same starts; only the planner's settings differ. *ours* plans with
the policy's proposals and the critics' value at the end of a short horizon. *model alone* has neither and must look
further ahead, as in mbrl-lib's CEM over the mean of its members and in pytorch-mppi, which goes on from its last plan:
both run here as settings of our own planner, whose arithmetic is the same and whose graph is faster than theirs
(planner_peers.py).

    python bench/return_per_ms.py runs/a1_walk_20260101_120000 runs/a1_walk_20260101_130000
"""

from __future__ import annotations

import argparse
import statistics
from pathlib import Path
from typing import Any

from machine import RESULTS, add_output, describe_line, describe_machine, table, write_result
from planner_speed import measure as speed

from ros_rl.deploy.onnx_graph import OnnxGraph
from ros_rl.errors import MissingDependencyError
from ros_rl.runs.run_folder import CHECKPOINT, CONFIG
from ros_rl.runtime.evaluation import Evaluator
from ros_rl.settings.loading import with_overrides
from ros_rl.settings.recorded import load_run
from ros_rl.settings.tree import Settings
from ros_rl.training.training_loop import TrainingLoop

_ALONE = {"proposals": 0, "terminal_value": False, "std_init": 0.5, "elites": 12}
_CEM = {**_ALONE, "method": "cem", "propagation": "expectation"}
_MPPI = {**_ALONE, "method": "mppi", "propagation": "expectation", "warm_start": True}

_ASCENT = {"method": "gradient", "proposals": 1, "elites": 1}


def _size(samples: int, horizon: int, iterations: int, **more: Any) -> dict[str, Any]:
    return {"samples": samples, "horizon": horizon, "iterations": iterations, **more}


SETTINGS: dict[str, dict[str, dict[str, Any]]] = {
    "ours": {
        "policy": {},
        "24 x 2 x 1": _size(24, 2, 1, proposals=8, elites=6),
        "32 x 3 x 1": _size(32, 3, 1, proposals=8, elites=8),
        "64 x 2 x 1": _size(64, 2, 1, proposals=16, elites=12),
        "64 x 3 x 2": _size(64, 3, 2, proposals=16, elites=12),
        "128 x 3 x 2": _size(128, 3, 2),
        "128 x 5 x 2": _size(128, 5, 2),
    },
    "ours, all depths": {
        "24 x 2 x 1": _size(24, 2, 1, proposals=8, elites=6, depths="all"),
        "64 x 3 x 2": _size(64, 3, 2, proposals=16, elites=12, depths="all"),
        "128 x 3 x 2": _size(128, 3, 2, depths="all"),
    },
    "ours, int8": {
        "24 x 2 x 1": _size(24, 2, 1, proposals=8, elites=6, precision="int8"),
        "64 x 2 x 1": _size(64, 2, 1, proposals=16, elites=12, precision="int8"),
        "64 x 3 x 2": _size(64, 3, 2, proposals=16, elites=12, precision="int8"),
        "128 x 3 x 2": _size(128, 3, 2, precision="int8"),
    },
    "ours, gradient": {
        "1 x 3, 1 step of 0.3": _size(2, 3, 1, **_ASCENT, gradient_rate=0.3),
        "1 x 3, 2 steps of 0.2": _size(2, 3, 2, **_ASCENT, gradient_rate=0.2),
    },
    "ours, a member for each candidate": {
        "24 x 2 x 1": _size(24, 2, 1, proposals=8, elites=6, propagation="shared_members"),
        "64 x 3 x 1": _size(64, 3, 1, proposals=16, elites=12, propagation="shared_members"),
        "128 x 3 x 2": _size(128, 3, 2, propagation="shared_members"),
    },
    "model alone, CEM": {
        "128 x 8 x 3": _size(128, 8, 3, **_CEM),
        "256 x 10 x 3": _size(256, 10, 3, **_CEM),
        "510 x 8 x 5": _size(510, 8, 5, **_CEM),
        "510 x 15 x 5": _size(510, 15, 5, **_CEM),
    },
    "model alone, MPPI": {
        "128 x 8 x 1": _size(128, 8, 1, **_MPPI),
        "510 x 8 x 1": _size(510, 8, 1, **_MPPI),
        "510 x 15 x 1": _size(510, 15, 1, **_MPPI),
    },
}
"""Planners by family: candidates x steps x iterations."""


def graph_of(settings: Settings, checkpoint: Path, planner: dict[str, Any]) -> OnnxGraph:
    """The checkpoint's control graph with another planner; without settings for one, the policy acts."""
    agent = {"planner": planner} if planner else {"act": "policy"}
    training = TrainingLoop(with_overrides(settings, agent=agent))
    training.resume(checkpoint)
    return OnnxGraph(training.graph(), settings.controller.threads)


def measure(run: Path, args: argparse.Namespace) -> list[dict[str, Any]]:
    """Every planner on a run's checkpoint."""
    settings = load_run(run / CONFIG)
    evaluator = Evaluator(settings, args.seed)
    points = []
    for family in args.families:
        for name, planner in SETTINGS[family].items():
            graph = graph_of(settings, run / CHECKPOINT, planner)
            found = evaluator.evaluate(graph, args.episodes, args.seconds).to_mapping()
            found["cpu_ms"] = speed(graph, 60, args.seed)["cpu_p50"]
            points.append({"run": run.name, "family": family, "planner": name, **found})
            print(f"{run.name}, {family}, {name}: return {found['return_mean']:.1f}", flush=True)
    evaluator.close()
    return points


def summarise(points: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Each planner over all runs; times are the smallest medians, which are those of the idlest machine."""
    rows = []
    for family, name in dict.fromkeys((point["family"], point["planner"]) for point in points):
        same = [point for point in points if (point["family"], point["planner"]) == (family, name)]
        returns = [point["return_mean"] for point in same]
        rows.append(
            {
                "family": family,
                "planner": name,
                "ms": min(point["plan_ms"]["p50"] for point in same),
                "cpu_ms": min(point["cpu_ms"] for point in same),
                "return": statistics.mean(returns),
                "low": min(returns),
                "high": max(returns),
                "velocity": statistics.mean(point["forward_velocity_mean"] for point in same),
                "falls": " of ".join(str(sum(each[key] for each in same)) for key in ("terminations", "episodes")),
            }
        )
    return rows


def draw(rows: list[dict[str, Any]], path: Path) -> None:
    """One curve for each family, with the range over runs."""
    try:
        from matplotlib.figure import Figure
    except ImportError as error:
        raise MissingDependencyError("matplotlib", "learn") from error
    figure = Figure(figsize=(6.4, 4.0), layout="constrained")
    axes = figure.subplots()
    for family in dict.fromkeys(row["family"] for row in rows):
        found = sorted((row for row in rows if row["family"] == family), key=lambda row: row["ms"])
        middle = [row["return"] for row in found]
        spread = [[row["return"] - row["low"] for row in found], [row["high"] - row["return"] for row in found]]
        axes.errorbar([row["ms"] for row in found], middle, spread, fmt="o-", capsize=3, label=family)
    axes.set(xscale="log", xlabel="time of a decision, median [ms]", ylabel="return of an episode")
    axes.grid(alpha=0.3)
    axes.legend()
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=110)


def main() -> None:
    """Evaluate every planner on every run, write table and figure."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("runs", type=Path, nargs="+", help="run folders of finished trainings of a1_walk")
    parser.add_argument("--families", nargs="+", default=list(SETTINGS), choices=SETTINGS, help="planners to try")
    parser.add_argument("--episodes", type=int, default=3, help="episodes of each planner")
    parser.add_argument("--seconds", type=float, default=10.0, help="length of an episode [s]")
    parser.add_argument("--seed", type=int, default=4000, help="of starts, friction, noise and planning")
    parser.add_argument("--figure", type=Path, default=RESULTS.parents[1] / "docs" / "figures" / "return_per_ms.png")
    add_output(parser, "return_per_ms")
    args = parser.parse_args()
    points = [point for run in args.runs for point in measure(run, args)]
    rows = summarise(points)
    if args.families == list(SETTINGS):
        draw(rows, args.figure)
    write_result(args.out, {"seed": args.seed, "points": points})
    print(describe_line(describe_machine()), "\n")
    header = [
        "planner",
        "candidates x steps x iterations",
        "p50 [ms]",
        "CPU [ms]",
        "return (range)",
        "velocity [m/s]",
        "falls",
    ]
    print(
        table(
            header,
            [
                [
                    row["family"],
                    row["planner"],
                    f"{row['ms']:.1f}",
                    f"{row['cpu_ms']:.2f}",
                    f"{row['return']:.1f} ({row['low']:.1f} to {row['high']:.1f})",
                    f"{row['velocity']:.2f}",
                    row["falls"],
                ]
                for row in rows
            ],
        )
    )


if __name__ == "__main__":
    main()
