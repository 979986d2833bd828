# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""How soon a tick is answered in real time, through the real nodes, while the learner trains on the same cores.

For each control rate a training on the simulated A1 runs by the clock. The learner is given more to do than it can, so
that it never rests. This process listens to two topics: a tick says how long after its publication the tick before
was answered, and the controller's telemetry says how much of that its graph took. The rest is the nodes' overhead.

    python bench/rate.py --rates 20 50 --seconds 60
"""

from __future__ import annotations

import argparse
import json
import math
import os
import subprocess
import sys
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import rclpy
from machine import add_output, table, write_result
from rclpy.qos import QoSProfile
from rclpy.serialization import deserialize_message
from std_msgs.msg import Float64MultiArray

from ros_rl.nodes import packets
from ros_rl.nodes.background import Background
from ros_rl.settings.loading import NODES
from ros_rl.types import SafetyState

NAMESPACE = "rate"
BUSY = [
    "driver.mode=real_time",
    "learner.warmup_steps=100",
    "learner.updates_per_step=50",
    "evaluator.every=0",
    "evaluator.seconds=0.5",
    "evaluator.video=false",
]
"""A training whose learner cannot keep up, and no evaluator beside it."""
PLANNERS: dict[int, list[str]] = {
    20: ["agent.planner.samples=80", "agent.planner.proposals=20", "agent.planner.elites=16"],
    50: [
        "agent.planner.iterations=1",
        "agent.planner.samples=32",
        "agent.planner.proposals=8",
        "agent.planner.elites=8",
    ],
}
"""Overrides that size the planner for a rate [Hz]; other rates take those of the next one below."""
SKIPPED_SECONDS = 5.0  # after the first learned graph
HEADER = (
    "rate",
    "ticks",
    "tick to command p50 / p99 / max [ms]",
    "graph p50 / p99 / max [ms]",
    "overhead p50 / p99 / max [ms]",
    "misses",
    "learner [updates/s]",
)
OVERHEAD_P50, OVERHEAD_P99 = 2.0, 10.0  # ms, wanted


@dataclass
class Recording:
    """Messages as they came; they are read when the run is over."""

    ticks: list[bytes] = field(default_factory=list)
    telemetry: list[bytes] = field(default_factory=list)


def listen(recording: Recording) -> Background:
    """Record both topics in threads that interrupt nobody, until rclpy is shut down."""
    os.sched_setscheduler(0, os.SCHED_BATCH, os.sched_param(0))  # the threads to come inherit it
    rclpy.init()
    node = rclpy.create_node("rate_bench", namespace=NAMESPACE)
    qos = QoSProfile(depth=1000)
    node.create_subscription(Float64MultiArray, "tick", recording.ticks.append, qos, raw=True)
    node.create_subscription(Float64MultiArray, "telemetry", recording.telemetry.append, qos, raw=True)
    background = Background(node)
    os.sched_setscheduler(0, os.SCHED_OTHER, os.sched_param(0))  # the training must not
    return background


def core_seconds(parent: int) -> dict[str, np.ndarray]:
    """For each node that `parent` started: time on a core and time waiting for one, so far [s]."""
    used = {}
    for thread in Path(f"/proc/{parent}/task").glob("*/children"):
        for child in thread.read_text().split():
            command = Path(f"/proc/{child}/cmdline").read_text().split("\0")
            names = [name for name in NODES if f"ros_rl.nodes.{name}" in command]
            if names:
                threads = [path.read_text().split() for path in Path(f"/proc/{child}/task").glob("*/schedstat")]
                used[names[0]] = np.array([[int(ran), int(waited)] for ran, waited, _ in threads]).sum(0) / 1e9
    return used


def train(rate: int, seconds: float, out: Path, more: list[str]) -> tuple[Recording, dict[str, Any], dict[str, Any]]:
    """Train by the clock; gives what was heard, the summary and each node's use of the cores."""
    minutes = (seconds + SKIPPED_SECONDS) / 60 + 100 / rate / 60
    planner = PLANNERS[max((known for known in PLANNERS if known <= rate), default=min(PLANNERS))]
    command = [sys.executable, "-m", "ros_rl.cli", "train", "a1_walk", "--robot-minutes", f"{minutes:.3f}"]
    command += ["--eval-episodes", "1", "--namespace", NAMESPACE, "--out", str(out)]
    for override in [*BUSY, f"control.rate_hz={rate}", *planner, *more]:
        command += ["--set", override]
    recording = Recording()
    background = listen(recording)
    shares: dict[str, Any] = {}
    try:
        with (out.parent / f"{out.name}.log").open("w") as log:
            process = subprocess.Popen(command, stdout=log, stderr=subprocess.STDOUT)
            shares = watch(process, recording, seconds)
            if process.wait(timeout=300):
                raise SystemExit(f"the training failed; see {log.name}")
    finally:
        background.close()
        rclpy.try_shutdown()
    return recording, json.loads((out / "summary.json").read_text()), shares


