# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""The way to a backend: what it raises, what wins, and what is counted."""

import pytest
from slow_robot import SlowRobot

from ros_rl.robot import load_robot
from ros_rl.runtime.latch import Event, Latch
from ros_rl.runtime.robot_link import RobotLink
from ros_rl.types import SafetyState

ROBOT = load_robot("mock")


def fail(*_):
    raise OSError("unplugged")


@pytest.fixture
def parts():
    robot, latch = SlowRobot(ROBOT, clock=lambda: 7.0), Latch(self_arming=True)
    latch.begin()
    return robot, latch, RobotLink(robot, latch, holds=0.25, clock=lambda: 7.0)


def test_a_target_expires_as_long_after_it_was_sent_as_it_holds(parts):
    robot, _, link = parts
    link.write(ROBOT.home)
    assert robot._until == 7.25 and link.sent is ROBOT.home
    link.be_safe()
    assert robot._target is None and link.sent is None


@pytest.mark.parametrize("state", [SafetyState.FAULT, SafetyState.EMERGENCY_STOP, SafetyState.DISARMED])
def test_nothing_is_sent_unless_it_is_armed(parts, state):
    robot, latch, link = parts
    event = {
        SafetyState.FAULT: Event.TRIP,
        SafetyState.EMERGENCY_STOP: Event.STOP,
        SafetyState.DISARMED: Event.DISARM,
    }
    latch.fire(event[state])
    link.write(ROBOT.home)
    link.switch_on()
    assert robot._target is None and link.sent is None and robot.calls == []


def test_a_stop_between_asking_and_sending_wins(parts):
    robot, latch, link = parts
    write = robot.write

    def stopped_meanwhile(command, until):
        latch.emergency_stop()
        write(command, until)

    robot.write = stopped_meanwhile
    link.write(ROBOT.home)
    assert robot._target is None, "what was sent after the stop is taken back"


@pytest.mark.parametrize(
    ("call", "use"),
    [
        ("read", lambda link: link.read()),
        ("write", lambda link: link.write(ROBOT.home)),
        ("arm", lambda link: (link.switch_on(), link.switch_off())),
        ("disarm", lambda link: (link.switch_on(), link.switch_off())),
    ],
)
def test_what_a_backend_raises_is_a_fault_that_lasts(parts, call, use):
    robot, latch, link = parts
    link.read()
    setattr(robot, call, fail)
    use(link)
    assert (latch.state, latch.lasting) == (SafetyState.FAULT, True)
    assert latch.reason == f"the backend failed to {call}: OSError: unplugged"
    assert latch.recover() == "" and link.faults == 1
    latch.clear()
    use(link)
    assert link.faults == 2


def test_motors_are_switched_once(parts):
    robot, _, link = parts
    for _ in range(2):
        link.switch_on()
    for _ in range(2):
        link.switch_off()
    assert robot.calls == ["arm", "disarm"]


def test_an_arming_forgets_what_was_sent_before(parts):
    """Disarmed and armed within a tick: the robot stands, and is not to be judged by its old command."""
    robot, latch, link = parts
    link.switch_on()
    link.write(ROBOT.home)
    assert link.sent is not None
    latch.disarm()
    latch.arm()
    link.switch_on()
    assert link.sent is None and robot.calls == ["arm", "arm"]


def test_faults_are_counted_where_they_were_latched(parts):
    _, latch, link = parts
    assert link.trip("one") and not link.trip("while it is latched")
    latch.clear()
    assert link.trip("two") and link.faults == 2 and not latch.lasting
