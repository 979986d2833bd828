# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""What is learned from pictures: robot minutes until a task is done, what it costs, and what planning adds to a policy.

Trainings run in this process (`ros_rl.training.local`), one after the other, each in a folder of its own: one that is
finished is not run again, one that was stopped goes on. A task *is done* at the first of two evaluations in a row that
hold the part's figure.

    python bench/pixels.py --parts velocity ur5 --seeds 0 1 2 --keep runs/pixels
    python bench/pixels.py --parts ur5_untaught --seeds 0 --keep runs/pixels
    python bench/pixels.py --parts memory
    python bench/pixels.py --planners runs/pixels/velocity_0
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
from kept import processor_minutes, record, train
from machine import add_output, describe_line, describe_machine, table, write_result

from ros_rl.config import added
from ros_rl.deploy.onnx_graph import OnnxGraph
from ros_rl.layout import Field
from ros_rl.replay.memory import bytes_per_transition
from ros_rl.runtime.evaluation import evaluate
from ros_rl.settings.loading import load_settings
from ros_rl.settings.presets import read_preset
from ros_rl.training.saved_run import graph_of_run


@dataclass(frozen=True)
class Part:
    """A training.

    Attributes:
        task: Its name.
        preset: Its variant that sees pictures, or another one; empty: none.
        figure: Of an evaluation, by which it is judged.
        bar: Value of it that is to be held.
        rises: Whether it is to be above the bar.
        minutes: Robot time [min].
        settings: That differ from the variant's.
        expert: Who shows the task 10 times before; empty: nobody.
    """

    task: str
    preset: str
    figure: str
    bar: float
    rises: bool
    minutes: float
    settings: tuple[str, ...] = ()
    expert: str = ""

    def holds(self, evaluation: Mapping[str, Any]) -> bool:
        """Whether an evaluation holds the bar."""
        value = evaluation[self.figure]
        return bool(value >= self.bar if self.rises else value <= self.bar)


_BALL = ("sphero_navigate", "sphero_pixels", "distance")
_THINGS = "objects_per_minute"
_SAC = ("agent.name=drq_sac", "agent.gamma=0.97", "learner.batch_size=128")
_ALONE = tuple(
    f"{key}={value}" for key, value in added(read_preset("untaught").general, {}) if not key.endswith(".name")
)
"""What that variant sets, whatever the task and the agent are."""
_FRONT = ("observation.cameras=[front]", "cameras.width=64", "cameras.height=64")
PARTS = {
    "velocity": Part(*_BALL, 0.16, False, 15.0),  # m: a tenth of the arena
    "velocity_sac": Part(*_BALL, 0.16, False, 15.0, _SAC),
    "velocity_dreamer": Part("sphero_navigate", "sphero_dreamer", "distance", 0.16, False, 15.0),
    "wheels": Part(*_BALL, 0.24, False, 60.0, ("control.commands.name=joints",)),
    "wheels_sac": Part(*_BALL, 0.24, False, 60.0, (*_SAC, "control.commands.name=joints")),
    "ur5": Part("ur5_pick_place", "ur5_pixels", _THINGS, 2.5, True, 20.0, (), "pick_place"),
    "ur5_front": Part("ur5_pick_place", "ur5_pixels", _THINGS, 2.5, True, 20.0, _FRONT, "pick_place"),
    "ur5_untaught": Part("ur5_pick_place", "ur5_pixels", _THINGS, 2.5, True, 120.0, _ALONE),
    "ur5_state_untaught": Part("ur5_pick_place", "untaught", _THINGS, 2.5, True, 120.0),  # no pictures, beside it
    "xarm_state_untaught": Part("xarm_pick_place", "untaught", _THINGS, 3.0, True, 120.0),
    "xarm": Part("xarm_pick_place", "xarm_pixels", _THINGS, 3.0, True, 20.0, (), "pick_place"),
    "a1": Part("a1_from_back", "a1_dreamer", "walking_velocity", 0.3, True, 60.0),  # m/s; sixteen numbers, no pictures
    "a1_state": Part("a1_from_back", "", "walking_velocity", 0.3, True, 30.0),  # all that its sensors tell, beside it
}
USUAL = ("velocity", "velocity_sac", "ur5", "xarm")
_EPISODES, _IN_A_ROW = 10, 2
_EVALUATED = {
    _THINGS: "evaluator.every=600",
    "distance": "evaluator.every=200",
    "walking_velocity": "evaluator.every=2400",
}


