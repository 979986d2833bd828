# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""The vendor's own client talks to the stand-in of an SO-101 as to the arm."""

import contextlib
import sys
import time
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from ros_rl.backends.so101.registers import (
    FIRMWARE_MINOR,
    GOAL_POSITION,
    HOMING_OFFSET,
    LOCK,
    PRESENT_LOAD,
    PRESENT_POSITION,
    PRESENT_TEMPERATURE,
    TORQUE_ENABLE,
    Register,
)
from ros_rl.stand_ins.so101 import So101StandIn
from ros_rl.stand_ins.so101.packets import Listener, checksum, reply

pytestmark = pytest.mark.flaky(reruns=2)  # real time, on a machine that has other work

scservo_sdk = pytest.importorskip("scservo_sdk")
IDS = range(1, 7)


class Client:
    """The vendor's client, patient with a busy machine."""

    def __init__(self, port: str) -> None:
        self.port, self.packets = scservo_sdk.PortHandler(port), scservo_sdk.PacketHandler(0)
        assert self.port.openPort()
        wait = self.port.setPacketTimeout
        self.port.setPacketTimeout = lambda length: (wait(length), setattr(self.port, "packet_timeout", 1000.0))

    def close(self) -> None:
        self.port.closePort()

    def ping(self, servo: int, tries: int = 1) -> tuple[int, int, int]:
        """What the vendor's ping says; more tries are for a machine that stands still now and then."""
        said = (self.packets.ping(self.port, servo) for _ in range(tries))
        last = (0, scservo_sdk.COMM_RX_TIMEOUT, 0)
        return next((answer for answer in said if answer[1] == scservo_sdk.COMM_SUCCESS), last)

    def read(self, servo: int, register: Register) -> int:
        data, result, _ = self.packets.readTxRx(self.port, servo, register.address, register.size)
        assert result == scservo_sdk.COMM_SUCCESS, self.packets.getTxRxResult(result)
        return register.decode(bytes(data))

    def write(self, servo: int, register: Register, value: int) -> int:
        data = list(register.encode(value))
        return self.packets.writeTxRx(self.port, servo, register.address, register.size, data)[0]  # type: ignore[no-any-return]

    def write_all(self, register: Register, values: dict[int, int]) -> None:
        group = scservo_sdk.GroupSyncWrite(self.port, self.packets, register.address, register.size)
        for servo, value in values.items():
            assert group.addParam(servo, list(register.encode(value)))
        assert group.txPacket() == scservo_sdk.COMM_SUCCESS

    def read_all(self, register: Register) -> tuple[int, list[Any]]:
        group = scservo_sdk.GroupSyncRead(self.port, self.packets, register.address, register.size)
        for servo in IDS:
            group.addParam(servo)
        result = group.txRxPacket()
        return result, [group.getData(servo, register.address, register.size) for servo in IDS]


@pytest.fixture(scope="module")
def stand_in() -> Iterator[So101StandIn]:
    pace = sys.getswitchinterval()
    sys.setswitchinterval(2e-4)  # the client asks over and over, in the interpreter of the stand-in
    arm = So101StandIn()
    arm.start()
    yield arm
    arm.close()
    sys.setswitchinterval(pace)


@pytest.fixture
def client(stand_in: So101StandIn) -> Iterator[Client]:
    made = Client(stand_in.address)
    yield made
    made.close()


def test_six_servos_of_the_model_answer(client: Client) -> None:
    assert [client.ping(servo, tries=5) for servo in IDS] == [(777, 0, 0)] * 6
    assert client.ping(9)[1] == scservo_sdk.COMM_RX_TIMEOUT


def test_all_are_read_at_once(stand_in: So101StandIn, client: Client) -> None:
    result, counts = client.read_all(PRESENT_POSITION)
    assert result == scservo_sdk.COMM_SUCCESS
    assert counts == pytest.approx([servo.memory.get(PRESENT_POSITION) for servo in stand_in.servos.values()], abs=3)


def test_a_signed_number_is_sign_and_magnitude(stand_in: So101StandIn, client: Client) -> None:
    assert client.packets.read2ByteTxRx(client.port, 1, HOMING_OFFSET.address)[0] == 37 | 1 << 11
    assert client.read(1, HOMING_OFFSET) == -37


