# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""The driver against the Go2 that is not there: what the robot is told, in order and in trouble."""

import contextlib
import os
import signal
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

pytest.importorskip("cyclonedds")
pytest.importorskip("pybullet")

from dds_domain import ROBOT_DOMAIN  # noqa: E402

from ros_rl.backends.backend import EMPTY  # noqa: E402
from ros_rl.backends.unitree_go2.backend import UnitreeGo2Backend  # noqa: E402
from ros_rl.errors import BackendError  # noqa: E402
from ros_rl.robot import load_robot  # noqa: E402
from ros_rl.settings.hardware.unitree_go2 import UnitreeGo2Settings  # noqa: E402
from ros_rl.stand_ins.unitree_go2 import LYING, Go2StandIn, Told  # noqa: E402

pytestmark = pytest.mark.flaky(reruns=2)  # real time, on a machine that has other work

ROBOT = replace(load_robot("go2"), command_ramp=0.05)
PATIENCE = 20.0  # s
PERIOD = 1.0  # s; of two such periods the motor process may hang on a busy machine
# generous limits, for machines that are busy with other tests
SETTINGS = UnitreeGo2Settings(
    domain=ROBOT_DOMAIN, interface="lo", silence_limit=1.0, connect_timeout=PATIENCE, priority=0
)
HOLDS = 1.0  # s


def make(**changes: Any) -> UnitreeGo2Backend:
    return UnitreeGo2Backend(ROBOT, replace(SETTINGS, **changes), PERIOD, EMPTY)


def wait_for(holds: Callable[[], Any]) -> None:
    end = time.monotonic() + PATIENCE
    while not holds():
        assert time.monotonic() < end, "it did not come in time"
        time.sleep(0.005)


def told(robot: Go2StandIn, moment: float = 0.0) -> list[Told]:
    """Commands that reached it from a moment on."""
    return [item.what for item in robot.since(moment) if isinstance(item.what, Told)]


def stiff(robot: Go2StandIn, moment: float) -> bool:
    return any(command.stiffness.any() for command in told(robot, moment))


@pytest.fixture(scope="module")
def robot() -> Iterator[Go2StandIn]:
    stand_in = Go2StandIn(domain=ROBOT_DOMAIN)
    stand_in.start()
    yield stand_in
    stand_in.close()


@pytest.fixture(scope="module")
def connected(robot: Go2StandIn) -> Iterator[UnitreeGo2Backend]:
    backend = make()
    backend.connect()
    yield backend
    backend.close()
    wait_for(lambda: not robot.told.stiffness.any() and not robot.told.damping.any())


@pytest.fixture
def backend(connected: UnitreeGo2Backend) -> Iterator[UnitreeGo2Backend]:
    """In one process for all tests that leave it alive."""
    yield connected
    connected.disarm()


def follow(backend: UnitreeGo2Backend, seconds: float, start: np.ndarray, end: np.ndarray) -> None:
    """Targets from one pose to another."""
    begin = time.monotonic()
    while (passed := time.monotonic() - begin) < seconds:
        backend.write(start + passed / seconds * (end - start), time.monotonic() + HOLDS)
        time.sleep(0.02)


def at_home(backend: UnitreeGo2Backend) -> bool:
    return bool(np.abs(backend.read().measurement["joint_position"] - ROBOT.home).max() < 0.2)


def test_listening_leaves_the_robot_to_its_motion_service(robot: Go2StandIn) -> None:
    """The first one: nobody has connected yet."""
    listener = make()
    with contextlib.closing(listener):
        listener.listen()
        first = listener.read().sequence
        robot.play("second_writer")  # as the motion service does, which has the motors
        wait_for(lambda: listener.read().sequence > first + 20)
        assert listener.read().health == ""
        np.testing.assert_allclose(listener.read().measurement["joint_position"], LYING, atol=0.2)
        robot.heal("second_writer")
    assert robot.service == "mcf" and not told(robot)
    assert {item.what for item in robot.received if isinstance(item.what, str)} == {"check"}


def test_connecting_takes_the_motors_over_and_moves_nothing(robot: Go2StandIn, backend: UnitreeGo2Backend) -> None:
    words = [item.what for item in robot.received if isinstance(item.what, str)]
    assert words[0] == "check" and "release" in words and robot.service == ""
    wait_for(lambda: len(told(robot)) > 5)
    assert not stiff(robot, 0.0) and not any(command.damping.any() for command in told(robot))
    reading = backend.read()
    assert reading.health == "" and reading.sequence > 0 and 0.0 <= reading.age < 0.3
    np.testing.assert_allclose(reading.measurement["joint_position"][2::3], LYING[2::3], atol=0.2)  # hips are limp
    assert set(reading.measurement) == set(ROBOT.sensors)
    assert reading.measurement["imu_orientation"][3] == pytest.approx(1.0, abs=0.02)  # xyzw


def test_it_stands_up_damps_when_targets_end_and_rests(robot: Go2StandIn, backend: UnitreeGo2Backend) -> None:
    backend.write(ROBOT.home, time.monotonic() + HOLDS)
    time.sleep(0.1)
    assert not robot.told.stiffness.any()  # not armed
    backend.arm()
    follow(backend, 1.5, backend.read().measurement["joint_position"], ROBOT.home)
    wait_for(lambda: at_home(backend) or backend.write(ROBOT.home, time.monotonic() + HOLDS))
    np.testing.assert_array_equal(robot.told.stiffness, ROBOT.stiffness.astype(np.float32))
    assert robot.body.truth().base_position[2] > 0.22
    assert backend.read().health == ""
    wait_for(lambda: not robot.told.stiffness.any())
    ended = time.monotonic()
    wait_for(lambda: not robot.told.damping.any())
    after = told(robot, ended)
    assert not any(command.stiffness.any() for command in after)
    assert any(command.damping[0] == ROBOT.safety.damping for command in after)


