# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""The course's ladder: open loop < MPC < MPC with an ensemble < MPC with a pessimistic ensemble.

All rungs plan with the model alone (no policy, no critics), learned from the same transitions by the same number of
gradient steps, with the same candidates, horizon and iterations. The transitions are those of a run's replay buffer,
or of random actions where no run is named.

    python bench/ladder.py a1_walk --run runs/a1_walk_20260101_120000
    python bench/ladder.py cartpole_swingup --random-minutes 1
"""

from __future__ import annotations

import argparse
import statistics
from pathlib import Path
from typing import Any

from machine import add_output, table, write_result

from ros_rl.deploy.onnx_graph import OnnxGraph
from ros_rl.replay.buffer import ReplayBuffer
from ros_rl.runtime.evaluation import Evaluator
from ros_rl.runtime.local import train_locally
from ros_rl.runtime.run_folder import CHECKPOINT, CONFIG
from ros_rl.runtime.training_loop import TrainingLoop
from ros_rl.settings import Settings, load_settings, with_overrides

RUNGS: dict[str, dict[str, Any]] = {
    "open loop": {"model": {"members": 1}, "planner": {"execution": "open_loop", "warm_start": False}},
    "MPC": {"model": {"members": 1}},
    "MPC, ensemble": {},
    "MPC, pessimistic: return": {"planner": {"objective": "mean_std", "pessimism": 1.0}},
    "MPC, pessimistic: state": {"planner": {"objective": "state_variance", "pessimism": 0.1}},
}
"""What each rung changes in the agent."""


def data_of(settings: Settings, run: Path | None, minutes: float) -> ReplayBuffer:
    """The transitions that every rung learns from."""
    if run is not None:
        training = TrainingLoop(settings)
        training.replay.load(run / CHECKPOINT / "replay.npz")
        return training.replay
    collecting = with_overrides(settings, learner={"robot_minutes": minutes, "warmup_steps": 10**6})
    *_, last = train_locally(collecting)
    return last.training.replay


def learned(settings: Settings, replay: ReplayBuffer, rung: dict[str, Any], updates: int, seed: int) -> OnnxGraph:
    """The control graph of one rung, its model learned from `replay`; critics and policy are not trained."""
    training = TrainingLoop(with_overrides(settings, seed=seed, agent=rung, learner={"updates_per_step": 0.0}))
    training.replay = replay
    for _ in range(updates):
        training.train()
    return OnnxGraph(training.graph(), settings.controller.threads)


def main() -> None:
    """Climb the ladder."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("task", help="task to plan for")
    parser.add_argument("--run", type=Path, help="run folder whose replay buffer is learned from")
    parser.add_argument("--random-minutes", type=float, default=1.0, help="robot time at random, without --run [min]")
    parser.add_argument("--updates", type=int, default=3000, help="gradient steps of each model")
    parser.add_argument("--horizon", type=int, default=12, help="steps of a plan")
    parser.add_argument("--samples", type=int, default=256, help="candidates of an iteration")
    parser.add_argument("--iterations", type=int, default=2, help="iterations of a plan")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2], help="of models and planning")
    parser.add_argument("--episodes", type=int, default=3, help="evaluation episodes of each seed")
    parser.add_argument("--seconds", type=float, default=10.0, help="length of an episode [s]")
    add_output(parser, "ladder")
    args = parser.parse_args()
    settings = load_settings(args.task) if args.run is None else load_settings(params_file=args.run / CONFIG)
    budget = {name: getattr(args, name) for name in ("horizon", "samples", "iterations")}
    alone = {"method": "mppi", "proposals": 0, "terminal_value": False, "std_init": 0.5, "elites": 24}
    settings = with_overrides(settings, agent={"planner": {**alone, **budget}, "planner_start": 0})
    replay = data_of(settings, args.run, args.random_minutes)
    evaluator = Evaluator(settings, seed=3000)
    results: dict[str, list[dict[str, Any]]] = {name: [] for name in RUNGS}
    for seed in args.seeds:
        for name, rung in RUNGS.items():
            graph = learned(settings, replay, rung, args.updates, seed)
            results[name].append(evaluator.evaluate(graph, args.episodes, args.seconds).to_mapping())
            print(f"{name}, seed {seed}: return {results[name][-1]['return_mean']:.1f}", flush=True)
    evaluator.close()
    measures = [f"{measure.name}_{part}" for measure in settings.task.measures for part in measure.summaries]
    rows = []
    for name, found in results.items():
        returns = [item["return_mean"] for item in found]
        cells = [f"{statistics.mean(returns):.1f} ({min(returns):.1f} to {max(returns):.1f})"]
        cells += [f"{statistics.mean(item[key] for item in found):.3f}" for key in measures]
        rows.append([name, *cells, f"{sum(item['falls'] for item in found)} of {len(found) * args.episodes}"])
    header = ["rung", "return, mean over seeds (range)", *(key.replace("_", " ") for key in measures), "ended early"]
    print(table(header, rows))
    told = {name: value.name if isinstance(value, Path) else value for name, value in vars(args).items()}
    write_result(args.out, {"arguments": told, "transitions": len(replay), "rungs": results})


if __name__ == "__main__":
    main()
