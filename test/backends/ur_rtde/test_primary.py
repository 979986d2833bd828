# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""The limits that a UR tells of its joints: bytes written from the vendor's layout, and what is none of it."""

import math
import socket
import struct
import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from dataclasses import replace

import numpy as np
import pytest
from loopback import free_address

from ros_rl.backends.ur_rtde.primary import PRIMARY_PORT, READ_ONLY_PORT, ask_limits, limits_of, unpack
from ros_rl.backends.ur_rtde.protocol import DASHBOARD_PORT, PORT, SCRIPT_PORT
from ros_rl.cli import doctor_robot
from ros_rl.cli.doctor_robot import robot_checks
from ros_rl.errors import BackendError
from ros_rl.robot import load_robot
from ros_rl.robot.hardware import Hardware, HardwareJoint
from ros_rl.runs.doctor import Check
from ros_rl.settings.hardware.ur_rtde import UrRtdeSettings
from ros_rl.settings.nodes import ControlSettings

pytestmark = pytest.mark.timeout(60)
NAN, INF = math.nan, math.inf
LOWER, UPPER = [-1.0, -2.0, -3.0, -4.0, -5.0, -6.0], [1.5, 2.5, 3.5, 4.5, 5.5, 6.5]
SPEED = [0.1, 0.2, 0.3, 0.4, 0.5, 0.6]
SOON = 0.4  # s


def configuration(lower=LOWER, upper=UPPER, speed=SPEED, more: bytes = b"") -> bytes:
    """A package of 445 bytes, and what newer software adds to it."""
    positions = b"".join(struct.pack(">dd", *ends) for ends in zip(lower, upper, strict=True))
    motions = b"".join(struct.pack(">dd", fastest, 40.0) for fastest in speed)
    defaults = struct.pack(">5d", 1.05, 1.4, 0.25, 1.2, 0.25)
    kinematics = struct.pack(">24d", *(-7.0 for _ in range(24)))
    versions = struct.pack(">4i", 6, 4, 1, 3)
    content = positions + motions + defaults + kinematics + versions + more
    return struct.pack(">iB", 445 + len(more), 6) + content


def message(kind: int, content: bytes) -> bytes:
    return struct.pack(">iB", 5 + len(content), kind) + content


MODE = struct.pack(">iB", 47, 0) + bytes(42)
FORCES = struct.pack(">iB", 61, 7) + bytes(56)
VERSION = message(20, bytes(60))
STATE = message(16, MODE + configuration() + FORCES)
ENDLESS = 10_000  # times that a segment is sent


def told(limits) -> list[list[float]]:
    return [list(limits.lower), list(limits.upper), list(limits.velocity)]


@pytest.mark.parametrize("more", [b"", b"\x00\x01\x00\x02"])
def test_each_number_is_where_the_vendor_says(more: bytes) -> None:
    assert len(configuration()) == 445
    assert told(limits_of(MODE + configuration(more=more) + FORCES)) == [LOWER, UPPER, SPEED]
    assert limits_of(MODE + FORCES) is None and limits_of(b"") is None


def swapped(values: list[float], value: float) -> list[float]:
    return [*values[:3], value, *values[4:]]