def learn(part: Part, seed: int, shown: Path, folder: Path, more: list[str]) -> dict[str, Any]:
    """One training, unless it is there: its curve, what it came to and what it cost."""
    usual = [f"seed={seed}", f"learner.robot_minutes={part.minutes:g}", "learner.threads=1", "evaluator.video=false"]
    usual += [_EVALUATED[part.figure], "evaluator.episodes=3", "evaluator.final_episodes=10"]
    usual += [f"learner.demonstrations=[{shown}]"] if part.expert else []
    train(load_settings(part.task, preset=part.preset or None, overrides=[*part.settings, *usual, *more]), folder)
    summary = json.loads((folder / "summary.json").read_text())
    curve = [{"robot_minutes": point["robot_minutes"], part.figure: point[part.figure]} for point in summary["curve"]]
    final = summary["evaluation"]
    return {
        "since": since(part, curve),
        "curve": curve,
        "final": final[f"{part.figure}_mean"],
        "return": final["return_mean"],
        "plan_ms": final["plan_ms"],
        "updates": summary["updates"],
        "wall_minutes": summary["wall_minutes"],
        "processor_minutes": processor_minutes(folder),
    }


def since(part: Part, curve: list[dict[str, Any]]) -> float | None:
    """Robot minutes at the first of `_IN_A_ROW` evaluations in a row that hold the bar; None if there is none."""
    good = [part.holds(point) for point in curve]
    for index in range(len(good) - _IN_A_ROW + 1):
        if all(good[index : index + _IN_A_ROW]):
            return float(curve[index]["robot_minutes"])
    return None


def memory() -> str:
    """What an hour of pictures of 64x64 takes in the replay, and what stacks of three, stored whole, would take."""
    image = Field("image", (64, 64, 3), "rgb8", 1 / 255, "image", "uint8")
    rows = []
    for rate in (2, 20):
        steps = 3600 * rate
        once = steps * bytes_per_transition(8, 2, [image])
        stacks = steps * (bytes_per_transition(8, 2) + 2 * 3 * image.size)
        rows.append([f"{rate} Hz", steps, f"{once / 1e6:.0f} MB", f"{stacks / 1e6:.0f} MB"])
    return table(["an hour at", "transitions", "each picture once", "stacks of 3, before and after"], rows)


def planners(run: Path) -> str:
    """What several planners in a run's latent world come to, and its policy without one."""
    recorded = json.loads((run / "summary.json").read_text())
    ways = {
        "policy alone": ["agent.act=policy"],
        **{name: [f"agent.planner.method={name}"] for name in ("mppi", "cem", "shooting", "softmax_shooting")},
        "mppi, horizon 5": ["agent.planner.horizon=5"],
        "mppi, horizon 1": ["agent.planner.horizon=1"],
    }
    rows = []
    for name, changes in ways.items():
        settings, graph = graph_of_run(run, recorded["task"], changes)
        found = evaluate(OnnxGraph(graph), settings, 10, settings.evaluation_seconds, 1000)
        rows.append([name, f"{found.return_mean:.1f}", f"{found.plan_ms['p50']:.1f}", f"{found.plan_ms['p99']:.1f}"])
        print(rows[-1], flush=True)
    return table(["what acts", "return, 10 episodes", "ms, p50", "ms, p99"], rows)


def main() -> None:
    """Train, and tell."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--parts", nargs="+", default=USUAL, choices=[*PARTS, "memory"])
    parser.add_argument("--seeds", nargs="+", type=int, default=[0, 1, 2])
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", help="a setting of all runs")
    parser.add_argument("--keep", type=Path, metavar="DIR", help="where the runs are left (default: nowhere)")
    parser.add_argument("--planners", type=Path, metavar="RUN", help="try planners in the latent world of this run")
    add_output(parser, "pixels")
    args = parser.parse_args()
    torch.set_num_threads(1)
    machine = describe_machine()
    print(describe_line(machine))
    if args.planners:
        print(planners(args.planners))
        return
    if "memory" in args.parts:
        print(memory())
    runs, rows = [], []
    with tempfile.TemporaryDirectory() as scratch:
        kept = args.keep or Path(scratch)
        for name in (each for each in args.parts if each in PARTS):
            part, shown, found = PARTS[name], kept / f"{name}_shown", []
            if part.expert:
                record(part.task, part.expert, _EPISODES, shown, part.settings, part.preset)
            for seed in args.seeds:
                run = learn(part, seed, shown, kept / f"{name}_{seed}", args.set)
                found.append({"part": name, "seed": seed, **run})
                print(name, seed, run["since"], run["final"], flush=True)
            rows.append(_row(name, part, found))
            runs += found
            write_result(args.out, {"started_on": machine, "set": args.set, "runs": runs})
    if rows:
        print(
            table(
                ["part", "figure", "done since [robot min]", "in the end", "processor min", "decision p99 [ms]"], rows
            )
        )


def _row(name: str, part: Part, found: list[dict[str, Any]]) -> list[str]:
    minutes = ", ".join("no" if run["since"] is None else f"{run['since']:.1f}" for run in found)
    finals = ", ".join(f"{run['final']:.2g}" for run in found)
    cost = ", ".join("?" if (spent := run["processor_minutes"]) is None else f"{spent:.1f}" for run in found)
    decisions = ", ".join(f"{run['plan_ms']['p99']:.0f}" for run in found)
    return [name, part.figure, minutes, finals, cost, decisions]


if __name__ == "__main__":
    main()
