# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""The closed loop in one process: what acts when, how episodes end, and that a seed brings the same world again."""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pytest
import yaml
from graphs import constant_graph
from robots import ROVER, rover_file

from ros_rl.backends.mock import MockBackend
from ros_rl.errors import CommandError, ConfigError, RosRlError, SimulationError
from ros_rl.resources import share_path
from ros_rl.runtime.robot_world import RobotWorld, Step
from ros_rl.settings.backends import BackendSettings
from ros_rl.settings.loading import load_settings
from ros_rl.settings.registry import BACKEND_SETTINGS
from ros_rl.settings.tree import Settings
from ros_rl.tasks.mock_point import MockPoint
from ros_rl.types import Array, SafetyState, Verdict

HOLD = np.zeros(2)


def world_of(seed: int = 0, auto_recover: bool = False, **overrides: Any) -> RobotWorld:
    return RobotWorld(load_settings("mock_point", overrides=[overrides]), seed, auto_recover)


def position(step: Step) -> np.ndarray:
    return step.tick.measurement["joint_position"]


def shifted(world: RobotWorld, speed: float, steps: int) -> list[Step]:
    """An episode under a constant speed of both axes, in units of action."""
    return [world.begin_episode(), *(world.step(world.command(np.full(2, speed))) for _ in range(steps))]


def test_a_decision_acts_one_delay_later_and_its_reward_is_that_of_what_acted() -> None:
    """By hand: v' = 4 (1.5 u - v), x' = v; the first period stands still, the second moves."""
    first, waiting, moving = shifted(world_of(), 0.4, 2)
    assert first.transition is None and first.reward == 0.0 and first.tick.step == 0
    np.testing.assert_allclose(position(waiting), position(first))
    period, target = 0.05, 0.6
    moved = period * target - target * (1.0 - np.exp(-4.0 * period)) / 4.0
    np.testing.assert_allclose(position(moving), position(first) + moved)
    assert waiting.reward == pytest.approx(-(position(first) ** 2).sum())
    assert moving.reward == pytest.approx(-(position(moving) ** 2).sum() - 0.01 * 2 * 0.4**2)
    np.testing.assert_allclose(moving.transition.action, [0.4, 0.4])


def test_the_task_ends_an_episode_and_the_next_one_begins_elsewhere() -> None:
    world = world_of()
    *_, last = world.episode(lambda tick: world.command(np.ones(2)))
    assert last.verdict is Verdict.TERMINATED and last.ended and last.transition.terminated
    assert (position(last) ** 2).sum() > 2.0**2
    again = world.begin_episode()
    assert again.tick.episode == 1 and not again.ended
    assert np.abs(position(again)).max() <= 1.0


def test_a_time_limit_of_its_own_replaces_the_tasks() -> None:
    world = world_of(**{"task.episode_seconds": 1.0})
    counts = [len(list(world.episode(lambda tick: world.command(HOLD))))]
    world.restart(0, episode_seconds=0.5)
    counts.append(len(list(world.episode(lambda tick: world.command(HOLD)))))
    assert counts == [21, 11]


@pytest.fixture
def narrow(tmp_path) -> str:
    """A robot whose guard trips 1.3 rad from zero, before the task ends."""
    data = yaml.safe_load(share_path("config", "robots", "mock.yaml").read_text())
    data["safety"]["joint_margin"] = 0.1
    for joint in data["joints"].values():
        joint |= {"lower": -1.2, "upper": 1.2}
    (tmp_path / "mock.yaml").write_text(yaml.safe_dump(data))
    return str(tmp_path / "mock.yaml")


def test_a_guard_ends_the_episode_without_a_transition_until_the_next_one(narrow) -> None:
    world = world_of(robot=narrow)
    *_, last = world.episode(lambda tick: world.command(np.array([1.0, 0.0])))
    assert last.tick.safety is SafetyState.FAULT and last.ended
    assert last.transition is None and "axis_1_joint" in world.fault
    assert world.begin_episode().tick.safety is SafetyState.RUNNING and world.fault == ""


def test_recovering_by_itself_goes_on_with_another_episode(narrow) -> None:
    world = world_of(auto_recover=True, robot=narrow)
    step = world.begin_episode()
    while step.tick.episode == 0:
        step = world.step(world.command(np.array([1.0, 0.0])))
        assert not step.ended
    assert step.tick.step == 0 and step.transition is None and world.fault == ""


def test_a_seed_brings_the_same_world_again_whatever_came_before() -> None:
    world = world_of(seed=3)
    first = [position(step) for step in shifted(world, 0.1, 5)]
    world.begin_episode()
    world.restart(4)
    other = [position(step) for step in shifted(world, 0.1, 5)]
    world.restart(3)
    again = [position(step) for step in shifted(world, 0.1, 5)]
    np.testing.assert_array_equal(first, again)
    np.testing.assert_array_equal(first, [position(step) for step in shifted(world_of(seed=3), 0.1, 5)])
    assert np.abs(np.array(first) - other).max() > 1e-3


def drawing_point() -> Settings:
    """The point, whose task draws something anew at every tick, as `track` draws commands."""

    @dataclass(frozen=True)
    class DrawingPoint(MockPoint):
        def draw_inputs(self, rng: np.random.Generator) -> dict[str, Array]:
            return {"velocity_command": rng.uniform(-1.0, 1.0, 3)}

        def change_inputs(self, inputs: Any, step: int, period: float, rng: np.random.Generator) -> dict[str, Array]:
            return self.draw_inputs(rng)

    return replace(load_settings("mock_point"), task=DrawingPoint())