def watch(process: subprocess.Popen[bytes], recording: Recording, seconds: float) -> dict[str, Any]:
    """Shares of the time that each node runs and waits for a core while all are at work."""
    while process.poll() is None and len(recording.telemetry) < 100:
        time.sleep(0.5)
    if process.poll() is not None:
        return {}
    time.sleep(SKIPPED_SECONDS)
    begun, before = time.monotonic(), core_seconds(process.pid)
    threading.Event().wait(0.8 * (seconds - SKIPPED_SECONDS))
    if process.poll() is not None:
        return {}
    elapsed, after = time.monotonic() - begun, core_seconds(process.pid)
    shares = {name: ((after[name] - before[name]) / elapsed).tolist() for name in before if name in after}
    return {name: {"runs": runs, "waits": waits} for name, (runs, waits) in shares.items()}


def figures(values: list[float]) -> dict[str, float | None]:
    """p50, p99 and max [ms]; what was missed is inf, larger than all, and becomes None."""
    if not values:
        return {"p50": None, "p99": None, "max": None}
    ordered = np.sort(np.array(values) * 1e3)
    chosen = {
        "p50": float(ordered[(len(ordered) - 1) // 2]),
        "p99": float(ordered[math.ceil(0.99 * len(ordered)) - 1]),
        "max": float(ordered[-1]),
    }
    return {name: value if math.isfinite(value) else None for name, value in chosen.items()}


def evaluate(recording: Recording, rate: int) -> dict[str, Any]:
    """Latency, graph time and overhead tick by tick, from when learned graphs act; misses count as inf."""
    graph, start = {}, math.inf
    for data in recording.telemetry:
        header, fields = packets.from_vectors(deserialize_message(data, Float64MultiArray))
        graph[header.sequence] = float(fields["graph_seconds"][0])
        if header.version > 0:
            start = min(start, header.sequence)
    start += SKIPPED_SECONDS * rate
    latency, overhead, counted, misses, episodes, acts = [], [], [], 0, set(), False
    for data in recording.ticks:
        _, fields = packets.from_vectors(deserialize_message(data, Float64MultiArray))
        answered = int(fields["index"][0]) - 1
        acted, acts = acts, int(fields["safety"][0]) == SafetyState.RUNNING
        if answered < start or not acted:
            continue
        episodes.add(int(fields["episode"][0]))
        response = float(fields["response"][0])
        if math.isnan(response):
            if fields["step"][0] == 0:
                continue  # the episode ended, nobody waited for the command
            misses += 1
            response = math.inf
        latency.append(response)
        if answered in graph and math.isfinite(response):
            counted.append(graph[answered])
            overhead.append(response - graph[answered])
    return {
        "ticks": len(latency),
        "episodes": len(episodes),
        "misses": misses,
        "tick_to_command_ms": figures(latency),
        "tick_to_command_if_answered_ms": figures([value for value in latency if math.isfinite(value)]),
        "graph_ms": figures(counted),
        "overhead_ms": figures(overhead),
        "target_ms": 500.0 / rate,
    }


def row(rate: int, result: dict[str, Any]) -> list[str]:
    """One line of the table."""

    def cell(name: str) -> str:
        values = [result[name][key] for key in ("p50", "p99", "max")]
        return " / ".join("missed" if value is None else f"{value:.1f}" for value in values)

    return [
        f"{rate} Hz",
        str(result["ticks"]),
        *(cell(name) for name in ("tick_to_command_ms", "graph_ms", "overhead_ms")),
        str(result["misses"]),
        f"{result['updates_per_second']:.0f}",
    ]


def verdict(rate: int, result: dict[str, Any]) -> str:
    """What was wanted, and whether it is so."""
    wanted = [
        ("p99", result["tick_to_command_ms"]["p99"], result["target_ms"]),
        ("overhead p50", result["overhead_ms"]["p50"], OVERHEAD_P50),
        ("overhead p99", result["overhead_ms"]["p99"], OVERHEAD_P99),
    ]
    cores = ", ".join(f"{name} {use['runs']:.2f} ({use['waits']:.2f})" for name, use in result["cores"].items())
    answers = ", ".join(
        f"{name} <= {limit:g} ms: {'yes' if value is not None and value <= limit else 'NO'}"
        for name, value, limit in wanted
    )
    return f"{rate} Hz: {answers}; share of the time that a node runs (waits for a core): {cores}"


def main() -> None:
    """Measure at each rate and write the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rates", nargs="+", type=int, default=[20, 50], help="control rates [Hz]")
    parser.add_argument("--seconds", type=float, default=60.0, help="how long each is measured")
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", help="further settings")
    parser.add_argument("--runs", type=Path, default=Path("runs"), help="where the run folders go")
    add_output(parser, "rate")
    args = parser.parse_args()
    args.runs.mkdir(parents=True, exist_ok=True)
    load, rows, results = os.getloadavg()[0], [], {}
    for rate in args.rates:
        out = args.runs / f"bench_rate_{rate}_{time.strftime('%Y%m%d_%H%M%S')}"
        recording, summary, cores = train(rate, args.seconds, out, args.set)
        result = evaluate(recording, rate)
        result |= {"cores": cores, "deadline_misses_in_all": summary["deadline_misses"], "faults": summary["faults"]}
        result["updates_per_second"] = summary["updates"] / (summary["robot_minutes"] * 60)
        results[str(rate)] = result
        rows.append(row(rate, result))
        print(verdict(rate, result), flush=True)
    write_result(args.out, {"load_before": load, "rates": results})
    print(table(HEADER, rows))


if __name__ == "__main__":
    main()
