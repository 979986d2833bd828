# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""How steady the motor process's 500 Hz are, how soon a target acts while others take every core, and what it costs.

An A1 that is not there stands at its UDP port, in a process of its own; this process is its driver, at 20 Hz. Beside
them run as many endless loops as there are cores, or none, with and without real-time priority of the motor process.
Processor time is that of whole processes, by the system's own account, for each cycle of the motor loop.

    python bench/motor_loop.py --seconds 60
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import time
from contextlib import ExitStack
from typing import Any

import psutil
from machine import add_output, table, write_result

from ros_rl.backends.backend import EMPTY
from ros_rl.backends.unitree_a1.backend import UnitreeA1Backend
from ros_rl.robot import Robot, load_robot
from ros_rl.settings.hardware.unitree_a1 import UnitreeA1Settings

PERIOD = 0.05  # s
PERCENTS = (50.0, 99.0, 99.9)
HEADER = (
    "beside it",
    "scheduled",
    "period p50 [ms]",
    "p99",
    "p99.9",
    "longest",
    "late",
    "age p50 [ms]",
    "p99",
    "p99.9",
    "processor time a cycle: loop [ms]",
    "stand-in",
)
STAND_IN = [sys.executable, "-m", "ros_rl.cli", "stand-in", "a1", "--with", "standing"]


def main() -> None:
    """Measure each condition and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=60.0, help="of each condition")
    add_output(parser, "motor_loop")
    options = parser.parse_args()
    cores, robot = len(os.sched_getaffinity(0)), load_robot("a1")
    results = []
    with ExitStack() as stack:
        stand_in = start(stack, STAND_IN)
        time.sleep(5.0)
        for busy in (0, cores):
            for priority in (80, 0):
                results.append(measure(robot, busy, priority, options.seconds, stand_in))
    print(table(HEADER, [row(result) for result in results]))
    write_result(options.out, {"conditions": results})


def start(stack: ExitStack, command: list[str]) -> int:
    """Start a process that ends with the stack; gives its number."""
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    stack.callback(process.wait)
    stack.callback(process.terminate)
    return process.pid


def spent(pids: tuple[int, int]) -> list[float]:
    """Processor time of processes so far [s]."""
    return [sum(psutil.Process(pid).cpu_times()[:2]) for pid in pids]


def measure(robot: Robot, busy: int, priority: int, seconds: float, stand_in: int) -> dict[str, Any]:
    """One condition.

    Args:
        robot: Whose motors.
        busy: Endless loops beside it.
        priority: Of the motor process.
        seconds: How long.
        stand_in: Number of the stand-in's process.
    """
    settings = UnitreeA1Settings(address="127.0.0.1", local_port=0, silence_limit=1.0, priority=priority)
    backend = UnitreeA1Backend(robot, settings, PERIOD, EMPTY)
    with ExitStack() as stack:
        stack.callback(backend.close)
        for _ in range(busy):
            start(stack, [sys.executable, "-c", "while True: pass"])
        backend.connect()
        backend.arm()
        pids = backend.motors.pid, stand_in
        before, end = spent(pids), time.monotonic() + seconds
        while time.monotonic() < end:
            backend.write(robot.home, time.monotonic() + 1.0)
            time.sleep(PERIOD)
        after = spent(pids)
        report, memory = backend.motors.report(), backend.motors.memory
        cycles = round(seconds * settings.rate_hz)
        return {
            "busy": busy,
            "scheduled": report["priority"].decode(),
            "period": memory.percentiles("periods", PERCENTS),
            "longest": float(report["longest"]),
            "late": int(report["late"]),
            "cycles": cycles,
            "age": memory.percentiles("ages", PERCENTS),
            "cost": [(late - early) / cycles for early, late in zip(before, after, strict=True)],
        }


def row(result: dict[str, Any]) -> list[str]:
    """A line of the table."""
    beside = f"{result['busy']} endless loops" if result["busy"] else "nothing"
    periods, ages, costs = ([f"{1e3 * value:.2f}" for value in result[name]] for name in ("period", "age", "cost"))
    longest = f"{1e3 * result['longest']:.2f}"
    return [beside, result["scheduled"], *periods, longest, f"{result['late']} of {result['cycles']}", *ages, *costs]


if __name__ == "__main__":
    main()
