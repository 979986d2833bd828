# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Planner against policy: the two control graphs of one checkpoint, in the same simulator, from the same starts.

Needs a finished training's run folder. Each graph runs short episodes and long ones, with the run's delay, noise and
friction, without exploring.

    python bench/act.py runs/a1_walk_20260101_120000
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from machine import add_output, table, write_result

from ros_rl.deploy.onnx_graph import OnnxGraph
from ros_rl.errors import ConfigError
from ros_rl.runs.run_folder import CHECKPOINT, CONFIG
from ros_rl.runtime.evaluation import Evaluator
from ros_rl.settings.loading import with_overrides
from ros_rl.settings.model_based import MpcSettings
from ros_rl.settings.recorded import load_run
from ros_rl.settings.tree import Settings
from ros_rl.training.training_loop import TrainingLoop

ACTS = ("planner", "policy")
COMMON = (
    "episodes",
    "seconds_each",
    "return_mean",
    "terminations",
    "contacts_not_feet",
    "foot_slip",
    "saturated",
    "plan_ms",
)
HEADER = ("acts", "episodes", "return", "falls", "contacts not by feet", "slip [m/s]", "saturated", "ms, p50 / p99")


def graph_of(settings: Settings, checkpoint: Path, act: str) -> OnnxGraph:
    """The control graph of a checkpoint in which `act` acts."""
    training = TrainingLoop(with_overrides(settings, agent={"act": act}))
    training.resume(checkpoint)
    return OnnxGraph(training.graph(), settings.controller.threads)


def share(value: float | None) -> str:
    """In percent; empty for a robot without such parts."""
    return "" if value is None else f"{100 * value:.1f} %"


def row(act: str, result: dict[str, Any]) -> list[str]:
    """One line of the table; the task's own measures come last."""
    slip, plan = result.get("foot_slip"), result["plan_ms"]
    return [
        act,
        f"{result['episodes']} x {result['seconds_each']:g} s",
        f"{result['return_mean']:.1f}",
        str(result["terminations"]),
        share(result.get("contacts_not_feet")),
        "" if slip is None else f"{slip:.3f}",
        share(result.get("saturated")),
        f"{plan['p50']:.2f} / {plan['p99']:.2f}",
        *(f"{value:.3f}" for name, value in result.items() if name not in COMMON),
    ]


def main() -> None:
    """Evaluate both graphs and write the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("run", type=Path, help="run folder of a finished training")
    parser.add_argument("--episodes", type=int, default=20, help="short episodes")
    parser.add_argument("--seconds", type=float, default=10.0, help="length of a short episode [s]")
    parser.add_argument("--long-episodes", type=int, default=10, help="long episodes; 0 for none")
    parser.add_argument("--long-seconds", type=float, default=60.0, help="length of a long episode [s]")
    parser.add_argument("--seed", type=int, default=2000, help="of starts, friction, noise and planning")
    add_output(parser, "act")
    args = parser.parse_args()
    settings = load_run(args.run / CONFIG)
    if not isinstance(settings.agent, MpcSettings):
        raise ConfigError("only the agent 'mpc' has both a planner and a policy")
    evaluator = Evaluator(settings, args.seed)
    parts = [(args.episodes, args.seconds), (args.long_episodes, args.long_seconds)]
    rows, results, header = [], [], list(HEADER)
    for episodes, seconds in [part for part in parts if part[0]]:
        for act in ACTS:
            found = evaluator.evaluate(graph_of(settings, args.run / CHECKPOINT, act), episodes, seconds).to_mapping()
            results.append({"act": act, **found})
            rows.append(row(act, found))
            header = [*HEADER, *(name.replace("_", " ") for name in found if name not in COMMON)]
            print(" | ".join(rows[-1]), flush=True)
    evaluator.close()
    write_result(args.out, {"run": args.run.name, "seed": args.seed, "task": settings.task.name, "results": results})
    print(table(header, rows))


if __name__ == "__main__":
    main()
