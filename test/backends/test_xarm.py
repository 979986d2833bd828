# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Our driver against the xArm that is not there; times are generous, as the machine may be busy."""

from __future__ import annotations

import contextlib
import math
import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from xarm_stand_ins import backend_for, served, settings_for, until

from ros_rl.backends.backend import Backend
from ros_rl.backends.xarm.hand import Hand
from ros_rl.backends.xarm.report import decode, slope, split
from ros_rl.errors import BackendError, ConfigError
from ros_rl.robot import load_robot
from ros_rl.settings.hardware.xarm import XarmSettings
from ros_rl.stand_ins.surroundings import Surroundings
from ros_rl.stand_ins.xarm import frames
from ros_rl.stand_ins.xarm.frames import Report
from ros_rl.stand_ins.xarm.stand_in import XarmStandIn

pytestmark = pytest.mark.flaky(reruns=2)  # real time, on a machine that has other work

pytest.importorskip("pybullet")
needs_client = pytest.mark.usefixtures("client")
MOVE = np.array([0.4, 0.0, 0.0, 0.0, 0.0, 0.1])


@pytest.fixture
def client() -> None:
    pytest.importorskip("xarm")


@contextmanager
def armed(stand_in: XarmStandIn, robot: str = "", **more: float) -> Iterator[Backend]:
    """A driver whose arm is ready and at rest."""
    backend = backend_for(stand_in, robot, **more)
    backend.connect()
    try:
        backend.arm()
        until(lambda: stand_in.state == 2)
        time.sleep(0.15)
        assert backend.read().health == ""
        yield backend
    finally:
        backend.close()


def drive(backend: Backend, stand_in: XarmStandIn) -> None:
    def driven() -> bool:
        backend.write(MOVE, time.monotonic() + 0.1)
        time.sleep(0.05)
        return stand_in.speed > 0.39

    for _ in range(3):
        until(driven)


def velocities(stand_in: XarmStandIn, moment: float = 0.0) -> list[tuple[tuple[float, ...], float | None]]:
    return [item.what[1] for item in stand_in.since(moment) if item.what[0] == "velocity"]


def names(stand_in: XarmStandIn) -> set[str]:
    return {item.what[0] for item in stand_in.received}


@needs_client
def test_connecting_and_reading_moves_nothing_and_asks_for_nothing() -> None:
    with served() as stand_in:
        backend = backend_for(stand_in)
        backend.connect()
        first = backend.read()
        until(lambda: backend.read().sequence > first.sequence + 5)
        reading = backend.read()
        backend.write(MOVE, time.monotonic() + 0.1)
        time.sleep(0.3)
        backend.close()
        backend.close()
        assert names(stand_in) == {"version", "read error"}
        assert 0.0 <= reading.age < 1.0
        assert set(reading.measurement) == set(load_robot("xarm6").sensors)
        np.testing.assert_allclose(reading.measurement["joint_position"], stand_in.position, atol=1e-3)
        assert reading.measurement["tool_position"][2] == pytest.approx(0.29, abs=0.02)
        assert stand_in.speed == 0.0


@needs_client
def test_its_limits_are_asked_for_and_nothing_moves() -> None:
    robot = load_robot("xarm6")
    wide = replace(robot, limits=replace(robot.limits, upper=robot.limits.upper + 0.1))
    with served() as stand_in:
        backend = backend_for(stand_in)
        with contextlib.closing(backend):
            backend.connect()
            own = backend.own_limits()
        assert list(own.narrower_than(robot)) == []
        assert [text.split()[2] for text in own.narrower_than(wide)] == list(robot.joints)
        assert names(stand_in) == {"version", "read error", "joint limit"}


@needs_client
def test_arming_is_at_rest_and_velocities_expire_in_the_firmware_too() -> None:
    with served() as stand_in, armed(stand_in) as backend:
        assert not velocities(stand_in)
        drive(backend, stand_in)
        until(lambda: told(backend) or np.abs(backend.read().measurement["joint_velocity"] - MOVE).max() < 0.1, 10.0)
        assert not backend.read().health
        assert until(lambda: stand_in.speed == 0.0) < 1.0
        sent = velocities(stand_in)
        assert all(duration is not None and 0.0 < duration <= 0.1001 for _, duration in sent)
        assert sent[-1][0] == (0.0,) * 7, "our thread says so as well"


