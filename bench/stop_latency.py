# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""From `ros-rl stop` as it is typed until nothing moves and until it returns, on a machine that is busy.

A run drives the robot of `faults.py` in real time, other processes compute all the time, and `ros-rl stop` is started
as from a terminal, in several ways. Medians, and the longest in brackets.

    python bench/stop_latency.py --busy 0 12
"""

from __future__ import annotations

import argparse
import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import rclpy
from fault_campaign.scene import NAMESPACE, Scene
from machine import add_output, describe_line, describe_machine, table, write_result
from rclpy.signals import SignalHandlerOptions

sys.path.append(str(Path(__file__).parents[1] / "test" / "helpers"))
from ros_domain import reserve_domain  # noqa: E402 - meets nobody else's nodes

NAMED = ["stop", "--namespace", NAMESPACE]
WAYS: dict[str, tuple[list[str], list[str]]] = {
    "ros-rl stop": ([], ["stop"]),
    "ros-rl stop --namespace": ([], NAMED),
    "chrt -r 1 ros-rl stop --namespace": (["chrt", "--rr", "1"], NAMED),
    "ros-rl stop --namespace, no right to priority": (
        ["setpriv", "--inh-caps=-sys_nice", "--bounding-set=-sys_nice", "prlimit", "--rtprio=0", "--"],
        NAMED,
    ),
}
"""What is typed: in front of ``ros-rl``, and behind."""


@contextmanager
def busy(processes: int) -> Iterator[None]:
    """So many processes that compute all the time, at ordinary priority."""
    line = [sys.executable, "-c", "while True: pass"]
    running = [subprocess.Popen(line) for _ in range(processes)]
    try:
        yield
    finally:
        for process in running:
            process.kill()
            process.wait()


def stop(scene: Scene, way: str) -> dict[str, Any]:
    """One stop of a robot that moves: seconds until it stands and until the command returns."""
    scene.to_run()
    time.sleep(scene.rng.uniform(0.5, 1.0))
    before, behind = WAYS[way]
    line = [*before, sys.executable, "-m", "ros_rl.cli", *behind]
    typed = time.monotonic()
    done = subprocess.run(line, env=scene.environment, capture_output=True, text=True)
    returned = time.monotonic() - typed
    until = scene.joints.moved_until(typed)
    return {
        "stands": 0.0 if until is None else until - typed,
        "returns": returned,
        "done": done.returncode == 0,
        "said": (done.stdout + done.stderr).strip(),
    }


def cell(stops: list[dict[str, Any]], key: str) -> str:
    """Median and largest."""
    values = [one[key] for one in stops]
    return f"{statistics.median(values):.2f} ({max(values):.2f})"


def main() -> None:
    """Measure."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--busy", nargs="+", type=int, default=[0, 12], help="processes that compute beside it")
    parser.add_argument("--times", type=int, default=8, help="stops for each row")
    parser.add_argument("--seed", type=int, default=0, help="of the moments")
    add_output(parser, "stop_latency")
    args = parser.parse_args()
    os.environ.setdefault("ROS_AUTOMATIC_DISCOVERY_RANGE", "LOCALHOST")
    lock = reserve_domain()
    print(describe_line(describe_machine()), "\n", flush=True)
    rclpy.init(signal_handler_options=SignalHandlerOptions.NO)
    rows, results = [], []
    with tempfile.TemporaryDirectory(prefix="stop_") as folder:
        scene = Scene(Path(folder), 10.0, [], random.Random(args.seed))
        try:
            scene.to_run()
            for processes in args.busy:
                for way in WAYS:
                    with busy(processes):
                        stops = [stop(scene, way) for _ in range(args.times)]
                        load = os.getloadavg()[0]
                    done = f"{sum(one['done'] for one in stops)} of {len(stops)}"
                    rows.append([way, processes, f"{load:.0f}", cell(stops, "stands"), cell(stops, "returns"), done])
                    results.append({"way": way, "busy": processes, "load": load, "stops": stops})
                    print(*rows[-1], flush=True)
        finally:
            scene.close()
            rclpy.try_shutdown()
    header = ["command", "busy", "load", "stands after [s]", "returns after [s]", "stopped"]
    print(f"\n{table(header, rows)}")
    write_result(args.out, {"seed": args.seed, "rows": results})
    if lock is not None:
        lock.close()


if __name__ == "__main__":
    main()
