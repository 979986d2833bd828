# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""The course's ladder: open loop < MPC < MPC with an ensemble < MPC with a pessimistic ensemble.

All rungs plan with the model alone (no policy, no critics), learned from the same transitions by the same number of
gradient steps, with the same candidates, horizon and iterations. The transitions are those of a run's replay buffer,
or of random actions where no run is named. Rungs with equally many members share one model.

    python bench/ladder.py a1_walk --run runs/a1_walk_20260101_120000
    python bench/ladder.py cartpole_swingup --random-minutes 1
    python bench/ladder.py --env gym:Reacher-v5 --random-steps 2000 --episodes 20
"""

from __future__ import annotations

import argparse
import statistics
import time
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from machine import add_output, table, write_result

from ros_rl.deploy.onnx_graph import OnnxGraph
from ros_rl.gym.environment import Environment
from ros_rl.gym.evaluation import GymEvaluator
from ros_rl.gym.graph_actor import GraphActor
from ros_rl.layout import Layout
from ros_rl.replay.buffer import ReplayBuffer
from ros_rl.runs.checkpoints import REPLAY, newest_whole
from ros_rl.runs.run_folder import CHECKPOINT, CONFIG
from ros_rl.runtime.evaluation import Evaluator
from ros_rl.settings.loading import load_settings, with_overrides
from ros_rl.settings.recorded import load_run
from ros_rl.settings.tree import Settings
from ros_rl.training.local import train_locally
from ros_rl.training.training_loop import TrainingLoop

RUNGS: dict[str, dict[str, Any]] = {
    "open loop": {"model": {"members": 1}, "planner": {"execution": "open_loop", "warm_start": False}},
    "MPC": {"model": {"members": 1}},
    "MPC, ensemble": {},
    "MPC, pessimistic: return": {"planner": {"objective": "mean_std", "pessimism": 1.0}},
    "MPC, pessimistic: state": {"planner": {"objective": "state_variance", "pessimism": 0.1}},
}
"""What each rung changes in the agent."""

Models = dict[tuple[int, str], dict[str, Any]]
"""Learned agents by seed and size of the model."""


class RobotLadder:
    """A robot's task, judged in its simulator.

    Args:
        args: Options of the command line.
    """

    def __init__(self, args: argparse.Namespace) -> None:
        settings = load_settings(args.task) if args.run is None else load_run(args.run / CONFIG)
        self.settings = planning_alone(settings, args)
        self.layout: Layout | None = None
        self._evaluator = Evaluator(self.settings, seed=3000)
        self._minutes, self._judged = args.random_minutes, (args.episodes, args.seconds)
        self.measures = [f"{measure.name}_{part}" for measure in settings.task.measures for part in measure.summaries]

    def random_data(self) -> ReplayBuffer:
        """Transitions of random actions."""
        random = {"name": "random", "smoothing": self.settings.agent.smoothing}
        collecting = with_overrides(self.settings, agent=random, learner={"robot_minutes": self._minutes})
        *_, last = train_locally(collecting)
        return last.training.replay

    def judge(self, training: TrainingLoop) -> dict[str, Any]:
        """Figures of the agent, without exploring."""
        graph = OnnxGraph(training.graph(), self.settings.controller.threads)
        return self._evaluator.evaluate(graph, *self._judged).to_mapping()


class GymLadder:
    """A Gymnasium environment whose reward is known.

    Args:
        args: Options of the command line.
    """

    def __init__(self, args: argparse.Namespace) -> None:
        name = args.env.removeprefix("gym:")
        chosen = {"task.env": name, "agent": {"name": "mpc", "smoothing": 0.0}}
        own = load_settings("gym", overrides=[chosen]) if args.run is None else load_run(args.run / CONFIG, [chosen])
        settings = planning_alone(own, args)
        # rewards cost squared actions: plans start from the last one, and vary little and smoothly
        smooth = {"std_init": 0.25, "noise_beta": 1.0, "warm_start": True}
        self.settings = with_overrides(settings, agent={"planner": smooth})
        self._name, self._steps, self._episodes = name, args.random_steps, args.episodes
        environment = Environment(name, remembers=True)
        self.layout: Layout | None = environment.layout
        self._evaluator = GymEvaluator(with_overrides(self.settings, seed=2000), environment)
        self.measures: list[str] = []

    def random_data(self) -> ReplayBuffer:
        """Transitions of random actions."""
        replay = TrainingLoop(self.settings, self.layout).replay
        environment, rng = Environment(self._name, remembers=True), np.random.default_rng(0)
        observation, episode = environment.reset(seed=0), 0
        for step in range(self._steps):
            action = rng.uniform(-1.0, 1.0, environment.layout.action_size).astype(np.float32)
            following, reward, *ends = environment.step(action)
            replay.add(observation.to(following, step + episode, episode, action, reward, *ends))
            observation = environment.reset() if any(ends) else following
            episode += any(ends)
        environment.close()
        return replay

    def judge(self, training: TrainingLoop) -> dict[str, Any]:
        """Figures of the agent, without exploring."""
        return self._evaluator.evaluate(partial(GraphActor, training.agent.graph, 0.0), self._episodes)


def planning_alone(settings: Settings, args: argparse.Namespace) -> Settings:
    """With neither policy nor critics in the plans, and the budget of the command line."""
    budget = {name: getattr(args, name) for name in ("horizon", "samples", "iterations")}
    alone = {"method": "mppi", "propagation": "fixed_member", "proposals": 0, "terminal_value": False}
    alone |= {"std_init": 0.5, "elites": 24}
    return with_overrides(settings, agent={"planner": {**alone, **budget}, "planner_start": 0})


def learned(
    ladder: RobotLadder | GymLadder, replay: ReplayBuffer, rung: dict[str, Any], updates: int, seed: int, models: Models
) -> TrainingLoop:
    """The agent of one rung, its model learned from `replay`; critics and policy are not trained."""
    changed = with_overrides(ladder.settings, seed=seed, agent=rung, learner={"updates_per_step": 0.0})
    training = TrainingLoop(changed, ladder.layout)
    training.replay = replay
    key = (seed, str(rung.get("model")))
    if key in models:
        training.agent.load_state_dict(models[key])
        training.rounds = updates
    while training.rounds < updates:
        training.train()
    models[key] = training.agent.state_dict()
    return training


def main() -> None:
    """Climb the ladder."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("task", nargs="?", help="robot's task to plan for")
    parser.add_argument("--env", metavar="gym:NAME", help="Gymnasium environment to plan for")
    parser.add_argument("--run", type=Path, help="run folder whose replay buffer is learned from")
    parser.add_argument("--random-minutes", type=float, default=1.0, help="robot time at random, without --run [min]")
    parser.add_argument("--random-steps", type=int, default=2000, help="steps at random of an environment")
    parser.add_argument("--updates", type=int, default=3000, help="gradient steps of each model")
    parser.add_argument("--horizon", type=int, default=12, help="steps of a plan")
    parser.add_argument("--samples", type=int, default=256, help="candidates of an iteration")
    parser.add_argument("--iterations", type=int, default=2, help="iterations of a plan")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2], help="of models and planning")
    parser.add_argument("--episodes", type=int, default=3, help="evaluation episodes of each seed")
    parser.add_argument("--seconds", type=float, default=10.0, help="length of an episode [s]")
    add_output(parser, "ladder")
    args = parser.parse_args()
    if (args.task is None) == (args.env is None):
        parser.error("name either a task or --env gym:NAME")
    ladder = RobotLadder(args) if args.env is None else GymLadder(args)
    if args.run is None:
        replay = ladder.random_data()
    else:
        replay = TrainingLoop(ladder.settings, ladder.layout).replay
        replay.load(newest_whole(args.run / CHECKPOINT).path / REPLAY)
    results: dict[str, list[dict[str, Any]]] = {name: [] for name in RUNGS}
    models: Models = {}
    for seed in args.seeds:
        for name, rung in RUNGS.items():
            started = time.process_time()
            found = ladder.judge(learned(ladder, replay, rung, args.updates, seed, models))
            results[name].append(found | {"cpu_seconds": time.process_time() - started})
            print(f"{name}, seed {seed}: return {found['return_mean']:.1f}", flush=True)
    measures = ladder.measures
    rows = []
    for name, found in results.items():
        returns = [item["return_mean"] for item in found]
        cells = [f"{statistics.mean(returns):.1f} ({min(returns):.1f} to {max(returns):.1f})"]
        cells += [f"{statistics.mean(item[key] for item in found):.3f}" for key in measures]
        rows.append([name, *cells, f"{sum(item['terminations'] for item in found)} of {len(found) * args.episodes}"])
    header = ["rung", "return, mean over seeds (range)", *(key.replace("_", " ") for key in measures), "ended early"]
    print(table(header, rows))
    told = {name: value.name if isinstance(value, Path) else value for name, value in vars(args).items()}
    write_result(args.out, {"arguments": told, "transitions": len(replay), "rungs": results})


if __name__ == "__main__":
    main()
