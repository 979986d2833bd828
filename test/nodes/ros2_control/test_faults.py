# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""What the robot does wrong, what the driver says of it, and what the robot is told from then on."""

import time
from collections.abc import Iterator

import numpy as np
import pytest

pytest.importorskip("rclpy")
pytest.importorskip("pybullet")

from ros2_control_robots import (
    PERIOD,
    Pilot,
    arm,
    driver,
    follows,
    moves_since,
    rests,
    stand_in,
    wait_for,
)

from ros_rl.backends.ros2_control.backend import Ros2ControlBackend
from ros_rl.stand_ins.ros2_control import Ros2ControlStandIn

pytestmark = [pytest.mark.ros, pytest.mark.flaky(reruns=2)]  # real time, on a machine that has other work
TARGET = np.array([0.3, 0.0, 0.0, 0.0, 0.0, -0.3])
COMPLAINTS = {
    "joint_states_stop": "no joint states for",
    "renamed": "no joint states for",
    "stamp_stands": "no joint states for",
    "joint_missing": "the joint states lack elbow_joint",
    "nan": "the position of elbow_joint is not finite",
    "inf": "the velocity of shoulder_pan_joint is not finite",
    "short": "5 of velocity for 6 joints",
    "stale_stamps": "s too late, limit 0.4 s",
    "future_stamps": "s too early, limit 0.4 s",
    "clock_jump": "s too early, limit 0.4 s",
    "speed_10": "speed scaling is 10 %, lowest allowed 99 %",
    "speed_0": "speed scaling is 0 %",
    "controller_inactive": "no joint moves although it is told to",
    "second_publisher": "/somebody_else publishes on /forward_velocity_controller/commands, too",
    "controller_gone": "nobody listens on /forward_velocity_controller/commands",
    "program_stops": "the robot's program does not run",
    "protective_stop": "the robot's program does not run",
    "power_loss": "the robot's program does not run",
    "emergency_stop": "the robot's program does not run",
}
STOPS = ("protective_stop", "program_stops", "power_loss", "emergency_stop")
"""What ends its program."""
HARMLESS = ("flood",)
BY_GUARDS = ("joint_states_frozen", "jump")  # see test/safety
Pair = tuple[Ros2ControlStandIn, Ros2ControlBackend]


@pytest.fixture(scope="module")
def pair() -> Iterator[Pair]:
    with stand_in() as played, driver() as backend:
        backend.connect()
        yield played, backend


def test_every_fault_is_tried() -> None:
    assert {*COMPLAINTS, *HARMLESS, *BY_GUARDS} == set(Ros2ControlStandIn.faults)


@pytest.mark.parametrize("fault", COMPLAINTS)
def test_a_fault_is_told_and_the_robot_stopped(pair: Pair, fault: str) -> None:
    played, backend = pair
    arm(backend)
    with Pilot(backend, TARGET):
        wait_for(lambda: follows(played, TARGET), "the target to arrive")
        time.sleep(0.5)
        assert backend.read().health == ""
        played.play(fault)
        wait_for(lambda: COMPLAINTS[fault] in backend.read().health, f"the complaint, not '{backend.read().health}'")
    backend.safe()
    begin = time.monotonic() + PERIOD
    if fault != "controller_gone":
        wait_for(lambda: played.since(begin), "what it is told")
    assert not moves_since(played, begin) or fault == "second_publisher"
    played.heal(fault)
    if fault not in (*STOPS, "controller_inactive", "controller_gone"):
        wait_for(lambda: rests(played), "the robot to rest")


def test_a_flood_does_no_harm(pair: Pair) -> None:
    played, backend = pair
    arm(backend)
    with Pilot(backend, TARGET):
        played.play("flood")
        time.sleep(1.0)
        reading = backend.read()
        played.heal("flood")
    backend.safe()
    assert (reading.health, reading.age < 0.5) == ("", True)


def test_a_protective_stop_is_left_by_arming_alone_in_the_right_order(pair: Pair) -> None:
    played, backend = pair
    arm(backend)
    begin = time.monotonic()
    played.play("protective_stop")
    played.heal("protective_stop")
    wait_for(lambda: "program does not run" in backend.read().health, "the complaint")
    time.sleep(0.3)
    assert not [item for item in played.since(begin) if isinstance(item.what, str)], "nothing is done by itself"
    backend.arm()
    assert "the robot's program to run again: recovery has begun" in backend.pending
    follow(backend)
    assert called(played, begin) == [
        "close_popup",
        "close_safety_popup",
        "stop",
        "unlock_protective_stop",
        "resend_robot_program",
    ]
    assert not moves_since(played, begin), "nothing moves before a target comes"


@pytest.mark.parametrize("fault", ["power_loss", "emergency_stop"])
def test_a_robot_without_power_is_powered_by_arming_alone(pair: Pair, fault: str) -> None:
    """Where nobody tells its mode its program is started first, which it takes, and loses."""
    played, backend = pair
    arm(backend)
    begin = time.monotonic()
    played.play(fault)
    wait_for(lambda: "program does not run" in backend.read().health, "the complaint")
    played.heal(fault)
    backend.safe()
    backend.arm()
    follow(backend)
    calls = called(played, begin)
    assert calls[-1] == "resend_robot_program" and played.released
    assert calls[calls.index("power_off") : -1] == ["power_off", "power_on", "brake_release", "unlock_protective_stop"]
    with Pilot(backend, TARGET):
        wait_for(lambda: follows(played, TARGET), "the target to arrive")
    backend.safe()


def test_a_recovery_that_fails_is_told(pair: Pair) -> None:
    """The red button is still pressed."""
    played, backend = pair
    arm(backend)
    played.play("emergency_stop")
    wait_for(lambda: "program does not run" in backend.read().health, "the complaint")
    backend.safe()
    backend.arm()
    wait_for(lambda: backend.read().health, "the complaint")
    assert "the robot's program does not run: io_and_status_controller/resend_robot_program" in backend.read().health
    assert not backend.pending and not played.running
    backend.safe()
    played.heal("emergency_stop")
    arm(backend)


@pytest.mark.parametrize("how", ["safe", "disarm"])
def test_what_stops_a_recovery_leaves_the_program_stopped(pair: Pair, how: str) -> None:
    played, backend = pair
    arm(backend)
    played.play("protective_stop")
    played.heal("protective_stop")
    wait_for(lambda: "program does not run" in backend.read().health, "the complaint")
    backend.arm()
    assert backend.pending
    getattr(backend, how)()
    assert not backend.pending
    begin = time.monotonic()
    time.sleep(4.0)
    assert not played.running and "resend_robot_program" not in called(played, begin)
    backend.arm()
    follow(backend)


def follow(backend: Ros2ControlBackend) -> None:
    wait_for(lambda: backend.read() and not backend.pending, "nothing to be pending")
    wait_for(lambda: backend.read().health == "", "nothing to be wrong")


def called(played: Ros2ControlStandIn, begin: float) -> list[str]:
    """Services in the order in which each was called last."""
    calls = [item.what.rpartition("/")[2] for item in played.since(begin) if isinstance(item.what, str)]
    return list(dict.fromkeys(reversed(calls)))[::-1]