@pytest.mark.parametrize("settings", [drawing_point(), load_settings("mock_point")])
def test_an_episode_is_the_same_however_long_the_one_before_was(settings) -> None:
    """Where it starts, what it asks for, and what it goes on to ask for."""

    def second(steps: int, speed: float) -> list[np.ndarray]:
        world = RobotWorld(settings, 3)
        shifted(world, speed, steps)
        return [np.concatenate([position(step), *step.tick.inputs.values()]) for step in shifted(world, 0.0, 4)]

    np.testing.assert_array_equal(second(2, 0.1), second(9, -0.2))


def test_a_control_graph_closes_the_loop() -> None:
    world = world_of()
    control = world.control_loop(explore=0.0)
    control.use(constant_graph(load_settings("mock_point"), [0.3, -0.2]))
    steps = list(world.episode(lambda tick: control.step(tick).command))
    for step in steps[2:]:
        np.testing.assert_allclose(step.transition.next_observation[world.spec.slices["last_action"]], [0.3, -0.2])


def test_a_command_that_is_not_finite_lets_no_time_pass() -> None:
    world = world_of()
    before = world.begin_episode()
    with pytest.raises(CommandError, match="not finite"):
        world.step(world.command(np.array([np.nan, 0.0])))
    after = world.step(world.command(HOLD))
    assert after.tick.index == before.tick.index + 1 and after.transition is not None


def test_truth_that_nobody_knows_is_refused(monkeypatch) -> None:
    world = world_of()
    world.begin_episode()
    assert world.truth().saturated == 0.0 and world.render(8, 8) is None
    monkeypatch.setattr(MockBackend, "truth", lambda self: None)
    with pytest.raises(RosRlError, match="MockBackend knows no truth"):
        world.truth()


def test_a_robot_that_is_no_simulator_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """It would be reset at will and moved as fast as the program goes; evaluations and analyses ask for worlds."""
    monkeypatch.setitem(BACKEND_SETTINGS, "real", type("Real", (BackendSettings,), {}))
    settings = load_settings("mock_point", overrides=["driver.backend.name=real", "driver.mode=real_time"])
    with pytest.raises(ConfigError, match="driver.backend 'real' is no simulator: only a driver node moves it"):
        RobotWorld(settings, 0)


def test_coupled_joints_are_commanded_and_filtered_by_joint_and_learned_from_by_action(tmp_path) -> None:
    """Forward 1 and turn 1 make 4 - 5 rad/s on the left and 4 + 5 rad/s on the right."""
    world = world_of(robot=rover_file(tmp_path))
    first, _, moved = [world.begin_episode(), *(world.step(world.command(np.array([1.0, 1.0]))) for _ in range(2))]
    np.testing.assert_allclose(moved.tick.previous_command, [-1.0, -1.0, 9.0, 9.0], atol=1e-12)
    assert first.tick.pending_commands.shape == (1, 4)
    np.testing.assert_allclose(moved.transition.action, [1.0, 1.0], atol=1e-12)
    seen = world.spec.split(world.spec.observe(moved.tick))
    np.testing.assert_allclose(seen["last_action"], [1.0, 1.0], atol=1e-12)
    np.testing.assert_allclose(seen["pending_actions"], [1.0, 1.0], atol=1e-12)
    with pytest.raises(CommandError, match=r"shape \(2,\), rover expects \(4,\)"):
        world.step(replace(world.command(np.zeros(2)), value=np.zeros(2)))


def test_what_the_filter_left_of_an_action_is_what_is_recorded(tmp_path) -> None:
    """Velocities may change by 3 rad/s in a period; the left wheels want -1, the right ones 9 and get 3."""
    slow = {name: joint | {"step": 3.0} for name, joint in ROVER["joints"].items()}
    world = world_of(robot=rover_file(tmp_path, joints=slow))
    world.begin_episode()
    steps = [world.step(world.command(np.array([1.0, 1.0]))) for _ in range(2)]
    np.testing.assert_allclose(steps[1].tick.previous_command, [-1.0, -1.0, 3.0, 3.0], atol=1e-12)
    np.testing.assert_allclose(world.robot.action(steps[1].tick.previous_command), [0.25, 0.4], atol=1e-12)
    np.testing.assert_allclose(steps[0].transition.action, [0.25, 0.4], atol=1e-12)


def test_a_task_that_ends_all_at_once_ends_the_training_with_its_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(MockPoint, "terminated", lambda self, after: np.array(True))
    world = world_of()
    for _ in range(19):
        assert world.begin_episode().ended
    with pytest.raises(SimulationError, match="ended the last 20 episodes in the state in which they began"):
        world.begin_episode()


def test_without_resets_an_a1_goes_on_from_where_it_fell():
    pytest.importorskip("pybullet")
    world = RobotWorld(load_settings("a1_get_up", overrides=["driver.resets=never"]), 0, auto_recover=True)
    try:
        world.restart(0, episode_seconds=0.5)
        step, places, episodes = world.begin_episode(), [], set()
        for index in range(60):
            action = 0.5 * np.sin(0.4 * index + np.arange(12.0))  # more, and legs that hit each other trip a guard
            step = world.begin_episode() if step.ended else world.step(world.command(action))
            places.append(world.truth().base_position)
            episodes.add(step.tick.episode)
        assert len(episodes) == 6 and step.tick.env_steps == 60, "a change of episodes takes its period, and no more"
        assert np.abs(np.diff(places, axis=0)).max() < 0.25, "it is put nowhere"
        assert not world.fault
    finally:
        world.close()