FAULTS = {
    "hot_motor": "motor of FR_calf_joint has 90 degC, limit 60 degC",
    "nan": "the robot reports a position that is not finite",
    "remote_stop": "remote control: stop",
    "battery_low": "the battery has 5 % left, limit 10 %",
    "motor_off": "the motor of FR_hip_joint is in mode 0",
    "second_writer": "somebody else commands the motors, too, on rt/lowcmd",
    "silent": "the robot has sent no state for",
    "vanish": "the robot has sent no state for",
    "reboot": "the robot has sent no state for",
    "wrong_crc": "a state has a wrong checksum",
    "tick_stands": "the robot has sent no state for",
}


@pytest.mark.parametrize("fault", FAULTS)
def test_what_the_robot_reports_is_a_fault_and_damps(robot: Go2StandIn, backend: UnitreeGo2Backend, fault: str) -> None:
    backend.arm()
    start = backend.read().measurement["joint_position"]
    follow(backend, 0.2, start, start)
    wait_for(lambda: robot.told.stiffness.any() or backend.write(start, time.monotonic() + HOLDS))
    robot.play(fault)
    try:
        wait_for(lambda: FAULTS[fault] in backend.read().health or backend.write(start, time.monotonic() + HOLDS))
        seen = time.monotonic()
        follow(backend, 0.4, start, start)
        assert not stiff(robot, seen + 0.2)
        assert told(robot, seen) or fault == "vanish"  # it goes on damping
    finally:
        robot.heal(fault)
    wait_for(lambda: backend.read().age < 0.1)


@pytest.mark.parametrize("fault", ["duplicated", "reordered", "lost", "tenfold", "late"])
def test_a_poor_link_is_no_fault(robot: Go2StandIn, backend: UnitreeGo2Backend, fault: str) -> None:
    backend.arm()
    start = backend.read().measurement["joint_position"]
    robot.play(fault)
    follow(backend, 0.5, start, start)
    health = backend.read().health
    robot.heal(fault)
    assert health == ""


def test_what_is_not_finite_or_of_another_size_reaches_no_motor(robot: Go2StandIn, backend: UnitreeGo2Backend) -> None:
    backend.arm()
    begun = time.monotonic()
    for wrong in (np.full(12, np.nan), np.zeros(11)):
        with pytest.raises(BackendError, match="is not 12 finite numbers"):
            backend.write(wrong, time.monotonic() + HOLDS)
    wait_for(lambda: len(told(robot, begun)) > 10)
    assert all(np.isfinite(command.position).all() for command in told(robot, begun))


def test_a_standing_robot_is_not_taken_over(robot: Go2StandIn) -> None:
    with Standing(robot), pytest.raises(BackendError, match="the robot stands, held by its motion service 'mcf'"):
        make().connect()


class Standing:
    """The stand-in on its feet, with its motion service."""

    def __init__(self, robot: Go2StandIn) -> None:
        self.robot, self.before = robot, robot.body.measurement

    def __enter__(self) -> None:
        self.robot.service = "mcf"
        self.robot.told = replace(self.robot.told, position=ROBOT.home, stiffness=ROBOT.stiffness)
        wait_for(lambda: self.robot.body.measurement["joint_position"][2] > -2.1)

    def __exit__(self, *error: Any) -> None:
        self.robot.service, self.robot.told = "", Told.nothing(12)


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        ("no_answer", "motion_switcher does not answer within 0.3 s"),
        ("silent", "no Go2 sends rt/lowstate in DDS domain"),
    ],
)
def test_a_robot_that_does_not_answer_is_refused(robot: Go2StandIn, fault: str, words: str) -> None:
    robot.play(fault)
    try:
        with pytest.raises(BackendError, match=words):
            make(release_timeout=0.3, connect_timeout=0.5).connect()
    finally:
        robot.heal(fault)


def test_an_interface_that_is_not_there_is_refused() -> None:
    with pytest.raises(BackendError, match="there is no network interface 'nope0'; this machine has .*lo"):
        make(domain=ROBOT_DOMAIN + 1, interface="nope0").connect()


def test_a_second_driver_stops_both(robot: Go2StandIn, backend: UnitreeGo2Backend) -> None:
    backend.arm()
    other = make()
    other.connect()
    wait_for(lambda: FAULTS["second_writer"] in backend.read().health)
    other.close()


def test_a_killed_motor_process_leaves_a_damped_robot(robot: Go2StandIn, backend: UnitreeGo2Backend) -> None:
    """The last one: the process is gone."""
    backend.arm()
    start = backend.read().measurement["joint_position"]
    wait_for(lambda: robot.told.stiffness.any() or backend.write(start, time.monotonic() + HOLDS))
    process = backend.motors._process
    assert process is not None
    os.kill(process.pid, signal.SIGKILL)
    wait_for(lambda: robot.told.damping[0] == ROBOT.safety.damping and not robot.told.stiffness.any())
    assert "the motor process has ended" in backend.read().health
