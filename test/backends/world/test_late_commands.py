# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Commands that come late or never: what acts, what is said of it, and what is learned from."""

from collections.abc import Iterator

import numpy as np
import pytest
import torch
from learners import mock_step

from ros_rl.agents.common.experience import ExperienceReader
from ros_rl.backends import make_backend
from ros_rl.backends.simulated_robot import SimulatedRobot
from ros_rl.backends.world.late_commands import LateCommands
from ros_rl.features import ObservationSpec
from ros_rl.replay.buffer import ReplayBuffer
from ros_rl.runtime.making import make_driver_loop
from ros_rl.runtime.transition_builder import TransitionBuilder
from ros_rl.settings.loading import load_settings
from ros_rl.settings.tree import Settings
from ros_rl.settings.world import WorldSettings
from ros_rl.types import Array, Command, Tick, Transition


def way(seed: int = 0, **settings: object) -> LateCommands:
    late = LateCommands(WorldSettings(**settings))  # type: ignore[arg-type]
    late.begin(np.random.default_rng(seed))
    return late


def acted(late: LateCommands, count: int) -> list[int]:
    """Which of the commands 0, 1, ... acted in each period; -1 for the one before them."""
    found, last = [], np.array([-1.0])
    for number in range(count):
        last = late.acting(np.array([float(number)]), last)
        found.append(int(last[0]))
    return found


def test_a_command_comes_as_many_periods_late_as_set() -> None:
    assert acted(way(), 4) == [0, 1, 2, 3]
    assert acted(way(late=(2, 2)), 5) == [-1, -1, 0, 1, 2]


def test_jitter_never_goes_back_and_stays_in_its_range() -> None:
    found = np.array(acted(way(late=(0, 2)), 3000))
    late = np.arange(3000) - found
    assert (np.diff(found) >= 0).all() and late.min() == 0 and late.max() == 2
    # none late: its own draw; two late: neither it nor the one before it came in time
    np.testing.assert_allclose([np.mean(late == n) for n in range(3)], [1 / 3, 2 / 3 * 2 / 3, 2 / 9], atol=0.03)


def test_dropped_commands_leave_the_last_one() -> None:
    found = np.array(acted(way(dropped=(0.3, 0.3)), 5000))
    came = found == np.arange(5000)
    assert came.mean() == pytest.approx(0.7, abs=0.02)
    assert (found[1:][~came[1:]] == found[:-1][~came[1:]]).all()


def settings_of(driver: str, **world: object) -> Settings:
    pytest.importorskip(driver)
    backend = {"name": driver, "world": world, "noise": {"joint_position": 0.0, "joint_velocity": 0.0}}
    return load_settings("go2_walk", overrides=[{"driver": {"backend": backend}}])


drivers = pytest.mark.parametrize("driver", ["pybullet", "mujoco"])


@drivers
def test_a_step_response_is_late_by_whole_periods(driver: str) -> None:
    def run(late: int, commands: list[Array]) -> Array:
        backend = make_backend(settings_of(driver, late=[late, late]))
        backend.reset(np.random.default_rng(0))  # type: ignore[attr-defined]
        found = []
        for command in commands:
            backend.write(command, 0.0)
            found.append(backend.read().measurement["joint_position"])
        backend.close()
        return np.array(found)

    robot = settings_of(driver).load_robot()
    home, there = robot.neutral_command, robot.neutral_command + 0.1
    late, by_hand = run(2, [there] * 8), run(0, [home] * 2 + [there] * 6)
    np.testing.assert_array_equal(late, by_hand)
    assert not np.allclose(run(0, [there] * 8)[1], late[1], atol=0.01)


