# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""The expert that moves things from bin to bin, in both simulators, by the truth."""

from typing import Any

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
from ros_rl.types import Command

JOINTS = {
    "control": {"rate_hz": 20.0, "delay": 1, "commands": {"name": "joints"}},
    "agent": {"name": "mpc"},
    "learner": {"replay": {"n_step": 1}},
}
"""Twenty joint velocities a second in place of two choices."""
LATE = {"driver": {"backend": {"latency": 0.1}}}
"""So late that fingers have not closed when the period ends."""


@pytest.mark.parametrize("driver", ["pybullet", "mujoco"])
@pytest.mark.parametrize(
    ("name", "commands", "seconds", "moved", "dropped"),
    [
        ("ur5_pick_place", JOINTS, 15.0, 2, 0),
        ("xarm_pick_place", JOINTS, 15.0, 3, 0),
        ("ur5_pick_place", {}, 30.0, 2, 1),
        ("xarm_pick_place", {}, 20.0, 2, 1),
        ("ur5_pick_place", LATE, 20.0, 1, 1),
    ],
)
def test_it_moves_things(
    name: str, commands: dict[str, Any], seconds: float, moved: int, dropped: int, driver: str
) -> None:
    pytest.importorskip(driver)
    own = {"driver": {"backend": {"name": driver}}, "task": {"episode_seconds": seconds}}
    settings = load_settings(name, overrides=[own, commands])
    world = RobotWorld(settings, seed=1)
    robot, control = world.robot, settings.control
    expert = make_expert("pick_place", robot, settings.task, control.period, control.command_map(robot))
    rewards, highest, sides = [], 0.0, []
    try:
        for step in world.episode(lambda tick: Command(tick.stamp, robot.command(expert.act(tick)))):
            assert step.transition is not None or not step.tick.step, "what acted was an action"
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
    assert len(sides) >= moved and rewards.count(1.0) >= moved and rewards.count(-1.0) <= dropped
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