@needs_client
def test_safe_stops_at_once_and_disarming_switches_the_motors_off() -> None:
    with served() as stand_in, armed(stand_in) as backend:
        drive(backend, stand_in)
        backend.safe()
        until(lambda: velocities(stand_in)[-1][0] == (0.0,) * 7)
        until(lambda: stand_in.speed == 0.0)
        drive(backend, stand_in)
        backend.disarm()
        until(lambda: stand_in.state == 4 and "motors off" in stand_in.describe())
        backend.write(MOVE, time.monotonic() + 0.1)
        time.sleep(0.2)
        assert stand_in.speed == 0.0
        backend.arm()
        until(lambda: stand_in.state == 2)
        drive(backend, stand_in)
    assert "motors off" in stand_in.describe()


@needs_client
def test_motors_that_were_not_switched_off_are_switched_off_as_soon_as_the_control_box_answers() -> None:
    with served() as stand_in, armed(stand_in) as backend:
        stand_in.play("silent")
        backend.disarm()
        time.sleep(2.0)
        assert "motors off" not in stand_in.describe()
        stand_in.heal("silent")
        until(lambda: "motors off" in stand_in.describe(), 20.0)


@needs_client
def test_own_directions_and_zeros_of_the_robot_hold() -> None:
    with served() as stand_in:
        robot = load_robot("xarm6")
        turned = {"joint1": {"sign": -1.0, "zero": 0.5}}
        from ros_rl.backends.xarm.backend import XarmBackend
        from ros_rl.robot.hardware import Hardware, HardwareJoint

        hardware = Hardware(joints={name: HardwareJoint(**entry) for name, entry in turned.items()})
        robot = replace(robot, hardware={"xarm": hardware})
        backend = XarmBackend(robot, settings_for(stand_in), 0.05)
        backend.connect()
        assert backend.read().measurement["joint_position"][0] == pytest.approx(0.5, abs=1e-3)
        backend.arm()
        until(lambda: stand_in.state == 2)
        until(lambda: told(backend) or stand_in.arm.firmware.speed[0] < -0.3)
        until(lambda: told(backend) or backend.read().measurement["joint_velocity"][0] > 0.3, 10.0)
        assert not backend.read().health
        backend.close()


@needs_client
@pytest.mark.parametrize(
    ("fault", "complaint"),
    [
        ("old_firmware", r"as '6,6,XI1303,AC1303,v1.7.0', read as firmware 1.7.0; velocities that expire need 1.8.0"),
        ("unreadable_firmware", "version as '6,6,XI1303,AC1303,trial build', read as firmware 0.1.0"),
        ("long_serial", "read as firmware 0.1.0"),
        ("seven_axes", "has an arm of 7 axes; the robot's file has 6"),
        ("silent", "takes connections, but has not answered in 1 s"),
        ("control_lost", "no xArm answers|has not answered"),
        ("reports_stop", "no report from .* in 1 s"),
        ("nan", "no report from .* not finite"),
    ],
)
def test_what_is_wrong_at_the_start_is_refused_before_anything_is_asked_for(fault: str, complaint: str) -> None:
    with served("2.3.0", "127.0.0.1", fault) as stand_in:
        backend = backend_for(stand_in, connect_time=1.0)
        with pytest.raises(BackendError, match=complaint):
            backend.connect()
        with pytest.raises(BackendError, match="not connected"):
            backend.arm()
        backend.safe()
        backend.close()
        assert names(stand_in) <= {"version", "read error", "read state"}


@needs_client
@pytest.mark.parametrize(
    ("fault", "complaint"),
    [
        ("servo_error", "error 11: |stopped the arm"),
        ("joint_limit", "error 23: |stopped the arm"),
        ("collision", "error 31: |stopped the arm"),
        ("emergency_stop", "error 2: |stopped the arm"),
        ("paused", "paused the arm|state 3"),
        ("second_client", "another program|mode 0"),
        ("silent", "no reply in time"),
        ("late_replies", "no reply in time"),
        ("wrong_transaction", "no reply in time"),
        ("control_lost", "lost|not connected|code"),
        ("reports_lost", "reports are lost"),
        ("wrong_size", "reports are lost|a report of"),
        ("nan", "not finite"),
    ],
)
def test_fault_while_it_moves_is_told_and_stops_it(fault: str, complaint: str) -> None:
    with served() as stand_in, armed(stand_in) as backend:
        drive(backend, stand_in)
        began = time.monotonic()
        stand_in.play(fault)
        until(lambda: told(backend))
        backend.safe()  # as the driver does on every fault
        until(lambda: stand_in.speed == 0.0, 2.0)
        if fault not in ("nan", "reports_lost", "wrong_size"):  # those the driver's latch keeps, and not the backend
            backend.write(MOVE, time.monotonic() + 0.1)
            time.sleep(0.15)
            assert stand_in.speed == 0.0
            assert re.search(complaint, backend.read().health), backend.read().health
        assert all(duration is not None and 0.0 < duration <= 0.1001 for _, duration in velocities(stand_in, began))


