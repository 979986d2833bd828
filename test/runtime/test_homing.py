# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""The way home, by hand: three joints with a position, a velocity and an effort, 0.1 s, a fifth of 2 rad/s."""

from dataclasses import replace

import numpy as np
import pytest

from ros_rl.robot import load_robot
from ros_rl.runtime.homing import Homing
from ros_rl.types import Measurement

ARM = load_robot("xarm6")
HOME = np.array([0.5, 0.2, -0.3, 0.0, 0.0, 0.0])
ROBOT = replace(
    ARM,
    interfaces=("position", "velocity", "effort") + ("position",) * 3,
    home=HOME,
    limits=replace(ARM.limits, velocity=np.full(6, 2.0)),
    stiffness=np.full(6, 10.0),
    damping=np.full(6, 0.5),
)
START = HOME + np.array([1.0, -0.8, 0.6, 0.0, 0.0, 0.0])


def measured(position, velocity=None) -> Measurement:
    found = Measurement(joint_position=np.array(position))
    return found if velocity is None else Measurement({**found, "joint_velocity": np.array(velocity)})


@pytest.fixture
def homing() -> Homing:
    return Homing(ROBOT, 0.1, 0.2, 0.4)  # 0.4 rad/s, 0.04 rad a period


def test_it_begins_where_the_joints_are(homing):
    np.testing.assert_allclose(homing.start(measured(START)), [1.5, 0.0, 0.0, 0.0, 0.0, 0.0])
    command = homing.command(measured(START, np.full(6, 0.1)))
    # position: a step of 0.04; velocity: at most 0.4; effort: 10 x (target - measured) - 0.5 x 0.1
    np.testing.assert_allclose(command, [1.46, 0.4, -0.45, 0.0, 0.0, 0.0])


def test_one_that_was_acting_returns_at_a_speed_of_its_own(homing):
    for returns, speed in ((True, 0.8), (False, 0.4), (True, 0.8)):  # 0.4 and 0.2 of 2 rad/s
        homing.start(measured(START), returns=returns)
        command = homing.command(measured(START))
        np.testing.assert_allclose(command[:2], [1.5 - 0.1 * speed, speed])


def test_one_that_is_held_goes_on_from_what_holds_it(homing):
    sent = START + np.array([0.2, 9.0, 9.0, 0.0, 0.0, 0.0])
    homing.start(measured(START), sent)
    command = homing.command(measured(START))
    np.testing.assert_allclose(command[:3], [1.66, 0.4, -0.4], err_msg="without velocities nothing is damped")


def test_speeds_are_bounded_both_ways_and_fade_near_home(homing):
    for way, speed in ((-0.8, 0.4), (0.8, -0.4), (-0.1, 0.2), (0.1, -0.2)):
        position = HOME + np.array([0.0, way, 0.0, 0.0, 0.0, 0.0])
        homing.start(measured(position))
        assert homing.command(measured(position))[1] == pytest.approx(speed)


@pytest.mark.parametrize("period", [0.05, 0.5])
def test_velocities_bring_it_home_though_they_act_late(period):
    """A real robot: measured when the period before began, and moved to each new velocity by a ramp of a period."""
    homing = Homing(ROBOT, period, 0.05, 0.1)
    position, seen, velocity = HOME + 0.4, HOME + 0.4, np.zeros(6)
    homing.start(measured(position), returns=True)
    for _ in range(round(9.0 / period)):
        told = homing.command(measured(seen))
        assert not homing.too_long(measured(seen))
        seen, velocity, position = position, told, position + 0.5 * period * (velocity + told)
        position[[0, 2, 3, 4, 5]] = HOME[[0, 2, 3, 4, 5]]
        velocity[[0, 2, 3, 4, 5]] = 0.0
    assert homing.done and abs(position[1] - HOME[1]) < 0.02


def test_a_set_point_never_passes_home(homing):
    homing.start(measured(HOME + 0.06))
    found = [homing.command(measured(HOME + 0.06))[0] - HOME[0] for _ in range(3)]
    np.testing.assert_allclose(found, [0.02, 0.0, 0.0], atol=1e-12)


def test_it_is_done_after_three_tenths_of_a_second_at_home(homing):
    away = HOME + np.array([0.3, 0.04, -0.04, 0.0, 0.0, 0.0])  # the position joint is asked for its set point alone
    homing.start(measured(HOME + np.array([0.0, 0.04, -0.04, 0.0, 0.0, 0.0])))
    done = []
    for index in range(5):
        homing.command(measured(away if index else HOME + 0.3))  # at first the velocity and effort joints are away
        done.append(homing.done)
    assert done == [False, False, False, True, True]
    homing.start(measured(HOME))
    assert not homing.done, "another way begins anew"


@pytest.mark.parametrize("joint", [1, 2])
def test_joints_without_a_set_point_have_to_be_there(homing, joint):
    position = HOME.copy()
    position[joint] += 0.06
    homing.start(measured(HOME))
    for _ in range(10):
        homing.command(measured(position))
    assert not homing.done


@pytest.mark.parametrize("kind", ["a1", "go2"])
def test_a_trunk_has_to_come_to_rest_before_it_is_done(kind):
    robot = load_robot(kind)
    homing = Homing(robot, 0.05, 0.2, 1.0)

    def spins(*rates: float) -> Measurement:
        return Measurement(joint_position=robot.home, imu_angular_velocity=np.array(rates))

    homing.start(spins(0.0, 0.0, 2.0), returns=True)
    for _ in range(20):  # 1 s in the home pose, as a Go2 that trotted: it spun at 2 rad/s and pitched at 2 rad/s
        homing.command(spins(0.0, 0.0, -2.0))
        homing.command(spins(0.2, -0.2, 0.2))  # 0.35 rad/s
    assert not homing.done and not homing.too_long(spins(0.0, 0.0, 2.0))
    for _ in range(7):
        homing.command(spins(0.1, -0.1, 0.1))
    assert homing.done
    homing.start(spins(0.0, 0.0, 2.0))
    for _ in range(1000):  # it hangs and swings: whoever holds it does not let it go limp for that
        np.testing.assert_array_equal(homing.command(spins(0.0, 0.0, 0.4)), robot.home)
        assert not homing.done and not homing.too_long(spins(0.0, 0.0, 0.1))
    homing.start(Measurement(joint_position=robot.home))
    for _ in range(7):
        homing.command(Measurement(joint_position=robot.home))
    assert homing.done, "where it is not measured, the pose has to do"


def test_it_is_given_up_after_twice_the_time_of_the_way_and_five_seconds(homing):
    homing.start(measured(START))  # 1 rad at 0.4 rad/s: 2.5 s
    periods = 0
    while not homing.too_long(measured(START)):
        homing.command(measured(START))
        periods += 1
    assert periods in (100, 101), "5 s + 2 x 2.5 s"
    reason = homing.too_long(measured(HOME - np.array([0.1, 0.7, 0.0, 0.0, 0.0, 0.0])))
    assert reason.startswith("homing has not arrived after 10.") and reason.endswith("joint2 is 0.70 rad from home")


def test_what_turns_without_end_stays_where_it_is():
    wheels = replace(ROBOT, endless=("joint2", "joint3"))
    homing = Homing(wheels, 0.1, 0.2, 0.4)
    position = HOME + np.array([0.0, 900.0, -900.0, 0.0, 0.0, 0.0])
    homing.start(measured(position))
    for _ in range(4):
        np.testing.assert_array_equal(homing.command(measured(position)), HOME * [1, 0, 0, 1, 1, 1])
    assert homing.done and homing.too_long(measured(position)) == ""
