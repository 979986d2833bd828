# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Train-time against act-time: where the computation goes, and what it buys, on the walking A1.

The planner (`mpc`) thinks at every decision; `mbpo` and `distil` spend a model on training a policy; `sac` has no
model. All learn in this process from the same robot time, with the same seeds and the same evaluations.

Each pair of agent and seed leaves a file of its own, and a finished one is not run again. So the runs can be made one
at a time, and the table and the figure show what there is:

    python bench/train_or_act.py --agents mpc mbpo --seeds 0
    python bench/train_or_act.py --seeds 0 1 2
"""

from __future__ import annotations

import argparse
import json
import statistics
import time
from pathlib import Path
from typing import Any

from learning import minutes_to_walk
from machine import RESULTS, describe_line, describe_machine, table, write_result

from ros_rl.deploy.onnx_graph import OnnxGraph
from ros_rl.errors import MissingDependencyError
from ros_rl.runtime.evaluation import Evaluator
from ros_rl.settings.loading import load_settings, with_overrides
from ros_rl.settings.tree import Settings
from ros_rl.training.local import train_locally
from ros_rl.training.training_loop import TrainingLoop

_TASK = "a1_walk"
_AS_MPC = {
    "normalisation": "layer",
    "gamma": 0.97,
    "learning_rate": 1e-3,
    "alpha_learning_rate": 3e-4,
    "tau": 0.01,
    "initial_alpha": 0.1,
    "target_entropy": -0.5,
    "policy_delay": 5,
}
"""Critics, entropy and one policy update per step, as the `mpc` agent has them by default."""

AGENTS: dict[str, dict[str, Any]] = {
    "mpc": {"agent": {"name": "mpc"}},
    "mbpo": {"agent": {"name": "mbpo"}},
    "distil": {"agent": {"name": "distil"}},
    "sac": {"agent": {"name": "sac", **_AS_MPC}, "learner": {"updates_per_step": 5.0}},
}
"""Overrides of each agent."""

Curve = list[dict[str, Any]]


class Judge:
    """Evaluates a training now and then, outside its robot and CPU time, each time from other starts.

    Args:
        settings: Of the run.
        every: Environment steps between evaluations.
    """

    def __init__(self, settings: Settings, every: int) -> None:
        self._evaluator = Evaluator(with_overrides(settings, evaluator={"fresh": True}), 1000 + settings.seed)
        self._settings, self._every = settings, every
        self._at = 0
        self.curve: Curve = []
        self.cpu_seconds = 0.0
        """CPU time of all evaluations."""

    def look(self, training: TrainingLoop, graph: OnnxGraph, last: bool = False) -> None:
        """Evaluate if it is due."""
        steps = training.env_steps
        if not last and steps // self._every == self._at // self._every:
            return
        self._at, started = steps, time.process_time()
        evaluator = self._settings.evaluator
        episodes = evaluator.final_episodes if last else evaluator.episodes
        found = self._evaluator.evaluate(graph, episodes, self._settings.evaluation_seconds, draw=steps).to_mapping()
        self.cpu_seconds += time.process_time() - started
        self.curve.append({"env_steps": steps, "robot_minutes": training.robot_minutes, **found})

    def close(self) -> None:
        """Release the simulator."""
        self._evaluator.close()


def run(agent: str, seed: int, minutes: float, every: int, overrides: list[str]) -> dict[str, Any]:
    """Train once."""
    own = [AGENTS[agent], {"learner": {"robot_minutes": minutes}, "seed": seed}]
    settings = load_settings(_TASK, overrides=[*own, *overrides])
    judge, training, started = Judge(settings, every), None, time.process_time()
    for progress in train_locally(settings):
        training = progress.training
        judge.look(training, progress.graph)
        shown = judge.curve[-1] if judge.curve else {"return_mean": float("nan"), "forward_velocity_mean": float("nan")}
        print(
            f"{agent} {seed}: {training.robot_minutes:.2f} robot min, episode {progress.episode_return:.1f}; "
            f"evaluation {shown['return_mean']:.1f}, {shown['forward_velocity_mean']:.2f} m/s",
            flush=True,
        )
    if training is None:
        raise SystemExit(f"{minutes:g} robot minutes hold no whole episode")
    cpu = time.process_time() - started - judge.cpu_seconds
    judge.look(training, OnnxGraph(training.graph(), settings.controller.threads), last=True)
    judge.close()
    return {
        "agent": agent,
        "seed": seed,
        "robot_minutes": training.robot_minutes,
        "updates": training.updates,
        "cpu_minutes": cpu / 60,
        "minutes_to_walk": minutes_to_walk(judge.curve),
        "final": judge.curve[-1],
        "curve": judge.curve,
        "set": overrides,
    }


def row(agent: str, found: list[dict[str, Any]]) -> list[str]:
    """One line of the table: means over seeds, with the smallest and the largest."""

    def shown(values: list[float], digits: int) -> str:
        return f"{statistics.mean(values):.{digits}f} ({min(values):.{digits}f} to {max(values):.{digits}f})"

    walked = [one["minutes_to_walk"] for one in found if one["minutes_to_walk"] is not None]
    final = [one["final"] for one in found]
    return [
        agent,
        str(len(found)),
        f"{statistics.mean(one['robot_minutes'] for one in found):.1f}",
        shown([one["cpu_minutes"] for one in found], 1),
        f"{statistics.median(one['plan_ms']['p50'] for one in final):.2f}",
        shown([one["return_mean"] for one in final], 1),
        shown([one["forward_velocity_mean"] for one in final], 2),
        f"{len(walked)}/{len(found)}",
        f"{statistics.median(walked):.2f}" if walked else "-",
    ]


HEADER = [
    *("agent", "seeds", "robot [min]", "training CPU [min]", "decision p50 [ms]", "return", "velocity [m/s]"),
    *("reached 0.5 m/s", "median robot min to it"),
]


def draw(runs: dict[str, list[dict[str, Any]]], path: Path) -> None:
    """Learning curves, and the final return against the time of a decision."""
    try:
        from matplotlib.figure import Figure
    except ImportError as error:
        raise MissingDependencyError("matplotlib", "learn") from error
    figure = Figure(figsize=(9.6, 3.8), layout="constrained")
    curves, cost = figure.subplots(1, 2)
    for colour, (agent, found) in zip(("C0", "C1", "C2", "C3"), runs.items(), strict=False):
        for number, one in enumerate(found):
            x = [point["robot_minutes"] for point in one["curve"]]
            y = [point["forward_velocity_mean"] for point in one["curve"]]
            curves.plot(x, y, color=colour, alpha=0.7, label=agent if number == 0 else None)
        at = [one["final"]["plan_ms"]["p50"] for one in found]
        cost.plot(at, [one["final"]["return_mean"] for one in found], "o", color=colour, label=agent)
    curves.axhline(0.5, color="grey", linewidth=0.8)
    curves.set(xlabel="robot time [min]", ylabel="forward velocity of an evaluation [m/s]")
    cost.set(xscale="log", xlabel="time of a decision, median [ms]", ylabel="return of an episode")
    for axes in (curves, cost):
        axes.grid(alpha=0.3)
        axes.legend()
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=110)


def main() -> None:
    """Make the runs that are asked for and missing; merge all that there are."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--agents", nargs="+", default=list(AGENTS), choices=list(AGENTS))
    parser.add_argument("--seeds", nargs="+", type=int, default=[0, 1, 2], help="one training each")
    parser.add_argument("--robot-minutes", type=float, default=4.0, help="robot time of each training [min]")
    parser.add_argument("--every", type=int, default=250, help="environment steps between evaluations")
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", help="further settings")
    parser.add_argument("--runs", type=Path, default=RESULTS / "train_or_act", help="folder of the runs' files")
    parser.add_argument("--out", type=Path, default=RESULTS / "train_or_act.json", help="all of them together")
    parser.add_argument("--figure", type=Path, default=RESULTS.parents[1] / "docs" / "figures" / "train_or_act.png")
    args = parser.parse_args()
    for seed in args.seeds:
        for agent in args.agents:
            path = args.runs / f"{agent}_{seed}.json"
            if not path.is_file():
                write_result(path, run(agent, seed, args.robot_minutes, args.every, args.set))
    files = {agent: sorted(args.runs.glob(f"{agent}_*.json")) for agent in AGENTS}
    runs = {agent: [json.loads(path.read_text()) for path in paths] for agent, paths in files.items() if paths}
    write_result(args.out, {"task": _TASK, "runs": runs})
    draw(runs, args.figure)
    print(describe_line(describe_machine()), "\n")
    print(table(HEADER, [row(agent, found) for agent, found in runs.items()]))


if __name__ == "__main__":
    main()
