# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""What commands that act late cost: robot minutes until a simulated A1 walks, whose commands come 0 to 2 periods late.

Beside it stand commands in time, after a delay of one period and of two, that are told.

Each learns in this process until three evaluations in a row, of three episodes each in the same world, hold 0.5 m/s
without a fall; reported are the robot minutes of the first of them, and how many episodes ended in a fall on the way.

Each pair of condition and seed leaves a file of its own, and a finished one is not run again:

    python bench/late_commands.py --conditions late "late, planned for" --seeds 0 1
"""

from __future__ import annotations

import argparse
import json
from functools import partial
from pathlib import Path
from typing import Any

from kept import once
from learning import minutes_to_walk
from machine import RESULTS, describe_line, describe_machine, table, write_result
from train_or_act import Judge

from ros_rl.settings.loading import load_settings
from ros_rl.training.local import train_locally

_LATE = ["driver.backend.world.late=[0, 2]"]
CONDITIONS: dict[str, list[str]] = {
    "on time": [],
    "late": _LATE,
    "late, planned for": [*_LATE, "agent.late=2"],
    "on time, a delay of 2 periods": ["control.delay=2"],
}
"""Overrides of each."""


def run(condition: str, seed: int, minutes: float) -> dict[str, Any]:
    """Train once, until it walks."""
    overrides = [f"learner.robot_minutes={minutes}", f"seed={seed}", *CONDITIONS[condition]]
    settings = load_settings("a1_walk", overrides=overrides)
    judge, falls, reached = Judge(settings, 200), 0, 0.0
    for progress in train_locally(settings):
        judge.look(progress.training, progress.graph)
        falls, reached = falls + progress.terminated, progress.training.robot_minutes
        shown = judge.curve[-1]["forward_velocity_mean"] if judge.curve else float("nan")
        print(f"{condition} {seed}: {reached:.2f} min, {falls} falls, {shown:.2f} m/s", flush=True)
        if minutes_to_walk(judge.curve) is not None:
            break
    judge.close()
    found = {"falls": falls, "robot_minutes": reached, "minutes_to_walk": minutes_to_walk(judge.curve)}
    return {"condition": condition, "seed": seed, **found, "curve": judge.curve}


def row(condition: str, found: list[dict[str, Any]]) -> list[str]:
    """One line of the table."""
    walked = ["no" if one["minutes_to_walk"] is None else f"{one['minutes_to_walk']:.2f}" for one in found]
    falls = [f"{one['falls']} in {one['robot_minutes']:.2f}" for one in found]
    last = [f"{one['curve'][-1]['forward_velocity_mean']:.2f}" if one["curve"] else "-" for one in found]
    return [condition, *(", ".join(each) for each in (walked, falls, last))]


def main() -> None:
    """Run what is asked for and missing, and print the table of all that there is."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--conditions", nargs="*", default=list(CONDITIONS), choices=list(CONDITIONS))
    parser.add_argument("--seeds", nargs="*", type=int, default=[0, 1, 2])
    parser.add_argument("--robot-minutes", type=float, default=3.0, help="robot minutes of each training at most")
    parser.add_argument("--runs", type=Path, default=Path("runs/bench_late_commands"), help="where files are kept")
    parser.add_argument("--name", default="late_commands", help="name of the result file")
    args = parser.parse_args()
    for seed in args.seeds:
        for condition in args.conditions:
            name = f"{condition.replace(', ', '_').replace(' ', '_')}_{seed}.json"
            once(args.runs / name, partial(run, condition, seed, args.robot_minutes))
    found = [json.loads(path.read_text()) for path in sorted(args.runs.glob("*.json"))]
    parts = {name: [one for one in found if one["condition"] == name] for name in CONDITIONS}
    rows = [row(name, part) for name, part in parts.items() if part]
    machine, header = describe_machine(), ["commands", "walks after [robot min]", "falls, in [robot min]", "last [m/s]"]
    print(f"\n{describe_line(machine)}\n\n{table(header, rows)}")
    write_result(RESULTS / f"{args.name}.json", {"machine": machine, "runs": found})


if __name__ == "__main__":
    main()
