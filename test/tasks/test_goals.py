# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Goals that an arm cannot reach are refused as settings are read; the box around all goals is tight."""

import math
from dataclasses import replace

import numpy as np
import pytest

from ros_rl.deploy.agent_file import contract_of
from ros_rl.errors import ConfigError
from ros_rl.resources import share_path
from ros_rl.robot import load_robot
from ros_rl.robot.kinematics import Kinematics
from ros_rl.robot.model import urdf_of
from ros_rl.settings.loading import load_settings
from ros_rl.tasks import make_task
from ros_rl.tasks.arm.goals import check_goals

ARMS = ["so101_reach", "ur5_reach", "xarm_reach", "so101_push", "ur5_push", "xarm_push"]


@pytest.mark.parametrize(
    ("task", "changes", "text"),
    [
        (
            "so101_reach",
            ["task.goal_radius_min=0.6", "task.goal_radius_max=0.7"],  # 0.7 sin 1.2 to the side
            r"a goal at \[0.254, -0.652, 0.06\] m would be 0.202 m outside safety.workspace \[-0.1, -0.45, 0.015\] to "
            r"\[0.5, 0.45, 0.5\] m of robot 'so101'; goals lie where task.goal_radius_min 0.6, task.goal_radius_",
        ),
        ("so101_reach", ["task.goal_height_max=0.8"], "0.300 m outside safety.workspace .* task.goal_height_max 0.8"),
        ("so101_reach", ["task.goal_height_min=0.05", "task.goal_sector=3.0"], "m outside safety.workspace"),
        (
            "so101_reach",
            ["task.goal_radius_max=0.5", "task.goal_sector=0.0"],
            "a goal at .0.5, 0.0, 0.25. m would be 0.020 m beyond what robot 'so101' can reach, 0.478 m around ",
        ),
        ("xarm_reach", ["robot=so101"], "0.016 m outside safety.workspace"),
        (
            "ur5_push",
            ["robot=so101"],
            "0.140 m outside safety.workspace .* task.goal_near 0.06, task.goal_far 0.18 say",
        ),
    ],
)
def test_goals_out_of_reach_are_refused(task: str, changes: list[str], text: str) -> None:
    with pytest.raises(ConfigError, match=text):
        load_settings(task, overrides=changes).load_robot()


@pytest.mark.parametrize(
    ("task", "robot"), [*((task, "") for task in ARMS), ("ur5_reach", "ur5"), ("xarm_reach", "xarm7")]
)
def test_goals_of_tasks_that_ship_are_not(task: str, robot: str) -> None:
    load_settings(task, overrides=[{"robot": robot}]).load_robot()


def test_goals_closer_in_than_joints_turn_are_refused_with_what_is_nearest() -> None:
    """By a grid over all that the three joints of the arm's plane do, 2.5 degrees apart."""
    close = {"radius_min": 0.1, "radius_max": 0.1, "sector": 0.0, "height_min": 0.1, "height_max": 0.1}
    settings = load_settings("so101_reach", overrides=[{f"task.goal_{name}": value} for name, value in close.items()])
    with pytest.raises(ConfigError, match="as far as its joints turn") as refused:
        settings.load_robot()
    robot = load_robot("so101")
    kinematics, limits = Kinematics(robot, urdf_of(robot, kinematics=True)), robot.limits
    marks = [np.linspace(limits.lower[joint], limits.upper[joint], 78) for joint in (1, 2, 3)]
    joints = np.zeros((78**3, robot.size))
    joints[:, 1:4] = np.stack(np.meshgrid(*marks), axis=-1).reshape(-1, 3)
    nearest = np.linalg.norm(kinematics.tool(joints).position[:, [0, 2]] - [0.1, 0.1], axis=1).min()
    assert nearest == pytest.approx(0.040, abs=2e-3)
    assert f"a goal at [0.1, 0.0, 0.1] m would be {0.04:.3f} m from where robot 'so101'" in str(refused.value)
    assert "task.goal_radius_min 0.1, task.goal_radius_max 0.1" in str(refused.value)


def test_so_are_those_between_heights_that_can_be_reached() -> None:
    """At 12 cm from its axis an SO-101 comes to 5 cm and to 30 cm over the table, and not to what is between."""
    close = ["task.goal_radius_min=0.12", "task.goal_height_min=0.05", "task.goal_height_max=0.3"]
    with pytest.raises(ConfigError, match=r"a goal at \[0.\d+, -?0.\d+, 0.1\d+\] m would be 0.02. m from where"):
        load_settings("so101_reach", overrides=close).load_robot()
    for height in (0.05, 0.3):
        only = [f"task.goal_height_min={height}", f"task.goal_height_max={height}"]
        load_settings("so101_reach", overrides=[close[0], *only]).load_robot()


@pytest.mark.parametrize("name", ["so101", "ur5e", "xarm5", "xarm6", "xarm7"])
def test_no_goal_is_refused_that_joints_bring_the_tool_to(name: str) -> None:
    robot, rng = load_robot(name), np.random.default_rng(0)
    kinematics = Kinematics(robot, urdf_of(robot, kinematics=True))
    goals = kinematics.tool(rng.uniform(robot.limits.lower, robot.limits.upper, (300, robot.size))).position
    check_goals(goals, replace(robot, safety=replace(robot.safety, workspace=None)), {})


@pytest.mark.parametrize("name", ["so101_reach", "ur5_reach", "xarm_reach", "ur5_pixels", "xarm_pixels"])
def test_what_shipped_agents_learned_with_is_not_refused(name: str) -> None:
    config = contract_of(share_path("models") / name / "agent.onnx").provenance["config"]
    task = {key: value for key, value in config["task"].items() if value is not None}
    load_settings(task["name"], overrides=[{"task": task}]).load_robot()


def test_an_arm_without_a_box_is_held_against_its_links_alone() -> None:
    robot = load_robot("so101")
    anywhere = replace(robot, safety=replace(robot.safety, workspace=None))
    far = make_task("so101_reach", {"goal_radius_max": 0.6})
    with pytest.raises(ConfigError, match="beyond what robot 'so101' can reach"):
        far.check(anywhere)
    far.check(replace(anywhere, simulation=None))  # nobody knows


@pytest.mark.parametrize("sector", [0.0, 1.2, 2.5])
def test_the_box_around_all_goals_is_as_small_as_can_be(sector: float) -> None:
    """By a fine grid of the ring's sector."""
    task = make_task("ur5_reach", {"goal_sector": sector})
    angle, radius = np.meshgrid(np.linspace(-sector, sector, 2001), [0.25, 0.5])
    found = [(radius * np.cos(angle)), (radius * np.sin(angle))]
    low, high = task.input_bounds()["goal_position"]
    np.testing.assert_allclose(low, [found[0].min(), found[1].min(), 0.1], atol=1e-6)
    np.testing.assert_allclose(high, [found[0].max(), found[1].max(), 0.45], atol=1e-6)
    rng, drawn = np.random.default_rng(0), []
    for _ in range(200):
        drawn.append(task.draw_inputs(rng)["goal_position"])
    assert (np.array(drawn) >= low - 1e-12).all() and (np.array(drawn) <= high + 1e-12).all()
    assert math.isclose(low[1], -high[1])
