# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Learns to walk at the stand-in of an A1, over UDP and by the clock, as on the robot, and says after how long it does.

``ros-rl train a1_walk --driver unitree_a1`` starts from nothing. A person arms the robot, picks it up where it lies on
its side, puts it on its feet, clears the fault and lets it go on. How fast it walks, the truth of the stand-in says.

    python bench/robot_learning.py --robot-minutes 5
"""

from __future__ import annotations

import argparse
import os
import re
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import rclpy
from fault_campaign.operator_node import Operator
from fault_campaign.processes import ROOT, Run, wait_for
from machine import add_output, describe_line, describe_machine, write_result
from rclpy.signals import SignalHandlerOptions
from ros_domain import reserve_domain

from ros_rl.types import SafetyState

NAMESPACE = "a1"
WINDOW = 4.0
"""Over which a velocity counts [s]."""
THRESHOLD = 0.5
"""Net velocity [m/s] that such a window holds when it walks."""
CONSECUTIVE = 5
"""Windows in a row that must hold it."""
_LOOK = 0.1  # s
_LIES = 5.0  # s after which it is not lifted any more: it has fallen on its feet, or has not fallen
_START = 120.0  # s
_PLACE = re.compile(r"at x (-?\d+\.\d+), y (-?\d+\.\d+), height (-?\d+\.\d+) m")
_RESCUED = re.compile(r"picked up (\d+) times")
_MINUTES = re.compile(rb"robot (\d+\.\d+) (?:of|min)")


@dataclass
class Course:
    """What the stand-in did, by its truth."""

    windows: list[tuple[float, float]] = field(default_factory=list)
    """Robot minutes at the end, and net velocity [m/s], of every window on its own feet, one after the other."""
    _begin: tuple[float, np.ndarray] | None = None

    def add(self, now: float, minutes: float, place: np.ndarray, free: bool) -> None:
        """One sample: time [s], robot minutes, place [m], whether it acted on its own feet."""
        if not free:
            self._begin = None
        elif self._begin is None:
            self._begin = (now, place[:2].copy())
        elif now - self._begin[0] >= WINDOW:
            way = float(np.linalg.norm(place[:2] - self._begin[1]))
            self.windows.append((minutes, way / (now - self._begin[0])))
            self._begin = (now, place[:2].copy())


def minutes_to_walk(windows: list[tuple[float, float]]) -> float | None:
    """Robot minutes at the first of `CONSECUTIVE` windows in a row that hold `THRESHOLD`; None if there is none."""
    for index in range(len(windows) - CONSECUTIVE + 1):
        if all(velocity >= THRESHOLD for _, velocity in windows[index : index + CONSECUTIVE]):
            return windows[index][0]
    return None


class Robot:
    """The stand-in in a process of its own, by what it says of itself once a second."""

    def __init__(self, folder: Path, env: dict[str, str]) -> None:
        self._run = Run(["stand-in", "a1", "--with", "hanging", "--with", "rescue"], env, folder / "stand_in.log")

    @property
    def place(self) -> np.ndarray | None:
        """x, y and height [m]; None as long as it says nothing."""
        found = _PLACE.findall(self._line)
        return np.array(found[-1], float) if found else None

    @property
    def carried(self) -> bool:
        """Whether it is in a person's hands."""
        return "in a person's hands" in self._line

    @property
    def picked_up(self) -> int:
        """How often it was."""
        found = _RESCUED.findall(self._line)
        return int(found[-1]) if found else 0

    @property
    def _line(self) -> str:
        lines = self._run.text()[-400:].splitlines()
        return lines[-1] if lines else ""

    def close(self) -> None:
        """End it."""
        self._run.kill()


