# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Closed-loop return against milliseconds of a decision: what proposals and a terminal value save.

One checkpoint, one simulator, the same starts; only the planner's settings differ. *ours* plans with the policy's
proposals and the critics' value at the end of a short horizon. *model alone* has neither and must look further ahead,
as in mbrl-lib's CEM over the mean of its members and in pytorch-mppi, which goes on from its last plan: both run here
as settings of our own planner, whose arithmetic is the same and whose graph is faster than theirs (planner_peers.py).

    python bench/return_per_ms.py runs/a1_walk_20260101_120000
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from machine import RESULTS, add_output, describe_line, describe_machine, table, write_result

from ros_rl.deploy.onnx_graph import OnnxGraph
from ros_rl.errors import MissingDependencyError
from ros_rl.runtime.evaluation import Evaluator
from ros_rl.runtime.run_folder import CHECKPOINT, CONFIG
from ros_rl.runtime.training_loop import TrainingLoop
from ros_rl.settings import Settings, load_settings, with_overrides

_ALONE = {"proposals": 0, "terminal_value": False, "std_init": 0.5, "elites": 12}
_CEM = {**_ALONE, "method": "cem", "propagation": "expectation"}
_MPPI = {**_ALONE, "method": "mppi", "propagation": "expectation", "warm_start": True}


def _size(samples: int, horizon: int, iterations: int, **more: Any) -> dict[str, Any]:
    return {"samples": samples, "horizon": horizon, "iterations": iterations, **more}


SETTINGS: dict[str, dict[str, dict[str, Any]]] = {
    "ours": {
        "policy": {},
        "24 x 2 x 1": _size(24, 2, 1, proposals=8, elites=6),
        "32 x 3 x 1": _size(32, 3, 1, proposals=8, elites=8),
        "64 x 3 x 2": _size(64, 3, 2, proposals=16, elites=12),
        "128 x 3 x 2": _size(128, 3, 2),
        "128 x 5 x 2": _size(128, 5, 2),
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


def draw(points: dict[str, list[dict[str, Any]]], path: Path) -> None:
    """One curve for each family."""
    try:
        from matplotlib.figure import Figure
    except ImportError as error:
        raise MissingDependencyError("matplotlib", "learn") from error
    figure = Figure(figsize=(6.4, 4.0), layout="constrained")
    axes = figure.subplots()
    for family, found in points.items():
        ordered = sorted(found, key=lambda point: point["plan_ms"]["p50"])
        axes.plot([p["plan_ms"]["p50"] for p in ordered], [p["return_mean"] for p in ordered], "o-", label=family)
    axes.set(xscale="log", xlabel="time of a decision, median [ms]", ylabel="return of an episode")
    axes.grid(alpha=0.3)
    axes.legend()
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=110)


def main() -> None:
    """Evaluate every planner, write table and figure."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("run", type=Path, help="run folder of a finished training")
    parser.add_argument("--episodes", type=int, default=3, help="episodes of each planner")
    parser.add_argument("--seconds", type=float, default=10.0, help="length of an episode [s]")
    parser.add_argument("--seed", type=int, default=4000, help="of starts, friction, noise and planning")
    parser.add_argument("--figure", type=Path, default=RESULTS.parents[1] / "docs" / "figures" / "return_per_ms.png")
    add_output(parser, "return_per_ms")
    args = parser.parse_args()
    settings = load_settings(params_file=args.run / CONFIG)
    evaluator = Evaluator(settings, args.seed)
    measures = [f"{measure.name}_{part}" for measure in settings.task.measures for part in measure.summaries]
    points: dict[str, list[dict[str, Any]]] = {}
    rows = []
    for family, planners in SETTINGS.items():
        for name, planner in planners.items():
            graph = graph_of(settings, args.run / CHECKPOINT, planner)
            found = {"planner": name, **evaluator.evaluate(graph, args.episodes, args.seconds).to_mapping()}
            points.setdefault(family, []).append(found)
            plan = found["plan_ms"]
            cells = [family, name, f"{plan['p50']:.1f}", f"{found['return_mean']:.1f}"]
            rows.append([*cells, *(f"{found[key]:.2f}" for key in measures), str(found["falls"])])
            print(" | ".join(rows[-1]), flush=True)
    evaluator.close()
    draw(points, args.figure)
    write_result(args.out, {"run": args.run.name, "seed": args.seed, "points": points})
    print(describe_line(describe_machine()), "\n")
    header = ["planner", "candidates x steps x iterations", "p50 [ms]", "return", *measures, "falls"]
    print(table(header, rows))


if __name__ == "__main__":
    main()
