# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""The expert that pushes, in both simulators, by the truth; and its ways around the thing, by hand."""

import numpy as np
import pytest

from ros_rl.errors import ConfigError
from ros_rl.experts import make_expert
from ros_rl.experts.push import _velocity
from ros_rl.robot import load_robot
from ros_rl.runtime.robot_world import RobotWorld
from ros_rl.settings.loading import load_settings
from ros_rl.tasks import make_task
from ros_rl.types import Command


@pytest.mark.parametrize("driver", ["pybullet", "mujoco"])
@pytest.mark.parametrize("name", ["ur5_push", "xarm_push", "so101_push"])
def test_the_cube_comes_to_its_goal(name: str, driver: str) -> None:
    pytest.importorskip(driver)
    settings = load_settings(name, overrides=[{"driver": {"backend": {"name": driver}}}])
    world = RobotWorld(settings, seed=2)
    expert = make_expert("push", world.robot, settings.task, settings.control.period)
    try:
        for step in world.episode(lambda tick: Command(tick.stamp, world.robot.command(expert.act(tick)))):
            if step.tick.step == 0:
                begun = world.truth().objects["cube"].position
        assert not world.fault
        goal, lies = step.tick.inputs["goal_position"], world.truth().objects["cube"].position
        assert np.linalg.norm(begun - goal) > 0.05 and np.linalg.norm(lies - goal) < 0.015
    finally:
        world.close()


def test_from_anywhere_around_the_thing_the_tool_gets_behind_it_and_does_not_touch_it_before() -> None:
    """A point that follows the velocities; the thing lies at the origin, its goal along x."""
    thing, goal = np.zeros(2), np.array([0.15, 0.0])
    for angle in np.linspace(-np.pi, np.pi, 16):
        tool = 0.13 * np.array([np.cos(angle), np.sin(angle)])
        for _ in range(400):
            if tool[0] < -0.085 and abs(tool[1]) < 0.02:
                break
            assert np.linalg.norm(tool) > 0.09
            tool = tool + 0.01 * _velocity(tool, thing, goal)
        else:
            pytest.fail(f"from {angle:.2f} rad it does not get there, but to {tool}")


def test_it_rests_when_the_thing_is_there() -> None:
    np.testing.assert_array_equal(_velocity(np.array([0.1, 0.2]), np.array([0.5, 0.0]), np.array([0.505, 0.0])), 0.0)


def test_what_it_cannot_do_is_refused() -> None:
    with pytest.raises(ConfigError, match="expert 'push' pushes a thing to its goal, which task 'ur5_reach' does not"):
        make_expert("push", load_robot("ur5e"), make_task("ur5_reach"), 0.05)
    with pytest.raises(ConfigError, match="sends positions or velocities, and robot 'cartpole' takes others"):
        make_expert("push", load_robot("cartpole"), make_task("ur5_push"), 0.05)
