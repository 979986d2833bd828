# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Do guards trip where nothing is wrong, and what does a check cost?

Robots in their simulation, with the noise and friction of trainings: the shipped agent with and without exploring, and
random commands of five kinds (uniform, from one end to the other, held for half a second, slow, waves), falls included.
Beside it, the largest way that is missing of what joints were told, which `safety.missing_way` bounds.

    python bench/guards.py --tasks a1_walk xarm_reach --ticks 5000
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
from machine import add_output, describe_line, describe_machine, table, write_result

from ros_rl.deploy.onnx_graph import OnnxGraph
from ros_rl.resources import share_path
from ros_rl.robot import VELOCITY, Robot
from ros_rl.runtime.robot_world import RobotWorld
from ros_rl.safety import Guards
from ros_rl.settings.loading import load_settings
from ros_rl.types import Array, Command, Tick, Verdict

TASKS = ("a1_walk", "go2_walk", "xarm_reach", "ur5_reach", "so101_reach", "cartpole_swingup")
HELD, FORGETS = 0.5, 1.0  # s
Decide = Callable[[Tick], Command]


def uniform(world: RobotWorld, rng: np.random.Generator, period: float) -> Decide:
    """Another action each period."""
    return lambda tick: world.command(rng.uniform(-1.0, 1.0, world.robot.action_size))


def ends(world: RobotWorld, rng: np.random.Generator, period: float) -> Decide:
    """From one end to the other, at random."""
    return lambda tick: world.command(rng.choice([-1.0, 1.0], world.robot.action_size))


def held(world: RobotWorld, rng: np.random.Generator, period: float, largest: float = 1.0) -> Decide:
    """Actions that last half a second."""
    action = np.zeros(world.robot.action_size)

    def decide(tick: Tick) -> Command:
        if tick.step % round(HELD / period) == 0:
            action[:] = rng.uniform(-largest, largest, len(action))
        return world.command(action)

    return decide


def slow(world: RobotWorld, rng: np.random.Generator, period: float) -> Decide:
    """The same, a tenth as large."""
    return held(world, rng, period, 0.1)


def waves(world: RobotWorld, rng: np.random.Generator, period: float) -> Decide:
    """Every joint at a frequency of its own, 0.2 to 2 Hz."""
    size = world.robot.action_size
    hertz, phase = rng.uniform(0.2, 2.0, size), rng.uniform(0.0, 6.3, size)
    return lambda tick: world.command(np.sin(2.0 * np.pi * hertz * period * tick.step + phase))


def agent(task: str, explore: float) -> Callable[..., Decide]:
    """The shipped one."""

    def make(world: RobotWorld, rng: np.random.Generator, period: float) -> Decide:
        control = world.control_loop(explore)
        control.use(OnnxGraph.load(share_path("models", task, "agent.onnx")))
        return lambda tick: control.step(tick).command

    return make


KINDS: dict[str, Callable[..., Decide]] = {
    "uniform": uniform,
    "ends": ends,
    "held": held,
    "slow": slow,
    "waves": waves,
}


@dataclass
class Count:
    """What was seen under one kind of commands."""

    task: str
    kind: str
    ticks: int = 0
    ends: int = 0
    """Episodes that the task ended, such as falls."""
    trips: list[str] = field(default_factory=list)
    doubts: int = 0
    """Ticks at which a driver holds the robot, as its state stands."""
    missing: float = 0.0
    """Largest way that was missing [rad], as `safety.missing_way` counts it."""
    seconds: float = 0.0
    """Of the thread, in checks."""


def count(task: str, kind: str, make: Callable[..., Decide], ticks: int, backend: dict[str, Any]) -> Count:
    """Let a robot act for so many ticks."""
    settings = load_settings(task, overrides=[{"driver": {"backend": backend}}]).headless()
    world, found, period = RobotWorld(settings, seed=7), Count(task, kind), settings.control.period
    rng = np.random.default_rng(11)
    timed = Guards(world.robot, period)
    missing = np.zeros(world.robot.size)
    while found.ticks < ticks:
        decide, before = make(world, rng, period), None
        timed.reset()
        missing[:] = 0.0
        for step in world.episode(decide):
            found.ticks += 1
            tick = step.tick
            begin = time.thread_time()
            timed.check(tick.measurement, tick.previous_command, sequence=found.ticks)
            found.seconds += time.thread_time() - begin
            found.doubts += timed.doubts
            before = _add_missing(world.robot, missing, tick, before, period)
            found.missing = max(found.missing, float(np.abs(missing).max()))
            found.ends += step.verdict is Verdict.TERMINATED
            if world.fault:
                found.trips.append(world.fault)
    world.close()
    return found


def _add_missing(robot: Robot, missing: Array, tick: Tick, before: Array | None, period: float) -> Array:
    position = tick.measurement["joint_position"]
    if before is not None and VELOCITY in robot.interfaces:
        missing *= np.exp(-period / FORGETS)
        missing += np.where(robot.commanded_by(VELOCITY), period * tick.previous_command - (position - before), 0.0)
    return position


def line(found: Count) -> list[object]:
    """A row of the table."""
    cost = f"{1e6 * found.seconds / found.ticks:.0f}"
    missing = f"{found.missing:.2f}" if found.missing else ""
    reason = found.trips[0] if found.trips else ""
    return [found.task, found.kind, found.ticks, found.ends, len(found.trips), found.doubts, missing, cost, reason]


def main() -> None:
    """Count."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tasks", nargs="+", default=list(TASKS))
    parser.add_argument("--ticks", type=int, default=2000, help="under each kind of commands")
    parser.add_argument("--quiet", action="store_true", help="without noise of the sensors")
    add_output(parser, "guards")
    args = parser.parse_args()
    print(describe_line(describe_machine()), "\n")
    still = {name: 0.0 for name in ("joint_position", "joint_velocity", "orientation", "angular_velocity")}
    backend = {"noise": still} if args.quiet else {}
    found = []
    for task in args.tasks:
        shipped = (share_path("models") / task / "agent.onnx").exists()
        agents = {"agent": agent(task, 0.0), "agent exploring": agent(task, 1.0)} if shipped else {}
        for kind, make in {**agents, **KINDS}.items():
            found.append(count(task, kind, make, args.ticks, backend))
            print(line(found[-1]), flush=True)
    header = [
        "task",
        "commands",
        "ticks",
        "ended by the task",
        "trips",
        "held",
        "missing [rad]",
        "us per check",
        "first trip",
    ]
    print("\n" + table(header, [line(one) for one in found]))
    write_result(args.out, {"quiet": args.quiet, "counts": [asdict(one) for one in found]})


if __name__ == "__main__":
    main()
