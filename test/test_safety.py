# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""The filter keeps every limit whatever is asked of it; each guard trips where it should, and not before."""

from dataclasses import replace

import numpy as np
import pytest
from robots import gripper_arm

from ros_rl.errors import CommandError
from ros_rl.robot import Robot, load_robot
from ros_rl.rotations import from_rotation_vector
from ros_rl.safety import CommandFilter, expected_position, tripped_guard
from ros_rl.sensors.table import SENSORS
from ros_rl.types import Measurement

PERIOD = 0.05
A1, ARM, CARTPOLE = load_robot("a1"), load_robot("xarm6"), load_robot("cartpole")


def with_limits(robot: Robot, **changes: float) -> Robot:
    """The robot with each named limit the same for all joints."""
    limits = {name: np.full(robot.size, value) for name, value in changes.items() if name != "step"}
    step = np.full(robot.size, changes["step"]) if "step" in changes else robot.safety.step
    return replace(robot, limits=replace(robot.limits, **limits), safety=replace(robot.safety, step=step))


def measurement(robot: Robot, **changes) -> Measurement:
    """At rest in the home pose, as all sensors of the robot would say."""
    level = np.array([0.0, 0.0, 0.0, 1.0])
    values = {name: np.zeros(SENSORS[name].shape(robot)) for name in robot.sensors}
    values |= {"joint_position": robot.home.copy(), "imu_orientation": level, "base_orientation": level}
    return Measurement({name: values[name] for name in robot.sensors} | changes)


class TestRefusals:
    @pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
    def test_a_value_that_is_not_finite_names_its_joint(self, bad):
        command = A1.home.copy()
        command[4] = bad
        with pytest.raises(CommandError, match="FL_thigh_joint"):
            CommandFilter(A1, PERIOD)(command)

    @pytest.mark.parametrize("shape", [(11,), (13,), (1, 12), ()])
    def test_a_wrong_size_is_named(self, shape):
        with pytest.raises(CommandError, match=r"expects \(12,\)"):
            CommandFilter(A1, PERIOD)(np.zeros(shape))

    def test_a_refused_command_leaves_no_trace(self):
        one, other = CommandFilter(A1, PERIOD), CommandFilter(A1, PERIOD)
        with pytest.raises(CommandError):
            one(np.full(12, np.nan))
        asked = A1.home + 5.0
        np.testing.assert_array_equal(one(asked).value, other(asked).value)


class TestPositionCommands:
    def test_what_is_within_all_limits_passes_unchanged(self):
        command = A1.command(np.linspace(-1.0, 1.0, 12))
        filtered = CommandFilter(A1, PERIOD)(command)
        np.testing.assert_array_equal(filtered.value, command)
        assert filtered.limited == ()

    def test_the_limited_joints_are_named(self):
        command = A1.home.copy()
        command[1] = 9.0
        assert CommandFilter(A1, PERIOD)(command).limited == ("FR_thigh_joint",)

    @pytest.mark.parametrize("seed", range(20))
    def test_no_limit_is_ever_passed(self, seed):
        rng = np.random.default_rng(seed)
        acceleration, velocity, step = rng.uniform(1.0, 100.0), rng.uniform(0.5, 10.0), rng.uniform(0.02, 1.0)
        robot = with_limits(A1, acceleration=acceleration, velocity=velocity, step=step)
        limits, filter_ = robot.limits, CommandFilter(robot, PERIOD)
        last, last_rate = robot.home, np.zeros(12)
        for _ in range(100):
            value = filter_(last + rng.normal(0.0, 1.0, 12)).value
            rate = (value - last) / PERIOD
            assert (value >= limits.lower).all() and (value <= limits.upper).all()
            assert (np.abs(value - last) <= step + 1e-9).all()
            assert (np.abs(rate) <= velocity + 1e-9).all()
            # a position limit may stop a joint harder than the acceleration limit
            inside = (value > limits.lower) & (value < limits.upper)
            assert (np.abs(rate - last_rate)[inside] <= acceleration * PERIOD + 1e-9).all()
            last, last_rate = value, rate

    def test_a_far_target_is_reached_in_the_end(self):
        robot = with_limits(A1, acceleration=20.0, velocity=3.0)
        filter_, target = CommandFilter(robot, PERIOD), A1.command(np.ones(12))
        for _ in range(60):
            value = filter_(target).value
        np.testing.assert_allclose(value, target, atol=1e-9)

    def test_reset_starts_anew_at_rest(self):
        filter_, fresh = CommandFilter(A1, PERIOD), CommandFilter(A1, PERIOD)
        filter_(A1.home + 9.0)
        filter_.reset()
        np.testing.assert_array_equal(filter_(A1.home + 9.0).value, fresh(A1.home + 9.0).value)
        filter_.reset(A1.home + 0.1)
        np.testing.assert_array_equal(filter_(A1.home + 0.1).value, A1.home + 0.1)


