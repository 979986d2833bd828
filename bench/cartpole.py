# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Cartpole swing-up from scratch: environment steps until the pole stays up, and the return of each trial.

As published for PETS (Chua et al. 2018): planning through the ensemble alone, without critics and policy; trials of 200
steps, the first at random, PETS' reward, no delay, no noise.
After each trial the newest control graph runs one evaluation episode, without exploring, from a start of its own. It
keeps the pole upright if the mean reward of its last half is at least 90 % of the largest possible.

What differs from the published task: the simulator (PyBullet, 500 Hz), masses, sizes and motor (the URDF's), starts
that are uniform instead of normal and at rest, and the model, which learns and predicts sine and cosine of the angle,
takes its gradient steps while the robot acts, not between trials, and has the last action as an input, too. The planner
is MPPI with coloured noise and far fewer samples than PETS' CEM.

    pip install 'ros_rl[learn,sim]' && python bench/cartpole.py --seeds 0 1 2
"""

from __future__ import annotations

import argparse
import time
from typing import Any

import numpy as np
from machine import add_output, describe_line, describe_machine, table, write_result

from ros_rl.deploy.onnx_graph import OnnxGraph
from ros_rl.runtime.robot_world import RobotWorld
from ros_rl.settings.loading import load_settings
from ros_rl.settings.tree import Settings
from ros_rl.training.local import train_locally

TASK = "cartpole_swingup"
UPRIGHT = 0.9
"""Mean reward of an episode's last half, as a share of the largest (1 per step), from which on the pole stays up."""


def episode_rewards(settings: Settings, world: RobotWorld, graph: OnnxGraph, seed: int) -> np.ndarray:
    """Rewards of one episode in which the graph acts without exploring."""
    world.restart(seed)
    control = world.control_loop(explore=0.0)
    control.use(graph)
    steps = world.episode(lambda tick: control.step(tick).command)
    rewards = [step.transition.reward for step in steps if step.transition is not None]
    limit = round(settings.task.episode_seconds * settings.control.rate_hz)
    return np.array(rewards + [0.0] * (limit - len(rewards)))


def run_seed(seed: int, overrides: list[str]) -> dict[str, Any]:
    """Train once; an evaluation episode after each trial."""
    settings = load_settings(TASK, overrides=[*overrides, f"seed={seed}"])
    world, started = RobotWorld(settings, 1000 + seed), time.process_time()
    trials: list[dict[str, Any]] = []
    for progress in train_locally(settings):
        rewards = episode_rewards(settings, world, progress.graph, 1000 * (seed + 1) + len(trials))
        trial = {
            "env_steps": progress.training.env_steps,
            "training_return": progress.episode_return,
            "return": float(rewards.sum()),
            "last_half": float(rewards[len(rewards) // 2 :].mean()),
            "cpu_seconds": time.process_time() - started,
        }
        trials.append(trial)
        print(f"seed {seed}: " + ", ".join(f"{name} {value:.4g}" for name, value in trial.items()), flush=True)
    world.close()
    upright = [trial["env_steps"] for trial in trials if trial["last_half"] >= UPRIGHT]
    return {"seed": seed, "upright_at": upright[0] if upright else None, "trials": trials}


def row(result: dict[str, Any]) -> list[str]:
    """One line of the table."""
    at, trials = result["upright_at"], result["trials"]
    return [
        str(result["seed"]),
        "never" if at is None else str(at),
        " ".join(f"{trial['return']:.0f}" for trial in trials),
        f"{trials[-1]['last_half']:.2f}",
        f"{trials[-1]['cpu_seconds'] / 60:.1f}",
    ]


def main() -> None:
    """Train every seed and write the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", nargs="+", type=int, default=[0, 1, 2], help="one training each")
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", help="further settings")
    add_output(parser, "cartpole")
    arguments = parser.parse_args()
    results = []
    for seed in arguments.seeds:
        results.append(run_seed(seed, arguments.set))
        write_result(arguments.out, {"task": TASK, "set": arguments.set, "results": results})
    print(describe_line(describe_machine()), "\n")
    header = ["seed", "upright at step", "return of the evaluation after each trial", "last half", "CPU [min]"]
    print(table(header, [row(result) for result in results]))


if __name__ == "__main__":
    main()
