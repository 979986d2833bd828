# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Guard and another driver, tick by tick, with plain numbers: the mock's two joints take velocities."""

from dataclasses import replace

import numpy as np
import pytest

from ros_rl.errors import CommandError
from ros_rl.robot import load_robot
from ros_rl.runtime.guard_loop import GuardLoop
from ros_rl.runtime.latch import Latch
from ros_rl.runtime.lateness import Lateness
from ros_rl.runtime.other_driver import OtherDriver
from ros_rl.runtime.pacing import Limits
from ros_rl.types import Command, Measurement, SafetyState, Tick

ROBOT = load_robot("mock")
PERIOD, SECOND = 0.05, 1_000_000_000
RUNNING, READY, HOMING = SafetyState.RUNNING, SafetyState.READY, SafetyState.HOMING
DISARMED, FAULT, STOP = SafetyState.DISARMED, SafetyState.FAULT, SafetyState.EMERGENCY_STOP


class Other(OtherDriver):
    """The other driver: does what it is told, one period later."""

    def __init__(self) -> None:
        self.told: list[tuple[int, np.ndarray]] = []
        self.requests: list[str] = []
        self.index, self.step, self.safety, self.session = -1, -1, DISARMED, 7
        self.pending, self.position = np.zeros(2), np.array([0.3, -0.3])

    def command(self, stamp: int, value: np.ndarray) -> None:
        self.told.append((stamp, value))

    def request(self, service: str) -> None:
        self.requests.append(service)

    def tick(self, safety: SafetyState, **changes) -> Tick:
        self.step = self.step + 1 if safety is RUNNING and self.safety is RUNNING else 0
        self.safety, self.index = safety, self.index + 1
        previous, stamp = self.pending, SECOND + round(self.index * PERIOD * SECOND)
        self.pending = self.told[-1][1] if self.told and safety is RUNNING else np.zeros(2)
        self.position = self.position + PERIOD * previous
        effort = np.zeros(2)
        measured = Measurement(joint_position=self.position, joint_velocity=previous, joint_effort=effort)
        fields = dict(origin=np.zeros(3), previous_command=previous, pending_commands=self.pending[None])
        tick = Tick(stamp, self.index, 0, self.step, safety, True, measurement=measured, **fields)
        return replace(tick, **changes)


@pytest.fixture
def other() -> Other:
    return Other()


@pytest.fixture
def loop(other) -> GuardLoop:
    loop = GuardLoop(ROBOT, PERIOD, Latch(), other, Limits(2, 0.2, 1.0, 0.5), keeps_time=True)
    loop.start(0.0)
    return loop


def take(loop: GuardLoop, other: Other, safety: SafetyState, late: float = 0.0, **changes) -> Tick:
    tick = other.tick(safety, **changes)
    return loop.take(tick, other.session, tick.stamp / SECOND + late)


def run(loop: GuardLoop, other: Other) -> Tick:
    """Armed and resumed, up to the first tick at which commands act."""
    take(loop, other, DISARMED)
    loop.latch.arm()
    take(loop, other, HOMING)
    loop.latch.resume()
    take(loop, other, READY)
    shown = take(loop, other, RUNNING)
    assert shown.safety is RUNNING and not other.told and not other.requests
    return shown


def answer(loop: GuardLoop, tick: Tick, *value: float) -> bool:
    return loop.command(Command(tick.stamp, np.array(value)))


def test_a_command_is_filtered_once_and_repeated_as_it_was(loop, other) -> None:
    """The mock accelerates by at most its limit times the period."""
    tick = run(loop, other)
    most = min(ROBOT.limits.acceleration[0] * PERIOD, ROBOT.limits.step[0], ROBOT.limits.velocity[0])
    assert answer(loop, tick, 1e3, 0.0) and not answer(loop, tick, 0.0, 0.0)
    assert other.told[0][0] == tick.stamp and other.told[0][1][0] == pytest.approx(most) and loop.limited == 1
    loop.take(tick, other.session, tick.stamp / SECOND)  # as a lock-step driver does that waits
    assert len(other.told) == 2 and (other.told[1][1] == other.told[0][1]).all()


def test_a_tick_that_nobody_answered_is_not_answered_as_the_one_before(loop, other) -> None:
    assert answer(loop, run(loop, other), 0.1, 0.0)
    tick = take(loop, other, RUNNING)
    loop.take(tick, other.session, tick.stamp / SECOND)
    assert len(other.told) == 1


def test_the_filter_goes_on_from_what_the_other_decided(other) -> None:
    """At an episode's first tick nothing that was decided here acts; the step limit holds from there."""
    robot = replace(ROBOT, limits=replace(ROBOT.limits, step=np.full(2, 0.1)))
    loop = GuardLoop(robot, PERIOD, Latch(), other, Limits(2, 0.2, 1.0, 0.5), keeps_time=True)
    loop.start(0.0)
    run(loop, other)
    tick = take(loop, other, RUNNING, step=0, pending_commands=np.array([[0.5, -0.5]]))
    assert answer(loop, tick, 0.8, -0.55) and loop.limited == 1
    np.testing.assert_allclose(other.told[-1][1], [0.6, -0.55])


def test_the_other_is_asked_again_after_half_a_second_and_at_once_for_what_is_new(loop, other) -> None:
    now = run(loop, other).stamp / SECOND
    loop.latch.pause()
    for later in (0.0, 0.1, 0.4):
        loop.insist(now + later)
    assert other.requests == ["pause"]
    loop.insist(now + 0.55)
    loop.latch.disarm()
    loop.insist(now + 0.6)
    assert other.requests == ["pause", "pause", "disarm"]
    take(loop, other, DISARMED)
    other.requests.clear()
    take(loop, other, RUNNING)
    assert other.requests == ["disarm"], "it had been done"


