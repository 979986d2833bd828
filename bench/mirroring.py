# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Which transitions of a batch are replaced by their mirror images: a random half, every second one, or none.

A simulated A1 learns to walk in this process until three evaluations in a row hold 0.5 m/s without a fall; reported are
the robot minutes of the first of them. Uniform batches should not care which half it is; prioritised ones are ordered
by age, and there "every second" turns the same ones again and again.

Each pair of choice and seed leaves a file of its own, and a finished one is not run again:

    python bench/mirroring.py --choices "random half" --seeds 0 1 2 3 4
    python bench/mirroring.py
"""

from __future__ import annotations

import argparse
import json
import statistics
from functools import partial
from pathlib import Path
from typing import Any

from kept import once
from learning import minutes_to_walk
from machine import RESULTS, describe_line, describe_machine, table, write_result
from train_or_act import Judge

from ros_rl.replay.mirror import Mirror
from ros_rl.settings.loading import load_settings
from ros_rl.training.local import train_locally

CHOICES = ("random half", "every second", "none")


def run(choice: str, seed: int, minutes: float) -> dict[str, Any]:
    """Train once, until it walks."""
    overrides = [f"learner.robot_minutes={minutes}", f"seed={seed}", f"agent.mirror={choice != 'none'}"]
    settings = load_settings("a1_walk", overrides=overrides)
    judge = Judge(settings, 200)
    for progress in train_locally(settings):
        agent = progress.training.agent
        if choice == "every second" and isinstance(agent.mirror, Mirror):
            assert not progress.training.updates, "the first episode is one of the warm-up"
            agent.mirror = partial(agent.mirror.turned, rows=slice(None, None, 2))
        judge.look(progress.training, progress.graph)
        if minutes_to_walk(judge.curve) is not None:
            break
    judge.close()
    return {"choice": choice, "seed": seed, "minutes_to_walk": minutes_to_walk(judge.curve), "curve": judge.curve}


def main() -> None:
    """Run what is asked for and print the table of all that there is."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--choices", nargs="*", default=CHOICES, choices=CHOICES)
    parser.add_argument("--seeds", nargs="*", type=int, default=[0, 1, 2, 3, 4])
    parser.add_argument("--robot-minutes", type=float, default=4.0, help="robot minutes of each training at most")
    parser.add_argument("--runs", type=Path, default=Path("runs/bench_mirroring"), help="where finished runs are kept")
    parser.add_argument("--name", default="mirroring", help="name of the result file")
    args = parser.parse_args()
    for seed in args.seeds:
        for choice in args.choices:
            name = f"{choice.replace(' ', '_')}_{seed}.json"
            one = once(args.runs / name, partial(run, choice, seed, args.robot_minutes))
            print(choice, seed, one["minutes_to_walk"], flush=True)
    found = [json.loads(path.read_text()) for path in sorted(args.runs.glob("*.json"))]
    rows = []
    for choice in CHOICES:
        minutes = [one["minutes_to_walk"] or float("inf") for one in found if one["choice"] == choice]
        if minutes:
            each = ", ".join("no" if value == float("inf") else f"{value:.2f}" for value in minutes)
            rows.append([choice, str(len(minutes)), f"{statistics.median(minutes):.2f}", each])
    machine = describe_machine()
    print(f"\n{describe_line(machine)}\n\n{table(['mirrored', 'seeds', 'median [robot min]', 'each'], rows)}")
    write_result(RESULTS / f"{args.name}.json", {"machine": machine, "runs": found})


if __name__ == "__main__":
    main()