@pytest.mark.parametrize(
    ("state", "complaint"),
    [
        (configuration(lower=swapped(LOWER, NAN)), "joint 4 from nan to 4.5 rad at 0.4 rad/s"),
        (configuration(upper=swapped(UPPER, INF)), "joint 4 from -4 to inf rad"),
        (configuration(speed=swapped(SPEED, NAN)), "joint 4 from -4 to 4.5 rad at nan rad/s"),
        (configuration(speed=swapped(SPEED, 0.0)), "joint 4 from -4 to 4.5 rad at 0 rad/s"),
        (configuration(lower=UPPER, upper=LOWER), "joint 1 from 1.5 to -1 rad"),
        (configuration()[:-1], "only 444 bytes are there"),
        (MODE + b"\0\0", "only 2 bytes are there"),
        (struct.pack(">iB", 100, 6) + bytes(95), "configuration data of 95 bytes, not 192 or more"),
        (struct.pack(">iB", 4, 6) + configuration(), "a message of 4 bytes"),
        (struct.pack(">iB", -1, 6) + configuration(), "a message of -1 bytes"),
    ],
)
def test_what_cannot_be_is_none(state: bytes, complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        limits_of(state)


def test_what_has_come_is_taken_message_by_message() -> None:
    buffer = bytearray(VERSION + STATE + STATE[:7])
    assert [kind for kind, _ in unpack(buffer)] == [20, 16] and buffer == STATE[:7]
    with pytest.raises(ValueError, match="a message of 65537 bytes"):
        unpack(bytearray(struct.pack(">iB", 65_537, 16)))


@contextmanager
def served(
    port: int, segments: Iterable[bytes], pause: float = 0.001, stays: bool = True
) -> Iterator[tuple[str, list]]:
    """A controller that sends one client so many segments; what it hears from it."""
    address, heard = free_address(READ_ONLY_PORT, PRIMARY_PORT), []
    listener = socket.create_server((address, port))

    def serve() -> None:
        client, _ = listener.accept()
        with client:
            client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            try:
                for segment in segments:
                    client.sendall(segment)
                    time.sleep(pause)
                if stays:
                    heard.append(client.recv(4096))
            except OSError:
                pass  # it has left

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    with listener:
        yield address, heard
        thread.join(5.0)


@pytest.mark.parametrize("port", [READ_ONLY_PORT, PRIMARY_PORT])
@pytest.mark.parametrize("cut", [1, 7, 4096])
def test_it_listens_until_a_state_tells_them_and_says_nothing(port: int, cut: int) -> None:
    stream = VERSION + message(16, MODE) + message(25, b"") + STATE
    with served(port, [stream[at : at + cut] for at in range(0, len(stream), cut)]) as (address, heard):
        assert told(ask_limits(address, 10.0)) == [LOWER, UPPER, SPEED]
    assert heard == [b""]


@pytest.mark.parametrize(
    ("segments", "pause", "stays", "complaint"),
    [
        ([], 0.0, True, "timed out"),
        ([b"\0"] * ENDLESS, 0.01, True, "timed out"),
        ([message(16, MODE)] * ENDLESS, 0.0, True, "timed out"),
        ([STATE[:-1]], 0.0, True, "timed out"),
        ([], 0.0, False, "it closes the connection"),
        ([STATE[:-1]], 0.0, False, "it closes the connection"),
        ([b"HTTP/1.1 400 Bad Request\r\n"], 0.0, True, "a message of 1213486160 bytes"),
        ([message(16, configuration(speed=[NAN] * 6))], 0.0, True, "joint 1 from -1 to 1.5 rad at nan rad/s"),
    ],
)
def test_nothing_holds_it(segments: list[bytes], pause: float, stays: bool, complaint: str) -> None:
    if segments == [b"\0"] * ENDLESS:
        segments = [struct.pack(">iB", 60_000, 16), *segments]
    with served(READ_ONLY_PORT, segments, pause, stays) as (address, _):
        begin = time.monotonic()
        with pytest.raises(BackendError, match=f"^{address}:30011 tells no joint limits: .*{complaint}") as refused:
            ask_limits(address, SOON)
        assert time.monotonic() - begin < SOON + 2.0
    assert "\n" not in str(refused.value)


def test_nobody_tells_them() -> None:
    address = free_address(READ_ONLY_PORT, PRIMARY_PORT)
    with pytest.raises(BackendError, match=f"^{address}:30001 tells no joint limits: .*refused"):
        ask_limits(address, SOON)


def test_they_are_in_the_files_order_and_directions() -> None:
    pytest.importorskip("rtde_control")
    from ros_rl.backends.ur_rtde import UrRtdeBackend

    turned = {"ur_rtde": Hardware(joints={"elbow_joint": HardwareJoint(sign=-1.0, zero=0.25)})}
    robot = replace(load_robot("ur5e_gripper"), hardware=turned)
    with served(READ_ONLY_PORT, [STATE]) as (address, _):
        with closing(UrRtdeBackend(robot, UrRtdeSettings(address=address), 0.05)) as backend:
            own = backend.own_limits()
    np.testing.assert_allclose(own.lower, [-1.0, -2.0, 0.25 - 3.5, -4.0, -5.0, -6.0, -INF])
    np.testing.assert_allclose(own.upper, [1.5, 2.5, 0.25 + 3.0, 4.5, 5.5, 6.5, INF])
    np.testing.assert_allclose(own.velocity, [*SPEED, INF])


def doctor(monkeypatch, stand_in) -> list[Check]:
    """What it says of a robot's own limits; no other check is bad."""
    monkeypatch.setattr(doctor_robot, "_WATCH_SECONDS", 0.3)
    settings = UrRtdeSettings(address=stand_in.address, silence_limit=1.0)
    with closing(stand_in):
        stand_in.start()
        checks = list(robot_checks(load_robot("ur5e"), "ur_rtde", settings, ControlSettings(rate_hz=20.0), None))
    assert not any(check.fatal for check in checks)
    return [check for check in checks if check.name == "own limits"]


@pytest.mark.flaky(reruns=2)
class TestDoctor:
    @staticmethod
    def robot(**options: bool):
        pytest.importorskip("rtde_control")
        from ros_rl.stand_ins.ur import UrStandIn

        return UrStandIn(free_address(PORT, DASHBOARD_PORT, SCRIPT_PORT, READ_ONLY_PORT), **options)

    def test_none_is_narrower(self, monkeypatch) -> None:
        text = "none narrower than its file's, by its controller's configuration"
        assert doctor(monkeypatch, self.robot()) == [Check("own limits", text)]

    def test_each_that_is_narrower_is_named(self, monkeypatch) -> None:
        found = doctor(monkeypatch, self.robot(narrow=True))
        assert found[0].found.startswith("2 narrower")
        assert [check.fix.split(" by ")[0] for check in found[1:]] == [
            "upper of elbow_joint is 3.142 in its file and 2.5",
            "velocity of elbow_joint is 3.14 in its file and 2",
        ]

    def test_a_controller_that_tells_none_is_fit_all_the_same(self, monkeypatch) -> None:
        stand_in = self.robot()
        monkeypatch.setattr(stand_in.ports, "_tell_state", lambda: None)
        found = doctor(monkeypatch, stand_in)
        assert found == [Check("own limits", "not told", f"{stand_in.address}:30011 tells no joint limits: timed out")]