class Joints:
    """Joints that follow velocity commands exactly, after a delay: the filter's own picture of the world."""

    def __init__(self, robot: Robot, delay: int) -> None:
        self.robot, self.filter = robot, CommandFilter(robot, PERIOD)
        self.position, self.previous = robot.home.copy(), np.zeros(robot.size)
        self.pending = [np.zeros(robot.size) for _ in range(delay)]
        self.furthest = np.full(robot.size, -np.inf)

    def step(self, wanted: np.ndarray, noise: float = 0.0) -> np.ndarray:
        """Decide, and move for one period; gives the command."""
        pending = np.array(self.pending).reshape(-1, self.robot.size)
        expected = expected_position(self.robot, PERIOD, self.position + noise, self.previous, pending)
        value = self.filter(wanted, expected).value
        self.pending.append(value)
        acting, share = self.pending.pop(0), self.robot.command_ramp
        for fraction in np.linspace(0.05, 1.0, 20):
            ramped = np.minimum(fraction / share, 1.0) if share else 1.0
            self.position = self.position + PERIOD / 20 * (self.previous + ramped * (acting - self.previous))
            over = np.maximum(self.robot.limits.lower - self.position, self.position - self.robot.limits.upper)
            self.furthest = np.maximum(self.furthest, over)
        self.previous = acting
        return value


class TestVelocityCommands:
    @pytest.mark.parametrize("ramp", [0.0, 0.5, 1.0])
    @pytest.mark.parametrize("delay", [0, 1, 3])
    def test_joints_driven_at_their_limits_stop_there(self, ramp, delay):
        joints = Joints(replace(ARM, command_ramp=ramp), delay)
        for direction in (1.0, -1.0):
            for _ in range(150):
                joints.step(np.full(6, direction * 3.14))
            limit = ARM.limits.upper if direction > 0 else ARM.limits.lower
            np.testing.assert_allclose(joints.position, limit, atol=0.02)
        assert joints.furthest.max() < 0.005

    @pytest.mark.parametrize("seed", range(20))
    def test_no_limit_is_ever_passed(self, seed):
        rng = np.random.default_rng(seed)
        robot = replace(ARM, command_ramp=rng.uniform())
        robot = with_limits(robot, acceleration=rng.uniform(3.0, 40.0), velocity=rng.uniform(0.5, 3.0), step=1.0)
        robot = with_limits(robot, lower=-1.5, upper=1.5)
        joints, last = Joints(robot, delay=int(rng.integers(3))), np.zeros(6)
        most = np.minimum(robot.limits.acceleration * PERIOD, 1.0) + 1e-9
        wanted = np.zeros(6)
        for tick in range(200):
            if tick % 10 == 0:
                wanted = rng.uniform(-4.0, 4.0, 6)
            value = joints.step(wanted)
            assert (np.abs(value) <= robot.limits.velocity + 1e-9).all()
            assert (np.abs(value - last) <= most).all()
            last = value
        assert joints.furthest.max() < 0.01

    def test_noisy_positions_cost_no_more_than_the_noise(self):
        joints, rng = Joints(ARM, delay=1), np.random.default_rng(0)
        for _ in range(200):
            joints.step(np.full(6, 3.14), noise=rng.normal(0.0, 0.003, 6))
        assert joints.furthest.max() < 0.015

    def test_a_joint_at_its_limit_may_leave_it(self):
        value = CommandFilter(ARM, PERIOD)(np.full(6, -0.5), ARM.limits.upper + 0.05).value
        np.testing.assert_array_equal(value, np.full(6, -0.5))

    def test_far_from_limits_a_command_passes_unchanged(self):
        command = ARM.command(np.array([0.5, -0.5, 0.3, 1.0, -1.0, 0.0]))
        filtered = CommandFilter(ARM, PERIOD)(command, ARM.home)
        np.testing.assert_array_equal(filtered.value, command)
        assert filtered.limited == ()

    def test_without_position_limits_only_the_velocity_counts(self):
        wheel = with_limits(ARM, lower=-np.inf, upper=np.inf, acceleration=1000.0, step=9.0)
        value = CommandFilter(wheel, PERIOD)(np.full(6, 9.0), np.full(6, 100.0)).value
        np.testing.assert_array_equal(value, wheel.limits.velocity)


