# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""When the driver opens its next tick: lock-step and real time, with plain numbers for time."""

import numpy as np
import pytest

from ros_rl.backends.mock import MockBackend
from ros_rl.errors import CommandError
from ros_rl.runtime.driver_loop import DriverLoop
from ros_rl.runtime.pacing import Limits, LockStep, RealTime
from ros_rl.settings.loading import load_settings
from ros_rl.settings.simulators.mock import MockSettings
from ros_rl.types import Command, SafetyState, Tick, Verdict

PERIOD = 0.05


@pytest.fixture
def loop() -> DriverLoop:
    settings = load_settings("mock_point")
    robot = settings.load_robot()
    return DriverLoop(
        robot,
        settings.task,
        MockBackend(robot, MockSettings(), PERIOD),
        1 / PERIOD,
        delay=1,
        auto_recover=True,
    )


@pytest.fixture
def lock_step(loop) -> LockStep:
    pacer = LockStep(loop, PERIOD, auto_recover=True, silence_limit=2.0)
    pacer.start(0.0)
    return pacer


@pytest.fixture
def real_time(loop) -> RealTime:
    pacer = RealTime(loop, PERIOD, auto_recover=True, limits=Limits(misses=2))
    ready = pacer.start(0.0, stamp=998)
    pacer.command(answer(ready), 0.0)
    pacer.poll(0.0, 1000)
    return pacer


def answer(tick: Tick, value: float = 0.0) -> Command:
    return Command(tick.stamp, np.full(2, value))


def test_lock_step_needs_command_verdict_and_allowance_in_any_order(loop, lock_step) -> None:
    assert lock_step.command(answer(loop.tick), 0.1) is None
    assert lock_step.verdict(loop.tick.stamp, Verdict.CONTINUE, 0.1) is None
    second = lock_step.allow(2, 0.1)
    assert second is not None and second.step == 1 and second.intact
    assert lock_step.verdict(second.stamp, Verdict.CONTINUE, 0.2) is None
    third = lock_step.command(answer(second), 0.2)
    assert third is not None and third.env_steps == 2
    lock_step.command(answer(third), 0.3)
    assert lock_step.verdict(third.stamp, Verdict.CONTINUE, 0.3) is None, "the allowance is used up"
    assert lock_step.allow(3, 0.4) is not None


def test_an_ending_verdict_needs_no_command_and_no_allowance(loop, lock_step) -> None:
    tick = lock_step.verdict(loop.tick.stamp, Verdict.TRUNCATED, 0.1)
    assert tick is not None and (tick.episode, tick.step, tick.env_steps) == (1, 0, 0)


def test_answers_to_other_ticks_are_ignored(loop, lock_step) -> None:
    first = loop.tick
    lock_step.allow(100, 0.0)
    lock_step.command(answer(first), 0.0)
    second = lock_step.verdict(first.stamp, Verdict.CONTINUE, 0.0)
    assert second is not None
    assert lock_step.verdict(first.stamp, Verdict.TERMINATED, 0.1) is None
    assert lock_step.command(answer(first), 0.1) is None
    assert lock_step.late == 1
    assert loop.tick is second


def test_an_unanswered_tick_is_repeated_unchanged(loop, lock_step) -> None:
    assert lock_step.poll(0.4, 0) is None
    assert lock_step.poll(0.6, 0) is loop.tick
    assert lock_step.poll(0.7, 0) is None
    assert lock_step.poll(1.2, 0) is loop.tick


@pytest.mark.parametrize("last", ["command", "verdict", "allow"])
def test_time_counts_from_the_tick_on_whoever_answered_last(loop, lock_step, last) -> None:
    """The tick opens at 1 s: it is repeated at 1.5 s, and a silence of more than 2 s is one from 3 s on."""
    answers = {
        "command": lambda now: lock_step.command(answer(loop.tick), now),
        "verdict": lambda now: lock_step.verdict(loop.tick.stamp, Verdict.CONTINUE, now),
        "allow": lambda now: lock_step.allow(1, now),
    }
    for name in [*(name for name in answers if name != last), last]:
        tick = answers[name](1.0)
    assert tick is loop.tick and tick.step == 1
    assert lock_step.poll(1.49, 0) is None and lock_step.poll(1.5, 0) is tick
    assert lock_step.poll(3.0, 0) is tick and loop.safety is SafetyState.RUNNING
    assert lock_step.poll(3.01, 0).safety is SafetyState.FAULT
    assert lock_step.poll(3.05, 0) is None and lock_step.poll(3.07, 0).index == tick.index + 2