@drivers
def test_what_is_recorded_is_what_the_joints_were_told(driver: str) -> None:
    settings = settings_of(driver, late=[0, 2], dropped=[0.1, 0.1])
    robot, backend, told = settings.load_robot(), make_backend(settings), list[Array]()
    assert isinstance(backend, SimulatedRobot)
    step = backend.step

    def spied(previous: Array, command: Array) -> object:
        told.append(command.copy())
        return step(previous, command)

    backend.step = spied  # type: ignore[method-assign, assignment]
    loop = make_driver_loop(settings, robot, backend)
    spec = ObservationSpec(robot, settings.task.observation, settings.control.delay)
    builder = TransitionBuilder(spec, settings.task, settings.control.period)
    rng, tick = np.random.default_rng(0), loop.start()
    builder.add(tick)
    ticks, learned, decided = list[Tick](), list[Transition](), list[Array]()
    for _ in range(60):
        decided.append(robot.command(rng.uniform(-0.2, 0.2, robot.action_size)))
        loop.accept(Command(tick.stamp, decided[-1]))
        tick = loop.advance()
        ticks.append(tick)
        _, transition = builder.add(tick)
        assert transition is not None
        learned.append(transition)
    backend.close()
    np.testing.assert_array_equal([tick.previous_command for tick in ticks], told)
    own = np.array([spec.split(one.next_observation)["last_action"] for one in learned])
    np.testing.assert_allclose(own, [robot.action(command) for command in told], atol=1e-12)
    np.testing.assert_allclose([one.action for one in learned], [robot.action(one) for one in decided], atol=1e-12)
    straight = np.array([robot.action(robot.neutral_command), *(robot.action(one) for one in decided[:-1])])
    assert 0.2 < np.mean(np.any(np.abs(own - straight) > 1e-9, axis=1)) < 0.9  # late or lost


@drivers
def test_nothing_is_on_the_way_after_a_stop(driver: str) -> None:
    backend = make_backend(settings_of(driver, late=[2, 2]))
    backend.reset(np.random.default_rng(0))  # type: ignore[attr-defined]
    home = settings_of(driver).load_robot().neutral_command
    backend.write(home + 0.1, 0.0)
    backend.read()
    backend.safe()
    backend.read()
    backend.write(home, 0.0)
    readings = [backend.read() for _ in range(3)]
    backend.close()
    np.testing.assert_array_equal([reading.applied for reading in readings], [home] * 3)


class Scripted:
    """Draws that are known: by how many periods each command is late, and whether it is lost."""

    def __init__(self, fates: Iterator[tuple[int, bool]]) -> None:
        self._fates, self._lost = fates, False

    def integers(self, low: int, high: int, endpoint: bool) -> int:
        late, self._lost = next(self._fates)
        return late

    def random(self) -> float:
        return 0.0 if self._lost else 1.0


def test_agents_learn_from_what_acted_of_late_and_lost_commands() -> None:
    """Commands and motion by hand, of a robot whose motion is known: v' = 4 (c - v)."""
    settings = load_settings("mock_point", overrides=[{"driver": {"backend": {"name": "mock"}}}])
    robot, backend = settings.load_robot(), make_backend(settings)
    fates = [(0, False), (2, False), (1, False), (0, True), (0, False), (2, False), (2, False), (1, True), (2, False)]
    way = LateCommands(WorldSettings(late=(0, 2)))
    way._rng, way._lost = Scripted(iter(fates)), 0.5  # type: ignore[assignment]
    backend.arriving = way.acting  # type: ignore[attr-defined]
    loop, spec = make_driver_loop(settings, robot, backend), settings.observation_spec()
    builder = TransitionBuilder(spec, settings.task, settings.control.period)
    read = ExperienceReader(spec, torch.device("cpu"))
    replay, tick = ReplayBuffer(100, spec.size, spec.action_size), loop.start()
    builder.add(tick)
    decided = np.random.default_rng(0).uniform(-0.5, 0.5, (len(fates), robot.action_size))
    stored = list[Transition]()
    for action in decided:
        loop.accept(Command(tick.stamp, robot.command(action)))
        tick = loop.advance()
        stored.append(builder.add(tick)[1])  # type: ignore[arg-type]
        replay.add(stored[-1])
    backend.close()
    # sent in period k is what was decided at k - 1: 0 acts until 1 and 2 come together, 3 and 7 never come
    sent = np.array([np.zeros(2), *decided[:-1]])
    acted = sent[[0, 0, 0, 2, 4, 4, 4, 5, 6]]
    np.testing.assert_allclose([one.action for one in stored], decided, atol=1e-9)
    e = read(replay.newest(len(fates)))
    np.testing.assert_allclose(e.action, acted, atol=1e-6)
    np.testing.assert_allclose(e.last_action, [np.zeros(2), *acted[:-1]], atol=1e-6)
    moved = mock_step(e.state.double(), torch.tensor(acted), settings.control.period)
    np.testing.assert_allclose(e.next_state, moved, atol=1e-5)
    earned = -(moved[:, :2] ** 2).sum(1) - 0.01 * (acted**2).sum(1)
    np.testing.assert_allclose(e.reward, earned, atol=1e-5)