class TestEffortCommands:
    def test_effort_and_step_are_limited(self):
        command = CommandFilter(with_limits(CARTPOLE, step=5.0), PERIOD)
        assert [command(np.array([asked])).value[0] for asked in (3.0, 20.0, 20.0, -20.0)] == [3.0, 8.0, 8.0, 3.0]
        assert command(np.array([4.0])).limited == ()
        assert command(np.array([40.0])).limited == ("cart_joint",)

    def test_a_passive_measurement_that_is_not_finite(self):
        bad = measurement(CARTPOLE, passive_velocity=np.array([np.nan]))
        assert "passive_velocity is not finite" in tripped_guard(CARTPOLE, bad, np.zeros(1))


class TestMixedCommands:
    """Velocities for an arm, positions for its gripper: limits of each by hand."""

    @pytest.fixture
    def robot(self, tmp_path):
        return load_robot(gripper_arm(tmp_path))

    def test_each_joint_keeps_the_limits_of_its_interface(self, robot):
        filter_ = CommandFilter(robot, PERIOD)
        first = filter_(np.array([0.5, -0.5, 0.0, 9.0, 0.0, 9.0]), robot.home)
        # at most a step of 1 rad/s, and the acceleration's 20 rad/s^2 x 0.05 s, from standstill
        np.testing.assert_allclose(first.value[:5], [0.5, -0.5, 0.0, 1.0, 0.0])
        # 2 rad/s allow 0.1 rad a period, and 40 rad/s^2 x 0.05 s as much from standstill
        assert first.value[5] == pytest.approx(0.3 + 0.1)
        assert first.limited == ("joint4", "joint6")
        second = filter_(np.array([0.5, -0.5, 0.0, 9.0, 0.0, 0.0]), robot.home)
        assert second.value[3] == pytest.approx(2.0)
        # its rate may fall from 2 to 0 rad/s in a period, not to -2
        assert second.value[5] == pytest.approx(0.4)

    def test_each_agrees_with_a_robot_that_has_its_interface_alone(self, robot):
        arm = replace(robot, interfaces=("velocity",) * 6)
        hand = replace(robot, interfaces=("position",) * 6)
        filters = [CommandFilter(one, PERIOD) for one in (robot, arm, hand)]
        filters[2].reset(robot.neutral_command)
        rng = np.random.default_rng(0)
        for _ in range(50):
            wanted, position = rng.uniform(-2.0, 2.0, 6), rng.uniform(robot.limits.lower, robot.limits.upper)
            mixed, alone, closed = (one(wanted, position).value for one in filters)
            np.testing.assert_array_equal(mixed[:5], alone[:5])
            np.testing.assert_array_equal(mixed[5], closed[5])

    def test_only_velocities_move_the_expected_position(self, robot):
        pending = np.array([[1.0] * 5 + [0.5]])
        expected = expected_position(robot, PERIOD, robot.home, np.zeros(6), pending)
        # a ramp over the whole period moves a joint half as far
        np.testing.assert_allclose(expected, robot.home + np.array([0.025] * 5 + [0.0]))

    def test_only_position_commands_have_an_error(self, robot):
        robot = replace(robot, safety=replace(robot.safety, joint_error=0.25))
        command = np.array([2.0] * 5 + [0.5])
        assert tripped_guard(robot, measurement(robot), command) is None
        command[5] = 0.6
        assert "joint6 is 0.30 rad from its command" in tripped_guard(robot, measurement(robot), command)


