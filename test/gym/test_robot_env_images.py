# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Robots that are seen by cameras as Gymnasium environments: images by name, beside the numbers."""

import copy
import warnings
from typing import Any

import gymnasium
import numpy as np
import pytest
from gymnasium import spaces
from gymnasium.utils.env_checker import check_env

from ros_rl.errors import ConfigError, RosRlError
from ros_rl.gym import environment_id
from ros_rl.gym.environment import Environment
from ros_rl.gym.robot_env import RobotEnv

LOOK: dict[str, Any] = {"observation.cameras": ["above"], "cameras": {"width": 48, "height": 32}}


def look(**more: Any) -> RobotEnv:
    return RobotEnv("sphero_navigate", settings={**LOOK, **more})


@pytest.mark.parametrize("fields", [None, ["none"]])
def test_gymnasiums_checker_has_nothing_to_say_of_images(fields: Any) -> None:
    settings = {**LOOK, "observation.fields": fields}
    env = gymnasium.make(environment_id("sphero_navigate"), settings=settings, disable_env_checker=True).unwrapped
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        check_env(env)
    said = [str(item.message) for item in caught]
    assert [text for text in said if "infinity" not in text] == []
    space = env.observation_space
    assert isinstance(space, spaces.Dict) and list(space.spaces) == ["image_above", "vector"]
    assert space["image_above"] == spaces.Box(0, 255, (32, 48, 3), np.uint8)
    assert space["vector"].shape == (env.layout.size,) and env.layout.size == (2 if fields else 8)
    env.close()


def test_it_sees_what_the_same_robot_shows_without_it() -> None:
    """The numbers are those of the environment without cameras; the picture is another once the robot rolled."""
    plain, seeing = RobotEnv("sphero_navigate"), look()
    assert isinstance(plain.observation_space, spaces.Box)
    one, other = plain.reset(seed=4)[0], seeing.reset(seed=4)[0]
    first = other["image_above"]
    kept = first.copy()
    for _ in range(6):
        action = np.array([1.0, 0.2])
        one, *rest = plain.step(action)
        other, *same = seeing.step(action)
        np.testing.assert_array_equal(one, other["vector"])
        assert rest == same and seeing.observation_space.contains(other)
    assert (other["image_above"] != kept).any()
    np.testing.assert_array_equal(first, kept)
    plain.close()
    seeing.close()


def test_what_is_returned_is_nobody_elses() -> None:
    env = look()
    seen, _ = env.reset(seed=0)
    seen["image_above"][:] = 0
    assert env.reset(seed=0)[0]["image_above"].max() > 0
    again = copy.deepcopy(env)
    assert again.observation_space == env.observation_space
    again.close()
    env.close()


def test_vectors_of_environments_stack_images() -> None:
    def make() -> gymnasium.Env:
        return gymnasium.make(environment_id("sphero_navigate"), settings=LOOK)

    envs = gymnasium.vector.SyncVectorEnv([make, make])
    seen, _ = envs.reset(seed=[0, 1])
    assert seen["image_above"].shape == (2, 32, 48, 3) and seen["vector"].shape == (2, 8)
    envs.close()


def test_our_own_agents_see_it_as_any_other_environment() -> None:
    """Both ways at once: the robot's Dict is what agents that see images are given."""
    arguments = {"settings": LOOK}
    environment = Environment(f"ros_rl.gym:{environment_id('sphero_navigate')}", None, False, arguments, True)
    seen = environment.reset(seed=0)
    assert [item.name for item in environment.layout.images] == ["image_above"]
    assert seen.images["image_above"].shape == (32, 48, 3) and seen.flat.shape == (8,)
    environment.close()


def test_a_camera_that_is_not_there_is_refused() -> None:
    with pytest.raises(RosRlError, match="robot 'sphero' has no camera 'below'.*; it has: above") as caught:
        look(**{"observation.cameras": ["below"]})
    assert "\n" not in str(caught.value)
    with pytest.raises(ConfigError, match="observation.cameras is .*expected each name once"):
        look(**{"observation.cameras": ["above", "above"]})
