# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""What demonstrations and corrections bring: robot minutes until an arm does its task, with and without them.

``ros-rl record`` lets the task's expert show it; the trainings then run in this process (`ros_rl.training.local`), one
after the other, each in a folder of its own: one that is finished is not run again, one that was stopped
goes on. An arm *does* its task at the first of two evaluations in a row that hold the figure of the part.

    python bench/demonstrations.py --parts pick_place --conditions shown --seeds 0 1 2
    python bench/demonstrations.py --parts dense_reach push --conditions alone --out bench/results/arms.json
"""

from __future__ import annotations

import argparse
import json
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from kept import record, train
from machine import add_output, describe_line, describe_machine, table, write_result

from ros_rl.settings.loading import load_settings


@dataclass(frozen=True)
class Part:
    """Tasks that one expert shows.

    Attributes:
        tasks: Their names.
        expert: Its name.
        figure: Of an evaluation, by which the tasks are judged.
        bar: Value of it that is to be held.
        rises: Whether it is to be above the bar.
        minutes: Robot time of a training [min].
        settings: Of all runs.
        preset: Variant of the task; empty: none.
    """

    tasks: tuple[str, ...]
    expert: str
    figure: str
    bar: float
    rises: bool
    minutes: float
    settings: tuple[str, ...]
    preset: str = ""

    def holds(self, evaluation: Mapping[str, Any]) -> bool:
        """Whether an evaluation holds the bar."""
        value = evaluation[self.figure]
        return bool(value >= self.bar if self.rises else value <= self.bar)


EPISODES = 10
"""That the expert shows."""
PARTS = {
    "reach": Part(
        ("xarm_reach",), "reach", "distance_median", 0.02, False, 2.0,
        ("agent.name=sac", "task.sparse_within=0.05", "agent.normalisation=layer", "agent.initial_alpha=0.1",
         "evaluator.every=300", "evaluator.episodes=10", "evaluator.final_episodes=20"),
    ),
    "dense_reach": Part(
        ("ur5_reach", "xarm_reach", "so101_reach"), "reach", "distance_median", 0.02, False, 3.0,
        ("evaluator.every=600", "evaluator.episodes=10", "evaluator.final_episodes=20", "evaluator.fresh=true"),
    ),
    "push": Part(
        ("ur5_push",), "push", "success_rate", 0.9, True, 30.0,
        ("evaluator.every=1200", "evaluator.episodes=10", "evaluator.final_episodes=20", "evaluator.fresh=true"),
    ),
    "pick_place": Part(
        ("ur5_pick_place", "xarm_pick_place"), "pick_place", "objects_per_minute", 2.5, True, 20.0,
        ("evaluator.every=600", "evaluator.episodes=3", "evaluator.final_episodes=10"),
    ),
    "pick_place_alone": Part(
        ("ur5_pick_place",), "pick_place", "objects_per_minute", 2.0, True, 40.0,
        ("agent.margin=1", "evaluator.every=600", "evaluator.episodes=3", "evaluator.final_episodes=10"), "untaught",
    ),
}  # fmt: skip
_CORRECTED = ["expert.name={expert}", "expert.share=0.1", "expert.seconds=3"]
CONDITIONS: dict[str, list[str]] = {
    "alone": [],
    "shown": ["learner.demonstrations=[{shown}]"],
    "corrected": _CORRECTED,
    "both": ["learner.demonstrations=[{shown}]", *_CORRECTED],
    "helped": [*_CORRECTED, "expert.seconds=10", "expert.patience=10"],
    "shown_and_helped": ["learner.demonstrations=[{shown}]", *_CORRECTED, "expert.seconds=10", "expert.patience=10"],
}
"""Settings of each: nothing; 10 demonstrations; corrections for a tenth of the time, when chance chooses; both; as many
corrections when the task does not go on, without demonstrations and with them."""
_IN_A_ROW = 2


def since(part: Part, curve: list[Mapping[str, Any]]) -> float | None:
    """Robot minutes at the first of `_IN_A_ROW` evaluations in a row that hold the bar; None if there is none."""
    good = [part.holds(point) for point in curve]
    for index in range(len(good) - _IN_A_ROW + 1):
        if all(good[index : index + _IN_A_ROW]):
            return float(curve[index]["robot_minutes"])
    return None


def learn(part: Part, task: str, overrides: list[str], folder: Path) -> dict[str, Any]:
    """One training, unless it is there: its curve and what it came to."""
    train(load_settings(task, overrides=overrides, preset=part.preset or None), folder)
    summary = json.loads((folder / "summary.json").read_text())
    curve = [{name: point[name] for name in ("robot_minutes", part.figure, "return")} for point in summary["curve"]]
    final = summary["evaluation"]
    return {
        "since": since(part, curve),
        "curve": curve,
        "final": final.get(f"{part.figure}_mean", final.get(part.figure)),
        "final_return": final["return_mean"],
        "evaluation": final,
        "shown": _shown(summary),
        "wall_minutes": summary["wall_minutes"],
    }


def _shown(summary: Mapping[str, Any]) -> dict[str, Any] | None:
    """What a summary tells of demonstrations, with names in place of folders of one machine."""
    found = summary.get("demonstrations")
    return found and found | {"paths": [Path(path).name for path in found["paths"]]}


def main() -> None:
    """Train under every condition, and tell."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--parts", nargs="+", default=["reach", "pick_place"], choices=PARTS)
    parser.add_argument("--tasks", nargs="+", metavar="TASK", help="of these parts (default: all)")
    parser.add_argument("--conditions", nargs="+", default=[*CONDITIONS][:3], choices=[*CONDITIONS], metavar="NAME")
    parser.add_argument("--seeds", nargs="+", type=int, default=[0, 1, 2])
    parser.add_argument("--robot-minutes", type=float, help="of each training (default: the part's)")
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", help="a setting of all runs")
    parser.add_argument("--keep", type=Path, metavar="DIR", help="where the runs are left (default: nowhere)")
    add_output(parser, "demonstrations")
    args = parser.parse_args()
    torch.set_num_threads(1)
    machine, runs, rows = describe_machine(), [], []
    with tempfile.TemporaryDirectory() as scratch:
        kept = args.keep or Path(scratch)
        for name, task in [(part, own) for part in args.parts for own in PARTS[part].tasks]:
            if args.tasks and task not in args.tasks:
                continue
            part, shown = PARTS[name], kept / f"{name}_{task}_shown"
            minutes = args.robot_minutes or part.minutes
            if any("{shown}" in item for condition in args.conditions for item in CONDITIONS[condition]):
                own = [item for item in part.settings if not item.startswith(("agent.", "learner.", "evaluator."))]
                record(task, part.expert, EPISODES, shown, own)
            for condition in args.conditions:
                own = [item.format(shown=shown, expert=part.expert) for item in CONDITIONS[condition]]
                found = []
                for seed in args.seeds:
                    usual = [f"seed={seed}", f"learner.robot_minutes={minutes:g}", "evaluator.video=false"]
                    folder = kept / f"{name}_{task}_{condition}_{seed}"
                    about = {"task": task, "condition": condition, "seed": seed}
                    run = learn(part, task, [*part.settings, *usual, *own, *args.set], folder)
                    found.append(about | run)
                    runs.append(found[-1])
                    print(about, run["since"], run["final"], flush=True)
                rows.append(_row(part, task, condition, found))
                write_result(args.out, {"started_on": machine, "set": args.set, "runs": runs})
    print(describe_line(machine))
    print(table(["task", "condition", "figure", "does it since [robot min]", "in the end", "return"], rows))


def _row(part: Part, task: str, condition: str, found: list[dict[str, Any]]) -> list[str]:
    minutes = ", ".join("no" if run["since"] is None else f"{run['since']:.2g}" for run in found)
    figures = ", ".join(f"{run['final']:.2g}" for run in found)
    returns = ", ".join(f"{run['final_return']:.1f}" for run in found)
    return [task, condition, part.figure, minutes, figures, returns]


if __name__ == "__main__":
    main()
