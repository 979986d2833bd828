# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""What stands though it was told to move: how soon it is noticed, and what may stand."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from measurements import at_rest

from ros_rl.robot import Robot, load_robot
from ros_rl.safety import Guards
from ros_rl.types import Array

PERIOD = 0.05
A1, ARM, SO101 = load_robot("a1"), load_robot("xarm6"), load_robot("so101")
ARM = replace(ARM, safety=replace(ARM.safety, workspace=None))
FREEZES = 40  # the tick from which it stands


def waves(robot: Robot, share: float) -> Callable[[int], Array]:
    """Commands, tick by tick: each joint at 0.4 Hz and a phase of its own."""
    return lambda tick: robot.command(share * np.sin(2.0 * np.pi * 0.4 * PERIOD * tick + 1.7 * np.arange(robot.size)))


def live(
    robot: Robot, command: Callable[[int], Array], tremor: float = 0.0, until: int = 120, **lie: Array
) -> tuple[int, str]:
    """A robot that follows until it stands; readings from then on until it is noticed, and the reason."""
    guards, position, rng = Guards(robot, PERIOD), robot.home.copy(), np.random.default_rng(0)
    by_position = robot.commanded_by("position").all()
    for tick in range(until):
        told = command(tick)
        if tick < FREEZES:
            position = told.copy() if by_position else position + PERIOD * told
        seen = position + tremor * rng.normal(size=robot.size)
        turns = (
            {"imu_angular_velocity": np.full(3, float(min(tick, FREEZES)))}
            if "imu_orientation" in robot.sensors
            else {}
        )
        reason = guards.check(at_rest(robot, joint_position=seen, **{**turns, **lie}), told, sequence=tick)
        if reason is not None:
            return tick - FREEZES + 1, reason
    return 0, ""


class TestFrozenState:
    @pytest.mark.parametrize(
        ("robot", "share", "most"),
        [(A1, 0.3, 3), (A1, 0.1, 12), (ARM, 1.0, 2), (ARM, 0.3, 3), (ARM, 0.1, 5), (ARM, 0.03, 12), (SO101, 0.3, 4)],
        ids=["a1", "a1 small", "xarm6 large", "xarm6", "xarm6 small", "xarm6 tiny", "so101"],
    )
    def test_it_is_noticed_by_how_far_joints_were_told_to_go(self, robot: Robot, share: float, most: int) -> None:
        readings, reason = live(robot, waves(robot, share))
        assert 2 <= readings <= most
        assert reason.startswith("the state is frozen: for 0.") and "was told to go 0." in reason

    @pytest.mark.parametrize(("share", "first"), [(1.0, 1), (0.3, 1), (0.03, 0)])
    def test_an_arm_that_stands_at_once_is_in_doubt_from_the_first_reading_on(self, share: float, first: int) -> None:
        """Of commands that are small the first reading does not tell."""
        guards, moves, position = Guards(ARM, PERIOD), waves(ARM, share), ARM.home.copy()
        for tick in range(FREEZES):
            position = position + PERIOD * moves(tick)
            assert guards.check(at_rest(ARM, joint_position=position), moves(tick), sequence=tick) is None
            assert not guards.doubts
        assert guards.check(at_rest(ARM, joint_position=position), moves(FREEZES), sequence=FREEZES) is None
        assert guards.doubts == bool(first)
        further = position + PERIOD * moves(FREEZES + 1)
        assert guards.check(at_rest(ARM, joint_position=further), moves(FREEZES + 1), sequence=FREEZES + 1) is None
        assert not guards.doubts

    def test_an_arm_that_begins_to_move_is_in_no_doubt(self) -> None:
        guards, moves = Guards(ARM, PERIOD), waves(ARM, 0.3)
        for tick in range(20):
            assert guards.check(at_rest(ARM), moves(tick), sequence=tick) is None
            assert not guards.doubts

    @pytest.mark.parametrize("period", [PERIOD, 0.125, 0.2])
    def test_an_arm_that_begins_again_from_rest_is_in_no_doubt(self, period: float) -> None:
        """Where two readings take as long as it may take to begin, too."""
        guards, told = Guards(ARM, period), np.full(6, 0.5)
        for tick in range(2):
            trembling = at_rest(ARM, joint_position=ARM.home + 1e-6 * tick)
            assert guards.check(trembling, np.zeros(6), sequence=tick) is None
        stands, tick = at_rest(ARM, joint_position=ARM.home + 1e-6), 2
        while guards.check(stands, told, sequence=tick) is None:
            assert not guards.doubts
            tick += 1
        assert tick * period >= 0.25

    @pytest.mark.parametrize("robot", [A1, ARM, SO101], ids=["a1", "xarm6", "so101"])
    def test_a_robot_told_to_stay_may_stay(self, robot: Robot) -> None:
        moves = waves(robot, 0.3)
        stays = np.zeros(6) if robot is ARM else moves(FREEZES - 1)
        assert live(robot, lambda tick: moves(tick) if tick < FREEZES else stays) == (0, "")

    def test_commands_that_tremble_ask_for_no_motion(self) -> None:
        """Servos with friction stand under them, to the last step of their encoders."""
        rng, moves = np.random.default_rng(1), waves(SO101, 0.3)
        last = moves(FREEZES - 1)
        readings, _ = live(
            SO101, lambda tick: moves(tick) if tick < FREEZES else last + rng.uniform(-0.01, 0.01, SO101.size)
        )
        assert readings == 0

    def test_one_joint_alone_may_be_stuck(self) -> None:
        """As an arm that presses into a table by one joint; a dead encoder takes its own, longer time."""
        moves = waves(ARM, 0.3)
        alone = 0.4 * np.eye(6)[1]
        assert live(ARM, lambda tick: moves(tick) if tick < FREEZES else alone) == (0, "")

    def test_a_robot_that_has_not_moved_yet_may_need_time_to_begin(self) -> None:
        guards, moves = Guards(ARM, PERIOD), waves(ARM, 0.3)
        for tick in range(100):
            assert guards.check(at_rest(ARM), moves(tick), sequence=tick) is None

    def test_from_rest_it_has_the_time_of_a_frozen_encoder(self) -> None:
        guards, moves, at = Guards(ARM, PERIOD), waves(ARM, 0.3), ARM.home
        for tick in range(30):
            at = at + 1e-6 * (tick < 10)
            told = moves(tick) if tick >= 20 else np.zeros(6)
            reason = guards.check(at_rest(ARM, joint_position=at), told, sequence=tick)
            assert (reason is not None) == (tick >= 24)  # the fifth reading, 0.25 s

    def test_a_living_imu_is_a_sign_of_life(self) -> None:
        guards, moves = Guards(A1, PERIOD), waves(A1, 0.1)
        for tick in range(100):
            turn = np.array([1e-4 * tick, 0.0, 0.0])
            state = at_rest(A1, joint_position=moves(min(tick, FREEZES)), imu_angular_velocity=turn)
            reason = guards.check(state, moves(tick), sequence=tick)
            assert reason is None or "no joint has moved" in reason or "frozen: told" in reason

    def test_infinite_turns_it_off(self) -> None:
        blind = replace(ARM, safety=replace(ARM.safety, frozen_way=np.inf))
        assert live(blind, waves(blind, 0.3)) == (0, "")


