# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""How well the scripted experts do their tasks in a simulator, by the truth: what an agent can learn from them.

Each expert acts for some episodes under its task's own noise and delay, by what the robot measures.

    python bench/experts.py --tasks ur5_pick_place xarm_pick_place ur5_push xarm_push so101_push --seeds 0 1 2
"""

from __future__ import annotations

import argparse
from typing import Any

import numpy as np
from machine import add_output, describe_line, describe_machine, table, write_result

from ros_rl.experts import make_expert
from ros_rl.runtime.robot_world import RobotWorld
from ros_rl.settings.loading import load_settings
from ros_rl.types import Command, Outcome

EXPERTS = {
    "ur5_pick_place": "pick_place",
    "xarm_pick_place": "pick_place",
    "ur5_push": "push",
    "xarm_push": "push",
    "so101_push": "push",
}
JOINTS = {
    "control": {"rate_hz": 20.0, "delay": 1, "commands": {"name": "joints"}},
    "agent": {"name": "mpc"},
    "learner": {"replay": {"n_step": 1}},
}
"""Joint velocities at 20 Hz, whatever a task's own settings are."""


def show(task: str, commands: str, driver: str, seed: int, episodes: int, scene: str | None = None) -> dict[str, Any]:
    """What the expert of a task came to in some episodes of one seed."""
    own = JOINTS if commands == "joints" else {}
    there = {} if scene is None else {"task": {"scene": scene}}
    settings = load_settings(task, overrides=[{"driver": {"backend": {"name": driver}}}, own, there])
    world = RobotWorld(settings, seed)
    robot, period = world.robot, settings.control.period
    expert = make_expert(EXPERTS[task], robot, settings.task, period, settings.control.command_map(robot))
    outcomes, succeeded, faults = [], [], 0
    for _ in range(episodes):
        truths, asked = [], []
        for step in world.episode(lambda tick: Command(tick.stamp, robot.command(expert.act(tick)))):
            truths.append(world.truth())
            asked.append(step.tick.inputs)
        faults += bool(world.fault)
        succeeded.append(bool(step.succeeded) and not world.fault)
        seconds = settings.task.episode_seconds
        outcomes.append(Outcome(truths[0], truths[-1], asked[-1], seconds, False, truths, asked, period=period))
    world.close()
    figures = [measure.summarise(outcomes) for measure in settings.task.measures]
    found: dict[str, Any] = {key: value for part in figures for key, value in part.items()}
    if step.succeeded is not None:
        found["succeeded"] = float(np.mean(succeeded))
    return {
        "task": task,
        "commands": commands,
        "driver": driver,
        "scene": settings.task.scene,
        "seed": seed,
        "episodes": episodes,
        "faults": faults,
        **found,
    }


def main() -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--tasks", nargs="+", choices=EXPERTS, default=list(EXPERTS))
    parser.add_argument("--drivers", nargs="+", choices=("pybullet", "mujoco"), default=["pybullet"])
    parser.add_argument("--seeds", nargs="+", type=int, default=[0, 1, 2])
    parser.add_argument("--episodes", type=int, default=3, help="of each seed")
    parser.add_argument(
        "--commands", nargs="+", choices=("joints", "task"), default=["joints"], help="joints, or the task's own map"
    )
    parser.add_argument("--scene", help="of a task that leaves it open, such as two_bins_hung of xarm_pick_place")
    add_output(parser, "experts")
    options = parser.parse_args()
    machine = describe_machine()
    print(describe_line(machine))
    runs = [
        show(task, commands, driver, seed, options.episodes, options.scene)
        for task in options.tasks
        for commands in options.commands
        for driver in options.drivers
        for seed in options.seeds
    ]
    rows = [[run["task"], run["commands"], run["driver"], run["seed"], run["faults"], *_figures(run)] for run in runs]
    print(table(["task", "commands", "simulator", "seed", "guards", "figures"], rows))
    write_result(options.out, {"machine": machine, "runs": runs})


def _figures(run: dict[str, Any]) -> list[str]:
    known = ("task", "commands", "driver", "scene", "seed", "episodes", "faults")
    return [", ".join(f"{key} {value:.3g}" for key, value in run.items() if key not in known)]


if __name__ == "__main__":
    main()