def told(backend: Backend) -> bool:
    """As the driver does: a new target in every period, until something is wrong."""
    backend.write(MOVE, time.monotonic() + 0.1)
    time.sleep(0.05)
    return bool(backend.read().health)


@needs_client
def test_silent_reports_make_the_reading_old() -> None:
    with served() as stand_in, armed(stand_in) as backend:
        stand_in.play("reports_stop")
        until(lambda: backend.read().age > 0.2)
        sequence = backend.read().sequence
        time.sleep(0.1)
        assert backend.read().sequence == sequence


@needs_client
@pytest.mark.parametrize("fault", ["collision", "control_lost", "reports_lost", "paused"])
def test_what_was_lost_comes_back_at_rest_and_moves_after_arming_alone(fault: str) -> None:
    with served() as stand_in, armed(stand_in) as backend:
        drive(backend, stand_in)
        stand_in.play(fault)
        until(lambda: told(backend))
        stand_in.heal(fault)
        backend.safe()
        until(lambda: stand_in.speed == 0.0)
        began = time.monotonic()
        until(lambda: rearmed(backend), 20.0)
        assert all(speeds == (0.0,) * 7 for speeds, _ in velocities(stand_in, began))
        assert stand_in.speed == 0.0
        until(lambda: told(backend) or stand_in.speed > 0.3)
        assert not backend.read().health


def rearmed(backend: Backend) -> bool:
    """As a person does after a fault, again and again until the link is back."""
    backend.disarm()
    backend.arm()
    time.sleep(0.5)
    return math.isfinite(backend._hand.ready_since) and not backend.read().health


@needs_client
def test_error_that_stays_fails_the_arming() -> None:
    with served() as stand_in:
        stand_in.play("emergency_stop")
        backend = backend_for(stand_in)
        backend.connect()
        assert backend.read().health == ""
        backend.arm()
        until(lambda: "did not" in backend.read().health or "error 2" in backend.read().health)
        assert stand_in.speed == 0.0
        backend.close()


@needs_client
@pytest.mark.parametrize("stop", [signal.SIGKILL, signal.SIGSTOP])
def test_driver_that_is_stopped_or_killed_leaves_the_arm_at_rest(stop: signal.Signals) -> None:
    with served() as stand_in:
        script = Path(__file__).parents[1] / "stand_ins" / "driver_of_xarm.py"
        ports = [str(stand_in.control_port), str(stand_in.report_port)]
        driver = subprocess.Popen([sys.executable, str(script), *ports], stdout=subprocess.DEVNULL)
        try:
            until(lambda: stand_in.speed > 0.3, 30.0)
            os.kill(driver.pid, stop)
            killed = time.monotonic()
            until(lambda: stand_in.speed == 0.0, 2.0)
            time.sleep(0.2)
            assert stand_in.speed == 0.0
            assert not [speeds for speeds, _ in velocities(stand_in, killed + 0.2) if any(speeds)]
        finally:
            driver.kill()
            driver.wait()


@needs_client
def test_values_that_are_no_numbers_do_not_leave() -> None:
    with served() as stand_in, armed(stand_in) as backend:
        for bad in (np.full(6, np.nan), np.array([np.inf, 0, 0, 0, 0, 0]), np.zeros(5)):
            with pytest.raises(BackendError, match="6 finite values"):
                backend.write(bad, time.monotonic() + 0.1)
        time.sleep(0.1)
        assert not velocities(stand_in)


@needs_client
def test_nothing_is_left_behind() -> None:
    before = set(threading.enumerate())
    with served() as stand_in, armed(stand_in) as backend:
        drive(backend, stand_in)
    until(lambda: not {thread for thread in threading.enumerate() if thread.name.startswith("xarm")} - before)
    assert stand_in.speed == 0.0


def test_robots_that_it_cannot_be_are_refused() -> None:
    arm, settings = load_robot("xarm6"), XarmSettings(address="192.168.1.203")
    settings.check_robot(arm)
    with pytest.raises(ConfigError, match="driver.backend.address is empty"):
        XarmSettings().check_given()
    with pytest.raises(ConfigError, match="it cannot be robot 'a1'"):
        settings.check_robot(load_robot("a1"))
    with pytest.raises(ConfigError, match="takes joint velocities"):
        settings.check_robot(replace(arm, interfaces=("position",) * 6))
    with pytest.raises(ConfigError, match="cannot measure sensor 'contact_force'"):
        settings.check_robot(replace(arm, sensors=(*arm.sensors, "contact_force")))
    fast = replace(arm.limits, velocity=np.full(6, 4.0))
    with pytest.raises(ConfigError, match="joint1 of robot 'xarm6' has velocity 4 rad/s"):
        settings.check_robot(replace(arm, limits=fast))


