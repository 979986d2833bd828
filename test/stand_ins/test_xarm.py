# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""The vendor's own client against the xArm that is not there: what keeps the stand-in honest."""

from __future__ import annotations

import struct
import time
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import pytest
from xarm_stand_ins import own_address, served, until

from ros_rl.errors import ConfigError, UnknownNameError
from ros_rl.experts.differential import Differential
from ros_rl.robot import load_robot
from ros_rl.stand_ins import load_stand_in
from ros_rl.stand_ins.surroundings import Surroundings
from ros_rl.stand_ins.xarm import frames
from ros_rl.stand_ins.xarm.firmware import Firmware
from ros_rl.stand_ins.xarm.frames import Report, Request
from ros_rl.stand_ins.xarm.gripper import Gripper
from ros_rl.stand_ins.xarm.stand_in import XarmStandIn
from ros_rl.tasks.arm.bins import TWO_BINS
from ros_rl.types import Array

pytestmark = pytest.mark.flaky(reruns=2)  # real time, on a machine that has other work

pytest.importorskip("pybullet")
REPORT = Report(2, 4, np.arange(6.0), np.ones(6), np.array([0.3, 0.0, 0.2]), np.array([1.0, 0.0, 0.0, 0.0]))


@contextmanager
def vendors_client(stand_in: XarmStandIn, **arguments: object) -> Iterator[object]:
    pytest.importorskip("xarm")
    from xarm.core.config.x_config import XCONF
    from xarm.wrapper import XArmAPI

    XCONF.SocketConf.TCP_CONTROL_PORT = stand_in.control_port
    arm = XArmAPI(stand_in.host, is_radian=True, forbid_uds=True, timed_comm=False, **arguments)
    try:
        yield arm
    finally:
        arm.disconnect()


@pytest.mark.parametrize("kind", ["real", "normal", "rich"])
def test_vendors_client_moves_it_and_it_stops_by_itself(kind: str) -> None:
    with served("2.3.0", own_address()) as stand_in, vendors_client(stand_in, report_type=kind) as arm:
        assert (arm.version_number, arm.axis) == ((2, 3, 0), 6)
        assert arm.vc_set_joint_velocity([0.5] * 6, duration=0.2) == 9, "not ready: it was not switched on"
        assert [arm.motion_enable(True), arm.set_mode(4), arm.set_state(0)] == [0, 0, 0]
        begin = stand_in.position
        for _ in range(10):
            assert arm.vc_set_joint_velocity([0.5], duration=0.2) == 0
            time.sleep(0.05)
        assert until(lambda: stand_in.speed == 0.0) < 1.0
        moved = stand_in.position - begin
        assert 0.2 < moved[0] < 0.6
        np.testing.assert_allclose(moved[1:], 0.0, atol=1e-3)
        until(lambda: abs(arm.angles[0] - stand_in.position[0]) < 1e-3)
        assert arm.position[2] == pytest.approx(1000.0 * 0.29, abs=20.0)
        _, (position, velocity, _) = arm.get_joint_states()
        assert position[0] == pytest.approx(stand_in.position[0], abs=1e-3)
        assert velocity[0] == pytest.approx(0.0, abs=0.05)
    velocities = [what for _, (name, what) in stand_in.received if name == "velocity"]
    assert all(duration == pytest.approx(0.2) for _, duration in velocities)


def test_vendors_client_asks_whether_joints_would_be_out_of_their_limits() -> None:
    with served("2.3.0", own_address()) as stand_in, vendors_client(stand_in, report_type="real") as arm:
        home = load_robot("xarm6").home
        assert arm.is_joint_limit(home.tolist()) == (0, False)
        for index, value in ((1, 2.2), (2, -4.0), (4, 3.2)):
            asked = home.copy()
            asked[index] = value
            assert arm.is_joint_limit(asked.tolist()) == (0, True)


def test_old_firmware_moves_on_for_ever() -> None:
    with served("1.7.0", own_address()) as stand_in, vendors_client(stand_in, report_type="real") as arm:
        assert [arm.motion_enable(True), arm.set_mode(4), arm.set_state(0)] == [0, 0, 0]
        arm.vc_set_joint_velocity([0.2], duration=0.1)
        assert next(what for _, (name, what) in stand_in.received if name == "velocity")[1] is None
        time.sleep(0.6)
        assert stand_in.speed == pytest.approx(0.2)