def test_what_is_kept_is_locked(client: Client) -> None:
    assert client.write(1, HOMING_OFFSET, 5) == scservo_sdk.COMM_SUCCESS
    assert client.read(1, HOMING_OFFSET) == -37
    client.write(1, LOCK, 0)
    client.write(1, HOMING_OFFSET, -36)
    assert client.read(1, HOMING_OFFSET) == -36
    client.write(1, HOMING_OFFSET, -37)
    client.write(1, LOCK, 1)


def test_a_goal_is_reached_under_torque_alone(stand_in: So101StandIn, client: Client) -> None:
    client.write_all(GOAL_POSITION, {1: 2248})
    time.sleep(0.2)
    assert abs(client.read(1, PRESENT_POSITION) - 2048) < 20
    client.write(1, TORQUE_ENABLE, 1)
    deadline = time.monotonic() + 10.0
    while abs(client.read(1, PRESENT_POSITION) - 2248) > 20 and time.monotonic() < deadline:
        time.sleep(0.05)
    assert stand_in.position[0] == pytest.approx(200 * 2.0 * np.pi / 4096, abs=0.04)
    client.write(1, TORQUE_ENABLE, 0)
    assert stand_in.torque == [False] * 6


def test_an_arm_that_another_program_holds_stays() -> None:
    with contextlib.closing(So101StandIn()) as arm:
        arm.start()
        stood = arm.position.copy()
        arm.play("held")
        time.sleep(0.5)
        assert arm.torque == [True] * 6
        np.testing.assert_allclose(arm.position, stood, atol=0.05)


@pytest.mark.parametrize(
    ("fault", "result"),
    [
        ("silent_servo", "COMM_RX_TIMEOUT"),
        ("silent", "COMM_RX_TIMEOUT"),
        ("wrong_checksum", "COMM_RX_CORRUPT"),
        ("wrong_id", "COMM_RX_TIMEOUT"),
        ("noise", "COMM_SUCCESS"),
        ("torn", "COMM_SUCCESS"),
    ],
)
def test_what_the_client_makes_of_a_bad_line(stand_in: So101StandIn, client: Client, fault: str, result: str) -> None:
    stand_in.play(fault)
    found = client.read_all(PRESENT_POSITION)[0]
    stand_in.heal(fault)
    time.sleep(0.1)
    assert found == getattr(scservo_sdk, result)


@pytest.mark.parametrize(
    ("fault", "bit"), [("overload", 32), ("overheated", 4), ("low_voltage", 1), ("overcurrent", 8)]
)
def test_errors_stand_in_replies(stand_in: So101StandIn, client: Client, fault: str, bit: int) -> None:
    stand_in.play(fault)
    error = client.packets.readTxRx(client.port, 2, PRESENT_TEMPERATURE.address, 1)[2]
    stand_in.heal(fault)
    assert error == bit


def test_what_servos_tell_of_themselves_when_sick(stand_in: So101StandIn, client: Client) -> None:
    for fault, servo, register, value in (
        ("hot_servo", 2, PRESENT_TEMPERATURE, 75),
        ("load", 2, PRESENT_LOAD, 1000),
        ("other_firmware", 6, FIRMWARE_MINOR, 9),
    ):
        stand_in.play(fault)
        assert client.read(servo, register) == value
        stand_in.heal(fault)


def test_the_port_is_gone_when_it_is_unplugged() -> None:
    arm = So101StandIn()
    arm.start()
    client = Client(arm.address)
    arm.play("unplugged")
    deadline = time.monotonic() + 5.0
    with pytest.raises(OSError):
        while time.monotonic() < deadline:
            client.ping(1)
    arm.close()


def test_requests_are_found_in_whatever_pieces_they_come() -> None:
    body = bytes((1, 4, 2, 56, 2))
    packet = b"\xff\xff" + body + bytes((checksum(body),))
    listener = Listener()
    found = [request for byte in b"\x00\xff" + packet * 2 for request in listener.hear(bytes((byte,)))]
    assert found == [(1, 2, b"\x38\x02")] * 2
    assert listener.hear(packet[:-1] + b"\x00") == []
    assert listener.refused == 1


def test_a_reply_is_what_the_vendor_documents() -> None:
    assert reply(1, 0, b"\x00\x08").hex() == "ffff010400 0008f2".replace(" ", "")
