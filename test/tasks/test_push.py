# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Pushing a cube to its goal: rewards by hand, goals, and where the arm begins."""

from typing import Any

import numpy as np
import pytest

from ros_rl.errors import ConfigError
from ros_rl.robot import load_robot
from ros_rl.robot.kinematics import Kinematics
from ros_rl.robot.model import urdf_of
from ros_rl.scenes import read_scene
from ros_rl.tasks import make_task

NAMES = ["ur5_push", "xarm_push", "so101_push"]


def fields(cube: list[float]) -> dict[str, Any]:
    places = {"tool_position": [0.4, 0.0, 0.05], "object_position": cube, "goal_position": [0.6, 0.1, 0.04]}
    return {name: np.array(place) for name, place in places.items()}


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(
    ("cube", "away", "succeeds"),
    [([0.5, 0.1, 0.04], 0.1, False), ([0.6, 0.075, 0.04], 0.025, True), ([0.6, 0.065, 0.04], 0.035, False)],
)
def test_rewards(name: str, cube: list[float], away: float, succeeds: bool) -> None:
    task, after = make_task(name), fields(cube)
    last, action = np.zeros(3), np.array([0.3, 0.0, 0.0])  # mean squared change 0.03
    size = 0.05 if name == "so101_push" else 0.08
    ahead = (after["goal_position"] - cube) / np.hypot(away, 0.02)
    behind = np.linalg.norm(after["tool_position"] - (cube - size * ahead))
    expected = 0.05 / (0.05 + away) - 2.0 * away - behind - 0.05 * 0.03
    assert task.reward(after, last, action, after) == pytest.approx(expected, abs=1e-6)
    assert bool(task.succeeded(after)) == succeeds
    assert task.metrics(after)["distance"] == pytest.approx(away, abs=1e-6)


@pytest.mark.parametrize("name", NAMES)
def test_a_tool_that_pushed_past_the_goal_has_to_go_around(name: str) -> None:
    """A cube to the left of its goal is pushed from its left, however near the tool is to its right."""
    task, still = make_task(name), np.zeros(3)
    rewards = [
        task.reward(after, still, still, after)
        for tool in ([0.6, 0.15 + 0.1, 0.04], [0.6, 0.15 - 0.06, 0.04])
        for after in [fields([0.6, 0.15, 0.04]) | {"tool_position": np.array(tool)}]
    ]
    assert rewards[0] > rewards[1] + 0.05


@pytest.mark.parametrize("name", NAMES)
def test_goals_lie_beyond_where_the_cube_does(name: str) -> None:
    task, rng = make_task(name), np.random.default_rng(0)
    (cube,) = [body for body in read_scene(task.scene).bodies if body.name == "cube"]
    goals = np.array([task.draw_inputs(rng)["goal_position"] for _ in range(2000)])
    way = goals - np.array(cube.position)
    far = np.linalg.norm(way, axis=1)
    assert 0.06 <= far.min() < 0.065 and 0.175 < far.max() <= 0.18 and (way[:, 2] == 0.0).all()
    assert np.abs(np.arctan2(way[:, 1], way[:, 0])).max() == pytest.approx(0.8, abs=0.01)
    low, high = task.input_bounds()["goal_position"]
    assert (goals >= low).all() and (goals <= high).all()


@pytest.mark.parametrize(
    ("name", "place", "ahead", "points"),
    [
        ("ur5_push", [0.36, 0.0, 0.05], 2, [0.0, 0.0, -1.0]),
        ("xarm_push", [0.36, 0.0, 0.05], 2, [0.0, 0.0, -1.0]),
        ("so101_push", [0.14, 0.0, 0.03], 0, [np.cos(1.5), 0.0, -np.sin(1.5)]),
    ],
)
def test_the_tool_begins_low_and_behind(name: str, place: list[float], ahead: int, points: list[float]) -> None:
    task = make_task(name)
    robot = task.fitted(load_robot(task.robot))
    tool = Kinematics(robot, urdf_of(robot, kinematics=True)).tool(robot.home)
    np.testing.assert_allclose(tool.position, place, atol=2e-3)
    np.testing.assert_allclose(tool.rotation[:, ahead], points, atol=0.01)
    other = load_robot("xarm7")
    assert task.fitted(other) is other


def test_distances_that_make_no_sense() -> None:
    with pytest.raises(ConfigError, match="task.goal_near 0.19 is above task.goal_far 0.18"):
        make_task("ur5_push", {"goal_near": 0.19})
