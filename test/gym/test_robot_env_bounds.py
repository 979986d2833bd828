# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Observations keep the bounds that their space declares, with the noise, whatever is done."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from ros_rl.gym.robot_env import RobotEnv
from ros_rl.resources import share_path
from ros_rl.tasks import TASKS

Act = Callable[[np.random.Generator, int], np.ndarray]
KINDS: dict[str, Act] = {
    "random": lambda rng, size: rng.uniform(-1.0, 1.0, size),
    "to one side": lambda rng, size: np.sign(rng.normal(size=size)) if rng.uniform() < 0.03 else np.ones(size),
    "jumping": lambda rng, size: np.sign(rng.normal(size=size)),
}
UNKNOWN = {
    "angular_velocity",
    "base_velocity",
    "body_velocity",
    "base_height",
    "base_position",
    "goal_planar",
    "height_over_feet",
    "feet_lift",
    "body_height_over_feet",
    "body_feet_lift",
    "tool_position",
    "object_position",
    "nearest_offset",
    "passive_velocity",
}
"""Fields of these tasks that nobody knows the bounds of."""


@pytest.mark.parametrize("act", KINDS.values(), ids=KINDS.keys())
@pytest.mark.parametrize("task", sorted(TASKS))
def test_rollouts_stay_inside(task: str, act: Act) -> None:
    env = RobotEnv(task, settings={"control.delay": 1})
    rng, space = np.random.default_rng(0), env.observation_space
    seen, over = [], True
    for _ in range(200):
        if over:
            seen.append(env.reset(seed=None if seen else 0)[0])
        action = rng.integers(env.action_space.n) if env.layout.choices else act(rng, env.action_space.shape[0])
        observation, _, terminated, truncated, _ = env.step(action)
        seen.append(observation)
        over = terminated or truncated
    env.close()
    flat = np.array(seen)
    names = np.array([name for name, part in env.layout.slices.items() for _ in range(part.stop - part.start)])
    beyond = ((flat < space.low) | (flat > space.high)).any(axis=0)
    assert not beyond.any(), set(names[beyond])
    by_pose = {"last_action", "pending_actions"} if env.layout.commands else set()  # how fast joints let a tool go
    assert {*names[np.isinf(space.high) | np.isinf(space.low)]} <= UNKNOWN | by_pose
    assert all(space.contains(row) for row in flat)


def test_bounds_are_those_of_the_robots_file() -> None:
    """The cart's rail ends at 2 m, a guard stops it 0.1 m behind; it may roll at twice 10 m/s."""
    env = RobotEnv("cartpole_swingup")
    low, high = (env.layout.split(side) for side in (env.observation_space.low, env.observation_space.high))
    np.testing.assert_allclose([low["joint_position"][0], high["joint_position"][0]], [-2.1, 2.1])
    np.testing.assert_allclose([low["joint_velocity"][0], high["joint_velocity"][0]], [-20.0, 20.0])
    np.testing.assert_array_equal([low["passive_direction"], high["passive_direction"]], [[-1, -1], [1, 1]])
    assert np.isinf(high["passive_velocity"]).all()
    env.close()


def test_the_bound_of_a_joint_is_where_its_guard_trips(tmp_path: Path) -> None:
    """On a shorter rail: just inside it is seen, further on the episode ends."""
    file = share_path("config", "robots", "cartpole.yaml").read_text()
    (tmp_path / "short.yaml").write_text(file.replace("lower: -2.0, upper: 2.0", "lower: -0.3, upper: 0.3"))
    env = RobotEnv("cartpole_swingup", robot=str(tmp_path / "short.yaml"), settings={"driver.backend.reset_noise": 1.0})
    np.testing.assert_allclose(env.observation_space.high[0], 0.4)
    starts = np.array([env.reset(seed=None if k else 0)[0] for k in range(30)])
    assert (np.abs(starts[:, 0]) < 0.4).all() and np.abs(starts[:, 0]).max() > 0.25  # no start is beyond the rail
    env.reset(seed=0)
    largest, truncated = 0.0, False
    while not truncated:
        observation, _, _, truncated, info = env.step([1.0])
        largest = max(largest, float(observation[0]))
    env.close()
    assert "past its limit by more than 0.1" in info["fault"]
    assert 0.2 < largest <= env.observation_space.high[0]


def test_actions_may_leave_the_box_by_what_the_robot_may() -> None:
    """A velocity command of +-1.5 rad/s is an action of +-1, and the joint may move at 2 rad/s."""
    env = RobotEnv("mock_point", settings={"control.delay": 1})
    for name in ("last_action", "pending_actions"):
        high = env.layout.split(env.observation_space.high)[name]
        np.testing.assert_allclose(high, 2.0 / 1.5, rtol=1e-6)
    env.close()


def test_goals_are_bounded_by_their_settings() -> None:
    """A sector of a ring from 0.2 to 0.4 m, 60 degrees to either side: by hand."""
    task = {"goal_radius_min": 0.2, "goal_radius_max": 0.4, "goal_height_min": 0.2, "goal_sector": np.pi / 3}
    env = RobotEnv("xarm_reach", task=task)
    low, high = (env.layout.split(side) for side in (env.observation_space.low, env.observation_space.high))
    np.testing.assert_allclose(low["goal_position"], [0.1, -0.2 * np.sqrt(3.0), 0.2], rtol=1e-6)
    np.testing.assert_allclose(high["goal_position"], [0.4, 0.2 * np.sqrt(3.0), 0.45], rtol=1e-6)
    env.close()
