# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Velocities of a base on two wheels: there and back, by hand, and as a simulated ball really rolls."""

import math
from dataclasses import replace

import numpy as np
import pytest
from arm_ticks import arm_tick, make_map

from ros_rl.commands import CommandMap
from ros_rl.errors import ConfigError
from ros_rl.robot import load_robot
from ros_rl.runtime.robot_world import RobotWorld
from ros_rl.settings.loading import load_settings
from ros_rl.types import Measurement, Tick

BALL = load_robot("sphero")
PERIOD = 0.5
RNG = np.random.default_rng(5)


def planar(**settings: float) -> CommandMap:
    return make_map("planar", BALL, PERIOD, **settings)


def looking(
    heading: float, previous: tuple[float, float] = (0.0, 0.0), pending: list[np.ndarray] | None = None
) -> Tick:
    tick = arm_tick(BALL, np.zeros(2), np.array(previous), pending or [])
    return replace(tick, measurement=Measurement(heading_estimate=np.array([heading])))


@pytest.mark.parametrize(
    ("heading", "action", "wheels"),
    [
        (0.0, (1.0, 0.0), (10.0, 10.0)),  # 0.3 m/s of wheels of 3 cm
        (math.pi / 2, (0.0, -1.0), (-10.0, -10.0)),  # backwards
        # a turn of 45 degrees in half a second: 0.08 m / (2 * 0.03 m) * pi / 4 / 0.5 s = 2.094 rad/s of each wheel
        (0.0, (math.sqrt(0.5), math.sqrt(0.5)), (10.0 - 2.0944, 10.0 + 2.0944)),
        (math.pi, (math.sqrt(0.5), math.sqrt(0.5)), (-10.0 - 2.0944, -10.0 + 2.0944)),
        (0.3, (0.0, 0.0), (0.0, 0.0)),
        (0.0, (3.0, 4.0), (10.0 - 2.4729, 10.0 + 2.4729)),  # longer than 1: shortened; atan2(4, 3) = 0.9273
    ],
)
def test_by_hand(heading: float, action: tuple[float, float], wheels: tuple[float, float]) -> None:
    assert planar().command(looking(heading), np.array(action)) == pytest.approx(wheels, abs=1e-3)


def test_back_is_exact() -> None:
    commands = planar()
    for _ in range(200):
        tick = looking(RNG.uniform(-4.0, 4.0), pending=[RNG.uniform(-9.0, 9.0, 2)])
        direction, length = RNG.uniform(-np.pi, np.pi), RNG.uniform(0.0, 1.0)
        action = length * np.array([math.cos(direction), math.sin(direction)])
        assert commands.decided(tick, commands.command(tick, action)) == pytest.approx(action, abs=1e-9)


def test_what_is_seen_is_what_was_decided() -> None:
    """The heading of the tick after a command is the one before, and the turn that it was told."""
    commands, heading = planar(), 0.4
    action = np.array([-0.2, 0.7])
    acted = commands.command(looking(heading), action)
    turned = heading + 0.03 * (acted[1] - acted[0]) / 0.08 * PERIOD
    after = looking(turned, tuple(acted))
    assert commands.seen(after)[0] == pytest.approx(action, abs=1e-9)
    following = commands.command(after, np.array([0.5, 0.1]))
    both = commands.seen(looking(turned, tuple(acted), [following]))
    assert both == pytest.approx(np.array([action, [0.5, 0.1]]), abs=1e-9)


def test_a_ball_really_goes_there() -> None:
    """By the simulator's truth, which no map knows: after a period to turn, it rolls as it is told."""
    settings = load_settings("sphero_navigate", overrides=["control.commands.name=planar"])
    world = RobotWorld(settings, 0)
    world.begin_episode()
    for direction in (0.3, 2.0, -1.2, 0.3, -2.9):
        action = 0.5 * np.array([math.cos(direction), math.sin(direction)])
        for _ in range(2):
            before = world.truth().base_position[:2]
            world.step(world.command(action))
        moved = (world.truth().base_position[:2] - before) / PERIOD / 0.3
        assert np.linalg.norm(moved - action) < 0.15
    world.close()


@pytest.mark.parametrize("robot", ["a1", "ur5e", "cartpole"])
def test_other_robots_are_refused(robot: str) -> None:
    with pytest.raises(ConfigError, match=f"'planar' moves a base on two wheels .* it cannot be robot '{robot}'"):
        make_map("planar", load_robot(robot), PERIOD)
