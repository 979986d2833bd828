# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""What becomes of an agent that sees when what it sees changes, and how long it takes to come back.

A run that `pixels.py` left is judged under a changed view as it is, then goes on learning there, and is judged on the
way. With ``--forget`` it keeps only that many of the transitions from before.

    python bench/pixels.py --parts velocity --seeds 0 --keep runs/pixels
    python bench/changed_view.py runs/pixels/velocity_0 --changes light camera --minutes 15 --picture changed.png
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

import numpy as np
import torch
from kept import train
from machine import add_output, describe_line, describe_machine, table, write_result
from pixels import PARTS, since

from ros_rl.deploy.onnx_graph import OnnxGraph
from ros_rl.runs.evaluations import read_evaluations
from ros_rl.runs.run_folder import AGENT, CHECKPOINT, CONFIG
from ros_rl.runtime.evaluation import evaluate
from ros_rl.runtime.looking import look
from ros_rl.settings.recorded import load_run
from ros_rl.settings.tree import Settings
from ros_rl.types import Image

CHANGES: dict[str, list[str]] = {
    "none": [],
    "light": ["driver.backend.frames.tint=[0.45, 0.6, 1.0]"],
    "camera": ["driver.backend.frames.shift=[0.15, 0.1, 0.0]", "driver.backend.frames.turn=[0.0, 0.0, 0.35]"],
    "floor": ["driver.backend.frames.background=[0.6, 1.0, 0.6]"],
}
"""Settings of each: bluish and half as bright; put aside by 18 cm and turned by 20 degrees; a green floor."""
_SEED, _EPISODES = 6000, 10


def changed(run: Path, change: str, *more: str) -> Settings:
    """A run's settings under a change."""
    return load_run(run / CONFIG, [*CHANGES[change], *more])


def judged(graph: bytes, settings: Settings) -> dict[str, Any]:
    """What an agent comes to, of the same starts every time."""
    return evaluate(OnnxGraph(graph), settings, _EPISODES, settings.evaluation_seconds, _SEED).to_mapping()


def go_on(run: Path, settings: Settings, folder: Path) -> list[dict[str, Any]]:
    """Evaluations of a run that goes on under these settings, unless it did, from there on."""
    train(settings, folder, begin=run / CHECKPOINT)
    begun = json.loads((run / "summary.json").read_text())["env_steps"]
    return [point for point in read_evaluations(folder) if point["env_steps"] > begun]


def tried(run: Path, change: str, minutes: float, more: list[str], folder: Path) -> dict[str, Any]:
    """Before the change, right after it, and from then on; robot minutes count from the change."""
    part = PARTS["velocity"]
    begun = json.loads((run / "summary.json").read_text())["robot_minutes"]
    length = ["learner.steps=0", f"learner.robot_minutes={begun + minutes:g}"]  # steps would say when it ends, too
    usual = [*length, "evaluator.every=200", "evaluator.episodes=3"]
    graph = (run / AGENT).read_bytes()
    before, right_after = (judged(graph, changed(run, name)) for name in ("none", change))
    settings = changed(run, change, *usual, "evaluator.final_episodes=3", *more)
    curve = [
        {"robot_minutes": point["robot_minutes"] - begun}
        | {name: point[f"{name}_mean"] for name in (part.figure, "return")}
        for point in go_on(run, settings, folder)
    ]
    after = judged((folder / AGENT).read_bytes(), changed(run, change))
    told = {"before": before, "right_after": right_after, "in_the_end": after}
    return {
        "change": change,
        "back_since": since(part, curve),
        "curve": curve,
        **{
            name: {part.figure: found[f"{part.figure}_mean"], "return": found["return_mean"]}
            for name, found in told.items()
        },
    }


def draw(path: Path, run: Path, found: list[dict[str, Any]]) -> None:
    """What is seen before and after each change, above the mean distances since."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(9.0, 5.4), layout="constrained")
    names = ["none", *dict.fromkeys(item["change"] for item in found)]
    grid = figure.add_gridspec(2, len(names), height_ratios=[1.0, 1.4])
    for column, name in enumerate(names):
        axis = figure.add_subplot(grid[0, column])
        axis.imshow(seen(changed(run, name)))
        axis.set_title("before" if name == "none" else name)
        axis.set_axis_off()
    axis = figure.add_subplot(grid[1, :])
    for item in found:
        points = [(0.0, item["right_after"]["distance"])]
        points += [(point["robot_minutes"], point["distance"]) for point in item["curve"]]
        axis.plot(*zip(*points, strict=True), marker=".", label=item["change"])
    axis.axhline(found[0]["before"]["distance"], color="black", ls=":", label="before")
    axis.axhline(PARTS["velocity"].bar, color="grey", ls="--", label="wanted")
    axis.set_xlabel("robot time since the change [min]")
    axis.set_ylabel("mean distance [m]")
    axis.set_ylim(bottom=0.0)
    axis.legend()
    figure.savefig(path, dpi=90)


def seen(settings: Settings) -> Image:
    """One picture of the agent's camera."""
    ((first, *_),) = look(settings, 5.0, 1).values()
    return np.asarray(first)


def main() -> None:
    """Change what is seen, go on, and tell."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("run", type=Path, help="run folder that pixels.py left of its part velocity")
    changes = [name for name in CHANGES if name != "none"]
    parser.add_argument("--changes", nargs="+", default=changes, choices=changes)
    parser.add_argument("--minutes", type=float, default=15.0, help="robot minutes that it goes on")
    parser.add_argument("--forget", type=int, metavar="N", help="keep the newest N transitions (default: all)")
    parser.add_argument("--keep", type=Path, default=Path("runs/bench_changed_view"), help="where the runs are left")
    parser.add_argument("--picture", type=Path, metavar="FILE", help="draw what is seen, and the curves")
    add_output(parser, "changed_view")
    options = parser.parse_args()
    torch.set_num_threads(1)
    machine = describe_machine()
    print(describe_line(machine))
    more = [f"learner.replay_capacity={options.forget}"] if options.forget else []
    rows, found = [], []
    for change in options.changes:
        folder = options.keep / f"{options.run.name}_{change}{f'_{options.forget}' if options.forget else ''}"
        found.append(tried(options.run, change, options.minutes, more, folder))
        rows.append(_row(found[-1]))
        print(table(["change", "before", "right after", "back since [robot min]", "in the end"], rows), flush=True)
        write_result(options.out, {"machine": machine, "forget": options.forget, "runs": found})
    if options.picture:
        draw(options.picture, options.run, found)


def _row(item: dict[str, Any]) -> list[str]:
    cells = [
        f"{item[name]['distance']:.3f} m ({item[name]['return']:.1f})"
        for name in ("before", "right_after", "in_the_end")
    ]
    back = "no" if item["back_since"] is None else f"{item['back_since']:.1f}"
    return [item["change"], *cells[:2], back, cells[2]]


if __name__ == "__main__":
    main()
