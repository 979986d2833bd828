# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Robot tasks as Gymnasium environments: the checker's view, and the node graph's."""

import subprocess
import sys
import warnings
from pathlib import Path
from typing import Any

import gymnasium
import numpy as np
import pytest
from gymnasium.utils.env_checker import check_env

from ros_rl.backends import make_backend
from ros_rl.errors import CommandError, ConfigError, UnknownNameError
from ros_rl.features import ObservationSpec
from ros_rl.gym import environment_id
from ros_rl.runtime.driver_loop import make_driver_loop
from ros_rl.runtime.transition_builder import TransitionBuilder
from ros_rl.settings.loading import load_settings
from ros_rl.tasks import TASKS
from ros_rl.training.local import train_locally
from ros_rl.types import Command, Transition, Verdict

ROOT = Path(__file__).resolve().parents[2]
UNBOUNDED = ("value is -infinity", "value is infinity")
"""What the checker says of observations without bounds; velocities have none."""
tasks = pytest.mark.parametrize("task", sorted(TASKS))


def make(of: str, **arguments: Any) -> gymnasium.Env:
    return gymnasium.make(environment_id(of), disable_env_checker=True, **arguments)


@tasks
def test_gymnasiums_checker_has_nothing_to_say(task: str) -> None:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        env = make(task)
        check_env(env.unwrapped)
        env.close()
    said = [str(item.message) for item in caught]
    assert [text for text in said if not any(part in text for part in UNBOUNDED)] == []


def test_environments_are_registered_by_an_import_in_their_name() -> None:
    code = "import gymnasium; print(gymnasium.make('ros_rl.gym:ros_rl/MockPoint-v0').reset(seed=1)[0].shape)"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert done.stdout.strip() == "(8,)", done.stderr


def by_the_parts(task: str, seed: int, actions: np.ndarray, **settings: Any) -> list[Transition]:
    """What the node graph's driver and collector make of these decisions."""
    wanted = load_settings(task, overrides=[settings])
    robot, control = wanted.load_robot(), wanted.control
    backend = make_backend(wanted, seed)
    driver = make_driver_loop(wanted, robot, backend, seed, auto_recover=True)
    spec = ObservationSpec(robot, wanted.task.observation, control.delay)
    builder = TransitionBuilder(spec, wanted.task, control.period)
    tick, found, remaining = driver.start(), [], list(actions)
    while True:
        verdict, transition = builder.add(tick)
        found += [] if transition is None else [transition]
        if verdict is Verdict.CONTINUE:
            if not remaining:
                backend.close()
                return found
            driver.accept(Command(tick.stamp, robot.command(remaining.pop(0))))
        tick = driver.advance(verdict)


@pytest.mark.parametrize("delay", [0, 2])
@tasks
def test_steps_are_the_node_graphs_transitions(task: str, delay: int) -> None:
    """Exactly, over two episodes and a bit, whose second starts without a seed."""
    settings = {"control.delay": delay, "task.episode_seconds": 0.5}
    env = make(task, settings=settings)
    actions = np.random.default_rng(5).uniform(-1.0, 1.0, (24, *env.action_space.shape))
    expected = by_the_parts(task, 7, actions, **settings)
    observation, _ = env.reset(seed=7)
    ends = 0
    for action, transition in zip(actions, expected, strict=True):
        np.testing.assert_array_equal(observation, transition.observation.astype(np.float32))
        observation, reward, terminated, truncated, _ = env.step(action)
        np.testing.assert_array_equal(observation, transition.next_observation.astype(np.float32))
        assert (reward, terminated, truncated) == (transition.reward, transition.terminated, transition.truncated)
        if terminated or truncated:
            ends += 1
            observation, _ = env.reset()
    env.close()
    assert ends >= 1


