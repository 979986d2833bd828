# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Guards let a robot learn and fall, and stop one whose sensors or motors lie, in the simulator that it learns in."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from ros_rl.runtime.robot_world import RobotWorld
from ros_rl.settings.loading import load_settings
from ros_rl.types import Array, Command, Measurement, Tick, Verdict

TASKS = ("a1_walk", "go2_walk", "xarm_reach", "cartpole_swingup")
TICKS = 400


def held(world: RobotWorld, seed: int, periods: int) -> Callable[[Tick], Command]:
    """Full actions to either side, each for some periods: as hard as a policy can be on a robot."""
    rng, size = np.random.default_rng(seed), world.robot.size

    def decide(tick: Tick) -> Command:
        if tick.step % periods == 0:
            decide.action = rng.choice([-1.0, 1.0], size)  # type: ignore[attr-defined]
        return world.command(decide.action)  # type: ignore[attr-defined]

    return decide


@pytest.mark.parametrize("task", TASKS)
@pytest.mark.parametrize("periods", [1, 10])
def test_no_guard_trips_while_a_robot_tries_what_it_can(task: str, periods: int) -> None:
    world = RobotWorld(load_settings(task).headless(), seed=3)
    decide, ticks, falls = held(world, 5, periods), 0, 0
    while ticks < TICKS:
        for step in world.episode(decide):
            ticks += 1
            assert world.fault == ""
            falls += step.verdict is Verdict.TERMINATED
    world.close()
    assert falls > 5 if task.endswith("_walk") else falls == 0


def stuck(measurement: Measurement, robot_home: Array) -> Measurement:
    """The second joint's encoder is dead."""
    position = measurement["joint_position"].copy()
    position[1 % len(position)] = robot_home[1 % len(position)]
    return Measurement(measurement | {"joint_position": position})


def reversed_motors(measurement: Measurement, robot_home: Array) -> Measurement:
    """Joints turn the other way, and three times as fast."""
    return Measurement(measurement | {"joint_velocity": -3.0 * measurement["joint_velocity"]})


@pytest.mark.parametrize(
    ("task", "lie", "words"),
    [
        ("a1_walk", stuck, "FR_thigh_joint"),
        ("xarm_reach", stuck, "joint2 is frozen"),
        ("cartpole_swingup", stuck, "cart_joint is frozen"),
        ("xarm_reach", reversed_motors, "does not follow its velocity command"),
    ],
)
def test_a_robot_that_lies_is_stopped(task: str, lie: Callable, words: str, monkeypatch: pytest.MonkeyPatch) -> None:
    world = RobotWorld(load_settings(task).headless(), seed=3)
    backend, home = world._backend, world.robot.home
    true_step = backend.step
    monkeypatch.setattr(backend, "step", lambda previous, command: lie(true_step(previous, command), home))
    for step in world.episode(lambda tick: world.command(np.ones(world.robot.size))):
        assert step.tick.step < 15
    assert words in world.fault
    world.close()
