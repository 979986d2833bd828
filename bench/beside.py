# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""What a step of learning takes with the model in a thread of its own, beside critics and policy, and in the same one.

The `mpc` agent of a task on made-up transitions, block by block in turns: wall-clock and processor time of a call of
`train`. A second processor that is not free shows in the wall-clock.

    python bench/beside.py --set learner.precision=bfloat16
"""

from __future__ import annotations

import argparse
import time
from collections import defaultdict

import numpy as np
from machine import add_output, describe_line, describe_machine, spread, table, write_result

from ros_rl.agents.common import beside
from ros_rl.settings.loading import load_settings
from ros_rl.training.training_loop import TrainingLoop
from ros_rl.types import Transition

_HELD = 1500  # transitions, after which the model generates a part of each batch
_EPISODE = 200
WAYS = {"in the same thread": 1, "in one of its own": 2}
"""Processors that `beside` is told of."""


def made_up(training: TrainingLoop, count: int) -> None:
    """Fill the replay buffer with random transitions."""
    rng, spec = np.random.default_rng(0), training.spec
    for index in range(count):
        before, after = rng.normal(size=(2, spec.size)).astype(np.float32)
        action = rng.uniform(-1.0, 1.0, spec.action_size).astype(np.float32)
        training.replay.add(Transition(index, index // _EPISODE, before, action, 1.0, after, False, False))


def measure(task: str, overrides: list[str], blocks: int, steps: int) -> dict[str, dict[str, list[float]]]:
    """Wall-clock and processor time of each step [ms], for each way."""
    training = TrainingLoop(load_settings(task, overrides=list(overrides)))
    made_up(training, _HELD)
    found: dict[str, dict[str, list[float]]] = {way: defaultdict(list) for way in WAYS}
    for block in range(-1, blocks):  # the first does not count
        for way, processors in WAYS.items():
            beside.processors = lambda processors=processors: processors
            for _ in range(steps):
                wall, busy = time.perf_counter(), time.process_time()
                training.agent.train(training.replay, _HELD)
                if block >= 0:
                    found[way]["wall"].append(1e3 * (time.perf_counter() - wall))
                    found[way]["cpu"].append(1e3 * (time.process_time() - busy))
    return found


def main() -> None:
    """Measure, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("task", nargs="?", default="a1_walk")
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", help="change a setting of the run")
    parser.add_argument("--blocks", type=int, default=8, help="turns of each way")
    parser.add_argument("--steps", type=int, default=25, help="of each turn")
    add_output(parser, "beside")
    args = parser.parse_args()
    machine = describe_machine()
    found = measure(args.task, args.set, args.blocks, args.steps)
    figures = {way: {what: spread(values) for what, values in times.items()} for way, times in found.items()}
    rows = [[way, *(f"{each[what]['median']:.1f}" for what in ("wall", "cpu"))] for way, each in figures.items()]
    print(describe_line(machine), table(["the model learns", "wall [ms]", "CPU [ms]"], rows), sep="\n\n")
    write_result(args.out, {"task": args.task, "set": args.set, "steps": figures})


if __name__ == "__main__":
    main()
