# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Calls that make no sense are refused in one line: actions that are none, and calls out of their order."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
import torch

from ros_rl.errors import BackendError, CommandError
from ros_rl.gym.robot_env import RobotEnv
from ros_rl.robot import load_robot
from ros_rl.runtime.robot_world import RobotWorld
from ros_rl.settings.loading import load_settings

SIX = "expected (6,): joint1, joint2, joint3, joint4, joint5, joint6"
WRONG = [
    (0.3, f"has shape (), {SIX}"),
    (np.float32(0.3), f"has shape (), {SIX}"),
    ([0.3], f"has shape (1,), {SIX}"),
    (np.zeros(5), f"has shape (5,), {SIX}"),
    (np.zeros(7), f"has shape (7,), {SIX}"),
    (np.zeros((1, 6)), f"has shape (1, 6), {SIX}"),
    (np.zeros((6, 1)), f"has shape (6, 1), {SIX}"),
    (torch.zeros(1), f"has shape (1,), {SIX}"),
    ([], f"has shape (0,), {SIX}"),
    (None, "is of type object, expected numbers"),
    ("forward", "is of type <U7, expected numbers"),
    ([True] * 6, "is of type bool, expected numbers"),
    ([1j] * 6, "is of type complex128, expected numbers"),
    ([[0.0] * 6, [0.0]], "is no array of numbers"),
    (torch.zeros(6, requires_grad=True), "is no array of numbers"),
    ([0.0, 0.0, 0.0, float("nan"), 0.0, 0.0], "is not finite: nan at 3"),
    ([0.0, float("-inf"), 0.0, 0.0, 0.0, 0.0], "is not finite: -inf at 1"),
]


@pytest.fixture(scope="module")
def arm() -> Iterator[RobotEnv]:
    pytest.importorskip("pybullet")  # whose models the arm is of
    env = RobotEnv("xarm_reach")
    yield env
    env.close()


@pytest.fixture(scope="module")
def world() -> Iterator[RobotWorld]:
    world = RobotWorld(load_settings("xarm_reach"), 0)
    yield world
    world.close()


@pytest.mark.parametrize(("action", "complaint"), WRONG)
def test_actions_that_are_none(arm: RobotEnv, world: RobotWorld, action: Any, complaint: str) -> None:
    """In the environment and in the world below it; nothing moves and no time passes."""
    before, _ = arm.reset(seed=0)
    with pytest.raises(CommandError) as refused:
        arm.step(action)
    assert str(refused.value).startswith(f"action of xarm6 {complaint}") and "\n" not in str(refused.value)
    after, *_ = arm.step(np.zeros(6))
    arm.reset(seed=0)
    np.testing.assert_array_equal(after, arm.step(np.zeros(6))[0])
    world.begin_episode()
    with pytest.raises(CommandError, match="^action of xarm6"):
        world.command(action)


@pytest.mark.parametrize("of", [list, tuple, torch.tensor, np.float32, np.float64, np.float16])
def test_whatever_holds_one_number_a_joint_is_an_action(arm: RobotEnv, of: Any) -> None:
    wanted = [0.5, -0.25, 0.0, 1.0, -1.0, 0.125]
    arm.reset(seed=1)
    expected = arm.step(np.array(wanted))[0]
    arm.reset(seed=1)
    np.testing.assert_array_equal(arm.step(of(wanted))[0], expected)
    arm.reset(seed=1)
    arm.step([1, 0, 0, 0, 0, -1])


@pytest.mark.parametrize("shape", [(), (1,), (7,), (6, 1), (0, 5)])
def test_a_robot_spreads_nothing_over_its_joints(shape: tuple[int, ...]) -> None:
    robot = load_robot("xarm6")
    for method, what in ((robot.command, "action"), (robot.action, "command")):
        with pytest.raises(CommandError, match=rf"^{what} of xarm6 has shape .*, expected \(\.\.\., 6\)"):
            method(np.zeros(shape))
    assert robot.command(np.zeros((4, 3, 6))).shape == robot.action(np.zeros((4, 3, 6))).shape == (4, 3, 6)


def test_calls_out_of_order() -> None:
    env = RobotEnv("xarm_reach", render_mode="rgb_array", task={"episode_seconds": 0.5})
    still = np.zeros(6)
    for call in (lambda: env.step(still), env.render):
        with pytest.raises(CommandError, match="^'xarm_reach' cannot .*call reset first$"):
            call()
    env.reset(seed=0)
    while not env.step(still)[3]:
        pass
    with pytest.raises(CommandError, match="no episode runs, call reset first"):
        env.step(still)
    assert env.render().shape == (240, 320, 3)  # the end of an episode may be looked at
    env.reset()
    env.step(still)
    env.close()
    env.close()
    for call in (lambda: env.step(still), env.render, env.reset):
        with pytest.raises(BackendError, match="^'xarm_reach' cannot .*: it is closed, make another$"):
            call()


def test_a_world_is_asked_in_order() -> None:
    world = RobotWorld(load_settings("mock_point"), 0)
    with pytest.raises(CommandError, match="the world of mock has no open tick to answer: begin an episode first"):
        world.command(np.zeros(2))
    world.begin_episode()
    command = world.command(np.zeros(2))
    world.restart(1)
    with pytest.raises(CommandError, match="no open tick"):
        world.step(command)
    world.close()
    world.close()
    calls = (world.begin_episode, world.truth, lambda: world.step(command), lambda: world.command(np.zeros(2)))
    for call in (*calls, lambda: world.render(8, 8), lambda: world.restart(0)):
        with pytest.raises(BackendError, match="the world of mock is closed: make another"):
            call()
