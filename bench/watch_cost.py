# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""What the watch on values costs: CPU time beside that of an update, at the default rates, for agents of `a1_walk`.

Transitions are random numbers; time does not depend on them.

    pip install 'ros_rl[learn]' && python bench/watch_cost.py
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from machine import add_output, describe_line, describe_machine, table, write_result

from ros_rl.settings.loading import load_settings
from ros_rl.training.training_loop import TrainingLoop
from ros_rl.types import Transition

AGENTS: dict[str, dict[str, Any]] = {"mpc": {"act": "policy"}, "sac": {"name": "sac"}, "td3": {"name": "td3"}}
EPISODE = 200  # steps
REPORTS_PER_SECOND = 1.0  # of the learner


def cpu_us(work: Callable[[], object], times: int) -> float:
    """Mean CPU time of a call [us], after one that does not count."""
    work()
    begin = time.process_time()
    for _ in range(times):
        work()
    return (time.process_time() - begin) / times * 1e6


def add_episode(training: TrainingLoop, rng: np.random.Generator, number: int) -> None:
    """Random transitions, the last one truncated."""
    size, actions = training.spec.size, training.spec.action_size
    for step in range(EPISODE):
        tick = number * (EPISODE + 1) + step
        observation, following = rng.normal(size=(2, size))
        action = rng.uniform(-1.0, 1.0, actions)
        end = step == EPISODE - 1
        training.add(Transition(tick, number, observation, action, rng.normal(), following, False, end))


def measure(name: str, rounds: int) -> dict[str, float]:
    """CPU times of one agent [us]: an update, and the watch's share of it by its parts."""
    training = TrainingLoop(load_settings("a1_walk", overrides=[{"agent": AGENTS[name]}]))
    rng = np.random.default_rng(0)
    for number in range(5):
        add_episode(training, rng, number)
    watch, checks, settings = training.watch, training._checks, training.settings.learner
    training.rounds = 1000  # past all beginnings: model, generated transitions
    training.train()
    before, begin = training.updates, time.process_time()
    for _ in range(rounds):
        training.train()
    update = (time.process_time() - begin) / (training.updates - before) * 1e6
    q, target = torch.randn(2, settings.batch_size), torch.randn(settings.batch_size)
    batch = cpu_us(lambda: watch.batch(q, target, 0.1), 2 * settings.watch.window)

    def rank() -> None:
        watch._rank_at = -settings.watch.rank_every
        checks.look()

    def episode() -> None:
        checks._rewards = [1.0] * EPISODE
        checks._compare(terminated=False)

    return {
        "update": update,
        "batch": batch,
        "rank": cpu_us(rank, 10) / settings.watch.rank_every,
        "episodes": cpu_us(episode, 20) / EPISODE / settings.updates_per_step,
        "report": cpu_us(lambda: (watch.figures(), watch.warnings()), 50) * REPORTS_PER_SECOND * update / 1e6,
    }


def main() -> None:
    """Measure all agents."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=100, help="environment steps that are learned from")
    add_output(parser, "watch_cost")
    args = parser.parse_args()
    results = {name: measure(name, args.rounds) for name in AGENTS}
    rows = []
    for name, found in results.items():
        parts = [found[part] for part in ("batch", "rank", "episodes", "report")]
        share = 100.0 * sum(parts) / found["update"]
        rows.append([name, f"{found['update']:.0f}", *(f"{part:.1f}" for part in parts), f"{share:.2f} %"])
    print(describe_line(describe_machine()), "\n")
    print(table(["agent", "update [us]", "batch", "rank", "episodes", "report", "watch / update"], rows))
    write_result(args.out, {"rounds": args.rounds, "cpu_us": results})


if __name__ == "__main__":
    main()