class TestGuards:
    def test_the_home_pose_is_safe(self):
        assert tripped_guard(A1, measurement(A1), A1.home) is None
        assert tripped_guard(ARM, measurement(ARM), np.zeros(6)) is None

    @pytest.mark.parametrize("axis", [0, 1])
    @pytest.mark.parametrize(("angle", "trips"), [(1.25, False), (1.35, True), (-1.35, True), (3.0, True)])
    def test_tilt(self, axis, angle, trips):
        tilted = from_rotation_vector(np.eye(3)[axis] * angle)
        reason = tripped_guard(A1, measurement(A1, imu_orientation=tilted), A1.home)
        assert (reason is not None) == trips
        if reason:
            assert reason.startswith("tilt") and "1.30" in reason

    def test_turning_is_no_tilt(self):
        turned = from_rotation_vector(np.array([0.0, 0.0, 3.0]))
        assert tripped_guard(A1, measurement(A1, imu_orientation=turned), A1.home) is None

    def test_a_joint_past_its_limit(self):
        position = ARM.home.copy()
        position[2] = ARM.limits.upper[2] + 0.09
        assert tripped_guard(ARM, measurement(ARM, joint_position=position), np.zeros(6)) is None
        position[2] += 0.02
        assert "joint3" in tripped_guard(ARM, measurement(ARM, joint_position=position), np.zeros(6))

    def test_a_joint_far_from_its_command(self):
        command = A1.home.copy()
        command[3] += 1.4
        assert tripped_guard(A1, measurement(A1), command) is None
        command[3] += 0.2
        assert "FL_hip_joint is 1.60 rad" in tripped_guard(A1, measurement(A1), command)

    def test_effort_where_it_is_known(self):
        without = replace(A1, sensors=tuple(name for name in A1.sensors if name != "joint_effort"))
        assert tripped_guard(without, measurement(without), A1.home) is None
        effort = np.zeros(12)
        effort[5] = -33.5 * 1.2
        assert tripped_guard(A1, measurement(A1, joint_effort=effort), A1.home) is None
        effort[5] = -33.5 * 1.3
        assert "FL_calf_joint" in tripped_guard(A1, measurement(A1, joint_effort=effort), A1.home)

    @pytest.mark.parametrize("name", A1.sensors)
    def test_a_sensor_that_is_not_finite_or_not_there(self, name):
        state = measurement(A1)
        state[name] = np.full_like(state[name], np.nan)
        assert tripped_guard(A1, state, A1.home).startswith(f"{name} is not finite")
        del state[name]
        assert tripped_guard(A1, state, A1.home) == f"{name} is not measured"

    @pytest.mark.parametrize("seed", range(5))
    def test_random_states_within_all_limits_never_trip(self, seed):
        rng = np.random.default_rng(seed)
        for _ in range(50):
            position = rng.uniform(A1.limits.lower, A1.limits.upper)
            state = measurement(
                A1,
                joint_position=position,
                joint_effort=rng.uniform(-1.0, 1.0, 12) * A1.limits.effort,
                imu_orientation=from_rotation_vector(np.append(rng.uniform(-0.9, 0.9, 2), 0.0)),
            )
            assert tripped_guard(A1, state, position + rng.uniform(-1.0, 1.0, 12)) is None
