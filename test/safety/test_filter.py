# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""The filter keeps every limit whatever is asked of it, and changes nothing that keeps them."""

from dataclasses import replace

import numpy as np
import pytest
from robots import gripper_arm

from ros_rl.errors import CommandError
from ros_rl.robot import Robot, load_robot
from ros_rl.safety import CommandFilter, expected_position

PERIOD = 0.05
A1, CARTPOLE = load_robot("a1"), load_robot("cartpole")
TABLE_ARM = load_robot("xarm6")
ARM = replace(TABLE_ARM, safety=replace(TABLE_ARM.safety, workspace=None))


def with_limits(robot: Robot, **changes: float) -> Robot:
    """The robot with each named limit the same for all joints."""
    limits = {name: np.full(robot.size, value) for name, value in changes.items()}
    return replace(robot, limits=replace(robot.limits, **limits))


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

    @pytest.mark.parametrize("ramp", [0.0, 0.3, 0.5, 1.0])
    @pytest.mark.parametrize("seed", range(6))
    def test_no_limit_is_ever_passed_by_the_set_point_on_its_way(self, seed, ramp):
        """The path that goes out is measured: how fast it moves, and how much its speed changes at corners."""
        rng = np.random.default_rng(seed)
        acceleration, velocity, step = rng.uniform(1.0, 100.0), rng.uniform(0.5, 10.0), rng.uniform(0.02, 1.0)
        robot = with_limits(replace(A1, command_ramp=ramp), acceleration=acceleration, velocity=velocity, step=step)
        limits, filter_, times = robot.limits, CommandFilter(robot, PERIOD), PERIOD * (ramp or 1.0)
        path = [robot.home]
        for tick in range(100):
            wanted = path[-1] + rng.normal(0.0, 1.0, 12) if tick % 7 else rng.uniform(-9.0, 9.0, 12)
            path.append(filter_(wanted).value)
        moved = np.diff(path, axis=0)
        speeds = moved / times
        if 0.0 < ramp < 1.0:  # between two ramps the set point rests
            speeds = np.stack([speeds, np.zeros_like(speeds)], axis=1).reshape(-1, 12)
        assert (path >= limits.lower).all() and (path <= limits.upper).all()
        assert np.abs(moved).max() <= step + 1e-9
        assert np.abs(speeds).max() <= velocity + 1e-9
        changes = np.abs(np.diff(speeds, axis=0, prepend=np.zeros((1, 12))))
        assert changes.max() <= acceleration * times + 1e-9

    @pytest.mark.parametrize(("ramp", "most"), [(0.0, 1.05), (0.5, 0.525), (1.0, 1.05)])
    def test_the_ramp_is_no_faster_than_the_joint(self, ramp, most):
        """21 rad/s: 1.05 rad in a period of 50 ms, half of it in a ramp over half of it."""
        robot = with_limits(replace(A1, command_ramp=ramp), lower=-9.0, upper=9.0, step=9.0)
        for asked, got, limited in ((most - 0.001, most - 0.001, 0), (most + 0.001, most, 12), (8.0, most, 12)):
            filtered = CommandFilter(robot, PERIOD)(robot.home + asked)
            np.testing.assert_allclose(filtered.value - robot.home, got, atol=1e-12)
            assert len(filtered.limited) == limited

    def test_the_speed_of_a_ramp_that_fills_the_period_goes_on_and_that_of_a_shorter_one_does_not(self):
        """8 rad/s^2 let a speed change by 0.4 rad/s in 50 ms, by 0.2 rad/s in 25 ms."""
        limits = {"lower": -9.0, "upper": 9.0, "step": 9.0, "velocity": 9.0, "acceleration": 8.0}
        full, half = (with_limits(replace(A1, command_ramp=ramp), **limits) for ramp in (1.0, 0.5))
        far = A1.home + 5.0
        going = CommandFilter(full, PERIOD)
        moved = np.diff([A1.home, *(going(far).value for _ in range(4))], axis=0)[:, 0]
        np.testing.assert_allclose(moved, [0.02, 0.04, 0.06, 0.08])
        resting = CommandFilter(half, PERIOD)
        moved = np.diff([A1.home, *(resting(far).value for _ in range(4))], axis=0)[:, 0]
        np.testing.assert_allclose(moved, [0.005] * 4)

    @pytest.mark.parametrize("ramp", [0.0, 1.0])
    @pytest.mark.parametrize("way", [0.019, 0.02, 0.021, 0.2, 1.234])
    def test_a_set_point_brakes_in_front_of_its_target(self, ramp, way):
        robot = replace(A1, command_ramp=ramp)
        robot = with_limits(robot, lower=-9.0, upper=9.0, step=9.0, velocity=1.5, acceleration=8.0)
        for sign in (1.0, -1.0):
            filter_ = CommandFilter(robot, PERIOD)
            path = np.array([filter_(robot.home + sign * way).value - robot.home for _ in range(60)])[:, 0] * sign
            assert (np.diff(path) >= 0.0).all() and path.max() <= way + 1e-12
            assert path[-1] == pytest.approx(way, abs=1e-12)
            # no slower than the time that speeds of 0.4, 0.8, ... 1.5 ... 0.8, 0.4 rad/s need, and a period more
            fastest = np.ceil(2 * np.sqrt(way / 0.02)) + max(0.0, way / 0.075 - 3.0)
            assert np.argmax(path >= way - 1e-9) <= fastest

    def test_it_brakes_in_front_of_position_limits_too_when_its_target_is_taken_away(self):
        robot = with_limits(A1, lower=-2.0, upper=2.0, step=9.0, velocity=9.0, acceleration=20.0)
        robot = replace(robot, command_ramp=1.0)
        filter_ = CommandFilter(robot, PERIOD)
        path = [robot.home, *(filter_(np.full(12, 50.0)).value for _ in range(40))]
        rates = np.diff(path, axis=0) / PERIOD
        np.testing.assert_allclose(path[-1], 2.0)
        assert np.abs(np.diff(rates, axis=0)).max() <= 1.0 + 1e-9

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

    @pytest.mark.parametrize("ramp", [0.0, 0.5, 1.0])
    def test_reset_forgets_the_speed_and_the_command_of_before(self, ramp):
        robot = with_limits(replace(A1, command_ramp=ramp), acceleration=10.0)
        filter_, fresh = CommandFilter(robot, PERIOD), CommandFilter(robot, PERIOD)
        for _ in range(5):
            moved = filter_(robot.limits.upper).value
        assert (moved - robot.home).min() > 0.01
        filter_.reset()
        np.testing.assert_array_equal(filter_(robot.limits.upper).value, fresh(robot.limits.upper).value)
        filter_.reset(robot.home)
        fresh.reset(robot.home)
        np.testing.assert_array_equal(filter_(robot.limits.lower).value, fresh(robot.limits.lower).value)

    def test_a_robot_that_lies_past_its_limits_begins_at_them(self):
        filter_ = CommandFilter(A1, PERIOD)
        for limit, beyond in ((A1.limits.upper, 0.8), (A1.limits.lower, -0.8)):
            filter_.reset(limit + beyond)
            np.testing.assert_array_equal(filter_(limit + beyond).value, limit)
            assert filter_(limit + beyond).limited == A1.joints

    @pytest.mark.parametrize("seed", range(5))
    def test_it_stops_at_its_limits_and_not_a_rounding_past_them(self, seed):
        rng, filter_ = np.random.default_rng(seed), CommandFilter(A1, PERIOD)
        for limit, far in ((A1.limits.upper, 9.0), (A1.limits.lower, -9.0)):
            filter_.reset(rng.uniform(A1.limits.lower, A1.limits.upper))
            for _ in range(20):
                value = filter_(np.full(12, far)).value
            np.testing.assert_array_equal(value, limit)


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
        most = np.minimum(robot.limits.acceleration * PERIOD * robot.command_ramp, 1.0) + 1e-9
        wanted = np.zeros(6)
        for tick in range(200):
            if tick % 10 == 0:
                wanted = rng.uniform(-4.0, 4.0, 6)
            value = joints.step(wanted)
            assert (np.abs(value) <= robot.limits.velocity + 1e-9).all()
            assert (np.abs(value - last) <= most).all()
            last = value
        assert joints.furthest.max() < 0.01

    @pytest.mark.parametrize(("ramp", "most"), [(0.0, 1.0), (0.5, 0.5), (1.0, 1.0)])
    def test_inside_the_ramp_a_velocity_changes_no_faster_than_the_joint_may(self, ramp, most):
        """20 rad/s^2: by 1 rad/s in 50 ms, by half of it in a ramp over half of them."""
        robot = with_limits(replace(ARM, command_ramp=ramp), step=9.0)
        filter_ = CommandFilter(robot, PERIOD)
        values = [filter_(np.full(6, asked), ARM.home).value[0] for asked in (3.0, 3.0, -3.0, -3.0, -3.0, -3.0)]
        np.testing.assert_allclose(values, np.array([1, 2, 1, 0, -1, -2]) * most, atol=1e-12)
        filter_.reset()
        assert filter_(np.full(6, most - 1e-6), ARM.home).limited == ()
        filter_.reset()
        assert filter_(np.full(6, most + 1e-6), ARM.home).limited == ARM.joints

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

    def test_pending_velocities_and_half_a_ramp_at_each_end(self):
        """Ramps over half of 50 ms from 0.4 by 1.0 to -0.6 rad/s: 37.5 ms x 1.0 + 12.5 ms x 0.4, and so on."""
        robot = replace(ARM, command_ramp=0.5)
        previous, pending = np.full(6, 0.4), np.array([[1.0] * 6, [-0.6] * 6])
        first = 0.0125 * 0.4 + 0.0375 * 1.0
        second = 0.0125 * 1.0 + 0.0375 * -0.6
        expected = expected_position(robot, PERIOD, robot.home, previous, pending)
        np.testing.assert_allclose(expected, robot.home + first + second, atol=1e-12)
        one = expected_position(robot, PERIOD, robot.home, previous, pending[:1])
        np.testing.assert_allclose(one, robot.home + first, atol=1e-12)
        none = expected_position(robot, PERIOD, robot.home, previous, pending[:0])
        np.testing.assert_array_equal(none, robot.home)
