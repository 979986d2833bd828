# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Damped least squares, against moved joints; and the expert that reaches, in the simulator."""

import numpy as np
import pytest

from ros_rl.errors import ConfigError, UnknownNameError
from ros_rl.experts import make_expert
from ros_rl.experts.differential import Differential, action_of, decided_position
from ros_rl.robot import load_robot
from ros_rl.runtime.robot_world import RobotWorld
from ros_rl.settings.loading import load_settings
from ros_rl.tasks import make_task
from ros_rl.types import Command, Measurement, SafetyState, Tick

ARMS = ["ur5e", "so101", "xarm6"]
CHOICES = {
    "control": {"rate_hz": 5.0, "delay": 0, "commands": {"name": "choice", "vertical": "steps", "step": 0.03}},
    "agent": {"name": "dqn"},
}
REACHES = ["ur5_reach", "xarm_reach", "so101_reach"]


def bent(robot, seed: int) -> np.ndarray:
    return robot.home + np.random.default_rng(seed).uniform(-0.3, 0.3, robot.size)


@pytest.mark.parametrize("name", ARMS)
def test_the_tool_moves_as_asked_where_it_can(name: str) -> None:
    """Joints that are really moved for 2 ms at these velocities bring the tool there; the damping takes some of it."""
    pytest.importorskip("pybullet_data")
    robot = load_robot(name)
    arm = Differential(robot, damping=1e-3)
    for seed in range(5):
        here, wanted = bent(robot, seed), np.random.default_rng(seed).normal(0.0, 0.1, 3)
        moved = here + 0.002 * arm.joint_velocity(here, wanted)
        np.testing.assert_allclose((arm.tool(moved) - arm.tool(here)) / 0.002, wanted, atol=2e-3)


def test_a_singular_arm_gives_up_a_direction_and_not_its_joints() -> None:
    """Stretched straight the arm cannot go farther out: undamped least squares would ask for any velocity."""
    robot = load_robot("ur5e")
    stretched = np.array([0.0, 0.0, 0.0, -1.57, -1.57, 0.0])
    out = Differential(robot).joint_velocity(stretched, np.array([-0.5, 0.0, 0.0]))
    assert np.abs(out).max() < 0.5 / (2 * 0.05) + 1.0, "at most speed / (2 damping), and the way home"


def test_the_posture_is_drawn_home_where_the_tool_does_not_feel_it() -> None:
    robot = load_robot("ur5e")
    here = bent(robot, 3)
    arm = Differential(robot, damping=1e-4, posture=1.0)
    rest = arm.joint_velocity(here, np.zeros(3))
    np.testing.assert_allclose(arm.jacobian(here) @ rest, 0.0, atol=1e-5)
    assert rest @ (robot.home - here) > 0.0


def tick_of(robot, position: np.ndarray, previous: np.ndarray, pending: np.ndarray, **inputs) -> Tick:
    measured = Measurement(joint_position=position)
    return Tick(0, 0, 0, 1, SafetyState.RUNNING, True, np.zeros(3), previous, pending, measured, inputs)


def test_what_is_decided_counts_as_done() -> None:
    """Two periods of 0.05 s at 0.4 and 0.2 rad/s, ramped over the whole period from 0.6: trapezoids by hand."""
    robot = load_robot("ur5e")
    speeds = [0.6, 0.4, 0.2]
    rows = [np.full(6, speed) for speed in speeds]
    tick = tick_of(robot, robot.home, rows[0], np.array(rows[1:]))
    way = 0.05 * ((0.6 + 0.4) / 2 + (0.4 + 0.2) / 2)
    np.testing.assert_allclose(decided_position(robot, tick, 0.05), robot.home + way)
    so101 = load_robot("so101")
    told = so101.home + 0.1
    tick = tick_of(so101, so101.home, so101.home, told[None])
    np.testing.assert_allclose(decided_position(so101, tick, 0.05), told, err_msg="of positions the last one")


def test_a_fast_wish_keeps_its_direction() -> None:
    robot = load_robot("ur5e")
    wish = np.array([4.0, -2.0, 1.0, 0.0, 0.0, 0.0])
    np.testing.assert_allclose(action_of(robot, robot.home, wish, 0.05), [1.0, -0.5, 0.25, 0.0, 0.0, 0.0])
    so101 = load_robot("so101")
    command = so101.command(action_of(so101, so101.home, np.array([20.0, -10.0, 0, 0, 0, 0]), 0.05))
    np.testing.assert_allclose(command - so101.home, [0.12, -0.06, 0, 0, 0, 0], atol=1e-12)


@pytest.mark.parametrize("name", REACHES)
def test_reach_ends_within_two_centimetres(name: str) -> None:
    pytest.importorskip("pybullet")
    settings = load_settings(name)
    world = RobotWorld(settings, seed=4)
    expert = make_expert("reach", world.robot, settings.task, settings.control.period)
    try:
        for _ in range(3):
            *_, last = world.episode(lambda tick: world.command(expert.act(tick)))
            assert last.tick.safety is SafetyState.RUNNING
            assert last.metrics["distance"] < 0.02
    finally:
        world.close()


@pytest.mark.parametrize("stay", [True, False])
@pytest.mark.parametrize("name", ["ur5_reach", "xarm_reach"])
def test_reach_ends_within_half_the_diagonal_of_a_step_by_choices(name: str, stay: bool) -> None:
    """Steps of 3 cm: no place is farther from the next one that steps lead to than 2.6 cm; and one step beside it."""
    pytest.importorskip("pybullet")
    settings = load_settings(name, overrides=[CHOICES, {"control": {"commands": {"stay": stay}}}])
    world = RobotWorld(settings, seed=4)
    control, robot = settings.control, world.robot
    expert = make_expert("reach", robot, settings.task, control.period, control.command_map(robot))
    try:
        for _ in range(2):
            steps = list(world.episode(lambda tick: Command(tick.stamp, robot.command(expert.act(tick)))))
            assert all(step.transition is not None for step in steps[1:])
            assert min(step.metrics["distance"] for step in steps[-2:]) < 0.03
    finally:
        world.close()


def test_an_expert_that_says_no_place_shows_no_choices() -> None:
    task, robot = make_task("ur5_push"), load_robot("ur5e")
    commands = load_settings("ur5_push", overrides=[CHOICES]).control.command_map(robot)
    with pytest.raises(ConfigError, match="expert 'push' of task 'ur5_push' does not say where it wants"):
        make_expert("push", robot, task, 0.2, commands)


def test_what_an_expert_does_not_know_is_told() -> None:
    with pytest.raises(UnknownNameError, match="expert 'rech'"):
        make_expert("rech", load_robot("ur5e"), make_task("ur5_reach"), 0.05)
    with pytest.raises(ConfigError, match="task 'a1_walk' does not ask for"):
        make_expert("reach", load_robot("a1"), make_task("a1_walk"), 0.05)
    with pytest.raises(ConfigError, match="robot 'mock' has no tool"):
        make_expert("reach", load_robot("mock"), make_task("ur5_reach"), 0.05)
