# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Memory of one side of a pair, in a process of its own: ``python -m pairs.memory sac ros_rl 100`` in ``bench/``."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import torch
from pairs.pairs import CAPACITY, COPY_EVERY, PAIRS, TAU, Pair, transitions

OURS, STABLE = "ros_rl", "Stable-Baselines3"


def resident_mb() -> float:
    """Resident memory of this process now [MB]."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6


def peak_mb() -> float:
    """Largest resident memory of this process [MB]; that of `getrusage` counts the process that started it, too."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 / 1e6 for line in lines if line.startswith("VmHWM"))


def measure(pair: Pair, side: str, updates: int) -> dict[str, float]:
    """Resident memory of the full replay buffer, and the process's peak after updates [MB]."""
    if side == OURS:
        from pairs import ours

        agent, replay = ours.make(pair, TAU, COPY_EVERY, updates), ours.replay_of(pair)
        before = resident_mb()
        ours.fill(replay, transitions(pair, CAPACITY, seed=0))
        filled = resident_mb() - before
        agent.train(replay, 0)
    else:
        from pairs import stable_baselines as stable

        model = stable.make(pair, TAU, COPY_EVERY)
        before = resident_mb()
        stable.fill(stable.replay_of(model), transitions(pair, CAPACITY, seed=0))
        filled = resident_mb() - before
        model.train(updates, pair.batch)
    return {"replay_mb": filled, "peak_mb": peak_mb()}


def measure_apart(pair: Pair, side: str, updates: int) -> dict[str, float]:
    """`measure` in a new process."""
    command = [sys.executable, "-m", "pairs.memory", pair.name, side, str(updates)]
    folder = Path(__file__).resolve().parents[1]
    run = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True)
    return dict(json.loads(run.stdout))


if __name__ == "__main__":
    torch.set_num_threads(1)
    print(json.dumps(measure(PAIRS[sys.argv[1]], sys.argv[2], int(sys.argv[3]))))