class Person:
    """Looks after the robot, and does what the checklist of the A1 says."""

    def __init__(self, robot: Robot, operator: Operator) -> None:
        self._robot, self._operator = robot, operator
        self._latched = 0.0
        self.faults: list[str] = []
        """What was cleared."""

    def look(self) -> None:
        """Do the next thing."""
        state, carried, now = self._operator.safety, self._robot.carried, time.monotonic()
        latched = state in (SafetyState.FAULT, SafetyState.EMERGENCY_STOP)
        self._latched = (self._latched or now) if latched else 0.0
        if latched and (carried or now - self._latched > _LIES):
            self.faults.append(self._operator.call("clear_fault").message)
        elif state is SafetyState.DISARMED:
            self._operator.call("arm")
        elif state is SafetyState.RUNNING and carried:
            self._operator.call("pause")
        elif state is SafetyState.READY and not carried:
            self._operator.call("resume")


def learn(folder: Path, args: argparse.Namespace) -> dict[str, Any]:
    """One training.

    Returns:
        Figures: windows, minutes to walk, faults, what the run itself says of its end.

    Raises:
        RuntimeError: It did not come to act.
    """
    env = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1"}
    robot = Robot(folder.parent, env)
    try:
        if not wait_for(lambda: robot.place is not None, _START):
            raise RuntimeError("the stand-in says nothing")
        run = Run(arguments(folder, args), env, folder.parent / "train.log")
    except BaseException:
        robot.close()
        raise
    operator, course = Operator(NAMESPACE), Course()
    person = Person(robot, operator)
    try:
        if not wait_for(lambda: operator.safety is not None, _START):
            raise RuntimeError(f"the driver says nothing: {run.said()}")
        while run.process.poll() is None:
            person.look()
            free = operator.safety is SafetyState.RUNNING and not robot.carried
            place = robot.place
            if place is not None:
                course.add(time.monotonic(), robot_minutes(run), place, free)
            time.sleep(_LOOK)
    finally:
        run.kill()
        operator.close()
        robot.close()
    return {
        "minutes_to_walk": minutes_to_walk(course.windows),
        "windows": course.windows,
        "faults": person.faults,
        "picked_up": robot.picked_up,
        "end": [line for line in run.said()[-12:] if str(folder) not in line],
    }


def arguments(folder: Path, args: argparse.Namespace) -> list[str]:
    """Of the training, behind ``ros-rl``."""
    settings = ["driver.backend.address=127.0.0.1", *args.set]
    options = ["train", "a1_walk", "--driver", "unitree_a1", "--seed", str(args.seed), "--out", str(folder)]
    options += ["--robot-minutes", str(args.robot_minutes)]
    return options + [part for item in settings for part in ("--set", item)]


def robot_minutes(run: Run) -> float:
    """As the run told last."""
    found = _MINUTES.findall(run.output.read_bytes()[-4000:])
    return float(found[-1]) if found else 0.0


def main() -> None:
    """Train, and tell."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--robot-minutes", type=float, default=5.0, help="robot minutes of the training")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", help="a setting of the run")
    parser.add_argument("--run", type=Path, help="folder of the run; by default one that is removed")
    add_output(parser, "robot_learning")
    args = parser.parse_args()
    lock = reserve_domain()
    rclpy.init(signal_handler_options=SignalHandlerOptions.NO)
    machine = describe_machine()
    with tempfile.TemporaryDirectory() as scratch:
        folder = (args.run or Path(scratch) / "run").resolve()
        folder.parent.mkdir(parents=True, exist_ok=True)
        found = learn(folder, args)
    write_result(args.out, {"started_on": machine, "robot_minutes": args.robot_minutes, "seed": args.seed, **found})
    print(describe_line(machine))
    for minutes, velocity in found["windows"]:
        print(f"{minutes:.2f} robot min: {velocity:.2f} m/s over {WINDOW:g} s")
    print("\n".join(found["end"]))
    print(f"picked up {found['picked_up']} times; {len(found['faults'])} faults: {sorted(set(found['faults']))}")
    print(f"walks since {found['minutes_to_walk']} robot minutes")
    rclpy.try_shutdown()
    del lock


if __name__ == "__main__":
    main()
