# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""What only several periods tell: each guard trips after the time it allows, not before, and forgets when told to."""

from dataclasses import replace

import numpy as np
import pytest
from measurements import at_rest
from robots import gripper_arm

from ros_rl.robot import Robot, load_robot
from ros_rl.safety import Guards

PERIOD = 0.05
A1, CARTPOLE = load_robot("a1"), load_robot("cartpole")
ARM = load_robot("xarm6")
ARM = replace(ARM, safety=replace(ARM.safety, workspace=None))


def moving(robot: Robot, tick: int, **changes: np.ndarray):
    """At rest but for a tremor of the encoders, as a living robot's."""
    return at_rest(robot, **({"joint_position": robot.home + 1e-4 * (-1.0) ** tick} | changes))


def first_trip(guards: Guards, measurements, command: np.ndarray, **how) -> tuple[int, str]:
    """How many checks it took, and the reason; (0, "") if none of them tripped."""
    for count, measurement in enumerate(measurements, start=1):
        reason = guards.check(measurement, command, **how)
        if reason is not None:
            return count, reason
    return 0, ""


class TestOldStates:
    @pytest.mark.parametrize(
        ("age", "trips"), [(0.0, False), (0.099, False), (-0.05, False), (0.101, True), (-0.2, True)]
    )
    def test_by_the_readings_own_age(self, age, trips):
        reason = Guards(A1, PERIOD).check(at_rest(A1), A1.home, age=age)
        assert reason == (f"the newest state is {age:.3f} s old, limit 0.1 s" if trips else None)

    @pytest.mark.parametrize("age", [np.nan, np.inf])
    def test_an_age_that_is_none(self, age):
        assert "s old" in Guards(A1, PERIOD).check(at_rest(A1), A1.home, age=age)

    @pytest.mark.parametrize(("period", "trips_at"), [(0.05, 4), (0.02, 7), (0.1, 3), (0.2, 2)])
    def test_a_sequence_that_stands_still(self, period, trips_at):
        """0.1 s after the first reading are in order; the next repetition is not."""
        guards = Guards(A1, period)
        count, reason = first_trip(guards, [at_rest(A1)] * 20, A1.home, sequence=7)
        assert count == trips_at
        assert reason == f"the state is frozen: no new reading for {(trips_at - 1) * period:.3f} s, limit 0.1 s"

    @pytest.mark.parametrize(
        ("period", "age", "doubts"),
        [(0.05, 0.049, False), (0.05, 0.051, True), (0.02, 0.049, False), (0.02, 0.051, True), (0.1, 0.099, False)],
    )
    def test_one_of_half_the_limit_and_a_period_is_in_doubt(self, period, age, doubts):
        guards = Guards(A1, period)
        assert guards.check(at_rest(A1), A1.home, age=age) is None
        assert guards.doubts == doubts
        assert guards.check(moving(A1, 1), A1.home, age=0.0) is None
        assert not guards.doubts

    def test_a_reading_is_in_doubt_when_it_has_come_for_longer_than_that(self):
        guards = Guards(A1, PERIOD)
        found = []
        for _ in range(3):
            assert guards.check(at_rest(A1), A1.home, sequence=7) is None
            found.append(guards.doubts)
        assert found == [False, False, True]
        guards.reset()
        assert not guards.doubts

    def test_one_that_goes_on_now_and_then(self):
        guards = Guards(A1, PERIOD)
        for tick in range(240):
            number = tick - max(0, tick % 12 - 9)  # two repetitions in twelve, of which the second is late
            assert guards.check(moving(A1, number), A1.home, sequence=number) is None
            assert not guards.lateness

    @pytest.mark.parametrize(("every", "trips_at"), [(1, 11), (2, 27), (4, 149), (5, 0), (7, 0)])
    def test_what_is_late_for_long_or_often_is_a_fault(self, every, trips_at):
        """Half a second of it, of which four that are in time take one back; the first is always late."""
        guards = Guards(A1, PERIOD)
        for tick in range(600):
            assert guards.check(moving(A1, tick), A1.home, age=0.0 if tick % every else 0.08, sequence=tick) is None
            if guards.lateness:
                assert tick + 1 == trips_at
                assert guards.lateness.startswith("states come late: more than 0.05 s old for 0.5")
                return
        assert not trips_at

    def test_lateness_counts_only_where_something_acts(self):
        guards = Guards(A1, PERIOD)
        for tick in range(60):
            assert guards.check(moving(A1, tick), A1.home, age=0.08, sequence=tick, acting=False) is None
            assert not guards.lateness

    def test_readings_without_numbers_stand_never(self):
        assert first_trip(Guards(A1, PERIOD), [at_rest(A1)] * 50, A1.home) == (0, "")

    def test_it_is_watched_also_when_nothing_acts(self):
        count, _ = first_trip(Guards(A1, PERIOD), [at_rest(A1)] * 20, A1.home, sequence=7, acting=False)
        assert count == 4
        assert Guards(A1, PERIOD).check(at_rest(A1), A1.home, age=0.2, acting=False) is not None

    def test_reset_begins_anew(self):
        guards = Guards(A1, PERIOD)
        for _ in range(3):
            guards.check(at_rest(A1), A1.home, sequence=7)
        guards.reset()
        assert first_trip(guards, [at_rest(A1)] * 20, A1.home, sequence=7)[0] == 4


