# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Transitions pair the right action, reward and observations; every tick is accounted for, whatever goes wrong."""

from dataclasses import replace

import numpy as np
import pytest

from ros_rl.backends.mock import MockBackend
from ros_rl.features import ObservationSpec
from ros_rl.robot import load_robot
from ros_rl.runtime.driver_loop import DriverLoop
from ros_rl.runtime.transition_builder import TransitionBuilder
from ros_rl.settings.loading import load_settings, with_overrides
from ros_rl.settings.simulators.mock import MockSettings
from ros_rl.types import Command, Measurement, SafetyState, Tick, Verdict


class World:
    """The mock robot with its driver and builder."""

    def __init__(
        self, delay: int = 1, seconds: float = 5.0, auto_recover: bool = True, seed: int = 0, ends: bool = True
    ) -> None:
        settings = load_settings("mock_point")
        settings = with_overrides(settings, control={"delay": delay}, task={"episode_seconds": seconds})
        self.robot, self.task = settings.load_robot(), settings.task
        self.spec = ObservationSpec(self.robot, self.task.observation, delay)
        backend = MockBackend(self.robot, MockSettings(), settings.control.period)
        self.driver = DriverLoop(self.robot, self.task, backend, 20.0, delay, seed, auto_recover=auto_recover)
        self.builder = TransitionBuilder(self.spec, self.task, settings.control.period, "here", ends)
        self.tick = self.driver.start()

    def step(self, action=None, verdict=Verdict.CONTINUE):
        if action is not None:
            self.driver.accept(Command(self.tick.stamp, self.robot.command(np.array(action))))
        self.tick = self.driver.advance(verdict)
        return self.builder.add(self.tick)


@pytest.mark.parametrize("delay", [0, 1, 2, 3])
def test_the_action_is_the_decision_and_the_reward_is_of_what_acted(delay):
    world = World(delay)
    rng = np.random.default_rng(0)
    ticks = [world.tick]
    world.builder.add(world.tick)
    decisions, transitions = [], []
    for _ in range(8):
        decisions.append(rng.uniform(-0.5, 0.5, 2))
        transitions.append(world.step(decisions[-1])[1])
        ticks.append(world.tick)
    acted = [np.zeros(2)] * delay + decisions  # u_k by k
    for k, transition in enumerate(transitions):
        state = ticks[k].measurement["joint_position"]
        following = ticks[k + 1].measurement["joint_position"]
        np.testing.assert_allclose(transition.observation[:2], state)
        np.testing.assert_allclose(transition.next_observation[:2], following)
        np.testing.assert_allclose(transition.action, decisions[k], atol=1e-12)
        before, after = world.spec.split(transition.observation), world.spec.split(transition.next_observation)
        np.testing.assert_allclose(before["last_action"], acted[k - 1] if k else np.zeros(2), atol=1e-12)
        np.testing.assert_allclose(after["last_action"], acted[k], atol=1e-12)
        if delay:
            pending = before["pending_actions"].reshape(delay, 2)
            np.testing.assert_allclose(pending, acted[k : k + delay], atol=1e-12)
        reward = -(following @ following) - 0.01 * (acted[k] @ acted[k])
        assert transition.reward == pytest.approx(reward)
        assert (transition.tick, transition.episode, transition.source) == (k, 0, "here")


def test_a_repeated_tick_counts_once_and_is_judged_alike():
    world = World()
    assert world.builder.add(world.tick) == world.builder.add(world.tick) == (Verdict.CONTINUE, None)
    verdict, transition = world.step([0.1, 0.1])
    assert transition is not None
    assert world.builder.add(world.tick) == (verdict, None)
    assert world.builder.counts.ticks == 2


def test_termination_is_no_truncation():
    world = World(delay=0)
    world.builder.add(world.tick)
    for _ in range(200):
        verdict, transition = world.step([1.0, 1.0])
        if verdict is not Verdict.CONTINUE:
            break
    assert verdict is Verdict.TERMINATED
    assert transition.terminated and not transition.truncated


def test_a_state_that_is_terminal_when_time_is_up_is_terminal():
    world = World(delay=0)
    world.builder.add(world.tick)
    for _ in range(200):
        if world.step([1.0, 1.0])[0] is not Verdict.CONTINUE:
            break
    again = World(delay=0, seconds=world.tick.step * 0.05)
    again.builder.add(again.tick)
    for _ in range(world.tick.step):
        verdict, transition = again.step([1.0, 1.0])
    assert verdict is Verdict.TERMINATED and transition.terminated and not transition.truncated


def test_time_up_is_truncation():
    world = World(seconds=0.2)
    world.builder.add(world.tick)
    verdicts = [world.step([0.0, 0.0]) for _ in range(4)]
    assert [verdict for verdict, _ in verdicts] == [Verdict.CONTINUE] * 3 + [Verdict.TRUNCATED]
    assert verdicts[-1][1].truncated and not verdicts[-1][1].terminated


def test_a_person_who_drives_is_not_interrupted_by_the_task():
    world = World(seconds=0.2, ends=False)
    world.builder.add(world.tick)
    found = [world.step([1.0, 1.0]) for _ in range(60)]
    assert all(verdict is Verdict.CONTINUE and transition is not None for verdict, transition in found)
    ended = [transition.terminated for _, transition in found]
    assert ended[-1] and not ended[0] and not any(transition.truncated for _, transition in found)
    assert {transition.episode for _, transition in found} == {0}


