# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""What every robot and every task keeps, whichever they are; a new one is covered the day it is registered."""

from dataclasses import dataclass, fields
from functools import cache

import numpy as np
import pytest

from ros_rl.backends import make_backend
from ros_rl.features import ObservationSpec
from ros_rl.robot import Robot, load_robot, robot_names
from ros_rl.runtime.driver_loop import make_driver_loop
from ros_rl.runtime.transition_builder import TransitionBuilder
from ros_rl.safety import CommandFilter
from ros_rl.settings.loading import load_settings, with_overrides
from ros_rl.settings.tree import Settings
from ros_rl.tasks import TASKS
from ros_rl.types import Command, Tick, Transition, Verdict

EPISODES, STEPS = 2, 15
tasks = pytest.mark.parametrize("task", sorted(TASKS))
robots = pytest.mark.parametrize("robot", [load_robot(name) for name in robot_names()], ids=lambda robot: robot.name)


def settings_of(task: str) -> Settings:
    settings = load_settings(task)
    return with_overrides(settings, driver={"backend": {"name": "mock"}}) if settings.robot_name == "mock" else settings


@dataclass
class Run:
    """A few random episodes."""

    spec: ObservationSpec
    observations: np.ndarray
    """Shape (episodes, steps + 1, size)."""
    transitions: list[Transition]

    def batch(self, name: str) -> np.ndarray:
        return np.array([getattr(transition, name) for transition in self.transitions])


def roll_out(task: str, seed: int, vandal: bool = False) -> Run:
    """Random episodes; a vandal overwrites every array that it was given, once it has read it."""
    settings = settings_of(task)
    robot = settings.load_robot()
    spec = ObservationSpec(robot, settings.task.observation, settings.control.delay)
    backend = make_backend(settings, seed)
    driver = make_driver_loop(settings, robot, backend, seed, auto_recover=True)
    builder = TransitionBuilder(spec, settings.task, settings.control.period)
    rng = np.random.default_rng(seed)
    observations, transitions = [], []
    for _ in range(EPISODES):
        tick = driver.start()
        seen = [spec.observe(tick)]
        builder.add(tick)
        while tick.step < STEPS:
            value = robot.command(rng.uniform(-1.0, 1.0, robot.size))
            driver.accept(Command(tick.stamp, value))
            if vandal:
                value[:] = np.nan
                destroy(tick)
            tick = driver.advance()
            seen.append(spec.observe(tick))
            _, transition = builder.add(tick)
            if transition is not None and not vandal:
                transitions.append(transition)
        observations.append(np.array(seen))
    backend.close()
    return Run(spec, np.array(observations), transitions)


def destroy(tick: Tick) -> None:
    own = {item.name: getattr(tick, item.name) for item in fields(tick)}
    for name, value in {**own, **tick.measurement, **tick.inputs}.items():
        # a driver may still need the newest joint positions, to stop at limits
        if isinstance(value, np.ndarray) and name not in ("joint_position", "pending_commands"):
            value[:] = 1e6


@cache
def run_of(task: str) -> Run:
    return roll_out(task, seed=0)


@tasks
def test_the_layout_is_state_goal_actions_without_gaps(task):
    spec = run_of(task).spec
    kinds = [item.kind for item in spec.fields]
    assert kinds == sorted(kinds, key=["state", "goal", "action"].index)
    edges = [spec.slices[item.name] for item in spec.fields]
    assert [part.start for part in edges] == [0, *(part.stop for part in edges[:-1])]
    assert edges[-1].stop == spec.size == len(spec.scale)
    assert spec.size == spec.state_size + spec.goal_size + (1 + spec.delay) * spec.action_size
    assert all(item.unit and item.scale > 0 for item in spec.fields)


@tasks
def test_observations_are_finite_and_have_their_size(task):
    run = run_of(task)
    assert run.observations.shape == (EPISODES, STEPS + 1, run.spec.size)
    assert np.isfinite(run.observations).all()
    assert len(run.transitions) == EPISODES * STEPS


@tasks
def test_scaled_observations_are_of_order_one(task):
    run = run_of(task)
    assert np.abs(run.observations * run.spec.scale).max() < 10.0


@tasks
def test_the_same_seed_gives_the_same_run(task):
    again, other = roll_out(task, seed=0), roll_out(task, seed=1)
    assert np.array_equal(run_of(task).observations, again.observations)
    assert np.array_equal(run_of(task).batch("reward"), again.batch("reward"))
    assert not np.array_equal(run_of(task).observations, other.observations)


@tasks
def test_nothing_shares_memory_with_the_driver(task):
    assert np.array_equal(run_of(task).observations, roll_out(task, seed=0, vandal=True).observations)


@tasks
def test_no_element_of_the_observation_is_constant(task):
    run = run_of(task)
    flat = run.observations.reshape(-1, run.spec.size)
    still = [name for name, part in run.spec.slices.items() if (flat[:, part].std(axis=0) == 0.0).any()]
    assert not still


