# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Robot tasks as Gymnasium environments: the checker's view, and the node graph's."""

import subprocess
import sys
import time
import warnings
from pathlib import Path
from typing import Any

import gymnasium
import numpy as np
import pytest
from gymnasium.spaces import Discrete
from gymnasium.utils.env_checker import check_env

from ros_rl.backends import make_backend
from ros_rl.backends.display import has_display
from ros_rl.backends.mock import MockBackend
from ros_rl.errors import BackendError, ConfigError, SimulationError, UnknownNameError
from ros_rl.gym import environment_id
from ros_rl.runtime.making import make_driver_loop
from ros_rl.runtime.transition_builder import TransitionBuilder
from ros_rl.settings.loading import load_settings
from ros_rl.settings.simulators.pybullet import PyBulletSettings
from ros_rl.tasks import TASKS
from ros_rl.tasks.mock_point import MockPoint
from ros_rl.training.local import train_locally
from ros_rl.types import Command, Measurement, Transition, Verdict

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
    spec = wanted.observation_spec(robot)
    builder = TransitionBuilder(spec, wanted.task, control.period)
    tick, found, remaining = driver.start(), [], list(actions)
    while True:
        verdict, transition = builder.add(tick)
        found += [] if transition is None else [transition]
        if verdict is Verdict.CONTINUE:
            if not remaining:
                backend.close()
                return found
            driver.accept(Command(tick.stamp, spec.map.command(tick, remaining.pop(0))))
        tick = driver.advance(verdict)


@pytest.mark.parametrize("delay", [0, 2])
@tasks
def test_steps_are_the_node_graphs_transitions(task: str, delay: int) -> None:
    """Exactly, over two episodes and a bit, whose second starts without a seed."""
    seconds = max(0.5, 5 * load_settings(task).control.period)
    settings = {"control.delay": delay, "task.episode_seconds": seconds}
    env, rng = make(task, settings=settings), np.random.default_rng(5)
    spaces = env.action_space
    actions = (
        rng.integers(spaces.n, size=24) if isinstance(spaces, Discrete) else rng.uniform(-1.0, 1.0, (24, *spaces.shape))
    )
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
        (
            ConfigError,
            "render_mode is 'ansi', task 'a1_walk' here can be rendered as: rgb_array",
            {"render_mode": "ansi"},
        ),
        (UnknownNameError, "unknown robot 'a2'", {"robot": "a2"}),
        (UnknownNameError, "unknown backend 'external'", {"settings": {"driver.backend.name": "external"}}),
    ],
)
def test_wrong_arguments_are_named(error: type[Exception], complaint: str, arguments: dict[str, Any]) -> None:
    from ros_rl.gym.robot_env import RobotEnv

    with pytest.raises(error, match=complaint):
        RobotEnv("a1_walk", **arguments)


def test_a_window_needs_a_display(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("pybullet")
    from ros_rl.gym.robot_env import RobotEnv

    assert "human" in RobotEnv.metadata["render_modes"]
    monkeypatch.delenv("DISPLAY", raising=False)
    with pytest.raises(ConfigError, match="render_mode 'human'.* no display here: DISPLAY is not set"):
        make("xarm_reach", render_mode="human")
    env = make("xarm_reach")
    assert env.unwrapped.metadata["render_modes"] == ["rgb_array"]
    env.close()


@pytest.mark.skipif(not has_display(), reason="there is no display")
def test_a_window_opens_and_opens_again_for_another_seed() -> None:
    env = make("xarm_reach", render_mode="human")
    for seed in (0, 1):
        env.reset(seed=seed)
        env.step(np.zeros(6, np.float32))
    assert env.unwrapped.metadata["render_modes"] == ["rgb_array", "human"]
    env.close()


def test_in_a_window_time_passes_as_on_a_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the window itself: 10 steps of 20 Hz take half a second."""
    pytest.importorskip("pybullet")
    monkeypatch.setattr(PyBulletSettings, "windowed", lambda self: self)
    env = make("xarm_reach", render_mode="human")
    env.reset(seed=0)
    begun = time.monotonic()
    for _ in range(10):
        env.step(np.zeros(6, np.float32))
    assert time.monotonic() - begun >= 0.49 and env.render() is None  # the clock of its pace began with the reset
    env.close()


def test_another_robot_of_its_own_file(tmp_path: Path) -> None:
    slower = (
        (ROOT / "config/robots/xarm6.yaml")
        .read_text()
        .replace("name: xarm6", "name: slow")
        .replace("velocity: 3.14", "velocity: 1.5")
    )
    (tmp_path / "slow.yaml").write_text(slower)
    env = make("xarm_reach", robot=str(tmp_path / "slow.yaml"))
    layout, space = env.unwrapped.layout, env.observation_space
    assert layout.name == "slow" and env.unwrapped.settings.robot_name == str(tmp_path / "slow.yaml")
    np.testing.assert_allclose(space.high[layout.slices["joint_velocity"]], 4.0 * 1.5)
    env.close()


def test_success_is_told_at_each_step() -> None:
    env = make("mock_point", settings={"control.delay": 0})
    observation, info = env.reset(seed=0)
    told, near = [], []
    for _ in range(100):
        observation, *_, info = env.step(np.clip(-observation[:2], -1.0, 1.0))
        told.append(info["is_success"])
        near.append(bool(np.linalg.norm(observation[:2]) <= 0.1))
    assert told == near and {*told} == {False, True} and type(told[0]) is bool
    env.close()


def test_what_is_not_finite_is_named_with_step_and_episode(monkeypatch: pytest.MonkeyPatch) -> None:
    env = make("mock_point")
    env.reset(seed=0)
    env.reset()
    env.step(np.zeros(2))
    monkeypatch.setattr(MockPoint, "reward", lambda *_: np.nan)
    with pytest.raises(SimulationError, match="'mock_point' gave reward nan, .* in step 2 of episode 1"):
        env.step(np.zeros(2))
    bad = Measurement(joint_position=np.array([0.0, np.nan]), joint_velocity=np.zeros(2), joint_effort=np.zeros(2))
    monkeypatch.setattr(MockBackend, "step", lambda *_: bad)
    with pytest.raises(ConfigError, match="'joint_position' is not finite: nan at 1, in step 3 of episode 1"):
        env.step(np.zeros(2))
    env.close()


def test_an_episode_that_cannot_begin_says_why(monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_: Any) -> Measurement:
        raise BackendError("the simulator is gone")

    env = make("mock_point")
    env.reset(seed=0)
    monkeypatch.setattr(MockBackend, "begin", fails)
    with pytest.raises(SimulationError, match="no episode of 'mock_point' can begin: .*the simulator is gone"):
        env.reset()
    env.close()


def test_settings_that_are_none_are_refused() -> None:
    from ros_rl.gym.robot_env import RobotEnv

    with pytest.raises(ConfigError, match=r"settings are 3, expected a mapping such as \{'control.delay': 0\}"):
        RobotEnv("mock_point", settings=3)  # type: ignore[arg-type]
    with pytest.raises(ConfigError, match=r"task is 'fast', expected a mapping of its settings"):
        RobotEnv("mock_point", task="fast")  # type: ignore[arg-type]
