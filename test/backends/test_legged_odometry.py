# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Odometry of legs where the answer is known: at rest, swaying over its feet, in the air, with a foot that slips."""

from collections.abc import Iterator

import numpy as np
import pytest

from ros_rl.backends.foot_contact import FootContact
from ros_rl.backends.legged_odometry import Estimate, LeggedOdometry
from ros_rl.errors import ConfigError
from ros_rl.robot import load_robot
from ros_rl.robot.legs import Legs
from ros_rl.rotations import from_rotation_vector, quaternion_to_matrix

GO2 = load_robot("go2")
LEVEL, STILL, GRAVITY = np.array([0.0, 0.0, 0.0, 1.0]), np.zeros(3), np.array([0.0, 0.0, 9.81])
ALL, NONE = np.ones(4, dtype=bool), np.zeros(4, dtype=bool)
DT = 0.002


def stand(odometry: LeggedOdometry, steps: int = 500, orientation: np.ndarray = LEVEL, **changes) -> Estimate:
    felt = quaternion_to_matrix(orientation).T @ GRAVITY
    given = {"joint_position": GO2.home, "joint_velocity": np.zeros(12), "orientation": orientation}
    given |= {"angular_velocity": STILL, "linear_acceleration": felt, "contact": ALL}
    for _ in range(steps):
        estimate = odometry.update(DT, **given | changes)
    return estimate


def height(robot) -> float:
    """Of the base above the ground, level and at home."""
    legs = Legs(robot.joints, robot.legs)
    return float(np.mean(legs.radius - legs.at(robot.home).position[:, 2]))


@pytest.mark.parametrize("robot", [GO2, load_robot("a1")])
def test_it_stands_on_its_feet(robot) -> None:
    estimate = stand(LeggedOdometry(robot), joint_position=robot.home)
    np.testing.assert_allclose(estimate.position, [0.0, 0.0, height(robot)], atol=1e-3)
    np.testing.assert_allclose(estimate.linear_velocity, 0.0, atol=1e-6)


def test_it_stands_tilted_and_on_a_biased_accelerometer() -> None:
    tilted = from_rotation_vector(np.array([0.0, 0.1, 1.0]))
    felt = quaternion_to_matrix(tilted).T @ GRAVITY + [0.1, -0.1, 0.1]
    estimate = stand(LeggedOdometry(GO2), 1000, tilted, linear_acceleration=felt)
    assert np.abs(estimate.linear_velocity).max() < 0.03
    assert np.abs(estimate.position[:2]).max() < 0.03


def test_one_that_lies_on_its_back_for_a_minute_goes_nowhere_and_finds_its_feet_again() -> None:
    """An accelerometer's bias of 0.1 m/s^2 would be 6 m/s by then, and every foot be taken for slipping."""
    odometry, upside_down = LeggedOdometry(GO2), np.array([1.0, 0.0, 0.0, 0.0])
    felt = quaternion_to_matrix(upside_down).T @ GRAVITY + [0.1, -0.1, 0.1]
    lying = stand(odometry, 30_000, upside_down, linear_acceleration=felt, contact=NONE)
    assert np.abs(lying.linear_velocity).max() < 0.1
    assert np.abs(lying.position[:2]).max() < 60 * 0.03
    up = stand(odometry, 500)
    np.testing.assert_allclose(up.linear_velocity, 0.0, atol=0.01)
    assert not odometry.slipping.any()


def test_a_jump_is_no_lying() -> None:
    odometry = LeggedOdometry(GO2)
    stand(odometry)
    stand(odometry, 50, linear_acceleration=GRAVITY + [0.0, 0.0, 20.0], contact=NONE)  # 2 m/s up in 0.1 s
    flying = stand(odometry, 195, linear_acceleration=np.zeros(3), contact=NONE)  # and 0.39 s of free fall
    np.testing.assert_allclose(flying.linear_velocity, [0.0, 0.0, 2.0 - 0.39 * 9.81], atol=1e-3)