def test_reports_are_read_however_they_are_torn() -> None:
    told = Report(2, 4, np.arange(6.0), np.ones(6), np.array([0.3, 0.0, 0.2]), np.array([1.0, 0.0, 0.0, 0.0]))
    stream, buffer, found = 3 * frames.real_report(told), bytearray(), []
    for start in range(0, len(stream), 50):
        buffer += stream[start : start + 50]
        found += split(buffer)
    assert len(found) == 3
    assert not buffer
    report = decode(found[0], 1.0)
    assert (report.state, report.mode, report.time, report.finite) == (2, 4, 1.0, True)
    np.testing.assert_allclose(report.position, [0, 1, 2, 3, 4, 5, 0])
    np.testing.assert_allclose(report.pose, [300, 0, 200, np.pi, 0, 0], atol=1e-4)
    for size in (0, 86, 1 << 20):
        with pytest.raises(ValueError, match=f"a report of {size} bytes"):
            split(bytearray(size.to_bytes(4, "big") + bytes(100)))


def test_slope_is_that_of_the_newest_positions() -> None:
    times = [0.0, 0.011, 0.019, 0.03, 0.04, 0.05]
    positions = [np.array([9.0, 0.0]), *(np.array([0.5 * time, -time]) for time in times[1:])]
    np.testing.assert_allclose(slope(times, positions, 0.03), [0.5, -1.0])
    np.testing.assert_allclose(slope(times[:1], positions[:1], 0.03), 0.0)
    np.testing.assert_allclose(slope([1.0, 1.0], positions[:2], 0.03), 0.0)


def test_orientation_is_that_of_fixed_angles() -> None:
    pytest.importorskip("xarm")
    from ros_rl.backends.xarm.backend import orientation

    for angles in (np.array([0.3, -0.4, 1.2]), np.array([np.pi, 0.0, 0.5]), np.array([-3.0, 1.0, -2.0])):
        np.testing.assert_allclose(frames.roll_pitch_yaw(orientation(angles)), angles, atol=1e-9)


@needs_client
@pytest.mark.parametrize("axes", [5, 7])
def test_an_arm_of_other_axes_is_driven_by_its_own_file_and_refused_by_another(axes: int) -> None:
    with served(axes=axes) as stand_in, armed(stand_in) as backend:
        speed, before = np.zeros(axes), stand_in.position.copy()
        speed[-1] = 0.4
        for _ in range(10):
            backend.write(speed, time.monotonic() + 0.5)
            time.sleep(0.05)
        until(lambda: stand_in.position[-1] > before[-1] + 0.05)
        np.testing.assert_allclose(stand_in.position[:-1], before[:-1], atol=0.02)
        np.testing.assert_allclose(backend.read().measurement["joint_position"], stand_in.position, atol=0.05)
        from ros_rl.backends.xarm.backend import XarmBackend

        other = XarmBackend(load_robot("xarm6"), settings_for(stand_in), 0.05)
        begun = time.monotonic()
        with pytest.raises(BackendError, match=f"has an arm of {axes} axes; the robot's file has 6"):
            other.connect()
        asked = {str(item.what).split()[0] for item in stand_in.since(begun)}
        assert not asked & {"enable", "mode", "state", "clean"}


@needs_client
def test_a_gripper_is_a_joint_with_positions_beside_the_arms_velocities() -> None:
    robot = load_robot("xarm6_gripper")
    with served() as stand_in:
        with pytest.raises(ConfigError, match="it takes positions"):
            wrong = replace(robot, interfaces=("velocity",) * 7)
            settings_for(stand_in).check_robot(wrong)
        settings_for(stand_in).check_robot(robot)
        with armed(stand_in, robot="xarm6_gripper") as backend:
            before = backend.read().measurement["joint_position"]
            np.testing.assert_allclose(before[-1], 0.0, atol=0.01)  # open: 850 pulses
            assert stand_in.gripper.target == 850 and stand_in.gripper.enabled, "arming moves nothing"
            command = np.array([0.3, 0.0, 0.0, 0.0, 0.0, 0.0, 0.25])
            for _ in range(20):
                backend.write(command, time.monotonic() + 0.5)
                time.sleep(0.05)
            until(lambda: abs(stand_in.gripper.position - 600.0) < 1.0)
            until(lambda: abs(backend.read().measurement["joint_position"][-1] - 0.25) < 0.005)
            assert stand_in.position[0] > before[0] + 0.1
            sent = [item for item in stand_in.since(0.0) if str(item.what).startswith("gripper")]
            assert len(sent) < 80, "a few times a second"
            backend.write(np.array([0.0] * 6 + [0.8]), time.monotonic() + 0.05)
            until(lambda: stand_in.gripper.target == 50)
            time.sleep(0.3)
            assert stand_in.gripper.target == 50 and stand_in.speed == 0.0, "what has expired holds"
            assert backend.read().applied[-1] == pytest.approx(0.8)
            stand_in.play("gripper_timeout")
            until(lambda: "gripper" in backend.read().health)