@pytest.mark.parametrize("silent", ["collector", "controller", "learner"])
def test_after_a_recovery_time_counts_anew(loop, lock_step, silent) -> None:
    if silent != "collector":
        lock_step.verdict(loop.tick.stamp, Verdict.CONTINUE, 0.0)
    if silent == "learner":
        lock_step.command(answer(loop.tick), 0.0)
    lock_step.poll(2.1, 0)
    recovered = {
        "collector": lambda: lock_step.verdict(loop.tick.stamp, Verdict.CONTINUE, 5.0),
        "controller": lambda: lock_step.command(answer(loop.tick), 5.0),
        "learner": lambda: lock_step.allow(1, 5.0),
    }[silent]()
    assert recovered.step == 0
    assert lock_step.poll(5.4, 0) is None and lock_step.poll(7.0, 0).safety is SafetyState.RUNNING


def test_a_living_learner_excuses_nobody_else(loop, lock_step) -> None:
    for second in range(1, 4):
        lock_step.allow(0, float(second))
    assert lock_step.poll(3.1, 0).safety is SafetyState.FAULT and "collector" in loop.fault


@pytest.mark.parametrize("silent", ["collector", "controller", "learner"])
def test_silence_faults_by_name_and_the_node_recovers_it(loop, lock_step, silent) -> None:
    if silent != "collector":
        lock_step.verdict(loop.tick.stamp, Verdict.CONTINUE, 0.0)
    if silent == "learner":
        lock_step.command(answer(loop.tick), 0.0)
    assert lock_step.waits_for() == silent
    tick = lock_step.poll(2.1, 0)
    assert tick is not None and tick.safety is SafetyState.FAULT
    assert loop.fault == f"{silent} has been silent for 2 s"
    follower = lock_step.poll(2.2, 0)
    assert follower is not None and follower.safety is SafetyState.FAULT and not follower.intact
    recovered = {
        "collector": lambda: lock_step.verdict(follower.stamp, Verdict.CONTINUE, 2.21),
        "controller": lambda: lock_step.command(answer(follower), 2.21),
        "learner": lambda: lock_step.allow(1, 2.21),
    }[silent]()
    assert recovered is not None and recovered.safety is SafetyState.RUNNING and recovered.step == 0


def test_where_nothing_recovers_by_itself_an_answer_after_a_silence_changes_nothing(loop) -> None:
    pacer = LockStep(loop, PERIOD, auto_recover=False, silence_limit=2.0)
    pacer.start(0.0)
    pacer.allow(100, 0.0)
    assert pacer.poll(2.1, 0).safety is SafetyState.FAULT
    pacer.verdict(loop.tick.stamp, Verdict.CONTINUE, 2.2)
    pacer.command(answer(loop.tick), 2.2)
    pacer.allow(101, 2.2)
    assert pacer.poll(2.3, 0).safety is SafetyState.FAULT


def test_an_answer_after_a_silence_ends_no_emergency_stop_and_nobody_elses_fault(loop, lock_step) -> None:
    lock_step.poll(2.1, 0)
    loop.emergency_stop()
    lock_step.verdict(loop.tick.stamp, Verdict.CONTINUE, 2.2)
    assert lock_step.poll(2.3, 0).safety is SafetyState.EMERGENCY_STOP
    loop.clear()
    assert lock_step.poll(2.4, 0).safety is SafetyState.RUNNING
    loop.trip("something else")
    lock_step.verdict(loop.tick.stamp, Verdict.CONTINUE, 2.5)
    assert lock_step.poll(2.6, 0).safety is SafetyState.FAULT


def test_a_paused_lock_step_goes_on_by_the_wall_clock_and_resumes(loop, lock_step) -> None:
    loop.latch.pause()
    assert lock_step.poll(0.01, 0) is None
    assert lock_step.poll(0.06, 0).safety is SafetyState.READY
    loop.latch.resume()
    tick = lock_step.poll(0.12, 0)
    assert (tick.safety, tick.step) == (SafetyState.RUNNING, 0)


def test_a_learner_that_withholds_steps_but_lives_is_no_fault(loop, lock_step) -> None:
    lock_step.command(answer(loop.tick), 0.0)
    lock_step.verdict(loop.tick.stamp, Verdict.CONTINUE, 0.0)
    for second in range(1, 20):
        lock_step.allow(0, float(second))
        lock_step.poll(second + 0.5, 0)
    assert loop.safety is SafetyState.RUNNING