@pytest.mark.parametrize(("pattern", "seconds"), [((1, 1), 0.6), ((0, 1, 0, 0), 1.6)])
def test_a_velocity_that_all_feet_deny_is_found_again(pattern: tuple[int, ...], seconds: float) -> None:
    """A tumble leaves it 1.5 m/s wrong; it stands, or treads with its feet on the ground for a quarter of the time."""
    odometry, steps = LeggedOdometry(GO2), round(0.05 / DT)
    stand(odometry)
    tumbled = stand(odometry, 75, linear_acceleration=GRAVITY + [10.0, 0.0, 0.0], contact=NONE)
    assert tumbled.linear_velocity[0] == pytest.approx(1.5, abs=1e-3)
    for part in range(round(seconds / 0.05)):
        after = stand(odometry, steps, contact=ALL if pattern[part % len(pattern)] else NONE)
    assert np.abs(after.linear_velocity).max() < 0.05 and not odometry.slipping.any()


def test_one_that_treads_in_place_goes_nowhere() -> None:
    """On ice or against a wall: for 2 s all feet slip at 1 m/s, which no accelerometer feels."""
    odometry, speeds = LeggedOdometry(GO2), np.tile([0.0, 4.0, 0.0], 4)  # thighs, whose feet are 0.25 m below
    stand(odometry)
    for _ in range(2):
        treading = stand(odometry, 1000, joint_velocity=speeds)
        # but for what a foot that turns so would roll
        assert np.abs(treading.linear_velocity[:2]).max() < 0.1 and np.abs(treading.position[:2]).max() < 0.3
        assert odometry.slipping.all()
        stand(odometry, 100)


def test_a_single_late_instant_of_feet_is_no_tumble() -> None:
    odometry = LeggedOdometry(GO2)
    stand(odometry)
    tumbled = stand(odometry, 75, linear_acceleration=GRAVITY + [10.0, 0.0, 0.0], contact=NONE)
    felt = {"joint_position": GO2.home, "joint_velocity": np.zeros(12), "orientation": LEVEL, "angular_velocity": STILL}
    after = odometry.update(0.3, **felt, linear_acceleration=GRAVITY, contact=ALL)
    assert odometry.slipping.all() and after.linear_velocity[0] == pytest.approx(tumbled.linear_velocity[0], abs=0.6)


def swaying(pushed: float = 0.0, steps: int = 1000, turned: float = 0.0) -> Iterator[tuple[np.ndarray, ...]]:
    """Measurements of a base that moves over four round feet that roll as its legs move, all turned by `turned` [rad].

    One foot is moved over the ground at the speed `pushed` [m/s] besides.
    """
    legs, joints, radius = Legs(GO2.joints, GO2.legs), GO2.home.copy(), 0.022
    start, rotation = legs.at(joints).position, quaternion_to_matrix(from_rotation_vector(np.array([0, 0, turned])))

    def pitch() -> np.ndarray:
        return joints[legs.joints[:, 1]] + joints[legs.joints[:, 2]]

    def over_the_ground() -> np.ndarray:
        feet = legs.at(joints)
        jacobian = feet.jacobian.copy()
        jacobian[:, 0] -= radius * feet.axes[:, 1]
        return jacobian

    upright, rate = pitch(), 2 * np.pi
    for step in range(1, steps + 1):
        phase = rate * step * DT
        place = np.array([0.05 * (1 - np.cos(phase)), 0.0, 0.02 * np.sin(phase)])
        speed = rate * np.array([0.05 * np.sin(phase), 0.0, 0.02 * np.cos(phase)])
        force = rate**2 * np.array([0.05 * np.cos(phase), 0.0, -0.02 * np.sin(phase)]) + GRAVITY
        slide = np.zeros((4, 3))
        slide[2, 0] = pushed
        for _ in range(4):
            wrong = start - place + slide * 0.1 * np.sin(step * DT / 0.1) - legs.at(joints).position
            wrong[:, 0] += radius * (pitch() - upright)
            joints[legs.joints] += np.linalg.solve(over_the_ground(), wrong[..., None])[..., 0]
        speeds, relative = np.zeros(12), slide * np.cos(step * DT / 0.1) - speed
        speeds[legs.joints] = np.linalg.solve(over_the_ground(), relative[..., None])[..., 0]
        yield rotation @ place, speed, joints.copy(), speeds, force


