# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Robot minutes until a simulated A1 walks, through the whole node graph.

Trains with ``ros-rl train`` for each condition and seed, one after the other, and reports the first of three
consecutive evaluations that all hold 0.5 m/s net forward without a fall.

    python bench/learning.py --conditions delayed clean --seeds 0 1 2 3 4
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
from pathlib import Path
from typing import Any

from kept import clear
from machine import describe_machine

from ros_rl.runs.checkpoints import resumable
from ros_rl.runs.run_folder import CHECKPOINT, is_finished

_CLEAN = [
    "control.delay=0",
    *(
        f"driver.backend.noise.{name}=0.0"
        for name in (
            "joint_position",
            "joint_velocity",
            "orientation",
            "angular_velocity",
            "linear_velocity",
            "height",
        )
    ),
]
_SMALLER = ["agent.hidden=192", "agent.model.hidden=160"]
CONDITIONS: dict[str, list[str]] = {
    "delayed": [],  # the task as it ships: delay, sensor noise, friction 0.5 to 1.25, its own estimate of its velocity
    "clean": _CLEAN,
    "true odometry": ["driver.backend.odometry=truth"],
    "true odometry, bfloat16": ["driver.backend.odometry=truth", "learner.precision=bfloat16"],
    "bfloat16": ["learner.precision=bfloat16"],
    "policy acts": ["agent.act=policy"],
    "gradient planner": [
        *(f"agent.planner.{setting}" for setting in ("method=gradient", "gradient_rate=0.2", "proposals=1")),
        *(f"agent.planner.{setting}" for setting in ("samples=2", "elites=1")),
        "agent.exploration=0.5",  # its plans keep the first deviation, which mppi narrows
    ],
    "smaller networks": _SMALLER,
    "smaller networks, bfloat16": [*_SMALLER, "learner.precision=bfloat16"],
    "two updates": ["learner.updates_per_step=2"],
    "pessimistic": ["agent.planner.objective=mean_std", "agent.planner.pessimism=0.5"],
    "no imagination": ["agent.model_fraction=0.0"],
    "no mirror": ["agent.mirror=false"],
    "imitation": ["agent.imitation=0.1"],
}
"""Overrides of each condition."""

THRESHOLD = 0.5
"""Net forward velocity [m/s] that every episode of an evaluation must hold."""
CONSECUTIVE = 3
"""Evaluations in a row that must hold it, each with starts, noise and friction of its own."""


def holds(evaluation: dict[str, Any]) -> bool:
    """Whether one evaluation of a curve walks: fast enough in its worst episode, and nobody fell."""
    return evaluation["forward_velocity_min"] >= THRESHOLD and evaluation["terminations"] == 0


def minutes_to_walk(curve: list[dict[str, Any]]) -> float | None:
    """Robot minutes of the first of `CONSECUTIVE` evaluations in a row that hold; None if there is none."""
    for index in range(len(curve) - CONSECUTIVE + 1):
        if all(holds(evaluation) for evaluation in curve[index : index + CONSECUTIVE]):
            return float(curve[index]["robot_minutes"])
    return None


def train(condition: str, seed: int, minutes: float, every: int, out: Path) -> dict[str, Any]:
    """One training through the node graph; a finished one is not run again, one that was stopped goes on if it can."""
    summary = out / "summary.json"
    if not is_finished(out):
        clear(out)
        command = [sys.executable, "-m", "ros_rl.cli", "train", "a1_walk", "--seed", str(seed), "--out", str(out)]
        command += ["--robot-minutes", str(minutes), "--eval-every", str(every), "--eval-episodes", "3"]
        own = ["evaluator.fresh=true", "evaluator.video=false", "collector.log=false"]
        for override in [*CONDITIONS[condition], *own]:
            command += ["--set", override]
        if resumable(out / CHECKPOINT):
            command += ["--resume", str(out)]
        with (out.parent / f"{out.name}.log").open("a") as log:
            subprocess.run(command, check=True, stdout=log, stderr=subprocess.STDOUT)
    return json.loads(summary.read_text())


def row(condition: str, minutes: list[float | None], summaries: list[dict[str, Any]]) -> str:
    """One line of the table."""
    reached = [m for m in minutes if m is not None]
    median = f"{statistics.median(m if m is not None else float('inf') for m in minutes):.2f}"
    each = ", ".join("no" if m is None else f"{m:.2f}" for m in minutes)
    final = [s["evaluation"]["forward_velocity_mean"] for s in summaries]
    wall = statistics.mean(s["wall_minutes"] for s in summaries)
    return (
        f"| {condition} | {len(reached)}/{len(minutes)} | {median} | {each} | "
        f"{statistics.mean(final):.2f} ({min(final):.2f} to {max(final):.2f}) | {wall:.1f} |"
    )


def main() -> None:
    """Run what is asked for and write the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--conditions", nargs="+", default=["delayed", "clean"], choices=list(CONDITIONS))
    parser.add_argument("--seeds", nargs="+", type=int, default=[0, 1, 2, 3, 4])
    parser.add_argument("--robot-minutes", type=float, default=4.0, help="robot minutes of each training")
    parser.add_argument("--eval-every", type=int, default=250, help="environment steps between evaluations")
    parser.add_argument("--runs", type=Path, default=Path("runs/bench_learning"), help="where the run folders go")
    parser.add_argument("--name", default="learning", help="name of the result file")
    args = parser.parse_args()
    args.runs.mkdir(parents=True, exist_ok=True)
    results: dict[str, Any] = {"machine": describe_machine(), "robot_minutes": args.robot_minutes, "conditions": {}}
    lines = ["| condition | walked | median [robot min] | each seed | final velocity [m/s] | wall [min] |"]
    lines.append("|---|---|---|---|---|---|")
    for condition in args.conditions:
        summaries = []
        for seed in args.seeds:
            folder = args.runs / f"{condition.replace(' ', '_')}_{seed}"
            summaries.append(train(condition, seed, args.robot_minutes, args.eval_every, folder))
            print(f"{condition} seed {seed}: {minutes_to_walk(summaries[-1]['curve'])} robot minutes", flush=True)
        minutes = [minutes_to_walk(summary["curve"]) for summary in summaries]
        lines.append(row(condition, minutes, summaries))
        results["conditions"][condition] = {
            "seeds": args.seeds,
            "minutes_to_walk": minutes,
            "curves": [summary["curve"] for summary in summaries],
            "evaluations": [summary["evaluation"] for summary in summaries],
            "plan_ms": [summary["plan_ms"] for summary in summaries],
            "wall_minutes": [summary["wall_minutes"] for summary in summaries],
        }
        output = Path(__file__).parent / "results" / f"{args.name}.json"
        output.parent.mkdir(exist_ok=True)
        output.write_text(json.dumps(results, indent=1))
    print("\n".join(lines))


if __name__ == "__main__":
    main()
