# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Updates per second and memory of `sac`, `td3`, `ddpg` and `dqn`, beside Stable-Baselines3's in the same run.

Each pair has equal networks, batches and settings (`pairs/pairs.py`), and is first checked (`pairs/check.py`): from the
same weights, batch and noise both sides give the same losses, parameters and target parameters. One call of each side's
`train` then makes one update, as by default one follows each environment step: a batch is drawn from the replay buffer
and all networks move. Both take turns block by block with the update's matrix products alone, the least that an update
costs, so that other load on the machine hits all.

    pip install 'ros_rl[learn,bench]' && python bench/learner_speed.py
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from typing import Any

import torch
from machine import add_output, describe_line, describe_machine, spread, table, write_result
from pairs import ours
from pairs import stable_baselines as stable
from pairs.check import check
from pairs.floor import floor
from pairs.memory import OURS, STABLE, measure_apart
from pairs.pairs import COPY_EVERY, PAIRS, TAU, Pair, transitions

from ros_rl.agents.factory import round_agent

HELD = 20_000
"""Transitions in the replay buffers while times are taken."""
TOLERANCE = 1e-5
MEMORY_UPDATES = 100
FLOOR = "products alone"
"""The matrix products of one update, and nothing else."""


def contenders(pair: Pair, rounded: bool) -> dict[str, Callable[[], object]]:
    """One update of each side, batch included; `rounded`: ours with bfloat16 products."""
    agent, replay = ours.make(pair, TAU, COPY_EVERY, 1), ours.replay_of(pair)
    round_agent(agent, torch.bfloat16 if rounded else None)
    model = stable.make(pair, TAU, COPY_EVERY)
    ours.fill(replay, transitions(pair, HELD, seed=0))
    stable.fill(stable.replay_of(model), transitions(pair, HELD, seed=0))
    return {STABLE: lambda: model.train(1, pair.batch), OURS: lambda: agent.train(replay, 0), FLOOR: floor(pair)}


def measure(runs: dict[str, Callable[[], object]], blocks: int, updates: int) -> dict[str, dict[str, Any]]:
    """Updates per second by the wall clock, and processor milliseconds per update, block by block in turn."""
    rates: dict[str, list[float]] = {name: [] for name in runs}
    cpu: dict[str, list[float]] = {name: [] for name in runs}
    for block in range(-1, blocks):  # the first does not count
        for name, run in runs.items():
            wall, busy = time.perf_counter(), time.process_time()
            for _ in range(updates):
                run()
            if block >= 0:
                rates[name].append(updates / (time.perf_counter() - wall))
                cpu[name].append(1e3 * (time.process_time() - busy) / updates)
    found: dict[str, dict[str, Any]] = {
        name: {"updates_per_second": spread(rates[name]), "cpu_ms": spread(cpu[name])} for name in runs
    }
    found["of the update"] = spread([a / b for a, b in zip(cpu[FLOOR], cpu[OURS], strict=True)])
    found["ratio"] = {
        "wall": spread([a / b for a, b in zip(rates[OURS], rates[STABLE], strict=True)]),
        "cpu": spread([b / a for a, b in zip(cpu[OURS], cpu[STABLE], strict=True)]),
    }
    return found


def rows(pair: Pair, result: dict[str, Any]) -> list[list[str]]:
    """A line of the table for each side."""
    lines = []
    for side, name in ((STABLE, pair.stable), (OURS, f"`{pair.name}`")):
        speed, ratio = result[side], result["ratio"]
        against = [f"{ratio[kind]['median']:.2f}" if side == OURS else "1.00" for kind in ("wall", "cpu")]
        memory = [f"{result['memory'][side][key]:.0f}" for key in ("replay_mb", "peak_mb")]
        rate, cpu = speed["updates_per_second"], speed["cpu_ms"]
        quartiles = f"{cpu['q1']:.2f} to {cpu['q3']:.2f}"
        lines.append([f"{side} {name}", f"{rate['median']:.0f}", f"{cpu['median']:.2f}", quartiles, *against, *memory])
    least = result[FLOOR]["cpu_ms"]
    bound = result[STABLE]["cpu_ms"]["median"] / least["median"]
    quartiles = f"{least['q1']:.2f} to {least['q3']:.2f}"
    return [*lines, [f"{FLOOR}, `{pair.name}`", "", f"{least['median']:.2f}", quartiles, "", f"{bound:.2f}", "", ""]]


def main() -> None:
    """Check every pair, then measure it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pairs", nargs="+", choices=PAIRS, default=list(PAIRS), help="agents of ours")
    parser.add_argument("--blocks", type=int, default=20, help="timed blocks of each side")
    parser.add_argument("--updates", type=int, default=20, help="updates per block; ten times as many of dqn")
    parser.add_argument("--precision", choices=("float32", "bfloat16"), default="float32", help="of our products")
    add_output(parser, "learner_speed")
    args = parser.parse_args()
    torch.set_num_threads(1)
    print(describe_line(describe_machine()), "\n")
    checks = {name: check(PAIRS[name]) for name in args.pairs}
    single = {name: check(PAIRS[name], torch.float32) for name in args.pairs}
    print(table(["pair", "difference after the update", "value"], [
        [name, key, f"{value:.1e}"] for name, found in checks.items() for key, value in found.items()
    ]), "\n")  # fmt: skip
    if any(not value < TOLERANCE for found in checks.values() for key, value in found.items() if "moved" not in key):
        raise SystemExit("the updates differ")
    print("In single precision, parameters differ by up to:\n")
    print(table(["pair", "difference"], [[name, f"{found['parameter']:.1e}"] for name, found in single.items()]), "\n")
    results: dict[str, Any] = {}
    for name in args.pairs:
        pair = PAIRS[name]
        results[name] = measure(
            contenders(pair, args.precision == "bfloat16"), args.blocks, args.updates * (10 if pair.choices else 1)
        )
        results[name]["memory"] = {side: measure_apart(pair, side, MEMORY_UPDATES) for side in (STABLE, OURS)}
        results[name]["check"] = checks[name]
        results[name]["check, single precision"] = single[name]
    header = ["learner", "updates/s", "CPU ms per update", "quartiles", "updates/s against SB3", "by CPU time"]
    lines = [line for name in args.pairs for line in rows(PAIRS[name], results[name])]
    print(table([*header, "replay [MB]", "process, peak [MB]"], lines))
    write_result(
        args.out, {"pairs": results, "precision": args.precision, "updates_per_block": args.updates, "threads": 1}
    )


if __name__ == "__main__":
    main()