def test_repeats_what_a_local_training_stored() -> None:
    """Against `train_locally` itself: the stored decisions bring the stored transitions again."""
    settings = {"agent": {"name": "random"}, "task": {"episode_seconds": 1.0}, "learner": {"robot_minutes": 0.05}}
    *_, last = train_locally(load_settings("mock_point", overrides=[{"seed": 3}, settings]))
    replay = last.training.replay
    stored = replay.at(np.arange(len(replay)))
    env = make("mock_point", task={"episode_seconds": 1.0})
    observation, _ = env.reset(seed=3)
    for k in range(len(replay)):
        np.testing.assert_allclose(observation, stored.observation[k], atol=1e-5)
        observation, reward, terminated, truncated, _ = env.step(stored.action[k])
        np.testing.assert_allclose(observation, stored.next_observation[k], atol=1e-5)
        assert reward == pytest.approx(stored.reward[k], abs=1e-5)
        assert terminated == stored.terminated[k]
        if terminated or truncated:
            observation, _ = env.reset()
    assert len(replay) == 60


def test_the_same_seed_gives_the_same_episodes_whatever_came_before() -> None:
    env = make("a1_walk", task={"episode_seconds": 1.0})
    zero = np.zeros(env.action_space.shape, np.float32)

    def episode(seed: int) -> np.ndarray:
        rows = [env.reset(seed=seed)[0]] + [env.step(zero)[0] for _ in range(3)]
        return np.array(rows)

    first, other, again = episode(1), episode(2), episode(1)
    env.close()
    np.testing.assert_array_equal(first, again)
    assert np.abs(first - other).max() > 1e-3


def test_the_layout_says_where_the_pending_action_stands() -> None:
    env = make("mock_point", settings={"control.delay": 1})
    env.reset(seed=0)
    layout = env.unwrapped.layout
    observation, *_ = env.step(np.array([0.02, -0.01], np.float32))
    np.testing.assert_allclose(observation[layout.slices["pending_actions"]], [0.02, -0.01], atol=1e-6)
    observation, *_ = env.step(np.zeros(2, np.float32))
    np.testing.assert_allclose(observation[layout.slices["last_action"]], [0.02, -0.01], atol=1e-6)


def test_a_tripped_guard_truncates_and_says_why(tmp_path: Path) -> None:
    """Pushed to one side all the time, a cart on a shorter rail runs past its end."""
    short = (
        (ROOT / "config/robots/cartpole.yaml").read_text().replace("lower: -2.0, upper: 2.0", "lower: -0.3, upper: 0.3")
    )
    (tmp_path / "short.yaml").write_text(short)
    env = make("cartpole_swingup", settings={"robot": str(tmp_path / "short.yaml")})
    observation, _ = env.reset(seed=0)
    truncated = False
    while not truncated:
        before = observation
        observation, reward, terminated, truncated, info = env.step(np.ones(1, np.float32))
    assert not terminated and "cart_joint" in info["fault"] and "past its limit" in info["fault"]
    assert reward == 0.0
    np.testing.assert_array_equal(observation, before)
    observation, info = env.reset()
    assert abs(observation[0]) < 0.2 and "fault" not in info
    assert not env.step(np.zeros(1, np.float32))[3]
    env.close()


def test_a_picture_shows_the_robot() -> None:
    env = make("xarm_reach", render_mode="rgb_array", width=64, height=48)
    env.reset(seed=0)
    picture = env.render()
    env.close()
    assert picture.shape == (48, 64, 3) and picture.dtype == np.uint8
    assert picture.std() > 5.0


@pytest.mark.parametrize(
    ("error", "complaint", "arguments"),
    [
        (ConfigError, "task.target_velocity", {"task": {"target_velocity": 9.0}}),
        (ConfigError, "unknown setting 'control.rate'", {"settings": {"control.rate": 9.0}}),
        (ConfigError, "render_mode is 'human'", {"render_mode": "human"}),
        (UnknownNameError, "unknown backend 'external'", {"settings": {"driver.backend.name": "external"}}),
    ],
)
def test_wrong_arguments_are_named(error: type[Exception], complaint: str, arguments: dict[str, Any]) -> None:
    from ros_rl.gym.robot_env import RobotEnv

    with pytest.raises(error, match=complaint):
        RobotEnv("a1_walk", **arguments)


def test_an_action_that_is_not_finite_never_acts() -> None:
    env = make("mock_point")
    env.reset(seed=0)
    with pytest.raises(CommandError, match="not finite"):
        env.step(np.array([np.nan, 0.0], np.float32))
