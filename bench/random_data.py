# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""An A1 that walks by planning alone, through a model of minutes of random actions: no critic, no policy.

Nagabandi et al. 2018 let a legged millirobot follow paths with a model of 17 minutes of random actions. Here the
simulated A1 acts at random, with the task's delay, noise and friction; the dynamics ensemble is trained offline on
what was seen until then, and MPPI plans through it over a long horizon without a terminal value. The model's training
goes on from one amount of data to the next. Reported are net forward velocity and falls of three episodes of 10 s.

    pip install 'ros_rl[learn,sim]' && python bench/random_data.py
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Generator, Iterator
from typing import Any

import numpy as np
import torch
from machine import add_output, describe_line, describe_machine, table, write_result

from ros_rl.agents.mpc import MpcAgent
from ros_rl.deploy.export import ExportedGraph
from ros_rl.deploy.onnx_graph import OnnxGraph
from ros_rl.features import ObservationSpec
from ros_rl.replay.buffer import ReplayBuffer
from ros_rl.runtime.evaluation import Evaluator
from ros_rl.runtime.robot_world import RobotWorld
from ros_rl.settings.loading import load_settings
from ros_rl.settings.tree import Settings
from ros_rl.types import Transition

TASK = "a1_walk"
PLANNING: dict[str, Any] = {
    "agent.planner_start": 0,
    "agent.model.updates_per_step": 1.0,
    "agent.planner.method": "mppi",
    "agent.planner.horizon": 15,
    "agent.planner.samples": 200,
    "agent.planner.elites": 24,
    "agent.planner.iterations": 2,
    "agent.planner.proposals": 0,
    "agent.planner.std_init": 0.5,
    "agent.planner.noise_beta": 1.0,
    "agent.planner.warm_start": True,
    "agent.planner.terminal_value": False,
}
"""Overrides of the task's settings: a long horizon, and neither policy nor critics in the plan."""


def random_transitions(settings: Settings, seed: int) -> Generator[Transition | None, None, None]:
    """Step by step, what comes of uniform random actions, smoothed as the agent's; None where a chain broke."""
    world, size = RobotWorld(settings, seed, auto_recover=True), settings.load_robot().size
    rng, smoothing, last = np.random.default_rng(seed), settings.agent.smoothing, np.zeros(size)
    step = world.begin_episode()
    try:
        while True:
            if step.tick.step == 0:
                last = np.zeros(size)
            last = (1.0 - smoothing) * rng.uniform(-1.0, 1.0, size) + smoothing * last
            step = world.begin_episode() if step.ended else world.step(world.command(last))
            if step.tick.step:
                yield step.transition
    finally:
        world.close()


def stages(settings: Settings, minutes: list[float], updates: int, seed: int) -> Iterator[dict[str, Any]]:
    """Collect, train and evaluate, for each amount of data."""
    torch.manual_seed(seed)
    torch.set_num_threads(settings.learner.threads)
    spec = ObservationSpec(settings.load_robot(), settings.task.observation, settings.control.delay)
    agent = MpcAgent(spec, settings.task, settings.agent, settings.learner.batch_size, 0.0, settings.control.period)
    exported = ExportedGraph(agent.graph, TASK, settings.control.period)
    replay = ReplayBuffer(settings.learner.replay_capacity, spec.size, spec.action_size, seed)
    source, evaluator, steps = random_transitions(settings, seed), Evaluator(settings, 1000 + seed), 0
    for amount in minutes:
        while steps < amount * 60 * settings.control.rate_hz:
            transition = next(source)
            steps += 1
            if transition is not None:
                replay.add(transition)
        # a multiple of 1000: the agent fits the normalisers again
        losses = [agent.train(replay, 1000 if not index else 1)["model_loss"] for index in range(updates)]
        found = evaluator.evaluate(OnnxGraph(exported.serialise({})), episodes=3, seconds=10.0).to_mapping()
        yield {"minutes": amount, "transitions": len(replay), "model_loss": float(np.mean(losses[-100:])), **found}
    source.close()
    evaluator.close()


def row(result: dict[str, Any]) -> list[str]:
    """One line of the table."""
    return [
        str(result["seed"]),
        f"{result['minutes']:g}",
        str(result["transitions"]),
        f"{result['forward_velocity_mean']:.3f}",
        f"{result['forward_velocity_min']:.3f}",
        f"{result['terminations']} of {result['episodes']}",
        f"{result['return_mean']:.1f}",
        f"{result['plan_ms']['p50']:.0f}",
        f"{result['cpu_seconds'] / 60:.1f}",
    ]


def main() -> None:
    """Measure each amount of data and write the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", nargs="+", type=float, default=[4.0, 8.0, 17.0], help="robot time, increasing")
    parser.add_argument("--updates", type=int, default=3000, help="of the model, for each amount of data")
    parser.add_argument("--seeds", nargs="+", type=int, default=[0, 1, 2], help="of everything")
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", help="further settings")
    add_output(parser, "random_data")
    arguments = parser.parse_args()
    chosen = [f"{key}={value}" for key, value in PLANNING.items()]
    results = []
    for seed in arguments.seeds:
        settings = load_settings(TASK, overrides=[*chosen, f"seed={seed}", *arguments.set])
        started = time.process_time()
        for result in stages(settings, arguments.minutes, arguments.updates, seed):
            results.append({"seed": seed, **result, "cpu_seconds": time.process_time() - started})
            print(" | ".join(row(results[-1])), flush=True)
            write_result(arguments.out, {"task": TASK, "planner": PLANNING, "results": results})
    print(describe_line(describe_machine()), "\n")
    header = [
        "seed",
        "random data [robot min]",
        "transitions",
        "net forward [m/s]",
        "worst episode [m/s]",
        "falls",
        "return",
    ]
    print(table([*header, "plan p50 [ms]", "CPU [min]"], [row(result) for result in results]))


if __name__ == "__main__":
    main()
