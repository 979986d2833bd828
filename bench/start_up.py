# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""How soon a training takes its first step, and what that costs: from ``ros-rl train`` to the first command.

Each run is stopped a second after its first command. Wall-clock times are of use on an idle machine only; processor
time is that of all processes, up to the first command.

    python bench/start_up.py --runs 5
"""

from __future__ import annotations

import argparse
import os
import signal
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

import rclpy
from machine import add_output, table, write_result
from rclpy.qos import QoSProfile
from sensor_msgs.msg import JointState

from ros_rl.nodes.background import Background
from ros_rl.settings.nodes import NODES

NAMESPACE = "start_up"
COMMAND = "ros-rl"
PATIENCE = 180.0  # s


def family(process: int) -> list[int]:
    """A process and all below it."""
    found = [process]
    for thread in Path(f"/proc/{process}/task").glob("*/children"):
        for child in thread.read_text().split():
            found += family(int(child))
    return found


def processor_seconds(process: int) -> dict[str, float]:
    """Processor time so far [s], by node, of a process and all below it."""
    used: dict[str, float] = {}
    for one in family(process):
        words = Path(f"/proc/{one}/cmdline").read_text().split("\0")
        times = Path(f"/proc/{one}/stat").read_text().rpartition(")")[2].split()[11:15]
        name = next((name for name in NODES if f"ros_rl.nodes.{name}" in words), None)
        name = name or (COMMAND if one == process else "trial of a graph")
        used[name] = used.get(name, 0.0) + sum(map(int, times)) / os.sysconf("SC_CLK_TCK")
    return used


def start(task: str, folder: Path, more: list[str]) -> dict[str, Any]:
    """One training, up to its first command."""
    rclpy.init()
    node, acted = rclpy.create_node("start_up_bench", namespace=NAMESPACE), threading.Event()
    node.create_subscription(JointState, "joint_command", lambda _: acted.set(), QoSProfile(depth=1), raw=True)
    background = Background(node)
    command = [sys.executable, "-m", "ros_rl.cli", "train", task, "--namespace", NAMESPACE, "--out", str(folder), *more]
    try:
        began = time.monotonic()
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
        if not acted.wait(PATIENCE):
            raise SystemExit(f"no command within {PATIENCE:g} s; see {folder}")
        first, used = time.monotonic() - began, processor_seconds(process.pid)
        time.sleep(1.0)
        asked = time.monotonic()
        process.send_signal(signal.SIGINT)
        process.wait()
        return {"first_command_s": first, "stop_s": time.monotonic() - asked, "processor_s": used}
    finally:
        background.close()
        rclpy.try_shutdown()


def main() -> None:
    """Start several times, and write the table of medians."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--task", default="a1_walk", help="what is learned")
    parser.add_argument("--runs", type=int, default=5, help="how often")
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", help="further settings")
    add_output(parser, "start_up")
    args = parser.parse_args()
    load, more = os.getloadavg()[0], [word for override in args.set for word in ("--set", override)]
    with tempfile.TemporaryDirectory() as folder:
        found = [start(args.task, Path(folder) / str(index), more) for index in range(args.runs)]
    write_result(args.out, {"load_before": load, "runs": found})
    names = dict.fromkeys(name for one in found for name in one["processor_s"])
    parts = {name: statistics.median(one["processor_s"].get(name, 0.0) for one in found) for name in names}
    total = statistics.median(sum(one["processor_s"].values()) for one in found)
    first, stop = (statistics.median(one[name] for one in found) for name in ("first_command_s", "stop_s"))
    header = ["first command [s]", "processor [s]", *(f"{name} [s]" for name in parts), "stop [s]"]
    print(table(header, [[f"{value:.1f}" for value in (first, total, *parts.values(), stop)]]))


if __name__ == "__main__":
    main()
