# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""What one measurement tells: each guard trips on the far side of its limit, and not on the near one."""

from dataclasses import replace

import numpy as np
import pytest
from measurements import at_rest

from ros_rl.robot import Robot, load_robot
from ros_rl.rotations import from_rotation_vector
from ros_rl.safety import tripped_guard

A1, ARM, CARTPOLE = load_robot("a1"), load_robot("xarm6"), load_robot("cartpole")
HAND = load_robot("xarm6_gripper")  # a wider guard on its fingers than on the arm
UPSIDE_DOWN = np.array([1.0, 0.0, 0.0, 0.0])


def one(robot: Robot, joint: int, value: float) -> np.ndarray:
    """Zeros with one joint's value."""
    return value * np.eye(robot.size)[joint]


def without(robot: Robot, *sensors: str) -> Robot:
    return replace(robot, sensors=tuple(name for name in robot.sensors if name not in sensors))


@pytest.mark.parametrize("robot", [A1, ARM, CARTPOLE, load_robot("mock")], ids=lambda robot: robot.name)
def test_the_home_pose_is_safe(robot):
    assert tripped_guard(robot, at_rest(robot)) is None


class TestWhatIsMeasured:
    @pytest.mark.parametrize(
        ("robot", "name"),
        [(robot, name) for robot in (A1, ARM, CARTPOLE) for name in robot.sensors],
        ids=lambda value: getattr(value, "name", value),
    )
    @pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
    def test_a_value_that_is_not_finite_or_not_there(self, robot, name, bad):
        state = at_rest(robot)
        state[name] = state[name].copy()
        state[name][-1] = bad
        assert tripped_guard(robot, state).startswith(f"{name} is not finite")
        del state[name]
        assert tripped_guard(robot, state) == f"{name} is not measured"

    def test_one_of_another_size(self):
        state = at_rest(ARM, joint_velocity=np.zeros(5))
        assert tripped_guard(ARM, state) == "joint_velocity has shape (5,), expected (6,)"


class TestTilt:
    @pytest.mark.parametrize("axis", [0, 1])
    @pytest.mark.parametrize(
        ("angle", "trips"),
        [(0.0, False), (1.29, False), (-1.29, False), (1.31, True), (-1.31, True), (3.0, True), (np.pi, True)],
    )
    def test_about_each_axis(self, axis, angle, trips):
        reason = tripped_guard(A1, at_rest(A1, imu_orientation=from_rotation_vector(np.eye(3)[axis] * angle)))
        assert (reason is not None) == trips
        if reason:
            assert reason == f"tilt {abs(angle):.2f} rad exceeds 1.30 rad"

    def test_what_is_barely_beyond_its_limit_looks_it(self):
        turned = from_rotation_vector(np.array([1.3002, 0.0, 0.0]))
        assert tripped_guard(A1, at_rest(A1, imu_orientation=turned)) == "tilt 1.3002 rad exceeds 1.3000 rad"

    def test_turning_is_no_tilt(self):
        turned = from_rotation_vector(np.array([0.0, 0.0, 3.0]))
        assert tripped_guard(A1, at_rest(A1, imu_orientation=turned)) is None

    @pytest.mark.parametrize("scale", [1.0 + 1e-7, 1.0 - 1e-7, 0.95, 1.05])
    @pytest.mark.parametrize("axis", [0, 1])
    def test_upside_down_with_a_norm_that_is_only_nearly_1(self, scale, axis):
        state = at_rest(A1, imu_orientation=scale * np.roll(UPSIDE_DOWN, axis))
        assert tripped_guard(A1, state) == "tilt 3.14 rad exceeds 1.30 rad"

    def test_upside_down_about_any_axis_whatever_rounding_makes_of_it(self):
        rng = np.random.default_rng(0)
        for direction in rng.uniform(-np.pi, np.pi, 300):
            turned = rng.uniform(0.95, 1.05) * np.array([np.cos(direction), np.sin(direction), 0.0, 0.0])
            assert tripped_guard(A1, at_rest(A1, imu_orientation=turned)) == "tilt 3.14 rad exceeds 1.30 rad"

    @pytest.mark.parametrize("scale", [0.92, 1.08])
    @pytest.mark.parametrize(("angle", "trips"), [(1.29, False), (1.31, True)])
    def test_the_norm_does_not_change_the_tilt(self, scale, angle, trips):
        tilted = scale * from_rotation_vector(np.array([angle, 0.0, 0.0]))
        assert (tripped_guard(A1, at_rest(A1, imu_orientation=tilted)) is not None) == trips

    @pytest.mark.parametrize("name", ["imu_orientation", "base_orientation"])
    @pytest.mark.parametrize(("norm", "trips"), [(0.0, True), (0.6, True), (0.89, True), (0.91, False), (1.09, False)])
    @pytest.mark.parametrize("axis", [0, 3])
    def test_what_is_no_rotation(self, name, norm, trips, axis):
        reason = tripped_guard(
            replace(A1, safety=replace(A1.safety, tilt=np.inf)), at_rest(A1, **{name: norm * np.eye(4)[axis]})
        )
        assert reason == (f"{name} has norm {norm:.3f}, allowed 1 +- 0.1" if trips else None)

    def test_a_norm_above_1(self):
        assert "norm 1.110" in tripped_guard(A1, at_rest(A1, imu_orientation=np.array([0.0, 0.0, 0.0, 1.11])))

    def test_a_robot_without_an_imu_is_judged_by_its_estimate(self):
        robot = without(A1, "imu_orientation")
        assert tripped_guard(robot, at_rest(robot)) is None
        assert tripped_guard(robot, at_rest(robot, base_orientation=UPSIDE_DOWN)).startswith("tilt 3.14")

    def test_one_with_both_by_the_imu(self):
        assert tripped_guard(A1, at_rest(A1, base_orientation=UPSIDE_DOWN)) is None

    def test_a_fixed_base_has_no_tilt(self):
        robot = replace(ARM, sensors=(*ARM.sensors, "imu_orientation"))
        assert tripped_guard(robot, at_rest(robot, imu_orientation=UPSIDE_DOWN)) is None


