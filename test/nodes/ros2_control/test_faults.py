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
from ros_rl.errors import BackendError
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
}
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
    if fault not in ("protective_stop", "program_stops", "controller_inactive", "controller_gone"):
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
    with pytest.raises(BackendError, match="recovery has begun; clear the fault and arm again"):
        backend.arm()
    wait_for(lambda: played.running, "the program to run")
    calls = [item.what.rpartition("/")[2] for item in played.since(begin) if isinstance(item.what, str)]
    assert list(dict.fromkeys(calls)) == [
        "close_popup",
        "close_safety_popup",
        "stop",
        "unlock_protective_stop",
        "resend_robot_program",
    ]
    assert not moves_since(played, begin), "nothing moves before it is armed anew"
    arm(backend)