def test_whose_command_it_was_is_known_in_front_of_any_driver(loop, other) -> None:
    """The other driver need not say so, and a tick that nobody answered is nobody's."""
    shown = run(loop, other)
    for by_person in (True, False, None, True):
        if by_person is not None:
            loop.command(Command(shown.stamp, np.zeros(2), by_person))
        shown = take(loop, other, RUNNING)
        assert shown.by_person is bool(by_person)


@pytest.mark.parametrize("value", [(np.nan, 0.0), (np.inf, 0.0), (0.0,), (0.0, 0.0, 0.0)])
def test_a_wrong_command_goes_nowhere(loop, other, value) -> None:
    tick = run(loop, other)
    with pytest.raises(CommandError):
        answer(loop, tick, *value)
    assert not other.told


def test_without_being_armed_here_the_other_rests_and_is_disarmed(loop, other) -> None:
    for _ in range(3):
        shown = take(loop, other, RUNNING)
        assert shown.safety is DISARMED and not shown.intact
        assert not answer(loop, shown, 1.0, 1.0)
    assert [np.abs(value).max() for _, value in other.told] == [0.0] * 3
    assert other.requests == ["disarm"]


def test_what_is_latched_here_holds_whatever_the_other_says(loop, other) -> None:
    tick = run(loop, other)
    loop.latch.emergency_stop()
    loop.be_safe()
    assert not answer(loop, tick, 1.0, 0.0)
    assert take(loop, other, RUNNING).safety is STOP and np.abs(other.told[-1][1]).max() == 0.0
    assert other.requests == ["emergency_stop", "emergency_stop"]
    loop.poll(tick.stamp / SECOND + 10.0)
    assert other.requests.count("emergency_stop") == 3, "it goes on to act"


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"measurement": Measurement(joint_position=np.zeros(2))}, "joint_velocity"),
        ({"stamp": 5}, "stamps go back"),
    ],
)
def test_a_tick_that_speaks_against_going_on_is_a_fault(loop, other, changes, reason) -> None:
    run(loop, other)
    assert take(loop, other, RUNNING, **changes).safety is FAULT
    assert reason in loop.latch.reason and "emergency_stop" in other.requests


def test_a_joint_past_its_limit_is_a_fault(loop, other) -> None:
    run(loop, other)
    other.position = ROBOT.limits.upper + 1.0
    assert take(loop, other, RUNNING).safety is FAULT


def test_silence_of_either_side_is_a_fault(loop, other) -> None:
    tick = run(loop, other)
    loop.poll(tick.stamp / SECOND + 0.4)
    assert loop.latch.armed
    loop.poll(tick.stamp / SECOND + 0.6)
    assert "driver has been silent for 0.60 s" in loop.latch.reason
    assert take(loop, other, RUNNING).safety is FAULT, "it came back"


def test_it_hears_a_driver_only_since_it_was_started_and_while_ticks_come(loop, other) -> None:
    now = run(loop, other).stamp / SECOND
    assert loop.hears(now + 0.4) and not loop.hears(now + 0.8)
    loop.start(now + 100.0)
    assert not loop.hears(now + 100.1), "what it heard before that is no driver now"


def test_two_ticks_without_a_command_are_a_fault(loop, other) -> None:
    run(loop, other)
    assert take(loop, other, RUNNING).safety is RUNNING
    assert take(loop, other, RUNNING).safety is FAULT and "missed 2 deadlines" in loop.latch.reason


def test_late_ticks_are_a_fault_by_the_clocks_difference(loop, other) -> None:
    tick = run(loop, other)
    answer(loop, tick, 0.1, 0.0)
    assert take(loop, other, RUNNING, late=0.6).safety is FAULT and "0.60 s late" in loop.latch.reason


def test_another_start_of_the_driver_is_a_fault(loop, other) -> None:
    run(loop, other)
    other.session = 8
    assert take(loop, other, RUNNING).safety is FAULT and "started anew" in loop.latch.reason


def test_a_fault_of_the_others_is_one_here_and_stays_when_it_is_gone_there(loop, other) -> None:
    run(loop, other)
    assert take(loop, other, FAULT).safety is FAULT and "reports FAULT" in loop.latch.reason
    assert take(loop, other, RUNNING).safety is FAULT


def test_a_driver_that_was_disarmed_is_disarmed_here(loop, other) -> None:
    run(loop, other)
    take(loop, other, DISARMED)
    assert loop.latch.state is DISARMED
    assert take(loop, other, RUNNING).safety is DISARMED


def test_episodes_go_on_by_themselves_but_not_after_a_pause(loop, other) -> None:
    run(loop, other)
    assert [take(loop, other, state).safety for state in (HOMING, READY, RUNNING)] == [HOMING, READY, RUNNING]
    loop.latch.pause()
    assert take(loop, other, RUNNING).safety is READY and other.requests == ["pause"]
    assert np.abs(other.told[-1][1]).max() == 0.0


def test_lateness_is_told_beside_the_quickest_of_late() -> None:
    lateness = Lateness()
    assert lateness(100 * SECOND, 7.0) == 0.0  # whatever the clocks' difference
    assert lateness(101 * SECOND, 8.3) == pytest.approx(0.3)
    for k in range(300):  # a clock that drifts by 1 ms a message is no delay
        late = lateness((102 + k) * SECOND, 9.0 + 1.001 * k)
    assert late < 0.25