@tasks
def test_the_reset_is_randomised(task):
    first = run_of(task).observations[:, 0]
    spec = run_of(task).spec
    assert (first[0] != first[1])[spec.state].any()
    assert (first[0] != first[1])[spec.goal].all()


@tasks
def test_the_goal_holds_for_an_episode(task):
    run = run_of(task)
    assert (run.observations[:, :, run.spec.goal] == run.observations[:, :1, run.spec.goal]).all()


def judge(task: str, observation, following, action):
    run, settings = run_of(task), settings_of(task)
    before, after = run.spec.split(observation), run.spec.split(following)
    reward = settings.task.reward(before, before["last_action"], action, after)
    return reward, settings.task.terminated(after)


@tasks
def test_rewards_and_terminations_are_batched_alike_in_numpy_and_torch(task):
    torch = pytest.importorskip("torch")
    run = run_of(task)
    observation, following = run.batch("observation"), run.batch("next_observation")
    action = run.spec.split(following)["last_action"]
    reward, ended = judge(task, observation, following, action)
    assert reward.shape == ended.shape == (len(run.transitions),)
    assert ended.dtype == bool
    np.testing.assert_allclose(reward, run.batch("reward"), atol=1e-12)
    assert np.array_equal(ended, run.batch("terminated"))
    single = [judge(task, *row)[0] for row in zip(observation, following, action, strict=True)]
    np.testing.assert_allclose(single, reward, atol=1e-12)
    # leading dimensions of any number, as a planner has them
    tensors = [torch.as_tensor(array).reshape(EPISODES, STEPS, -1) for array in (observation, following, action)]
    torch_reward, torch_ended = judge(task, *tensors)
    assert torch_reward.shape == torch_ended.shape == (EPISODES, STEPS)
    assert torch_ended.dtype == torch.bool
    np.testing.assert_allclose(torch_reward.numpy().reshape(-1), reward, atol=1e-9)
    assert np.array_equal(torch_ended.numpy().reshape(-1), ended)


@tasks
def test_success_is_batched_like_a_termination_or_unknown(task):
    torch = pytest.importorskip("torch")
    run, judges = run_of(task), settings_of(task).task
    following = run.batch("next_observation")
    found = judges.succeeded(run.spec.split(following))
    tensors = judges.succeeded(run.spec.split(torch.as_tensor(following).reshape(EPISODES, STEPS, -1)))
    if found is None:
        assert tensors is None
        return
    assert found.dtype == bool and tensors.dtype == torch.bool and tensors.shape == (EPISODES, STEPS)
    assert np.array_equal(tensors.numpy().reshape(-1), found)
    assert not (found & run.batch("terminated")).any()


@tasks
def test_the_start_is_not_terminal_and_the_time_limit_truncates(task):
    settings = with_overrides(settings_of(task), task={"episode_seconds": 0.5})
    robot = settings.load_robot()
    spec = ObservationSpec(robot, settings.task.observation, settings.control.delay)
    backend = make_backend(settings)
    driver = make_driver_loop(settings, robot, backend, auto_recover=True)
    builder = TransitionBuilder(spec, settings.task, settings.control.period)
    tick = driver.start()
    verdict, transition = builder.add(tick)
    while verdict is Verdict.CONTINUE:
        driver.accept(Command(tick.stamp, robot.neutral_command))
        tick = driver.advance(verdict)
        verdict, transition = builder.add(tick)
    assert verdict is Verdict.TRUNCATED
    assert transition is not None and transition.truncated and not transition.terminated
    assert tick.step == round(0.5 / settings.control.period)
    backend.close()


@tasks
def test_a_task_measures_what_it_says(task):
    names = [measure.name for measure in TASKS[task].measures]
    assert len(set(names)) == len(names)
    assert all(measure.unit and measure.summaries for measure in TASKS[task].measures)


@robots
def test_the_action_map_has_an_exact_inverse(robot: Robot):
    rng = np.random.default_rng(0)
    actions = rng.uniform(-1.0, 1.0, (100, robot.size))
    np.testing.assert_allclose(robot.action(robot.command(actions)), actions, rtol=0.0, atol=1e-14)
    commands = rng.uniform(-3.0, 3.0, (100, robot.size))
    np.testing.assert_allclose(robot.command(robot.action(commands)), commands, rtol=0.0, atol=1e-14)
    np.testing.assert_array_equal(robot.command(np.zeros(robot.size)), robot.neutral_command)


@robots
def test_every_action_is_within_the_limits_that_hold_at_rest(robot: Robot):
    limits = robot.limits
    for sign in (-1.0, 1.0):
        for joint, value in enumerate(robot.command(np.full(robot.size, sign))):
            interface = robot.interfaces[joint]
            if interface == "position":
                assert limits.lower[joint] <= value <= limits.upper[joint]
            else:
                assert abs(value) <= getattr(limits, interface)[joint]


@robots
def test_the_home_pose_passes_the_filter_unchanged(robot: Robot):
    filtered = CommandFilter(robot, 0.05)(robot.neutral_command, robot.home)
    np.testing.assert_array_equal(filtered.value, robot.neutral_command)
    assert filtered.limited == ()