def test_a_missed_command_breaks_one_step():
    world = World()
    world.builder.add(world.tick)
    assert world.step([0.1, 0.1])[1] is not None
    assert world.step(None)[1] is None
    assert world.step([0.1, 0.1])[1] is not None
    counts = world.builder.counts
    assert (counts.ticks, counts.starts, counts.transitions, counts.dropped) == (4, 1, 2, 1)


def test_a_lost_tick_breaks_the_chain():
    world = World()
    world.builder.add(world.tick)
    world.driver.accept(Command(world.tick.stamp, np.zeros(2)))
    world.tick = world.driver.advance()  # the builder never sees it
    assert world.step([0.1, 0.1])[1] is None
    assert world.builder.counts.dropped == 1


def test_nothing_is_learned_or_judged_in_a_fault():
    world = World(auto_recover=False)
    world.builder.add(world.tick)
    world.driver.trip("test")
    verdict, transition = world.step([0.1, 0.1])
    assert (verdict, transition) == (Verdict.CONTINUE, None)
    far = Measurement(world.tick.measurement, joint_position=np.array([5.0, 5.0]))
    fallen = replace(world.tick, measurement=far, stamp=world.tick.stamp + 1, index=world.tick.index + 1)
    assert fallen.safety is SafetyState.FAULT
    assert world.builder.add(fallen) == (Verdict.CONTINUE, None)


@pytest.mark.parametrize("seed", range(10))
def test_every_tick_is_accounted_for(seed):
    rng = np.random.default_rng(seed)
    world = World(delay=int(rng.integers(3)), seconds=1.0, auto_recover=bool(rng.integers(2)), seed=seed)
    verdict, seen, collected = world.builder.add(world.tick)[0], 1, 0
    for _ in range(200):
        event = rng.uniform()
        if event < 0.03:
            world.driver.trip("test")
        elif event < 0.1:
            world.driver.clear()
        action = rng.uniform(-1.0, 1.0, 2) if rng.uniform() < 0.9 else None
        verdict, transition = world.step(action, verdict)
        seen += 1
        collected += transition is not None
    counts = world.builder.counts
    assert counts.ticks == seen == counts.starts + counts.transitions + counts.dropped
    assert counts.transitions == collected
    assert counts.starts == world.tick.episode + 1


class Reading:
    """Judges, and remembers what it was given."""

    episode_seconds = 0.01

    def __init__(self):
        self.given = []

    def reward(self, before, last_action, action, after):
        self.given.append((before, last_action, action, after))
        return 7.0

    def terminated(self, after):
        return False

    def succeeded(self, after):
        return np.bool_(after["goal_position"][0] == 100.0)

    def metrics(self, fields):
        return {"height": float(fields["tool_position"][2])}


def test_a_step_is_judged_from_its_own_states_actions_and_goal():
    """The goal moves at every tick: a step is judged by the one that held while it acted."""
    robot = load_robot("xarm6")
    spec = ObservationSpec(robot, ("joint_position", "tool_position", "goal_position"), 1)
    task, commands = Reading(), [0.1 * k * np.ones(6) for k in range(6)]
    builder = TransitionBuilder(spec, task, 0.05)
    assert builder.metrics == {}

    def tick(k):
        measured = {name: np.zeros(6) for name in ("joint_velocity", "joint_effort")}
        measured |= {"joint_position": np.full(6, float(k)), "tool_position": np.array([0.0, 0.0, 10.0 + k])}
        goal = {"goal_position": np.full(3, 100.0 + k)}
        acting = (commands[k], commands[k + 1][None])
        return Tick(
            k * 50_000_000, k, 0, k, SafetyState.RUNNING, True, np.zeros(3), *acting, Measurement(measured), goal
        )

    assert builder.add(tick(0)) == (Verdict.CONTINUE, None)
    assert builder.add(tick(0)) == (Verdict.CONTINUE, None)  # the same again
    assert builder.metrics == {"height": 10.0} and builder.succeeded is True
    verdict, found = builder.add(tick(1))
    assert verdict is Verdict.TRUNCATED  # a limit below a period is one period
    assert builder.succeeded is True  # by the goal of tick 0
    assert builder.metrics == {"height": 11.0} and found.source == "" and found.reward == 7.0
    ((before, last, action, after),) = task.given
    np.testing.assert_allclose([before["joint_position"][0], after["joint_position"][0]], [0.0, 1.0])
    np.testing.assert_allclose([before["tool_position"][2], after["tool_position"][2]], [10.0, 11.0])
    np.testing.assert_allclose([before["goal_position"], after["goal_position"]], 100.0)
    np.testing.assert_allclose(last, robot.action(commands[0]))
    np.testing.assert_allclose(action, robot.action(commands[1]))
    np.testing.assert_allclose(found.action, robot.action(commands[2]))  # what was decided at tick 0
    np.testing.assert_allclose(spec.split(found.next_observation)["goal_position"], 101.0)
    builder.add(tick(2))
    assert builder.succeeded is False


def test_a_task_that_ends_every_episode_where_it_begins_is_told_and_an_unlucky_start_is_not(monkeypatch) -> None:
    world = World()
    for ended in (*[True] * 19, False, *[True] * 20):
        assert world.builder.problem == ""
        monkeypatch.setattr(type(world.task), "terminated", lambda self, after, ended=ended: np.array(ended))
        tick = world.driver.start()
        assert world.builder.add(tick)[0] is (Verdict.TERMINATED if ended else Verdict.CONTINUE)
        world.builder.add(tick)  # lock-step repeats ticks
    assert "task 'mock_point' ended the last 20 episodes in the state in which they began" in world.builder.problem
