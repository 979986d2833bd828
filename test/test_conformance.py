# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""What every robot and every task keeps, whichever they are; a new one is covered the day it is registered."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from typing import Any, ClassVar

import numpy as np
import pytest

from ros_rl.backends import make_backend
from ros_rl.conformance import CHECKS, REMARKS, Check, Trial
from ros_rl.robot import POSITION, Robot, load_robot, robot_names
from ros_rl.runtime.making import make_driver_loop
from ros_rl.runtime.transition_builder import TransitionBuilder
from ros_rl.safety import CommandFilter
from ros_rl.settings.loading import load_settings, with_overrides
from ros_rl.settings.registry import ALL_TASKS, register_task
from ros_rl.settings.tree import Settings
from ros_rl.tasks import OWN_TASKS, TASKS
from ros_rl.tasks.bring_up import BringUp
from ros_rl.types import Command, Verdict

_OWN_SIMULATORS = {"mock": "mock", "sphero": "rolling"}
"""Of robots without a URDF."""
EPISODE = 2.5  # s


def simulators(names: Iterable[str]) -> list[tuple[str, str]]:
    """Each task with each simulator that its robot can be in."""
    robots = {name: load_settings(name).robot_name for name in names}
    return [(name, driver) for name in sorted(names) for driver in _drivers(robots[name])]


def _drivers(robot: str) -> tuple[str, ...]:
    if robot in _OWN_SIMULATORS:
        return (_OWN_SIMULATORS[robot],)
    return tuple(name for name in ("pybullet", "mujoco") if find_spec(name) is not None)


tasks = pytest.mark.parametrize(("task", "driver"), simulators(TASKS))
robots = pytest.mark.parametrize("robot", [load_robot(name) for name in robot_names()], ids=lambda robot: robot.name)


def settings_of(task: str, driver: str) -> Settings:
    return with_overrides(load_settings(task), driver={"backend": {"name": driver}})


@cache
def trial_of(task: str, driver: str) -> Trial:
    return Trial(settings_of(task, driver))


@tasks
@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
def test_a_task_keeps_what_all_must(task: str, driver: str, check: Check) -> None:
    if check.__name__ == "torch_agrees":
        pytest.importorskip("torch")
    assert list(check(trial_of(task, driver))) == []


MEANT = dict.fromkeys(("ur5_push", "xarm_push", "so101_push"), "field 'goal_position' does not change in elements 2")
"""Remarks that are right and meant: goals on a table are all of one height."""


@pytest.mark.parametrize(("task", "driver"), simulators(OWN_TASKS))
@pytest.mark.parametrize("check", REMARKS, ids=lambda check: check.__name__)
def test_nothing_is_to_be_remarked_of_our_own(task: str, driver: str, check: Check) -> None:
    assert [line for line in check(trial_of(task, driver)) if line != MEANT.get(task)] == []


@tasks
def test_the_layout_is_state_goal_actions_without_gaps(task: str, driver: str) -> None:
    spec = trial_of(task, driver).spec
    kinds = [item.kind for item in spec.fields]
    assert kinds == sorted(kinds, key=["state", "goal", "action"].index)
    edges = [spec.slices[item.name] for item in spec.fields]
    assert [part.start for part in edges] == [0, *(part.stop for part in edges[:-1])]
    assert edges[-1].stop == spec.size == len(spec.scale)
    assert spec.size == spec.state_size + spec.goal_size + (1 + spec.delay) * spec.map.shown_size
    assert all(item.unit and item.scale > 0 for item in spec.fields)


@tasks
def test_the_time_limit_truncates(task: str, driver: str):
    settings = with_overrides(settings_of(task, driver), task={"episode_seconds": EPISODE})
    robot = settings.load_robot()
    spec = settings.observation_spec(robot)
    backend = make_backend(settings)
    driver = make_driver_loop(settings, robot, backend, auto_recover=True)
    builder = TransitionBuilder(spec, settings.task, settings.control.period)
    tick = driver.start()
    verdict, transition = builder.add(tick)
    while verdict is Verdict.CONTINUE:
        driver.accept(Command(tick.stamp, spec.map.command(tick, np.zeros(len(spec.map.actions)))))
        tick = driver.advance(verdict)
        verdict, transition = builder.add(tick)
    assert verdict is Verdict.TRUNCATED
    assert transition is not None and transition.truncated and not transition.terminated
    assert tick.step == round(EPISODE / settings.control.period)
    backend.close()


@dataclass(frozen=True)
class AnyRobot(BringUp):
    """Whichever robot it is."""

    name: ClassVar[str] = "any_robot"
    observation: ClassVar[tuple[str, ...]] = ("joint_position", "joint_velocity")


@pytest.fixture
def any_robot() -> Iterator[None]:
    """A task that does not outlive its test."""
    register_task(AnyRobot)
    yield
    for table in (ALL_TASKS, TASKS):
        table.pop(AnyRobot.name, None)


def everything_else(robot: Robot) -> dict[str, Any]:
    """A world that differs from the model in all that it can for a robot."""
    world: dict[str, Any] = {"motor_strength": [0.7, 1.0], "joint_friction": [0.0, 0.02], "joint_damping": [0.0, 0.01]}
    world |= {"late": [0, 2], "dropped": [0.0, 0.2]}
    simulation = robot.simulation
    assert simulation is not None
    if robot.floating_base or simulation.tool_link is not None:
        world |= {"payload": [0.0, 0.2]}
    if robot.floating_base:
        world |= {"centre_shift": [0.02, 0.02, 0.02], "push": [0.1, 0.3], "push_every": [0.2, 0.4]}
        world |= {"terrain": {"kinds": ["rough", "slopes", "steps"]}}
    if POSITION in robot.interfaces:
        world |= {"stiffness": [0.8, 1.2], "damping": [0.8, 1.2]}
    if simulation.feet:
        world |= {"restitution": [0.0, 0.3], "foot_give": [0.005, 0.02]}
    return world


@pytest.mark.parametrize(
    ("robot", "driver"),
    [(name, driver) for name in robot_names() if load_robot(name).simulation for driver in _drivers(name)],
)
@pytest.mark.usefixtures("any_robot")
def test_every_robot_keeps_what_all_must_in_a_world_that_is_drawn(robot: str, driver: str) -> None:
    settings = load_settings("any_robot", overrides=[{"robot": robot, "driver": {"backend": {"name": driver}}}])
    drawn = with_overrides(settings, driver={"backend": {"world": everything_else(load_robot(robot))}})
    trial = Trial(drawn)
    assert [line for check in CHECKS for line in check(trial)] == []
    assert not np.array_equal(trial.observations, Trial(settings).observations)


@robots
def test_the_action_map_has_an_exact_inverse(robot: Robot):
    rng = np.random.default_rng(0)
    actions = rng.uniform(-1.0, 1.0, (100, robot.action_size))
    np.testing.assert_allclose(robot.action(robot.command(actions)), actions, rtol=0.0, atol=1e-14)
    commands = robot.command(rng.uniform(-3.0, 3.0, (100, robot.action_size)))
    np.testing.assert_allclose(robot.command(robot.action(commands)), commands, rtol=1e-15, atol=1e-14)
    np.testing.assert_array_equal(robot.command(np.zeros(robot.action_size)), robot.neutral_command)


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