class TestIdleJoints:
    @pytest.mark.parametrize("robot", [ARM, A1], ids=["xarm6", "a1"])
    def test_a_blocked_or_deaf_robot_is_noticed_in_spite_of_a_tremor(self, robot: Robot) -> None:
        readings, reason = live(robot, waves(robot, 0.3), tremor=5e-4)
        assert 5 <= readings <= 8
        assert reason.startswith("no joint has moved for 0.") and "blocked" in reason

    def test_a_joint_that_goes_on_keeps_the_arm_alive(self) -> None:
        guards, moves, at = Guards(ARM, PERIOD), waves(ARM, 0.3), ARM.home.copy()
        for tick in range(150):
            at = at + PERIOD * moves(tick) * (np.eye(6)[5] if tick > FREEZES else 1.0)
            assert guards.check(at_rest(ARM, joint_position=at + 1e-6 * tick), moves(tick), sequence=tick) is None

    def test_joints_that_turn_round_within_a_period_may_be_where_they_were(self) -> None:
        """At 2 Hz: velocities ramp from one way to the other over the whole period, so the arm ends where it began."""
        guards, at, way = Guards(ARM, 0.5), ARM.home.copy(), np.full(6, 0.3)
        told = [0.0 * way, way, -way, way, -way]
        for tick in range(1, len(told)):
            at = at + 0.25 * (told[tick - 1] + told[tick])
            assert guards.check(at_rest(ARM, joint_position=at + 1e-6 * tick), told[tick], sequence=tick) is None


class TestMissingWay:
    """Of an arm that touches nothing: 0.2 rad within about a second."""

    GUARDED = replace(ARM, safety=replace(ARM.safety, missing_way=0.2))

    def trip(self, robot: Robot, told: float, moves: float) -> tuple[int, str]:
        guards, at = Guards(robot, PERIOD), ARM.home.copy()
        for tick in range(40):
            at = at + PERIOD * np.array([told, moves, told, told, told, told])
            state = at_rest(robot, joint_position=at, joint_velocity=np.full(6, told))
            reason = guards.check(state, np.full(6, told), sequence=tick)
            if reason is not None:
                return tick, reason
        return 0, ""

    @pytest.mark.parametrize("sign", [-1.0, 1.0])
    def test_one_joint_that_hardly_moves(self, sign: float) -> None:
        """0.3 rad/s without motion: 0.3 (1 - exp(-t)) reaches 0.2 rad after 1.1 s."""
        tick, reason = self.trip(self.GUARDED, 0.3 * sign, 0.0005 * sign)
        assert 20 <= tick <= 24
        assert reason == (
            "joint2 is blocked or pushed: of the way that it was told to go 0.20 rad are missing, limit 0.2 rad"
        )

    def test_one_that_lags_a_little_follows(self) -> None:
        assert self.trip(self.GUARDED, 0.05, 0.04) == (0, "")

    def test_it_is_off_where_nobody_asks_for_it(self) -> None:
        assert self.trip(ARM, 0.3, 0.0005) == (0, "")
