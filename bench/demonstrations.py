# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""What demonstrations and corrections bring: robot minutes until an arm reaches its goals, with and without them.

``ros-rl record`` lets an expert show the task; the trainings then run in this process (`ros_rl.training.local`), one
after the other. An arm *reaches* at the first of two evaluations in a row with a median final distance of at most
``--near``.

    python bench/demonstrations.py --tasks xarm_reach --agents sac --set task.sparse_within=0.05
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from machine import add_output, describe_line, describe_machine, table, write_result

from ros_rl.nodes.log_reader import read_ticks
from ros_rl.settings.loading import load_settings
from ros_rl.training.local import train_locally

EXPERT = "reach"
EPISODES = 10
"""That the expert shows."""
CONDITIONS: dict[str, list[str]] = {
    "alone": [],
    f"{EPISODES} demonstrations": ["learner.demonstrations=[{shown}]"],
    "corrections, 10 % of the time": [f"expert.name={EXPERT}", "expert.share=0.1"],
    "both": ["learner.demonstrations=[{shown}]", f"expert.name={EXPERT}", "expert.share=0.1"],
}
"""Settings of each."""
_IN_A_ROW = 2


def record(task: str, folder: Path, settings: list[str]) -> None:
    """Let the expert show a task."""
    changes = [part for item in settings for part in ("--set", item)]
    command = [sys.executable, "-m", "ros_rl.cli", "record", task, "--expert", EXPERT, "--episodes", str(EPISODES)]
    subprocess.run([*command, "--seed", "500", "--out", str(folder), *changes], check=True, stdout=subprocess.DEVNULL)


def reaches(curve: list[Mapping[str, Any]], near: float) -> float | None:
    """Robot minutes at the first of `_IN_A_ROW` evaluations in a row that end near the goals; None if there is none."""
    good = [point["distance_median"] <= near for point in curve]
    for index in range(len(good) - _IN_A_ROW + 1):
        if all(good[index : index + _IN_A_ROW]):
            return float(curve[index]["robot_minutes"])
    return None


def learn(task: str, overrides: list[str], folder: Path, near: float) -> dict[str, Any]:
    """One training: its curve, what it came to, and how long it took."""
    began = time.perf_counter()
    for _ in train_locally(load_settings(task, overrides=overrides), read_ticks, folder):
        pass
    summary = json.loads((folder / "summary.json").read_text())
    curve = [
        {name: point[name] for name in ("robot_minutes", "distance_median", "success_rate", "return")}
        for point in summary["curve"]
    ]
    return {
        "reaches": reaches(curve, near),
        "curve": curve,
        "final_distance": summary["evaluation"]["distance_median"],
        "final_return": summary["evaluation"]["return_mean"],
        "final_success": summary["evaluation"]["success_rate"],
        "shown": summary.get("demonstrations"),
        "wall_minutes": (time.perf_counter() - began) / 60,
    }


def main() -> None:
    """Train under every condition, and tell."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tasks", nargs="+", default=["xarm_reach"], metavar="TASK")
    parser.add_argument("--agents", nargs="+", default=["sac", "mpc"], metavar="NAME")
    parser.add_argument("--conditions", nargs="+", default=[*CONDITIONS][:3], choices=[*CONDITIONS], metavar="NAME")
    parser.add_argument("--seeds", nargs="+", type=int, default=[0, 1, 2])
    parser.add_argument("--robot-minutes", type=float, default=2.0)
    parser.add_argument("--near", type=float, default=0.02, help="final distance that counts as reached [m]")
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", help="a setting of all runs")
    add_output(parser, "demonstrations")
    args = parser.parse_args()
    machine, runs, rows = describe_machine(), [], []
    usual = ["evaluator.every=300", "evaluator.episodes=10", "evaluator.final_episodes=20", "evaluator.video=false"]
    usual += [f"learner.robot_minutes={args.robot_minutes:g}", *args.set]
    with tempfile.TemporaryDirectory() as scratch:
        for task in args.tasks:
            shown = Path(scratch) / task
            record(task, shown, [item for item in args.set if not item.startswith(("agent.", "learner."))])
            for agent in args.agents:
                for name in args.conditions:
                    own = [item.format(shown=shown) for item in CONDITIONS[name]]
                    found = []
                    for seed in args.seeds:
                        folder = Path(scratch) / f"{task}_{agent}_{[*CONDITIONS].index(name)}_{seed}"
                        overrides = [f"agent.name={agent}", f"seed={seed}", *usual, *own]
                        about = {"task": task, "agent": agent, "condition": name, "seed": seed}
                        found.append(about | learn(task, overrides, folder, args.near))
                        runs.append(found[-1])
                        print(about, found[-1]["reaches"], found[-1]["final_distance"], flush=True)
                    rows.append(_row(task, agent, name, found))
                    write_result(args.out, {"started_on": machine, "set": args.set, "runs": runs})
    print(describe_line(machine))
    print(table(["task", "agent", "condition", "reaches [robot min]", "final distance [cm]", "return"], rows))


def _row(task: str, agent: str, condition: str, found: list[dict[str, Any]]) -> list[str]:
    minutes = ", ".join("no" if run["reaches"] is None else f"{run['reaches']:.2f}" for run in found)
    distances = ", ".join(f"{100 * run['final_distance']:.1f}" for run in found)
    returns = ", ".join(f"{run['final_return']:.1f}" for run in found)
    return [task, agent, condition, minutes, distances, returns]


if __name__ == "__main__":
    main()
