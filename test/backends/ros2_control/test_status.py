# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""What the robot says of itself, and its recovery."""

import time
from dataclasses import replace

import numpy as np
import pytest

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


class Services:
    """A dashboard that unlocks at the second time of asking."""

    def __init__(self, status: Status, missing: str = "") -> None:
        self.status, self.missing, self.calls = status, missing, []

    def call(self, service: str) -> Answer | None:
        self.calls.append(service.rpartition("/")[2])
        if self.missing in self.calls[-1] and self.missing:
            return None
        if self.calls[-1] == "resend_robot_program":
            self.status.program = True
        return Answer(self.calls.count("unlock_protective_stop") != 1, "said")


def test_recovery_stops_the_program_before_it_unlocks_the_robot_and_starts_it_last() -> None:
    status = Status(SETTINGS)
    status.program = False
    services = Services(status)
    recovery = Recovery(services, status, "resend")
    assert "clear the fault and arm again" in recovery.begin()
    end = time.monotonic() + 20.0
    while not status.program and time.monotonic() < end:
        time.sleep(0.01)
    recovery.close()
    assert services.calls == [
        "close_popup",
        "close_safety_popup",
        "stop",
        "unlock_protective_stop",
        "unlock_protective_stop",
        "resend_robot_program",
    ]
    assert recovery.says == "the robot's program runs again"


def test_recovery_tells_what_is_missing() -> None:
    status = Status(SETTINGS)
    status.program = False
    recovery = Recovery(Services(status, "resend"), status, "resend")
    recovery.begin()
    recovery._thread.join(20.0)
    assert recovery.says == "there is no service io_and_status_controller/resend_robot_program"
    recovery.close()


def test_without_a_way_to_restart_nothing_is_called() -> None:
    services = Services(Status(SETTINGS))
    assert "start it at the robot" in Recovery(services, services.status, "none").begin()
    assert services.calls == []