def test_errors_stop_it_until_they_are_cleared() -> None:
    with served("2.3.0", own_address()) as stand_in, vendors_client(stand_in, report_type="rich") as arm:
        assert [arm.motion_enable(True), arm.set_mode(4), arm.set_state(0)] == [0, 0, 0]
        arm.vc_set_joint_velocity([0.5], duration=2.0)
        until(lambda: stand_in.speed > 0.4)
        stand_in.play("collision")
        until(lambda: stand_in.speed == 0.0)
        until(lambda: arm.error_code == 31)
        assert (arm.vc_set_joint_velocity([0.5], duration=0.1), arm.get_state()[1]) == (1, 4)
        arm.clean_error()
        until(lambda: stand_in.arm.firmware.error == 31)  # it lasts as long as it is played
        stand_in.heal("collision")
        assert [arm.clean_error(), arm.set_mode(4), arm.set_state(0)] == [0, 0, 0]
        assert arm.vc_set_joint_velocity([0.5], duration=0.1) == 0


def test_gripper_answers_through_the_control_box() -> None:
    with served("2.3.0", own_address()) as stand_in, vendors_client(stand_in, enable_report=False) as arm:
        assert arm.set_gripper_enable(True) == 0
        assert arm.set_gripper_position(300, wait=False) == 0
        until(lambda: abs(stand_in.gripper.position - 300) < 1)
        assert arm.get_gripper_position() == (0, 300)
        stand_in.play("gripper_timeout")
        assert arm.get_gripper_position()[1] != 300, "the client makes 0 of it"


def test_requests_are_taken_one_by_one_and_heartbeats_passed_over() -> None:
    heartbeat = bytes((0, 0, 0, 1, 0, 2, 0, 0))
    first, second = bytes((0, 1, 0, 2, 0, 1, 15)), bytes((0, 2, 0, 3, 0, 3, 11, 8, 1))
    buffer = bytearray(heartbeat + first + second[:-1])
    assert frames.take_request(buffer) == Request(1, 2, 15, b"")
    assert frames.take_request(buffer) is None
    buffer += second[-1:]
    assert frames.take_request(buffer) == Request(2, 3, 11, b"\x08\x01")
    assert frames.reply(Request(2, 3, 11, b""), frames.ERROR, b"\x05") == bytes((0, 2, 0, 3, 0, 3, 11, 0x40, 5))


def test_reports_have_the_sizes_of_the_vendors() -> None:
    real, normal = frames.real_report(REPORT), frames.normal_report(REPORT)
    rich = frames.rich_report(REPORT, "v2.3.0", 6, np.zeros(6))
    assert [len(frame) for frame in (real, normal, rich)] == [135, 145, 587]
    for frame in (real, normal, rich):
        assert struct.unpack_from(">I", frame) == (len(frame),)
        assert frame[4] == 2 | 4 << 4
        np.testing.assert_allclose(np.frombuffer(frame, "<f4", 7, 7), [0, 1, 2, 3, 4, 5, 0])
        np.testing.assert_allclose(np.frombuffer(frame, "<f4", 6, 35), [300.0, 0, 200.0, np.pi, 0, 0], atol=1e-6)


def test_firmware_limits_acceleration_speed_and_range() -> None:
    robot, now = load_robot("xarm6"), [0.0]
    firmware = Firmware("2.3.0", robot.limits.lower, robot.limits.upper, lambda: now[0])
    ask(firmware, 11, 8, 1), ask(firmware, 19, 4, 0), ask(firmware, 12, 0)
    assert drive(firmware, [1.0] * 6, 0.1) == 0
    assert firmware.step(robot.home, 0.01).max() == pytest.approx(0.2)  # 20 rad/s^2
    now[0] = 0.2
    assert firmware.step(robot.home, 0.1).max() == 0.0, "the duration has passed"
    assert drive(firmware, [np.nan] * 6, 0.1) & frames.INVALID
    assert drive(firmware, [4.0] * 6, 0.1) & frames.ERROR
    assert (firmware.error, firmware.state, firmware.mode) == (24, 4, 0)
    assert drive(firmware, [0.1] * 6, 0.1) & frames.NOT_READY
    ask(firmware, 16), ask(firmware, 19, 4, 0), ask(firmware, 12, 0)
    assert drive(firmware, [1.0] * 6, 0.1) == 0
    firmware.step(robot.limits.upper + 0.01, 0.01)
    assert firmware.error == 23


