# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""A training whose processes are all killed at once, five times, and gone on with, beside uninterrupted ones.

pip install 'ros_rl[learn,sim,ros,bench]' && python bench/killed.py
"""

from __future__ import annotations

import argparse
import json
import os
import random
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import rclpy
from fault_campaign.operator_node import Operator
from fault_campaign.processes import ROOT, Run, wait_for
from machine import add_output, describe_line, describe_machine, spread, table, write_result
from rclpy.signals import SignalHandlerOptions
from ros_domain import reserve_domain

NAMESPACE = "killed"
_LONG = 4 * 3600.0  # s; a training that stands still this long has failed
_EARLIEST, _LATEST = 0.1, 0.9


class Trained:
    """One training, cut off as often as asked.

    Args:
        folder: Of the run.
        operator: Hears how far it has come.
        args: Of the program.
        seed: Of the training.
    """

    def __init__(self, folder: Path, operator: Operator, args: argparse.Namespace, seed: int) -> None:
        self._folder, self._operator, self._args, self._seed = folder, operator, args, seed
        self.resumed: list[dict[str, float]] = []
        """For each kill, the steps that had been taken, and the transitions that the learner then had."""
        self._parts = 0

    def train(self, kill_at: Sequence[int] = ()) -> dict[str, Any]:
        """Train to the end; kill everything when the robot has come to these steps.

        Returns:
            The run's summary.

        Raises:
            RuntimeError: A part of it failed.
        """
        run = self._start("--out", str(self._folder), *self._options())
        begun, base = self._operator.steps, 0.0
        for steps in kill_at:
            self._await(run, lambda: base + self._operator.steps - begun >= steps)  # noqa: B023 - called here only
            run.kill()
            killed_at, heard = base + self._operator.steps - begun, self._operator.progress_time
            begun = self._operator.steps
            run = self._start("--resume", str(self._folder))
            self._await(run, lambda: self._operator.progress_time > heard)  # noqa: B023
            base = self._operator.progress["transitions"]
            self.resumed.append({"killed at": killed_at, "went on at": base})
        self._await(run, lambda: run.process.poll() == 0)
        run.ended(10.0)
        return json.loads((self._folder / "summary.json").read_text())

    def _options(self) -> list[str]:
        args = self._args
        options = ["--agent", args.agent, "--steps", str(args.steps), "--seed", str(self._seed)]
        options += ["--eval-every", str(args.every), "--eval-episodes", str(args.episodes)]
        return options + [part for item in args.set for part in ("--set", item)]

    def _start(self, *options: str) -> Run:
        self._parts += 1
        environment = {**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
        output = self._folder.with_name(f"{self._folder.name}_{self._parts}.txt")
        return Run(["train", self._args.task, "--namespace", NAMESPACE, *options], environment, output)

    def _await(self, run: Run, condition: Any) -> None:
        wait_for(lambda: condition() or run.process.poll() is not None, _LONG)
        if not condition():
            raise RuntimeError(f"{self._folder.name} ended with code {run.process.poll()}: {run.said()[-3:]}")


def curve(summary: Mapping[str, Any]) -> list[tuple[float, float]]:
    """Environment steps and mean return of each evaluation."""
    return [(point["env_steps"], point["return"]) for point in summary["curve"]]


def draw(path: Path, seeds: Mapping[int, Mapping[str, Any]], cut: Mapping[str, Any], kills: Sequence[float]) -> None:
    """The learning curves on each other, and where the one was killed."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(5.0, 3.0), layout="constrained")
    axes = figure.add_subplot(xlabel="environment steps", ylabel="return")
    for number, summary in enumerate(seeds.values()):
        axes.plot(*zip(*curve(summary), strict=True), color="0.6", label=None if number else "uninterrupted")
    axes.plot(*zip(*curve(cut), strict=True), color="tab:red", label=f"killed {len(kills)} times")
    for steps in kills:
        axes.axvline(steps, color="tab:red", linewidth=0.5, linestyle=":")
    axes.legend(frameon=False)
    figure.savefig(path, dpi=80)


def main() -> None:
    """Train all, and compare."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--task", default="mock_point")
    parser.add_argument("--agent", default="sac")
    parser.add_argument("--steps", type=int, default=3000, help="environment steps of a training")
    parser.add_argument("--every", type=int, default=250, help="steps between evaluations")
    parser.add_argument("--episodes", type=int, default=5, help="of an evaluation")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2, 3, 4], help="of the uninterrupted trainings")
    parser.add_argument("--kills", type=int, default=5, help="of the training with the first seed, at random steps")
    parser.add_argument("--set", action="append", default=["agent.hidden=64"], metavar="KEY=VALUE")
    add_output(parser, "killed")
    args = parser.parse_args()
    os.environ.setdefault("ROS_AUTOMATIC_DISCOVERY_RANGE", "LOCALHOST")
    lock = reserve_domain()
    rclpy.init(signal_handler_options=SignalHandlerOptions.NO)
    operator = Operator(NAMESPACE)
    drawn = random.Random(args.seeds[0])
    kill_at = sorted(round(args.steps * drawn.uniform(_EARLIEST, _LATEST)) for _ in range(args.kills))
    with tempfile.TemporaryDirectory(prefix="killed_") as folder:
        cut = Trained(Path(folder, "killed"), operator, args, args.seeds[0])
        killed = cut.train(kill_at)
        seeds = {seed: Trained(Path(folder, f"seed_{seed}"), operator, args, seed).train() for seed in args.seeds}
    report(args, seeds, killed, cut.resumed)
    operator.close()
    rclpy.try_shutdown()
    if lock is not None:
        lock.close()


def report(
    args: argparse.Namespace,
    seeds: Mapping[int, Mapping[str, Any]],
    killed: Mapping[str, Any],
    resumed: Sequence[Mapping[str, float]],
) -> None:
    """Print the table, write the figures and the picture."""
    finals = {seed: summary["evaluation"]["return_mean"] for seed, summary in seeds.items()}
    found, final = spread(list(finals.values())), killed["evaluation"]["return_mean"]
    named = {f"seed {seed}": summary for seed, summary in seeds.items()} | {f"killed {len(resumed)} times": killed}
    rows = [
        [name, item["env_steps"], item["transitions"], len(item["curve"]), f"{item['evaluation']['return_mean']:.3f}"]
        for name, item in named.items()
    ]
    print(describe_line(describe_machine()), "\n")
    print(table(["training", "steps", "transitions", "evaluations", "final return"], rows))
    print(table(["killed at", "went on at"], [list(item.values()) for item in resumed]))
    within = found["min"] <= final <= found["max"]
    print(
        f"\nfinal return {final:.3f}, {'within' if within else 'NOT within'} {found['min']:.3f} to {found['max']:.3f}"
    )
    result = {"steps": args.steps, "task": args.task, "agent": args.agent, "set": args.set, "resumed": list(resumed)}
    result |= {"finals": finals, "killed final": final, "within": within, "killed": curve(killed)}
    write_result(args.out, result | {"curves": {seed: curve(summary) for seed, summary in seeds.items()}})
    draw(args.out.with_suffix(".png"), seeds, killed, [item["killed at"] for item in resumed])


if __name__ == "__main__":
    main()
