# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Runs for a long time, in lock-step and in real time: memory, descriptors and threads of every process over time.

pip install 'ros_rl[learn,sim,ros,bench]' && python bench/soak.py --lock-step 30 --real-time 10
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import fault_campaign  # noqa: F401 - the tests' helpers are at hand
import numpy as np
import psutil
from fault_campaign.processes import ROOT, Run, wait_for
from machine import add_output, describe_line, describe_machine, table, write_result
from ros_domain import reserve_domain

_SAMPLE_SECONDS = 5.0
_BEGINNING = 1 / 3
"""Share of the time that does not count: libraries are loaded, caches and the replay buffer fill."""
_GROWTH_MB = 5.0
"""What a process may grow by over the rest, by the fitted slope."""
_GROWTH_COUNT = 1.0  # descriptors or threads
_START_SECONDS = 120.0
_KEPT = 120  # samples of a series in the results
_ENOUGH = 10**7  # steps; no run comes there
QUANTITIES = ("memory_mb", "descriptors", "threads")
SETTINGS = {
    "learner.steps": _ENOUGH,
    "learner.replay_capacity": 5000,
    "learner.updates_per_step": 0.5,
    "evaluator.every": 2000,
}

Series = dict[str, dict[str, list[float]]]
"""By process and quantity; each with a list of times [s]."""


def sample(run: Run) -> dict[str, dict[str, float]]:
    """What each living process of a run holds, by the node's name."""
    names = {process: name for name, process in run.nodes().items()} | {run.process.pid: "ros-rl"}
    found = {}
    for process in run.processes():
        try:
            if process.pid in names:
                found[names[process.pid]] = {
                    "memory_mb": process.memory_info().rss / 1e6,
                    "descriptors": float(process.num_fds()),
                    "threads": float(process.num_threads()),
                }
        except psutil.Error:
            continue
    return found


def watch(run: Run, minutes: float) -> Series:
    """Sample a run for some minutes from when all of it is there.

    Raises:
        RuntimeError: It ended.
    """
    wait_for(lambda: "steps/s" in run.text() or run.process.poll() is not None, _START_SECONDS)
    series: Series = defaultdict(lambda: defaultdict(list))
    begin = time.monotonic()
    while (now := time.monotonic() - begin) < 60 * minutes:
        if run.process.poll() is not None:
            raise RuntimeError(f"it ended after {now:.0f} s: {run.said()[-3:]}")
        for name, values in sample(run).items():
            series[name]["time"].append(now)
            for quantity, value in values.items():
                series[name][quantity].append(value)
        time.sleep(_SAMPLE_SECONDS)
    return series


def slope(times: Sequence[float], values: Sequence[float]) -> float:
    """Growth over the time that counts, by a least-squares line."""
    first = int(_BEGINNING * len(times))
    x, y = np.array(times[first:]), np.array(values[first:])
    return float(np.polyfit(x, y, 1)[0] * (x[-1] - x[0])) if len(x) > 2 else float("nan")


def judge(series: Mapping[str, Mapping[str, list[float]]]) -> dict[str, dict[str, Any]]:
    """Of each process: what it held in the end, by how much it grew, and whether that is flat."""
    found: dict[str, dict[str, Any]] = {}
    for name, values in series.items():
        grown = {quantity: slope(values["time"], values[quantity]) for quantity in QUANTITIES}
        most = {"memory_mb": _GROWTH_MB, "descriptors": _GROWTH_COUNT, "threads": _GROWTH_COUNT}
        found[name] = {
            "last": {quantity: values[quantity][-1] for quantity in QUANTITIES},
            "grown": grown,
            "flat": all(grown[quantity] <= most[quantity] for quantity in QUANTITIES),
        }
    return found


def soak(mode: str, minutes: float, args: argparse.Namespace, folder: Path) -> tuple[Series, str]:
    """One run; returns its series, and the last line that it printed."""
    line = ["train", args.task, "--mode", mode, "--agent", args.agent, "--out", str(folder / mode)]
    line += [part for key, value in SETTINGS.items() for part in ("--set", f"{key}={value}")]
    line += [part for item in args.set for part in ("--set", item)]
    run = Run(line, {**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}, folder / f"{mode}.txt")
    try:
        return watch(run, minutes), run.text().strip().splitlines()[-1]
    finally:
        run.process.terminate()
        if not run.ended(10.0):
            run.kill()


def thinned(series: Mapping[str, Mapping[str, list[float]]]) -> dict[str, dict[str, list[float]]]:
    """At most some samples of each series."""
    return {
        name: {key: [round(value, 1) for value in values[:: len(values) // _KEPT + 1]] for key, values in of.items()}
        for name, of in series.items()
    }


def _cells(of: Mapping[str, Any]) -> list[str]:
    return [f"{of['last'][key]:.0f} ({of['grown'][key]:+.1f})" for key in QUANTITIES]


def main() -> None:
    """Soak, and judge."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--lock-step", type=float, default=30.0, help="minutes; 0: none")
    parser.add_argument("--real-time", type=float, default=10.0, help="minutes; 0: none")
    parser.add_argument("--task", default="mock_point")
    parser.add_argument("--agent", default="sac")
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE")
    add_output(parser, "soak")
    args = parser.parse_args()
    lock = reserve_domain()
    print(describe_line(describe_machine()), "\n", flush=True)
    result: dict[str, Any] = {"task": args.task, "agent": args.agent}
    for mode, minutes in (("lock_step", args.lock_step), ("real_time", args.real_time)):
        if not minutes:
            continue
        with tempfile.TemporaryDirectory(prefix="soak_") as folder:
            series, last = soak(mode, minutes, args, Path(folder))
        found = judge(series)
        rows = [[name, *_cells(of), "yes" if of["flat"] else "NO"] for name, of in found.items()]
        print(f"{mode}, {minutes:g} min: {last}\n")
        print(table(["process", "memory [MB] (growth)", "descriptors", "threads", "flat"], rows), "\n", flush=True)
        result[mode] = {"minutes": minutes, "last line": last, "processes": found, "series": thinned(series)}
    write_result(args.out, result)
    if lock is not None:
        lock.close()


if __name__ == "__main__":
    main()
