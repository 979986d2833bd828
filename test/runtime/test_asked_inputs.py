# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""What a task is asked for, tick by tick."""

import numpy as np
import pytest

from ros_rl.errors import CommandError
from ros_rl.robot import load_robot
from ros_rl.runtime.asked_inputs import AskedInputs
from ros_rl.tasks import make_task
from ros_rl.types import Measurement

MOCK = load_robot("mock")
VELOCITY = np.array([0.5, 0.0, 0.1])


class Follow(type(make_task("mock_point"))):
    observation = ("joint_position", "velocity_command", "goal_position")

    def draw_inputs(self, rng):
        return {"velocity_command": np.ones(3), "goal_position": np.full(3, 0.3)}

    def change_inputs(self, inputs, step, period, rng):
        return {name: value + step for name, value in inputs.items()}


@pytest.mark.parametrize("simulated", [True, False])
def test_a_goal_that_nobody_asked_for_is_the_tasks(simulated):
    inputs = AskedInputs(Follow(), MOCK, 0.05, simulated)
    inputs.begin(np.random.default_rng(0))
    np.testing.assert_array_equal(inputs.at(0)["goal_position"], np.full(3, 0.3))
    inputs.change(2, np.random.default_rng(0))
    np.testing.assert_array_equal(inputs.at(1)["goal_position"], np.full(3, 2.3))
    np.testing.assert_array_equal(inputs.at(1)["velocity_command"], np.full(3, 3.0 if simulated else 0.0))


@pytest.mark.parametrize("given", [0, 400])
def test_on_a_robot_a_velocity_holds_for_half_a_second_from_when_it_was_given(given):
    inputs = AskedInputs(Follow(), MOCK, 0.05, draws=False)
    inputs.begin(np.random.default_rng(0))
    inputs.give("velocity_command", VELOCITY, given)
    found = [bool(inputs.at(index)["velocity_command"].any()) for index in range(given, given + 14)]
    assert found == [True] * 11 + [False] * 3


def test_what_is_handed_out_is_a_copy():
    inputs = AskedInputs(Follow(), MOCK, 0.05, draws=True)
    inputs.begin(np.random.default_rng(0))
    given = VELOCITY.copy()
    inputs.give("velocity_command", given, 0)
    given[:] = 9.0
    inputs.at(1)["velocity_command"][:] = 8.0
    np.testing.assert_array_equal(inputs.at(1)["velocity_command"], VELOCITY)


class Bounded(Follow):
    def input_bounds(self):
        return {"velocity_command": (np.array([-0.5, 0.0, -0.7]), np.array([0.5, 0.0, 0.7]))}


@pytest.mark.parametrize("simulated", [True, False])
def test_what_is_beyond_a_tasks_bounds_is_clamped_and_said_once(simulated):
    inputs = AskedInputs(Bounded(), MOCK, 0.05, simulated)
    inputs.begin(np.random.default_rng(0))
    assert inputs.give("velocity_command", np.array([0.5, 0.0, -0.7]), 0) == ""
    assert inputs.give("velocity_command", np.array([5.0, 0.1, -0.3]), 0) == (
        "velocity_command [ 5.   0.1 -0.3] m/s and rad/s is beyond what task 'mock_point' asks for, "
        "[-0.5  0.  -0.7] to [0.5 0.  0.7]: the robot gets [ 0.5  0.  -0.3], and from now on without a word"
    )
    np.testing.assert_array_equal(inputs.at(1)["velocity_command"], [0.5, 0.0, -0.3])
    assert inputs.give("velocity_command", np.array([0.0, 0.0, 9.0]), 1) == ""
    np.testing.assert_array_equal(inputs.at(2)["velocity_command"], [0.0, 0.0, 0.7])
    assert inputs.give("goal_position", np.full(3, 99.0), 2) == "", "whose bounds nobody knows"
    np.testing.assert_array_equal(inputs.at(3)["goal_position"], np.full(3, 99.0))


class Loose(Follow):
    """Bounds as somebody may write them, and of a rotation."""

    observation = (*Follow.observation, "goal_orientation", "goal_heading")

    def input_bounds(self):
        turn = ([-0.5] * 4, [0.5] * 4)
        return {"goal_position": (0.0, [0.3, 0.5, 0.7]), "goal_orientation": turn, "goal_heading": (-1.0, 1.0)}


def test_a_rotation_is_never_cut_off_and_rounding_is_no_news():
    inputs = AskedInputs(Loose(), MOCK, 0.05, draws=True)
    inputs.begin(np.random.default_rng(0))
    turned = np.array([0.0, 0.0, -0.6, -0.8])
    assert inputs.give("goal_orientation", turned, 0) == "" == inputs.give("goal_heading", np.array([3.1]), 0)
    np.testing.assert_array_equal(inputs.at(1)["goal_orientation"], turned)
    np.testing.assert_array_equal(inputs.at(1)["goal_heading"], [3.1])
    rounded = np.array([0.3, 0.5, 0.7], np.float32).astype(np.float64)  # 0.30000001, 0.5, 0.69999999
    assert inputs.give("goal_position", rounded, 0) == ""
    assert inputs.give("goal_position", np.array([0.3, -1.0, 0.7]), 0).startswith("goal_position [ 0.3 -1.   0.7] m is")


class Count(type(make_task("mock_point"))):
    """Remembers how often the first joint was measured beyond 1."""

    observation = ("joint_position", "grasped_from")
    memory = ("grasp",)

    def draw_inputs(self, rng):
        return {"grasp": np.zeros(1)}

    def remember(self, inputs, measurement, command, robot):
        return {"grasp": inputs["grasp"] + (measurement["joint_position"][0] > 1.0)}


@pytest.mark.parametrize("simulated", [True, False])
def test_a_task_remembers_on_a_robot_too_until_the_next_episode(simulated):
    inputs = AskedInputs(Count(), MOCK, 0.05, simulated)
    inputs.begin(np.random.default_rng(0))
    found = []
    for index, place in enumerate([0.0, 2.0, 0.5, 1.5]):
        inputs.change(index, np.random.default_rng(0))
        inputs.remember(Measurement(joint_position=np.full(2, place)), np.zeros(2))
        found.append(inputs.at(index)["grasp"][0])
    assert found == [0.0, 1.0, 1.0, 2.0]
    inputs.begin(np.random.default_rng(0))
    assert inputs.at(4)["grasp"][0] == 0.0


def test_nobody_asks_for_what_a_task_remembers():
    with pytest.raises(CommandError, match="the task has no input 'grasp'; it has: none"):
        AskedInputs(Count(), MOCK, 0.05, draws=False).give("grasp", np.ones(1), 0)
