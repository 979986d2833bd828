# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""A person's commands: shares of limits, from where the joints were told to be, and nothing without the switch."""

import dataclasses

import numpy as np
import pytest

from ros_rl.errors import ContractError
from ros_rl.robot import load_robot
from ros_rl.settings.loading import load_settings
from ros_rl.settings.teleop import TeleopSettings
from ros_rl.teleop.teleoperator import Teleoperator
from ros_rl.teleop.wish import Wish, wish_fields, wish_from
from ros_rl.types import Measurement, SafetyState, Tick

PERIOD = 0.05


def tick(last: np.ndarray, delay: int = 1) -> Tick:
    pending = np.array([last] * delay).reshape(delay, len(last))
    measured = Measurement(joint_position=last + 7.0)  # which it must not go on from
    return Tick(1, 0, 0, 0, SafetyState.RUNNING, True, np.zeros(3), last, pending, measured)


def driving(name: str, **settings) -> Teleoperator:
    """One whose switch was seen released, at time 0."""
    made = Teleoperator(load_robot(name), TeleopSettings(device="keyboard", **settings), PERIOD, 0.5)
    made.take(Wish(), 0.0)
    return made


def test_a_velocity_is_a_share_of_the_joint_s_limit() -> None:
    person, robot = driving("xarm6", speed=0.2), load_robot("xarm6")
    person.take(Wish(True, jog=-0.5, pick=2), 0.1)
    person.take(Wish(True), 0.15)
    person.take(Wish(True, jog=-0.5), 0.2)
    command = person.command(tick(robot.neutral_command), 0.2)
    assert command == pytest.approx([0.0, -0.5 * 0.2 * robot.limits.velocity[1], 0.0, 0.0, 0.0, 0.0])


@pytest.mark.parametrize("delay", [0, 1, 3])
def test_a_position_goes_on_from_what_was_decided_last(delay) -> None:
    person, robot = driving("so101"), load_robot("so101")
    last = robot.home + 0.01
    person.take(Wish(True, jog=1.0), 0.1)
    command = person.command(tick(last, delay), 0.1)
    assert command[0] - last[0] == pytest.approx(0.1 * 4.4 * PERIOD)
    assert command[1:] == pytest.approx(last[1:])
    edge = dataclasses.replace(robot.limits).upper.copy()
    assert person.command(tick(edge, delay), 0.1)[0] == edge[0], "not beyond its limit"


def test_a_gripper_is_a_joint_that_has_an_axis_of_its_own() -> None:
    person, robot = driving("so101"), load_robot("so101")
    person.take(Wish(True, jog=1.0, joints={"gripper": -1.0}), 0.1)
    moved = person.command(tick(robot.home), 0.1) - robot.home
    assert moved[0] > 0 and moved[5] == pytest.approx(-0.1 * 4.4 * PERIOD) and not moved[1:5].any()


def test_released_or_silent_nothing_moves_and_what_comes_back_held_moves_nothing() -> None:
    person, robot = driving("mock"), load_robot("mock")
    rest = tick(robot.neutral_command)
    person.take(Wish(False, jog=1.0), 0.1)
    assert not person.command(rest, 0.1).any()
    person.take(Wish(True, jog=1.0), 0.2)
    assert person.command(rest, 0.2).any() and person.command(rest, 0.69).any()
    assert not person.command(rest, 0.71).any(), "silence"
    person.take(Wish(True, jog=1.0), 0.8)
    assert not person.command(rest, 0.8).any(), "it was never let go of"
    person.take(Wish(), 0.9)
    person.take(Wish(True, jog=1.0), 1.0)
    assert person.command(rest, 1.0).any()


def test_held_from_the_start_it_moves_nothing() -> None:
    person = Teleoperator(load_robot("mock"), TeleopSettings(), PERIOD, 0.5)
    person.take(Wish(True, jog=1.0), 0.0)
    assert not person.command(tick(np.zeros(2)), 0.0).any()


def test_a_stick_that_is_held_is_not_for_the_joint_that_is_chosen_meanwhile() -> None:
    person, rest = driving("mock"), tick(np.zeros(2))
    person.take(Wish(True, jog=1.0), 0.1)
    person.take(Wish(True, jog=1.0, select=1), 0.2)
    assert person.joint == "axis_2_joint" and not person.command(rest, 0.2).any()
    person.take(Wish(True, jog=1.0), 0.3)
    assert not person.command(rest, 0.3).any()
    person.take(Wish(True), 0.4)
    person.take(Wish(True, jog=1.0), 0.5)
    assert person.command(rest, 0.5)[1] > 0
    person.take(Wish(select=1), 0.6)
    assert person.joint == "axis_1_joint", "round and round"
    person.take(Wish(pick=9), 0.7)
    assert person.joint == "axis_1_joint", "there are two"


def test_faster_and_slower_stay_within_reason() -> None:
    person = driving("mock")
    for _ in range(40):
        person.take(Wish(speed=1), 0.1)
    assert person.speed == 1.0
    for _ in range(80):
        person.take(Wish(speed=-1), 0.1)
    assert person.speed == 0.01 and "at 1 %" in person.text


def test_how_much_of_a_velocity_a_task_is_asked_for() -> None:
    person = driving("mock")
    person.take(Wish(True, forward=1.0, left=-0.5, turn=0.25), 0.1)
    assert person.steering(0.1) == pytest.approx([1.0, -0.5, 0.25])
    assert not person.steering(0.7).any()


@pytest.mark.parametrize(
    ("settings", "most"),
    [([], [0.5, 0.3, 0.7]), (["teleop.turn=0.4"], [0.5, 0.3, 0.4]), (["task.forward=0.2"], [0.2, 0.3, 0.7])],
)
def test_keys_and_sticks_ask_for_no_more_than_the_task_does(settings, most) -> None:
    np.testing.assert_array_equal(load_settings("a1_track", overrides=settings).steering, most)


def test_a_wish_survives_its_fields_and_a_broken_one_is_refused() -> None:
    wish = Wish(True, 0.5, -1.0, 0.25, 1.0, -1, 9, 1)
    fields = {name: np.array([value]) for name, value in wish_fields(wish).items()}
    assert wish_from(fields) == wish
    for name, value in (
        ("jog", np.nan),
        ("jog", 1.5),
        ("held", 2.0),
        ("select", -2.0),
        ("pick", 0.5),
        ("speed", np.inf),
    ):
        with pytest.raises(ContractError, match=f"not a wish: '{name}'"):
            wish_from(fields | {name: np.array([value])})
    with pytest.raises(ContractError, match="lacks the field 'turn'"):
        wish_from({name: value for name, value in fields.items() if name != "turn"})
