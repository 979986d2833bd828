# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""What Stable-Baselines3's SAC learns on a robot's environment: the example of docs/gymnasium.md, judged along the way.

Judged are whole episodes of another seed than the training's, without exploring, before the first step and then every
so many. Robot time counts the steps of the training alone.

    python bench/robot_sb3.py
    python bench/robot_sb3.py --env ros_rl/XarmReach-v0 --gamma 0.95 --steps 40000 --seeds 0
"""

from __future__ import annotations

import argparse
import statistics
import time
from typing import Any

import gymnasium
import torch
from machine import RESULTS, describe_line, describe_machine, table, write_result
from stable_baselines3 import SAC
from stable_baselines3.common.callbacks import BaseCallback

import ros_rl.gym  # noqa: F401 - registers the robots

JUDGED_SEED = 1000
"""Added to the training's seed."""


def judge(model: SAC, env: gymnasium.Env[Any, Any], seed: int, episodes: int) -> dict[str, float]:
    """Mean return and success rate of whole episodes; and the median of what the task measures in their last steps."""
    returns, ends = [], []
    for episode in range(episodes):
        observation, _ = env.reset(seed=seed if episode == 0 else None)
        total, over, info = 0.0, False, dict[str, Any]()
        while not over:
            action, _ = model.predict(observation, deterministic=True)
            observation, reward, terminated, truncated, info = env.step(action)
            total, over = total + float(reward), terminated or truncated
        returns.append(total)
        ends.append(info)
    known = {name for end in ends for name, value in end.items() if isinstance(value, float)}
    measured = {name: statistics.median(end[name] for end in ends if name in end) for name in sorted(known)}
    success = statistics.mean(end["is_success"] for end in ends)
    return {"return": statistics.mean(returns), "success": success, **measured}


class Judging(BaseCallback):
    """Judges the agent every so many steps."""

    def __init__(self, env: gymnasium.Env[Any, Any], args: argparse.Namespace, seed: int) -> None:
        super().__init__()
        self._env, self._args, self._seed = env, args, seed
        self.points: dict[int, dict[str, float]] = {}

    def look(self, steps: int) -> None:
        """Judge it now."""
        assert isinstance(self.model, SAC)
        found = judge(self.model, self._env, self._seed + JUDGED_SEED, self._args.episodes)
        self.points[steps] = found
        print(f"seed {self._seed}, {steps} steps:", ", ".join(f"{k} {v:.3f}" for k, v in found.items()), flush=True)

    def _on_step(self) -> bool:
        if self.num_timesteps % self._args.every == 0:
            self.look(self.num_timesteps)
        return True


def train(args: argparse.Namespace, seed: int) -> dict[str, Any]:
    """One training; returns what was found along it, and its minutes of wall-clock."""
    env, judged = gymnasium.make(args.env), gymnasium.make(args.env)
    model = SAC(
        "MlpPolicy",
        env,
        learning_rate=args.learning_rate,
        ent_coef=f"auto_{args.entropy}",
        gamma=args.gamma,
        seed=seed,
        device="cpu",
    )
    judging = Judging(judged, args, seed)
    judging.model = model
    judging.look(0)
    started = time.monotonic()
    model.learn(args.steps, callback=judging)
    minutes = (time.monotonic() - started) / 60
    for each in (env, judged):
        each.close()
    return {"seed": seed, "minutes": minutes, "curve": {str(steps): found for steps, found in judging.points.items()}}


def rows(found: list[dict[str, Any]], rate: float) -> list[list[str]]:
    """Medians over the seeds, and the range of their success rates."""
    lines = []
    for steps in found[0]["curve"]:
        points = [run["curve"][steps] for run in found]
        line = [steps, f"{int(steps) / rate / 60:.1f}"]
        line += [f"{statistics.median(point[name] for point in points):.3f}" for name in points[0]]
        successes = [point["success"] for point in points]
        lines.append([*line, f"{min(successes):.2f} to {max(successes):.2f}"])
    return lines


def main() -> None:
    """Train every seed, write the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--env", default="ros_rl/CartpoleSwingup-v0", help="environment of a robot")
    parser.add_argument("--steps", type=int, default=12_000, help="of a training")
    parser.add_argument("--every", type=int, default=4_000, help="steps between two looks")
    parser.add_argument("--episodes", type=int, default=10, help="of a look")
    parser.add_argument("--gamma", type=float, default=0.98, help="of SAC")
    parser.add_argument("--learning-rate", type=float, default=1e-3, help="of SAC")
    parser.add_argument("--entropy", type=float, default=0.05, help="SAC's first weight of the entropy")
    parser.add_argument("--seeds", nargs="+", type=int, default=[0, 1, 2], help="one training for each")
    args = parser.parse_args()
    torch.set_num_threads(1)
    found = [train(args, seed) for seed in args.seeds]
    task = args.env.rpartition("/")[2].partition("-")[0]
    write_result(RESULTS / f"robot_sb3_{task}.json", {"arguments": vars(args), "runs": found})
    rate = gymnasium.make(args.env).unwrapped.metadata["render_fps"]
    measured = list(found[0]["curve"]["0"])
    print(
        describe_line(describe_machine()), f"\n{statistics.mean(run['minutes'] for run in found):.1f} min a training\n"
    )
    print(table(["steps", "robot [min]", *measured, "success, each seed"], rows(found, rate)))


if __name__ == "__main__":
    main()
