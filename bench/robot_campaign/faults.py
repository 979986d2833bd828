# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""What is done to a driver, its controller, its operator and its robot, and what has to follow."""

from __future__ import annotations

import signal
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from robot_campaign.robots import GOES_ON, SAFE, Subject
from robot_campaign.visit import Visit

Act = Callable[[Visit], object]


@dataclass(frozen=True)
class Fault:
    """One fault."""

    name: str
    expected: str
    """See `robot_campaign.robots`."""
    begin: Act
    end: Act = lambda visit: None
    """What was wrong is right again, and nothing may move because of that."""


def faults_of(subject: Subject, played: Mapping[str, str]) -> list[Fault]:
    """All faults of a robot.

    Args:
        subject: Whose.
        played: Those that its stand-in plays, by name.
    """
    found = _driver_faults(subject)
    for name in played:
        if name not in subject.start_only:
            found.append(_played(name))
    return [
        Fault(fault.name, subject.expected.get(fault.name, fault.expected), fault.begin, fault.end) for fault in found
    ]


def _driver_faults(subject: Subject) -> list[Fault]:
    found = [
        _misdeed("silent", "silent"),
        _misdeed("NaN", "nan"),
        _misdeed("inf", "inf"),
        _misdeed("wrong size", "wrong_size"),
        _misdeed("a joint missing", "one_missing"),
        _misdeed("a joint twice", "one_twice"),
        _misdeed("name of no joint", "other_name"),
        _misdeed("joints in another order", "other_order", GOES_ON),
        _misdeed("stale stamp", "stale_stamp"),
        _misdeed("stamp from the future", "future_stamp"),
        _misdeed("flood", "flood", GOES_ON),
        _misdeed("huge commands", "huge", GOES_ON),
        Fault("collector: no verdict", SAFE, _told("no_verdict"), _told("behave")),
        Fault("operator: emergency stop", SAFE, _told("emergency_stop")),
        Fault("operator: disarm", SAFE, _told("disarm")),
        Fault("operator: pause", SAFE, _told("pause")),
        Fault("operator: clear without cause", GOES_ON, _told("clear")),
        Fault("operator: arm twice", GOES_ON, _told("arm")),
        Fault("clock: an hour back", GOES_ON, _told("clock_back")),
        Fault("clock: an hour on", GOES_ON, _told("clock_on")),
        Fault("driver: hangs for 1 s", SAFE, _told("hang")),
        Fault("driver: SIGSTOP", SAFE, _signal(signal.SIGSTOP), _signal(signal.SIGCONT)),
        Fault("driver: SIGKILL", SAFE, _signal(signal.SIGKILL)),
        Fault("driver: SIGTERM", SAFE, _signal(signal.SIGTERM)),
    ]
    if subject.processes:
        stop, go_on = _signal_own(signal.SIGSTOP), _signal_own(signal.SIGCONT)
        found.append(Fault("driver's own process: SIGSTOP", SAFE, stop, go_on))
        found.append(Fault("driver's own process: SIGKILL", SAFE, _signal_own(signal.SIGKILL)))
    return found


def _misdeed(name: str, misdeed: str, expected: str = SAFE) -> Fault:
    return Fault(f"controller: {name}", expected, _told(misdeed), _told("behave"))


def _played(name: str) -> Fault:
    return Fault(
        f"robot: {name}", SAFE, lambda visit: visit.stand_in.play(name), lambda visit: visit.stand_in.heal(name)
    )


def _told(order: str) -> Act:
    """The driver's controller or operator does something."""
    return lambda visit: visit.tell(order)


def _signal(number: signal.Signals) -> Act:
    return lambda visit: visit.send(number)


def _signal_own(number: signal.Signals) -> Act:
    """For the processes that the driver started."""

    def act(visit: Visit) -> None:
        for process in visit.own_processes():
            process.send_signal(number)

    return act