def test_a_bad_command_leaves_the_tick_open(loop, lock_step) -> None:
    tick = loop.tick
    for value in (np.zeros(3), np.array([0.0, np.nan])):
        with pytest.raises(CommandError):
            lock_step.command(Command(tick.stamp, value), 0.0)
    assert loop.tick is tick and not loop.answered


def test_in_real_time_a_robot_stays_ready_until_somebody_answers_then_keeps_its_clock(loop) -> None:
    pacer = RealTime(loop, PERIOD, auto_recover=True, limits=Limits())
    ticks = [pacer.start(0.0, 1000), pacer.poll(0.05, 2000), pacer.poll(0.10, 3000)]
    assert [tick.safety for tick in ticks] == [SafetyState.READY] * 3 and not any(tick.intact for tick in ticks)
    pacer.command(Command(ticks[-1].stamp, np.array([np.nan, 0.0])), 0.11)
    assert pacer.poll(0.15, 4000).safety is SafetyState.READY, "nonsense is no answer"
    pacer.command(answer(loop.tick), 0.16)
    first = pacer.poll(0.20, 5000)
    assert (first.safety, first.step, first.episode, first.stamp) == (SafetyState.RUNNING, 0, 0, 5000)
    pacer.command(answer(first), 0.21)
    second = pacer.poll(0.25, 6000)
    assert second.stamp == 6000 and second.intact and second.env_steps == 1


def test_who_missed_is_told_by_name(loop) -> None:
    pacer = RealTime(loop, PERIOD, auto_recover=False, limits=Limits(misses=2), commander="teleoperator")
    pacer.command(answer(pacer.start(0.0, stamp=998)), 0.0)
    for index in range(4):
        pacer.poll(PERIOD * index, 1000 + index)
    assert loop.fault == "teleoperator missed 2 deadlines in a row"


def test_two_misses_in_a_row_are_the_safe_state_and_an_answer_ends_it(loop, real_time) -> None:
    real_time.command(answer(loop.tick), 0.01)
    second = real_time.poll(0.05, 2000)
    third = real_time.poll(0.10, 3000)
    assert third is not None and third.safety is SafetyState.RUNNING and not third.intact
    fourth = real_time.poll(0.15, 4000)
    assert fourth is not None and fourth.safety is SafetyState.FAULT
    assert loop.fault == "controller missed 2 deadlines in a row"
    real_time.command(answer(second), 0.16)
    assert real_time.late == 1
    assert real_time.poll(0.20, 5000).safety is SafetyState.FAULT
    real_time.command(answer(loop.tick), 0.21)
    recovered = real_time.poll(0.25, 6000)
    assert recovered is not None and recovered.safety is SafetyState.RUNNING and recovered.step == 0


class TestGivingUp:
    """Who is silent in real time, to the very period; by its next answer a simulation recovers, at the stamp of now."""

    def make(self, loop, **limits) -> RealTime:
        pacer = RealTime(loop, PERIOD, auto_recover=True, limits=Limits(**limits))
        pacer.command(answer(pacer.start(0.0, 1)), 0.0)
        pacer.poll(0.0, 2)
        return pacer

    def periods(self, pacer, loop, answers) -> list[SafetyState]:
        """From 0 s on, a period each; True is answered."""
        found = []
        for index, answered in enumerate(answers):
            if answered:
                pacer.command(answer(loop.tick), PERIOD * index + 0.01)
            found.append(pacer.poll(PERIOD * (index + 1), 1000 * (index + 1)).safety)
        return found

    def test_as_many_misses_as_are_allowed_are_no_fault_and_one_more_is(self, loop) -> None:
        pacer = self.make(loop, misses=50, unjudged=0.0)
        states = self.periods(pacer, loop, [index % 5 != 0 for index in range(100)])  # 20 of 100
        assert set(states) == {SafetyState.RUNNING} and pacer.misses == 20
        assert self.periods(pacer, loop, [False, False]) == [SafetyState.RUNNING, SafetyState.FAULT]
        assert "controller missed 21 of the last 100 deadlines" in loop.fault
        pacer.command(answer(loop.tick), 5.31)
        recovered = pacer.poll(5.35, 777_000)
        assert (recovered.safety, recovered.stamp, recovered.step) == (SafetyState.RUNNING, 777_000, 0)

    def test_verdicts_that_stay_away(self, loop) -> None:
        pacer = self.make(loop, unjudged=0.2)
        pacer.verdict(loop.tick.stamp, Verdict.CONTINUE, 0.07)
        states = self.periods(pacer, loop, [True] * 7)  # at 0.30 and 0.35 s it is 0.23 and 0.28 s old, a period of 0.05
        assert states == [SafetyState.RUNNING] * 6 + [SafetyState.FAULT]
        assert loop.fault == "collector has given no verdict for 0.3 s"
        pacer.command(answer(loop.tick), 0.36)
        assert pacer.poll(0.40, 9000).safety is SafetyState.FAULT, "another's answer does not end it"
        pacer.verdict(loop.tick.stamp, Verdict.CONTINUE, 0.41)
        pacer.verdict(loop.tick.stamp, Verdict.CONTINUE, 0.42)
        assert pacer.poll(0.45, 10_000).safety is not SafetyState.FAULT

    def test_a_recovery_that_came_too_late_for_its_fault_changes_nothing(self, loop) -> None:
        pacer = self.make(loop)
        self.periods(pacer, loop, [True, False, False])
        assert loop.safety is SafetyState.FAULT
        pacer.command(answer(loop.tick), 0.16)
        loop.emergency_stop()
        assert pacer.poll(0.2, 9000).safety is SafetyState.EMERGENCY_STOP
        assert pacer.poll(0.25, 10_000).index == loop.tick.index


