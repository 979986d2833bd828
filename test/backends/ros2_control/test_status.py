# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""What the robot says of itself, and its recovery."""

from collections.abc import Callable
from dataclasses import replace
from unittest.mock import Mock

import numpy as np
import pytest

from ros_rl.backends.ros2_control.backend import Ros2ControlBackend
from ros_rl.backends.ros2_control.link import Answer
from ros_rl.backends.ros2_control.recovery import Recovery
from ros_rl.backends.ros2_control.status import Status
from ros_rl.settings.hardware.ros2_control import Ros2ControlSettings

SETTINGS = Ros2ControlSettings()


def test_what_was_never_told_is_not_watched() -> None:
    status = Status(SETTINGS)
    assert status.problem(100.0) == "" and not status.complete


@pytest.mark.parametrize("speed", [10.0, 98.9, 0.0, np.nan])
def test_slow_motion_is_a_fault(speed: float) -> None:
    status = Status(SETTINGS)
    status.take_speed(speed, 1.0)
    assert "lowest allowed 99 %" in status.problem(1.1)


def test_slow_motion_may_be_allowed_but_standstill_never() -> None:
    status = Status(replace(SETTINGS, lowest_speed=0.0))
    status.take_speed(10.0, 1.0)
    assert status.problem(1.1) == ""
    status.take_speed(0.0, 1.0)
    assert "speed scaling is 0 %" in status.problem(1.1)


def test_a_speed_that_is_told_no_more_is_a_fault() -> None:
    status = Status(SETTINGS)
    status.take_speed(100.0, 1.0)
    assert status.problem(1.9) == ""
    assert "not been told for 1.5 s" in status.problem(2.5)


@pytest.mark.parametrize(("program", "safety", "text"), [(False, "", "program"), (True, "PROTECTIVE_STOP", "PROTECT")])
def test_a_stopped_program_is_a_fault_unless_it_is_not_watched(program: bool, safety: str, text: str) -> None:
    for kind, wrong in (("auto", True), ("required", True), ("none", False)):
        status = Status(replace(SETTINGS, status=kind))
        status.program, status.safety = program, safety
        assert (text in status.problem(1.0)) is wrong


@pytest.mark.parametrize(("safety", "person"), [("PROTECTIVE_STOP", False), ("ROBOT_EMERGENCY_STOP", True)])
def test_an_emergency_stop_is_for_a_person(safety: str, person: bool) -> None:
    status = Status(SETTINGS)
    status.safety = safety
    assert status.for_person is person
    assert ("release it at the robot, then clear" in status.problem(1.0)) is person


def test_a_robot_that_is_not_powered_does_not_move() -> None:
    status = Status(SETTINGS)
    status.program, status.mode = True, "IDLE"
    assert "the robot's mode is IDLE, not RUNNING" in status.problem(1.0)
    status.mode = "RUNNING"
    assert status.problem(1.0) == ""


class Services:
    """A dashboard that unlocks at the second time of asking, of a robot that may have no power."""

    def __init__(self, status: Status, missing: str = "", powered: bool = True) -> None:
        self.status, self.missing, self.powered, self.calls = status, missing, powered, []
        self.on_call = lambda service: None

    def call(self, service: str) -> Answer | None:
        name = service.rpartition("/")[2]
        self.calls.append(name)
        self.on_call(name)
        if self.missing in name and self.missing:
            return None
        if name == "brake_release":
            self.powered = True
            self.status.mode = "RUNNING" if self.status.mode else ""
        if name == "resend_robot_program" and self.powered:
            self.status.program = True
        if name == "stop":
            self.status.program = False
        return Answer(self.calls.count("unlock_protective_stop") != 1, "said")


SHORT = ["close_popup", "close_safety_popup", "stop", "unlock_protective_stop", "unlock_protective_stop"]
LONG = ["close_popup", "close_safety_popup", "stop", "power_off", "power_on", "brake_release", "unlock_protective_stop"]
RESTART = "resend_robot_program"


def recovered(services: Services, on_call: Callable[[Recovery, str], None] = lambda recovery, name: None) -> Recovery:
    recovery = Recovery(services, services.status, "resend")
    services.on_call = lambda name: on_call(recovery, name)
    services.status.program = False
    recovery.begin()
    assert recovery.says
    recovery._thread.join(40.0)
    assert not recovery.runs
    return recovery


@pytest.mark.parametrize(
    ("mode", "powered", "calls"),
    [
        ("", True, [*SHORT, RESTART]),
        ("RUNNING", True, [*SHORT, RESTART]),
        ("POWER_OFF", False, [*LONG, "unlock_protective_stop", RESTART]),
        ("", False, [*SHORT, RESTART, *LONG, RESTART]),
    ],
)
def test_the_program_is_stopped_before_the_robot_is_powered_and_unlocked_and_started_last(
    mode: str, powered: bool, calls: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ros_rl.backends.ros2_control.recovery._STARTS_SECONDS", 0.5)
    status = Status(SETTINGS)
    status.mode = mode
    services = Services(status, powered=powered)
    recovery = recovered(services)
    assert services.calls == calls and status.program
    assert recovery.says == "the robot's program runs again"


def test_recovery_tells_what_is_missing() -> None:
    status = Status(SETTINGS)
    status.mode = "RUNNING"
    recovery = recovered(Services(status, "resend"))
    assert recovery.says == "there is no service io_and_status_controller/resend_robot_program"


@pytest.mark.parametrize("at", ["close_popup", "unlock_protective_stop", RESTART])
def test_one_that_is_broken_off_starts_nothing_or_stops_it_again(at: str) -> None:
    services = Services(Status(SETTINGS))
    recovered(services, lambda recovery, name: recovery.cancel() if name == at else None)
    assert services.status.program is False
    assert (RESTART in services.calls) == (at == RESTART)
    if at == RESTART:
        assert services.calls[-1] == "stop"


def test_one_whose_start_is_not_answered_is_stopped_again_where_it_was_broken_off() -> None:
    """The answer is lost or late, the program runs all the same."""
    services = Services(Status(SETTINGS), missing="resend")

    def started_unheard(recovery: Recovery, name: str) -> None:
        if name == RESTART:
            services.status.program = True
            recovery.cancel()

    recovered(services, started_unheard)
    assert services.status.program is False and services.calls[-1] == "stop"


def test_a_stop_just_before_a_recovery_begins_breaks_it_off_with_the_next() -> None:
    """The services' thread says stop while the driver's arms; whatever latched is made safe once more after that."""
    services = Services(Status(SETTINGS))
    services.status.program = False
    backend = Ros2ControlBackend.__new__(Ros2ControlBackend)
    backend._settings, backend._status, backend._link = SETTINGS, services.status, services
    backend._recovers, backend._recovered, backend._refused, backend._fails = False, 0.0, "", False
    backend._following, backend.commands = Mock(), Mock()
    backend.recovery = Recovery(services, services.status, "resend")
    begin = backend.recovery.begin

    def stopped_meanwhile() -> None:
        backend.safe()
        begin()

    backend.recovery.begin = stopped_meanwhile
    backend.arm()
    backend.safe()
    backend.recovery._thread.join(40.0)
    assert services.status.program is False and RESTART not in services.calls