def test_gripper_moves_as_fast_as_it_is_told_and_only_when_it_is_on() -> None:
    gripper = Gripper()
    gripper.target = 0
    gripper.step(1.0)
    assert gripper.position == 850.0
    gripper.enabled, gripper.speed = True, 1000
    gripper.step(0.5)
    assert gripper.position == 350.0
    gripper.step(0.1, position=600.0)
    assert gripper.position == 600.0 and gripper.course == 310.0, "what holds it up leaves it 190 pulses of its way"
    assert gripper.answer(b"\x09\x07\x03\x07\x02\x00\x02") is None, "another device"


def test_fingers_hold_the_sponge_of_the_tasks_scene_and_are_told_apart() -> None:
    """By the vendor's client; what is measured of the gripper stays behind what it is told; the sponge comes along."""
    around = Surroundings.of_task("xarm_pick_place")
    with served("2.3.0", own_address(), around=around) as stand_in, vendors_client(stand_in, report_type="real") as arm:
        assert [arm.motion_enable(True), arm.set_mode(4), arm.set_state(0), arm.set_gripper_enable(True)] == [0] * 4
        arm.set_gripper_speed(3000)
        begin = stand_in.things["sponge"].position
        assert TWO_BINS.side(begin) == 1.0 and begin[2] == pytest.approx(0.025, abs=0.003)

        def go(*place: float) -> None:
            until(lambda: np.linalg.norm(approached(arm, stand_in, np.array(place))) < 0.003, 20.0)
            arm.vc_set_joint_velocity([0.0] * 6, duration=0.1)

        arm.set_gripper_position(850, wait=False)
        for height in (0.15, 0.025):
            go(begin[0], begin[1], height)
        arm.set_gripper_position(0, wait=False)
        until(lambda: 400 < arm.get_gripper_position()[1] < 650)
        time.sleep(0.5)
        assert 400 < arm.get_gripper_position()[1] < 650, "55 mm of 85, at the corners of 50 mm"
        go(begin[0], begin[1], 0.2)
        assert stand_in.things["sponge"].position[2] == pytest.approx(0.2, abs=0.02), "it hangs between the fingers"
        go(begin[0], -begin[1], 0.2)
        arm.set_gripper_position(850, wait=False)
        until(lambda: arm.get_gripper_position()[1] > 840)
        until(lambda: stand_in.things["sponge"].position[2] < 0.03)
        assert TWO_BINS.side(stand_in.things["sponge"].position) == -1.0


def approached(arm: object, stand_in: XarmStandIn, place: Array) -> Array:
    """What is left of the way to a place [m], after a velocity towards it."""
    way, found = Differential(load_robot("xarm6_gripper")), np.append(stand_in.position, 0.0)
    left = place - way.tool(found)
    velocity = 3.0 * left / max(1.0, 10.0 * np.linalg.norm(left))
    arm.vc_set_joint_velocity(way.held_velocity(found, velocity)[:6].tolist(), duration=0.2)
    return left


def test_it_is_no_robot_of_another_make() -> None:
    with pytest.raises(ConfigError, match="the task's robot is 'ur5e_gripper', which the stand-in of an 'xarm' cannot"):
        XarmStandIn.around(Surroundings.of_task("ur5_pick_place"), ())
    with pytest.raises(ConfigError, match="option 'five' is of another arm than the task's robot 'xarm6_gripper'"):
        XarmStandIn.around(Surroundings.of_task("xarm_pick_place"), ("five",))


def test_fault_that_it_does_not_know_is_refused() -> None:
    kind = load_stand_in("xarm")
    assert len(kind.faults) >= 25
    with served() as stand_in, pytest.raises(UnknownNameError, match="unknown fault 'tired'"):
        stand_in.play("tired")


def ask(firmware: Firmware, function: int, *payload: int) -> int:
    return firmware.answer(Request(1, 2, function, bytes(payload)), lambda: REPORT, np.zeros(6))[0]


def drive(firmware: Firmware, speeds: list[float], duration: float) -> int:
    payload = struct.pack("<7fBf", *speeds, 0.0, 1, duration)
    return firmware.answer(Request(1, 2, 81, payload), lambda: REPORT, np.zeros(6))[0]