class TestPositionCommands:
    """A1 may be 0.35 rad from its command for less than 0.4 s: 8 periods of 50 ms."""

    def trip(self, offset: float, joint: int = 4, count: int = 30) -> tuple[int, str]:
        command = A1.home + offset * np.eye(12)[joint]
        return first_trip(Guards(A1, PERIOD), [moving(A1, tick) for tick in range(count)], command)

    @pytest.mark.parametrize("sign", [-1.0, 1.0])
    def test_a_joint_that_stays_away(self, sign):
        assert self.trip(sign * 0.34) == (0, "")
        count, reason = self.trip(sign * 0.36)
        assert count == 8
        assert reason.startswith(
            f"FL_thigh_joint does not follow its position command {0.9 + sign * 0.36:.2f}: for 0.40 s"
        )
        assert "1.03 times" in reason or "1.02 times" in reason
        assert "joint_error" in reason

    def test_one_that_comes_back_in_time_may_go_again(self):
        guards, far = Guards(A1, PERIOD), A1.home + 0.5
        for tick in range(100):
            command = A1.home if tick % 8 == 7 else far
            assert guards.check(moving(A1, tick), command) is None

    def test_one_that_swings_to_both_sides_follows(self):
        guards = Guards(A1, PERIOD)
        for tick in range(100):
            assert guards.check(moving(A1, tick), A1.home + (0.5 if tick % 14 < 7 else -0.5)) is None

    def test_a_joint_that_moves_and_never_arrives(self):
        """The action box is enough: home at rest, told to the box's end."""
        assert self.trip(0.4, joint=1)[0] == 8

    def test_without_a_command_that_acts_there_is_nothing_to_follow(self):
        far, states = A1.home + 0.5, [moving(A1, tick) for tick in range(30)]
        assert first_trip(Guards(A1, PERIOD), states, far, acting=False) == (0, "")
        guards = Guards(A1, PERIOD)
        for tick in range(60):  # a pause begins the time anew
            assert guards.check(moving(A1, tick), far, acting=tick % 8 != 7) is None

    def test_reset_begins_the_time_anew(self):
        guards = Guards(A1, PERIOD)
        for tick in range(60):
            if tick % 7 == 0:
                guards.reset()
            assert guards.check(moving(A1, tick), A1.home + 0.5) is None

    def test_a_time_of_zero_takes_one_reading(self):
        robot = replace(A1, safety=replace(A1.safety, tracking_time=0.0))
        assert Guards(robot, PERIOD).check(at_rest(robot), A1.home + 0.34) is None
        assert Guards(robot, PERIOD).check(at_rest(robot), A1.home + 0.36) is not None

    def test_a_repeated_reading_is_no_second_witness(self):
        guards = Guards(A1, PERIOD)
        for tick in range(14):
            assert guards.check(moving(A1, tick // 2), A1.home + 0.5, sequence=tick // 2) is None
        assert guards.check(moving(A1, 7), A1.home + 0.5, sequence=7) is not None


class TestVelocityCommands:
    """The arm may be 0.8 x 3.14 rad/s from its command for less than 0.25 s: 5 periods."""

    def trip(self, told: float, moves: float, robot: Robot = ARM) -> tuple[int, str]:
        states = [
            at_rest(robot, joint_velocity=np.full(6, moves), joint_position=robot.home + 1e-5 * (-1.0) ** tick)
            for tick in range(12)
        ]
        return first_trip(Guards(robot, PERIOD), states, np.full(6, told))

    @pytest.mark.parametrize("sign", [-1.0, 1.0])
    def test_an_arm_that_moves_against_its_command(self, sign):
        count, reason = self.trip(sign * 0.5, sign * -3.0)
        assert count == 5 and reason.startswith("joint1 does not follow its velocity command")
        assert reason.endswith("for 0.25 s it is 1.39 times as far from it as velocity_error allows")

    @pytest.mark.parametrize("sign", [-1.0, 1.0])
    def test_both_sides_of_the_limit(self, sign):
        assert self.trip(sign * 0.5, sign * -2.0) == (0, "")
        assert self.trip(sign * 0.5, sign * -2.02)[0] == 5

    def test_a_blocked_arm_is_the_vendors_to_judge_and_one_at_full_speed_is_not(self):
        trembling = [at_rest(ARM, joint_position=ARM.home + 1e-5 * (-1.0) ** tick) for tick in range(12)]
        assert first_trip(Guards(ARM, PERIOD), trembling, np.full(6, 2.5)) == (0, "")
        assert first_trip(Guards(ARM, PERIOD), trembling, np.full(6, 2.52))[0] == 5

    def test_a_robot_that_measures_no_velocity_is_judged_by_how_it_moves(self):
        blind = replace(ARM, sensors=tuple(name for name in ARM.sensors if name != "joint_velocity"))
        states = [
            {
                name: value
                for name, value in at_rest(ARM, joint_position=ARM.home + move * tick).items()
                if name in blind.sensors
            }
            for move in [-0.15]
            for tick in range(12)
        ]
        count, reason = first_trip(
            Guards(blind, PERIOD), [type(at_rest(ARM))(state) for state in states], np.full(6, 0.5)
        )
        # the first reading shows no movement yet
        assert count == 6 and "velocity command 0.50" in reason

    def test_a_joint_that_starts_late_is_given_its_time(self):
        guards = Guards(ARM, PERIOD)
        for tick in range(20):
            velocity = np.zeros(6) if tick < 4 else np.full(6, 3.0)
            position = ARM.home + 1e-6 * tick + velocity * PERIOD * max(tick - 4, 0) * 0.1
            state = at_rest(ARM, joint_velocity=velocity, joint_position=position)
            assert guards.check(state, np.full(6, 3.0)) is None


class TestEffortCommands:
    """The cart's motor may be half its 8 N from what it was told for less than 0.4 s."""

    @pytest.mark.parametrize(("exerts", "trips"), [(8.0, 0), (4.01, 0), (3.99, 8), (0.0, 8), (-8.0, 8)])
    def test_a_motor_that_does_not_exert_what_it_was_told(self, exerts, trips):
        states = [moving(CARTPOLE, tick, joint_effort=np.array([exerts])) for tick in range(20)]
        count, reason = first_trip(Guards(CARTPOLE, PERIOD), states, np.array([8.0]))
        assert count == trips
        assert not trips or ("effort command 8.00" in reason and "effort_error" in reason)

    def test_one_without_a_sensor_runs_away_by_its_velocity(self):
        blind = replace(CARTPOLE, sensors=tuple(name for name in CARTPOLE.sensors if name != "joint_effort"))
        guards = Guards(blind, PERIOD)
        for tick in range(20):
            state = at_rest(blind, joint_velocity=np.array([1.0 * tick]), joint_position=np.array([1e-4 * tick]))
            assert guards.check(state, np.array([8.0])) is None
        assert "moves at 20.10" in guards.check(at_rest(blind, joint_velocity=np.array([20.1])), np.array([8.0]))


class TestMixedCommands:
    @pytest.fixture
    def robot(self, tmp_path):
        robot = load_robot(gripper_arm(tmp_path))
        return replace(robot, safety=replace(robot.safety, joint_error=0.25, tracking_time=0.0))

    def test_each_joint_follows_its_own_interface(self, robot):
        state = at_rest(robot)
        assert Guards(robot, PERIOD).check(state, np.array([2.5] * 5 + [0.54])) is None
        assert "joint6" in Guards(robot, PERIOD).check(state, np.array([0.0] * 5 + [0.56]))
        assert "joint3" in Guards(robot, PERIOD).check(state, np.array([0.0, 0.0, 2.6, 0.0, 0.0, 0.3]))


class TestJumps:
    def check(self, robot: Robot, jump: float, **how) -> str | None:
        guards = Guards(robot, PERIOD)
        guards.check(at_rest(robot), robot.neutral_command)
        position = robot.home + jump * np.eye(robot.size)[1]
        return guards.check(at_rest(robot, joint_position=position), robot.neutral_command, **how)

    @pytest.mark.parametrize("sign", [-1.0, 1.0])
    def test_a_joint_cannot_be_elsewhere_at_once(self, sign):
        """Four times 3.14 rad/s: 0.628 rad in 50 ms."""
        assert self.check(ARM, sign * 0.62) is None
        assert self.check(ARM, sign * 0.63) == "joint2 moved by 0.630 rad in 0.050 s, limit 0.628 rad"
        assert self.check(ARM, sign * 0.63, acting=False) is not None

    def test_after_a_longer_time_it_can(self):
        assert self.check(ARM, 1.2, elapsed=0.1) is None
        assert self.check(ARM, 1.3, elapsed=0.1) is not None

    def test_a_time_without_new_readings_counts(self):
        guards, state = Guards(ARM, PERIOD), at_rest(ARM)
        for _ in range(2):
            assert guards.check(state, np.zeros(6), sequence=1) is None
        assert guards.check(at_rest(ARM, joint_position=ARM.home - 1.2), np.zeros(6), sequence=2) is None

    def test_a_reset_moves_the_robot(self):
        guards = Guards(ARM, PERIOD)
        guards.check(at_rest(ARM), np.zeros(6))
        guards.reset()
        assert guards.check(at_rest(ARM, joint_position=ARM.home - 1.5), np.zeros(6)) is None


class TestFrozenEncoders:
    """A joint told to move by half its action may read the very same place for less than 0.25 s: 5 periods."""

    def trip(self, robot: Robot, action: float, position: np.ndarray | None = None, count: int = 30, **changes):
        state = at_rest(robot, joint_position=robot.home if position is None else position, **changes)
        return first_trip(Guards(robot, PERIOD), [state] * count, robot.command(np.full(robot.size, action)))

    @pytest.mark.parametrize("action", [1.0, -1.0, 0.5, -0.5])
    @pytest.mark.parametrize("robot", [A1, ARM], ids=["a1", "xarm6"])
    def test_under_a_command(self, robot, action):
        count, reason = self.trip(robot, action)
        assert count == 6  # the first reading has none before it
        assert reason.startswith(f"{robot.joints[0]} is frozen: told to move for 0.25 s, it is measured at 0.00000")

    def test_an_effort_moves_a_free_joint(self):
        assert self.trip(CARTPOLE, 1.0, joint_effort=np.array([8.0]))[0] == 6

    @pytest.mark.parametrize("robot", [A1, ARM, CARTPOLE], ids=["a1", "xarm6", "cartpole"])
    def test_a_robot_told_to_stay_may_stay(self, robot):
        for action in (0.0, 0.49, -0.49):
            assert self.trip(robot, action, count=100) == (0, "")

    def test_a_time_of_zero_takes_one_reading(self):
        robot = replace(ARM, safety=replace(ARM.safety, frozen=0.0))
        assert self.trip(robot, 1.0)[0] == 2
        states = [moving(robot, tick) for tick in range(20)]
        assert first_trip(Guards(robot, PERIOD), states, np.full(6, 1.0)) == (0, "")

    def test_one_dead_encoder_among_living_ones(self):
        guards = Guards(ARM, PERIOD)
        for tick in range(20):
            position = ARM.home + 0.01 * tick
            position[3] = ARM.home[3]
            reason = guards.check(
                at_rest(ARM, joint_position=position, joint_velocity=np.full(6, 0.6)), np.full(6, 0.6)
            )
            if tick < 5:
                assert reason is None
            else:
                assert reason.startswith("joint4 is frozen")
                return
        pytest.fail("never tripped")

    def test_the_last_bit_is_a_sign_of_life(self):
        guards = Guards(ARM, PERIOD)
        for tick in range(40):
            position = ARM.home + (np.spacing(1.0) if tick % 5 == 4 else 0.0)
            assert guards.check(at_rest(ARM, joint_position=position), np.full(6, 1.0)) is None

    @pytest.mark.parametrize(
        ("place", "action", "trips"), [("upper", 1.0, 0), ("upper", -1.0, 6), ("lower", -1.0, 0), ("lower", 1.0, 6)]
    )
    def test_at_its_own_limit_it_may_push(self, place, action, trips):
        position = getattr(CARTPOLE.limits, place)
        count, _ = self.trip(CARTPOLE, action, position, joint_effort=np.array([8.0 * action]))
        assert count == trips

    def test_only_commands_that_act_count_and_only_together(self):
        guards = Guards(ARM, PERIOD)
        for tick in range(60):
            assert guards.check(at_rest(ARM), np.full(6, 1.0), acting=tick % 5 != 4) is None

    def test_reset_begins_anew(self):
        guards = Guards(ARM, PERIOD)
        for tick in range(60):
            if tick % 5 == 0:
                guards.reset()
            assert guards.check(at_rest(ARM), np.full(6, 1.0)) is None

    def test_measurements_that_are_changed_in_place_are_not_mixed_up(self):
        guards, state = Guards(ARM, PERIOD), at_rest(ARM)
        for _ in range(40):
            assert guards.check(state, np.full(6, 0.6)) is None
            state["joint_position"] += 0.001


@pytest.mark.parametrize("robot", [A1, ARM, CARTPOLE], ids=["a1", "xarm6", "cartpole"])
def test_a_robot_that_follows_within_noise_never_trips(robot):
    rng, guards = np.random.default_rng(0), Guards(robot, PERIOD)
    for sequence in range(300):
        command = robot.command(rng.uniform(-1.0, 1.0, robot.size))
        changes = {"joint_position": robot.home + rng.normal(0.0, 0.01, robot.size)}
        if robot is A1:
            changes["joint_position"] = command + rng.normal(0.0, 0.05, 12)
        if robot is ARM:
            changes["joint_velocity"] = command + rng.normal(0.0, 0.5, 6)
        if robot is CARTPOLE:
            changes["joint_effort"] = command
        assert guards.check(at_rest(robot, **changes), command, age=rng.uniform(0.0, 0.05), sequence=sequence) is None