class TestJoints:
    @pytest.mark.parametrize("robot", [A1, ARM, CARTPOLE], ids=lambda robot: robot.name)
    @pytest.mark.parametrize("side", ["lower", "upper"])
    def test_past_a_limit_on_either_side(self, robot, side):
        sign, limit = (-1.0, robot.limits.lower) if side == "lower" else (1.0, robot.limits.upper)
        for joint in range(robot.size):
            position = robot.home.copy()
            position[joint] = limit[joint] + sign * 0.099
            assert tripped_guard(robot, at_rest(robot, joint_position=position)) is None
            position[joint] = limit[joint] + sign * 0.101
            reason = tripped_guard(robot, at_rest(robot, joint_position=position))
            assert reason.startswith(f"{robot.joints[joint]} at ") and "past its limit by more than 0.1 rad" in reason

    @pytest.mark.parametrize(
        ("robot", "joint", "limit"),
        [(A1, 4, 42.0), (ARM, 5, 12.56), (CARTPOLE, 0, 20.0), (HAND, 5, 12.56), (HAND, 6, 13.6)],
        ids=["a1", "xarm6", "cartpole", "arm of a gripper", "gripper"],
    )
    @pytest.mark.parametrize("sign", [-1.0, 1.0])
    def test_velocity(self, robot, joint, limit, sign):
        slow, fast = one(robot, joint, sign * (limit - 0.01)), one(robot, joint, sign * (limit + 0.01))
        assert tripped_guard(robot, at_rest(robot, joint_velocity=slow)) is None
        reason = tripped_guard(robot, at_rest(robot, joint_velocity=fast))
        assert reason == f"{robot.joints[joint]} moves at {limit + 0.01:.2f} rad/s, limit {limit:.2f} rad/s"

    def test_velocities_of_another_world(self):
        assert tripped_guard(A1, at_rest(A1, joint_velocity=np.full(12, 500.0))).startswith("FR_hip_joint moves at 500")

    def test_the_joint_that_is_worst_for_what_it_may_is_named(self):
        """37 N m on one that may 20, 45 on one that may 50."""
        effort = np.array([61.0, 0.0, 0.0, 0.0, 0.0, 37.0])
        assert tripped_guard(ARM, at_rest(ARM, joint_effort=effort)) == "effort of joint6 is 37.0 N m, limit 25.0 N m"

    @pytest.mark.parametrize("sign", [-1.0, 1.0])
    def test_effort(self, sign):
        """33.5 N m times 1.25."""
        assert tripped_guard(A1, at_rest(A1, joint_effort=one(A1, 5, sign * 41.8))) is None
        reason = tripped_guard(A1, at_rest(A1, joint_effort=one(A1, 5, sign * 41.9)))
        assert reason == f"effort of FL_calf_joint is {sign * 41.9:.2f} N m, limit 41.88 N m"

    def test_what_is_not_measured_is_not_guarded(self):
        robot = without(A1, "joint_effort", "joint_velocity")
        assert tripped_guard(robot, at_rest(robot)) is None

    @pytest.mark.parametrize("seed", range(5))
    def test_random_states_within_all_limits_never_trip(self, seed):
        rng = np.random.default_rng(seed)
        for _ in range(50):
            state = at_rest(
                A1,
                joint_position=rng.uniform(A1.limits.lower, A1.limits.upper),
                joint_velocity=rng.uniform(-1.0, 1.0, 12) * A1.limits.velocity,
                joint_effort=rng.uniform(-1.0, 1.0, 12) * A1.limits.effort,
                imu_orientation=from_rotation_vector(np.append(rng.uniform(-0.9, 0.9, 2), 0.0)),
            )
            assert tripped_guard(A1, state) is None
