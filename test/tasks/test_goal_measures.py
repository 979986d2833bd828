# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""How well goals and commands were met, by hand."""

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from ros_rl.errors import ConfigError
from ros_rl.rotations import from_rotation_vector
from ros_rl.tasks.goal_measures import (
    HEADING_ERROR,
    TOOL_ANGLE,
    TOOL_VELOCITY_ERROR,
    VELOCITY_ERROR,
    distance_measure,
    object_planar,
    object_position,
    velocity_error_measure,
    waypoints_measure,
)
from ros_rl.types import Outcome, Pose, Truth

LEVEL = np.array([0.0, 0.0, 0.0, 1.0])


def truth(base: tuple[float, ...] = (0.0, 0.0, 0.0), yaw: float = 0.0, **more: Any) -> Truth:
    turned = from_rotation_vector(np.array([0.0, 0.0, yaw]))
    return Truth(np.array(base), yaw, None, 0, 0.0, 0, 0.0, base_orientation=turned, **more)


def outcome(*truths: Truth, asked: Any = None, **inputs: Any) -> Outcome:
    given = {name: np.array(value) for name, value in inputs.items()}
    return Outcome(truths[0], truths[-1], given, 1.0, False, truths, asked or [given] * len(truths), period=0.05)


def test_a_base_and_its_goal() -> None:
    measure = distance_measure("goal_planar")
    assert measure.of(outcome(truth(), truth((1.0, 2.0, 0.3)), goal_planar=[4.0, 6.0])) == pytest.approx(5.0)
    assert (measure.name, measure.unit, measure.summaries) == ("distance", "m", ("median", "p95", "max"))
    assert math.isnan(measure.of(outcome(truth())))


def test_joints_and_their_goal() -> None:
    ended = truth(joint_position=np.array([0.1, 0.2]))
    measure = distance_measure("goal_joint_position", unit="rad", name="joint_distance", summaries=("mean",))
    assert measure.summarise([outcome(ended, goal_joint_position=[0.4, 0.6])]) == {"joint_distance_mean": 0.5}


def test_a_goal_of_ones_own_needs_to_be_told_what_is_to_be_there() -> None:
    with pytest.raises(
        ConfigError, match="distance to 'grip' needs an 'of'; known without: goal_position, goal_planar"
    ):
        distance_measure("grip")
    measure = distance_measure("grip", of=lambda truth: truth.joint_position[1:])
    assert measure.of(outcome(truth(joint_position=np.array([9.0, 0.02])), grip=[0.05])) == pytest.approx(0.03)


def test_an_object_in_the_base_frame_and_on_the_ground() -> None:
    there = truth((1.0, 1.0, 0.5), math.pi / 2, objects={"cube": Pose(np.array([1.0, 3.0, 0.6]), LEVEL)})
    np.testing.assert_allclose(object_position("cube")(there), [2.0, 0.0, 0.1], atol=1e-12)
    np.testing.assert_allclose(object_planar("cube")(there), [1.0, 3.0])
    assert object_position("ball")(there) is None and object_planar("ball")(there) is None
    measure = distance_measure("goal_position", of=object_position("cube"))
    assert measure.of(outcome(there, goal_position=[2.0, 0.3, 0.5])) == pytest.approx(0.5)


@pytest.mark.parametrize(("angle", "seen"), [(0.0, 0.0), (0.7, 0.7), (-0.7, 0.7), (3.0, 3.0), (4.0, 2 * math.pi - 4.0)])
def test_an_angle_is_the_smaller_one(angle: float, seen: float) -> None:
    turned = from_rotation_vector(np.array([0.0, angle, 0.0]))
    ended = truth(tool_orientation=-turned)  # the same rotation
    assert TOOL_ANGLE.of(outcome(ended, goal_orientation=LEVEL)) == pytest.approx(seen)
    assert math.isnan(TOOL_ANGLE.of(outcome(truth(), goal_orientation=LEVEL)))


@pytest.mark.parametrize(("yaw", "goal", "error"), [(0.5, 0.2, 0.3), (3.0, -3.0, 2 * math.pi - 6.0), (-0.1, 0.1, 0.2)])
def test_a_heading_error_goes_round(yaw: float, goal: float, error: float) -> None:
    assert HEADING_ERROR.of(outcome(truth(yaw=yaw), goal_heading=[goal])) == pytest.approx(error)


def test_a_velocity_is_judged_at_every_tick_by_what_was_asked_for_then() -> None:
    """The first tick counts for nothing: nothing has acted yet."""
    moved = [truth(base_velocity=np.array(v)) for v in ([9.0, 9.0, 9.0], [0.5, 0.0, 0.0], [0.0, 0.4, 0.2])]
    asked = [{"velocity_command": np.array(v)} for v in ([0.0] * 3, [0.2, 0.4, 0.0], [0.0, 0.4, 0.1])]
    assert VELOCITY_ERROR.of(outcome(*moved, asked=asked)) == pytest.approx((0.5 + 0.1) / 2)
    assert math.isnan(VELOCITY_ERROR.of(outcome(*moved)))
    tool = [truth(tool_velocity=np.zeros(3)), truth(tool_velocity=np.array([0.1, 0.0, 0.0]))]
    assert TOOL_VELOCITY_ERROR.of(outcome(*tool, tool_velocity_command=[0.0, 0.0, 0.0])) == pytest.approx(0.1)


@pytest.mark.parametrize(
    ("way", "share"),
    [
        ([(0.0, 0.0), (1.0, 0.1), (2.0, 0.0), (2.0, 2.0)], 1.0),
        ([(0.0, 0.0), (2.0, 0.0), (1.0, 0.1)], 0.25),  # in their order only
        ([(0.0, 0.0), (1.0, 0.1), (2.1, 0.0)], 0.5),
        ([(0.0, 0.0), (1.0, 0.3)], 0.0),
    ],
)
def test_waypoints_count_in_their_order(way: list[tuple[float, float]], share: float) -> None:
    ways = [truth((*place, 0.2)) for place in way]
    found = waypoints_measure(0.2).of(outcome(*ways, waypoints=[1.0, 0.0, 2.0, 0.0, 2.0, 2.0, 2.0, 2.0]))
    assert found == pytest.approx(share)


@pytest.mark.parametrize("period", [0.02, 0.05])
def test_means_of_a_velocity_over_a_while_of_one_command(period: float) -> None:
    moved = ([9.0, 9.0, 9.0], [0.2, 0.1, 0.5], [0.4, 0.3, 0.7], [0.8, 0.1, 0.0], [0.6, 0.1, 0.2])
    asked = [{"velocity_command": np.array(v)} for v in ([0.3, 0.2, 0.0],) * 3 + ([0.3, 0.2, 1.0],) * 2]
    ticks = [truth(base_velocity=np.array(velocity)) for velocity in moved]
    given, over = replace(outcome(*ticks, asked=asked), period=period), 2 * period

    def error(axes: slice) -> float:
        return velocity_error_measure("velocity_command", lambda one: one.base_velocity, "error", "", axes, over).of(
            given
        )

    # of ticks 1 and 2 (0.3, 0.2, 0.6), of 3 and 4 (0.7, 0.1, 0.1); 2 and 3 have two commands
    assert error(slice(0, 2)) == pytest.approx((0.0 + math.hypot(0.4, 0.1)) / 2)
    assert error(slice(2, 3)) == pytest.approx((0.6 + 0.9) / 2)