@needs_client
def test_what_acted_on_a_gripper_is_what_it_had_time_to_follow() -> None:
    """Else fingers on their way, which are measured seldom, seem to be held up by something."""
    with served() as stand_in, armed(stand_in, robot="xarm6_gripper") as backend:
        assert backend.read().applied is None, "nothing has acted"
        ahead = []
        for grip in np.linspace(0.0, 0.8, 11):  # 1.6 rad/s
            backend.write(np.append(np.full(6, 0.01), grip), time.monotonic() + 0.5)
            time.sleep(0.05)
            reading = backend.read()
            if reading.applied is not None:
                np.testing.assert_array_equal(reading.applied[:6], 0.01)
                ahead.append((reading.applied - reading.measurement["joint_position"])[-1])
        assert len(ahead) > 6 and max(ahead) < 0.03


@needs_client
def test_targets_are_gone_over_to_evenly_as_the_robots_file_says() -> None:
    """At 2 Hz the way is half a second; it begins anew, from where it is, with the next target."""
    from ros_rl.backends.xarm.backend import XarmBackend

    with served(around=Surroundings.of_task("xarm_pick_place")) as stand_in:
        backend = XarmBackend(load_robot("xarm6_gripper"), settings_for(stand_in), 0.5)
        backend.connect()
        try:
            backend.arm()
            until(lambda: stand_in.state == 2)
            backend.read()
            begun = time.monotonic()
            backend.write(np.array([0.4, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0]), begun + 1.0)
            time.sleep(0.25)
            middle = stand_in.gripper.position
            time.sleep(0.35)
            assert 425.0 + 100.0 < middle < 850.0 - 60.0 and stand_in.gripper.position > 840.0
            turned = time.monotonic()
            backend.read()
            time.sleep(0.05)  # to decide
            backend.write(np.array([-0.4, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0]), turned + 1.0)
            time.sleep(0.55)
            backend.safe()
            until(lambda: stand_in.speed == 0.0, 0.2)
        finally:
            backend.close()
        moved = np.array([(when, speed[0]) for when, speed in stand_in.moved])
    for after, wanted in ((0.1, 0.08), (0.25, 0.2), (0.4, 0.32), (0.55, 0.4)):
        assert np.interp(begun + after, *moved.T) == pytest.approx(wanted, abs=0.04)
    for after, wanted in ((0.1, 0.24), (0.25, 0.0), (0.4, -0.24), (0.55, -0.4)):
        assert np.interp(turned + after, *moved.T) == pytest.approx(wanted, abs=0.05), "it begins as it was measured"


@needs_client
def test_a_missing_gripper_is_refused_at_the_start() -> None:
    with served("2.3.0", "127.0.0.1", "gripper_timeout") as stand_in:
        backend = backend_for(stand_in, robot="xarm6_gripper", connect_time=2.0)
        with pytest.raises(BackendError, match="the gripper does not answer: code 23; is it on the flange"):
            backend.connect()


def test_an_arming_that_was_broken_off_is_not_ended_by_the_next_one() -> None:
    """Stopped while the control box switches on, and armed anew before the first has noticed."""
    steps = []

    class Box:
        connected = True

        def recover(self, wanted):
            again = "given up" not in steps
            for step in ("enable", "mode"):
                if not wanted():
                    steps.append("given up")
                    if again:
                        hand.switch(True)
                    return
                steps.append(step)
                if again:
                    hand.stop()

        def error(self):
            return ""

        def leave(self):
            pass

        def switch_off(self):
            steps.append("off")

    hand = Hand(Box(), 6)
    hand.switch(True)
    end = time.monotonic() + 10.0
    while not hand.ready and time.monotonic() < end:
        time.sleep(0.01)
    assert hand.ready and steps[:2] == ["enable", "given up"] and steps[-2:] == ["enable", "mode"]
    hand.close()