@pytest.mark.parametrize(("every", "pushed", "turned"), [(1, 0.0, 0.0), (1, 0.0, 1.0), (4, 0.0, 0.0), (1, 1.0, 0.0)])
def test_a_base_that_sways_over_its_feet(every, pushed, turned) -> None:
    odometry, errors, slips, forces = LeggedOdometry(GO2), [], [], []
    orientation = from_rotation_vector(np.array([0.0, 0.0, turned]))
    for step, (place, speed, joints, speeds, force) in enumerate(swaying(pushed, turned=turned), start=1):
        forces.append(force)
        if step % every:
            continue
        felt, forces = np.mean(forces, axis=0), []
        estimate = odometry.update(every * DT, joints, speeds, orientation, STILL, felt, ALL)
        above = [*place[:2], place[2] + height(GO2)]
        errors.append([*(estimate.position - above), *(estimate.linear_velocity - speed)])
        slips.append(odometry.slipping)
    rms = np.sqrt(np.mean(np.square(errors[len(errors) // 2 :]), axis=0))
    assert rms[:3].max() < 0.02 and rms[3:].max() < 0.02
    assert np.mean(slips, axis=0)[[0, 1, 3]].max() < 0.02  # at the start it moves at once
    assert (np.mean(slips, axis=0)[2] > 0.2) == (pushed > 0.0)


def test_in_the_air_it_falls_and_keeps_its_speed() -> None:
    odometry = LeggedOdometry(GO2)
    before = stand(odometry)
    after = stand(odometry, 50, linear_acceleration=np.array([2.0, 0.0, 0.0]), contact=NONE)
    np.testing.assert_allclose(after.linear_velocity, [0.2, 0.0, -0.981], atol=1e-3)
    np.testing.assert_allclose(after.position - before.position, [0.01, 0.0, -0.04905], atol=1e-3)


def test_a_velocity_over_a_while_is_the_mean_of_those_within_it() -> None:
    instant, mean = LeggedOdometry(GO2), LeggedOdometry(GO2, mean_over=0.05)
    speeds, free = [], {"linear_acceleration": np.array([2.0, 0.0, 0.0]), "contact": NONE}
    for _ in range(60):
        speeds.append(stand(instant, 1, **free).linear_velocity)
        np.testing.assert_allclose(stand(mean, 1, **free).linear_velocity, np.mean(speeds[-25:], axis=0), atol=1e-9)


def test_reset_forgets() -> None:
    fresh, used = LeggedOdometry(GO2, mean_over=0.05), LeggedOdometry(GO2, mean_over=0.05)
    stand(used, 100, linear_acceleration=np.array([3.0, 1.0, 9.0]))
    used.reset()
    for one, other in zip(stand(fresh, 10), stand(used, 10), strict=True):
        np.testing.assert_array_equal(one, other)


def test_a_robot_without_legs_has_none() -> None:
    with pytest.raises(ConfigError, match="robot 'xarm6' has no 'legs' in its file"):
        LeggedOdometry(load_robot("xarm6"))


def test_contact_has_hysteresis() -> None:
    feet = FootContact(touch=10.0, release=5.0)
    forces = [[9.0, 11.0], [9.9, 6.0], [10.0, 5.0], [6.0, 4.9], [4.0, 6.0], [0.0, 12.0]]
    expected = [[0, 1], [0, 1], [1, 1], [1, 0], [0, 0], [0, 1]]
    assert [feet.update(np.array(force)).tolist() for force in forces] == expected
    feet.reset()
    assert feet.update(np.array([6.0, 10.0])).tolist() == [False, True]
    with pytest.raises(ConfigError, match="bears weight from 5 N on cannot lose it below 10 N"):
        FootContact(5.0, 10.0)
