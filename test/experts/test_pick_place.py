# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""The expert that moves things from bin to bin, in both simulators, by the truth."""

import numpy as np
import pytest

from ros_rl.errors import ConfigError
from ros_rl.experts import make_expert
from ros_rl.experts.differential import Differential
from ros_rl.robot import load_robot
from ros_rl.runtime.robot_world import RobotWorld
from ros_rl.settings.loading import load_settings
from ros_rl.tasks import make_task
from ros_rl.tasks.arm.bins import TWO_BINS

SECONDS = 15.0


@pytest.mark.parametrize("driver", ["pybullet", "mujoco"])
@pytest.mark.parametrize(("name", "moved"), [("ur5_pick_place", 2), ("xarm_pick_place", 3)])
def test_it_moves_things(name: str, moved: int, driver: str) -> None:
    pytest.importorskip(driver)
    settings = load_settings(
        name, overrides=[{"driver": {"backend": {"name": driver}}, "task": {"episode_seconds": SECONDS}}]
    )
    world = RobotWorld(settings, seed=1)
    expert = make_expert("pick_place", world.robot, settings.task, settings.control.period)
    rewards, highest, sides = [], 0.0, []
    try:
        for step in world.episode(lambda tick: world.command(expert.act(tick))):
            rewards.append(step.reward)
            truth = world.truth()
            for pose in truth.objects.values():
                highest = max(highest, float(pose.position[2]))
            if step.reward == 10.0:
                tool = truth.tool_position
                assert tool is not None
                near = min(truth.objects.values(), key=lambda pose: float(np.linalg.norm(pose.position - tool)))
                sides.append(float(TWO_BINS.side(near.position)))
        assert not world.fault
    finally:
        world.close()
    assert sides[0] == -1.0, "the first comes to lie in the right bin"
    assert len(sides) >= moved and rewards.count(1.0) >= moved and rewards.count(-1.0) == 0
    assert highest > 0.1, "it was lifted over the wall"


@pytest.mark.parametrize("name", ["ur5e_gripper", "xarm6_gripper"])
def test_a_held_tool_moves_and_does_not_turn(name: str) -> None:
    """Joints that are moved for 2 ms bring the tool's three points along by the same way."""
    robot = load_robot(name)
    arm = Differential(robot, damping=1e-3)
    wanted = np.array([0.05, -0.08, 0.03])
    moved = robot.home + 0.002 * arm.held_velocity(robot.home, wanted)
    np.testing.assert_allclose((arm.tool(moved) - arm.tool(robot.home)) / 0.002, wanted, atol=2e-3)
    ways = [arm._kinematics.positions(joints) for joints in (robot.home, moved)]
    rigid = [arm._kinematics.points.index(name) for name in ("hand_link", "tool")]
    turned = np.diff(ways[1][rigid], axis=0) - np.diff(ways[0][rigid], axis=0)
    np.testing.assert_allclose(turned, 0.0, atol=1e-5)


def test_a_task_without_bins_is_refused() -> None:
    with pytest.raises(ConfigError, match="expert 'pick_place' moves things between bins, which task 'ur5_reach'"):
        make_expert("pick_place", load_robot("ur5e"), make_task("ur5_reach"), 0.05)
