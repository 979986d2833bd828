# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Copies and pickles of robot environments are environments of their own; what owns a simulator is not copied."""

import copy
import pickle
from collections.abc import Callable
from typing import Any

import gymnasium
import numpy as np
import pytest

from ros_rl.backends import make_backend
from ros_rl.errors import RosRlError
from ros_rl.gym import environment_id
from ros_rl.gym.environment import Environment
from ros_rl.gym.robot_env import RobotEnv
from ros_rl.runtime.evaluation import Evaluator
from ros_rl.runtime.robot_world import RobotWorld
from ros_rl.settings.loading import load_settings

COPIES: dict[str, Callable[[Any], Any]] = {
    "copy": copy.copy,
    "deepcopy": copy.deepcopy,
    "pickle": lambda thing: pickle.loads(pickle.dumps(thing)),
}
copies = pytest.mark.parametrize("make_copy", COPIES.values(), ids=COPIES.keys())


def rows(env: gymnasium.Env, actions: np.ndarray) -> np.ndarray:
    return np.array([env.step(action)[0] for action in actions])


@pytest.mark.parametrize(
    ("kind", "wrapped"), [("copy", False), ("deepcopy", False), ("deepcopy", True), ("pickle", False), ("pickle", True)]
)
def test_a_copy_has_a_simulator_of_its_own(kind: str, wrapped: bool) -> None:
    """Not the flat copy of a wrapper: that shares what it wraps, as Python's flat copies do."""
    make_copy = COPIES[kind]
    arguments = {"task": {"episode_seconds": 9.0}, "settings": {"control.delay": 0}}
    made = gymnasium.make(environment_id("xarm_reach"), **arguments)
    env = made if wrapped else made.unwrapped
    actions = np.random.default_rng(0).uniform(-1.0, 1.0, (12, 6))
    env.reset(seed=4)
    undisturbed = rows(env, actions)
    env.reset(seed=4)
    first = rows(env, actions[:6])
    other = make_copy(env)
    assert other.unwrapped.settings == env.unwrapped.settings and other.spec == env.spec
    other.reset(seed=5)
    rows(other, -actions)
    other.close()
    del other
    np.testing.assert_array_equal(np.concatenate([first, rows(env, actions[6:])]), undisturbed)
    last = make_copy(env)
    env.close()
    last.reset(seed=4)
    np.testing.assert_array_equal(rows(last, actions), undisturbed)
    last.close()


def test_what_the_arguments_become_later_does_not_matter() -> None:
    task = {"episode_seconds": 9.0}
    env = RobotEnv("mock_point", task=task)
    task["episode_seconds"] = 1.0
    assert copy.deepcopy(env).settings.task.episode_seconds == 9.0


@pytest.mark.parametrize("kind", ["sync", "async"])
def test_vectors_of_environments(kind: str) -> None:
    """Each of them does what it does alone."""
    name, seeds = environment_id("cartpole_swingup"), [3, 4]
    actions = np.random.default_rng(0).uniform(-1.0, 1.0, (10, 2, 1)).astype(np.float32)
    alone = []
    for k, seed in enumerate(seeds):
        env = gymnasium.make(name)
        env.reset(seed=seed)
        alone.append(rows(env, actions[:, k]))
        env.close()
    vector = gymnasium.make_vec(name, num_envs=2, vectorization_mode=kind)
    vector.reset(seed=seeds)
    together = [vector.step(action) for action in actions]
    vector.close()
    np.testing.assert_array_equal(np.array([step[0] for step in together]), np.stack(alone, axis=1))
    assert together[-1][-1]["is_success"].tolist() == [False, False]


@copies
@pytest.mark.parametrize("task", ["mock_point", "cartpole_swingup"])
def test_what_owns_a_simulator_is_not_copied(make_copy: Callable[[Any], Any], task: str) -> None:
    settings = load_settings(task)
    for owner in (make_backend(settings), RobotWorld(settings, 0)):
        with pytest.raises(RosRlError, match=f"^{type(owner).__name__} owns a robot or a simulator, so it is neither"):
            make_copy(owner)
        owner.close()


@copies
def test_a_wrapped_environment_of_anybodys_is_not_copied(make_copy: Callable[[Any], Any]) -> None:
    """Some share what they own, and nobody knows which."""
    environment = Environment("Pendulum-v1")
    with pytest.raises(RosRlError, match="^Environment owns"):
        make_copy(environment)
    environment.reset(0)
    environment.close()


def test_neither_is_what_holds_such_a_thing() -> None:
    evaluator = Evaluator(load_settings("mock_point"), 0)
    with pytest.raises(RosRlError, match="RobotWorld owns"):
        copy.deepcopy(evaluator)
