# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Goals of a base that moves, on a robot that cannot be reset: episodes begin where it stands, goals stay."""

from dataclasses import dataclass, replace

import numpy as np
import pytest

from ros_rl.backends.backend import Backend, Reading
from ros_rl.features import ObservationSpec
from ros_rl.robot import load_robot
from ros_rl.rotations import from_rotation_vector
from ros_rl.runtime.driver_loop import DriverLoop
from ros_rl.runtime.latch import Latch
from ros_rl.tasks.mock_point import MockPoint
from ros_rl.types import Array, Command, Measurement, SafetyState, Tick, Verdict

MOCK = load_robot("mock")
ROVER = replace(MOCK, sensors=(*MOCK.sensors, "base_position", "base_orientation"))
NAMES = ("joint_position", "base_position", "heading", "goal_planar", "goal_heading")


@dataclass(frozen=True)
class GoThere(MockPoint):
    """Its goals are drawn in the odometry frame, too."""

    observation = NAMES

    def draw_inputs(self, rng: np.random.Generator) -> dict[str, Array]:
        return {"goal_planar": rng.uniform(-1.0, 1.0, 2), "goal_heading": rng.uniform(-3.0, 3.0, 1)}


class Rover(Backend):
    """Stands where the test puts it, its joints at home."""

    def __init__(self) -> None:
        self.place, self.yaw, self.count = np.array([10.0, 20.0]), 0.0, 0

    def read(self) -> Reading:
        still, self.count = np.zeros(2), self.count + 1
        pose = {
            "base_position": np.append(self.place, 0.1),
            "base_orientation": from_rotation_vector(np.array([0.0, 0.0, self.yaw])),
        }
        values = {"joint_position": MOCK.home.copy(), "joint_velocity": still, "joint_effort": still.copy()} | pose
        return Reading(Measurement(values), 0.0, self.count)

    def connect(self) -> None: ...
    def arm(self) -> None: ...
    def disarm(self) -> None: ...
    def write(self, command: Array, until: float) -> None: ...
    def safe(self) -> None: ...
    def close(self) -> None: ...


@pytest.fixture
def world() -> tuple[DriverLoop, Rover]:
    rover = Rover()
    loop = DriverLoop(ROVER, GoThere(), rover, 20.0, 1, latch=Latch())
    loop.start()
    loop.latch.arm()
    loop.latch.resume()
    return loop, rover


def until(loop: DriverLoop, state: SafetyState, verdict: Verdict = Verdict.CONTINUE) -> Tick:
    for _ in range(50):
        tick = loop.advance(verdict)
        verdict = Verdict.CONTINUE
        if tick.safety is state:
            return tick
        loop.accept(Command(tick.stamp, np.zeros(2)))
    raise AssertionError(f"it is {tick.safety.name}: {loop.fault}")


def seen(tick: Tick) -> dict[str, Array]:
    spec = ObservationSpec(ROVER, NAMES, 1)
    return spec.split(spec.observe(tick))


def test_a_goal_stays_where_it_is_while_episodes_begin_elsewhere(world: tuple[DriverLoop, Rover]) -> None:
    loop, rover = world
    rover.yaw = np.pi / 2
    first = until(loop, SafetyState.RUNNING)
    loop.give("goal_planar", np.array([9.0, 23.0]))
    loop.give("goal_heading", np.array([np.pi]))
    rover.place = np.array([10.0, 21.0])
    fields = seen(loop.advance())  # it faces the odometry's y: 3 m ahead and 1 m to the left of the start
    np.testing.assert_allclose(fields["goal_planar"], [3.0, 1.0], atol=1e-9)
    np.testing.assert_allclose(fields["base_position"], [1.0, 0.0], atol=1e-9)
    np.testing.assert_allclose(fields["goal_heading"], [1.0, 0.0], atol=1e-9)
    until(loop, SafetyState.HOMING, Verdict.TRUNCATED)
    rover.place, rover.yaw = np.array([8.0, 23.0]), np.pi  # somebody carried it while it went home
    second = until(loop, SafetyState.RUNNING)
    assert second.episode == first.episode + 1 and second.step == 0
    np.testing.assert_allclose(second.origin, [8.0, 23.0, np.pi])
    fields = seen(second)  # the same goal, 1 m behind a base that faces the odometry's -x
    np.testing.assert_allclose(fields["goal_planar"], [-1.0, 0.0], atol=1e-9)
    np.testing.assert_allclose(fields["base_position"], [0.0, 0.0], atol=1e-9)
    np.testing.assert_allclose([*fields["heading"], *fields["goal_heading"]], [0.0, 1.0, 0.0, 1.0], atol=1e-9)


def test_a_goal_that_nobody_asked_for_is_drawn_about_the_odometrys_zero(world: tuple[DriverLoop, Rover]) -> None:
    """So a robot that learns without being reset stays in one place, however often an episode begins."""
    loop, rover = world
    goals = []
    for place in ((10.0, 20.0), (-3.0, 0.5), (0.0, 8.0)):
        rover.place = np.array(place)
        goals.append(until(loop, SafetyState.RUNNING).inputs["goal_planar"])
        until(loop, SafetyState.HOMING, Verdict.TRUNCATED)
    assert (np.abs(goals) <= 1.0).all() and len(np.unique(goals, axis=0)) == 3