def test_answers_late_ones_and_long_periods_are_counted(loop, real_time) -> None:
    first = loop.tick
    assert (real_time.answers, real_time.late, real_time.broken) == (1, 0, 0)
    for now in (0.05, 0.13, 0.21):  # 50, 80 and 80 ms
        real_time.command(answer(loop.tick), now - 0.01)
        real_time.command(answer(loop.tick), now - 0.01)
        real_time.poll(now, round(now * 1e9))
    real_time.command(answer(first), 0.22)
    real_time.command(answer(first), 0.22)
    assert (real_time.answers, real_time.late, real_time.broken) == (4, 2, 2)


def test_a_driver_that_was_held_up_recovers_by_the_next_answer(loop, real_time) -> None:
    real_time.command(answer(loop.tick), 0.01)
    real_time.poll(0.05, 2000)
    assert real_time.poll(4.0, 3000).safety is SafetyState.FAULT and "held up for 3.90 s" in loop.fault
    real_time.command(answer(loop.tick), 4.01)
    recovered = real_time.poll(4.05, 4000)
    assert recovered.safety is SafetyState.RUNNING
    real_time.command(answer(recovered), 4.06)
    assert real_time.poll(4.10, 5000).intact, "its time counts from then on"


def test_a_single_miss_breaks_the_chain_only(loop, real_time) -> None:
    real_time.command(answer(loop.tick), 0.01)
    real_time.poll(0.05, 2000)
    broken = real_time.poll(0.10, 3000)
    real_time.command(answer(broken), 0.11)
    whole = real_time.poll(0.15, 4000)
    assert not broken.intact and whole.intact
    assert (loop.missed, loop.safety) == (1, SafetyState.RUNNING)


def test_a_late_verdict_still_ends_its_episode_but_not_the_next(loop, real_time) -> None:
    first = loop.tick
    real_time.command(answer(first), 0.01)
    second = real_time.poll(0.05, 2000)
    real_time.command(answer(second), 0.06)
    real_time.verdict(first.stamp, Verdict.TERMINATED, 0.07)
    reset = real_time.poll(0.10, 3000)
    assert reset.step == 0
    real_time.command(answer(reset), 0.11)
    real_time.verdict(second.stamp, Verdict.TERMINATED, 0.12)
    assert real_time.poll(0.15, 4000).step == 1


def test_a_slow_robots_own_period_is_no_hold_up() -> None:
    """At 2 Hz every tick takes as long as a driver may be held up for."""
    settings = load_settings("mock_point", overrides=["control.rate_hz=2"])
    robot = settings.load_robot()
    loop = DriverLoop(robot, settings.task, MockBackend(robot, MockSettings(), 0.5), 2.0, delay=0)
    pacer = RealTime(loop, 0.5, auto_recover=False, limits=Limits())
    pacer.command(answer(pacer.start(0.0, stamp=1)), 0.0)
    for number in range(1, 6):
        pacer.poll(0.501 * number, number * 501_000_000)
        pacer.command(answer(loop.tick), 0.501 * number + 0.02)
        pacer.verdict(loop.tick.stamp, Verdict.CONTINUE, 0.501 * number + 0.03)
    assert loop.safety is SafetyState.RUNNING
    pacer.poll(0.501 * 6 + 0.6, 4_000_000_000)
    assert "held up for 0.60 s, limit 0.5 s" in loop.fault
