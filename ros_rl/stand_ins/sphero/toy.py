# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""What the toy makes of bytes on its Bluetooth characteristics."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

COMMANDS = "22bb746f-2ba1-7554-2d6f-726568705327"
RESPONSES = "22bb746f-2ba6-7554-2d6f-726568705327"
_UNLOCK, _UNLOCKED = "22bb746f-2bbd-7554-2d6f-726568705327", b"011i3"
_FORWARD, _REVERSE = 1, 2
_DRIVE, _RAW_MOTORS, _STABILIZATION = 2, 0x33, 0x02
OK, VOLTAGE_TOO_LOW, FAILED = 0x00, 0x31, 0x08
WILL_SLEEP, BATTERY = 5, 1
LOW = b"\x03"


class Packet(NamedTuple):
    """A command."""

    device: int
    command: int
    sequence: int
    data: bytes


@dataclass
class Toy:
    """Takes packets from pieces; what they mean to the motors is its duty."""

    unlocked: bool = False
    buffer: bytearray = field(default_factory=bytearray)
    duty: tuple[int, int] = (0, 0)
    stabilized: bool = True

    def take(self, characteristic: str, data: bytes) -> list[Packet]:
        """Whole commands in what was written to a characteristic; none before it was unlocked."""
        if characteristic == _UNLOCK:
            self.unlocked = data == _UNLOCKED
        if characteristic != COMMANDS or not self.unlocked:
            return []
        self.buffer += data
        packets = []
        while len(self.buffer) >= 7 and len(self.buffer) >= 6 + self.buffer[5]:
            end = 6 + self.buffer[5]
            frame = bytes(self.buffer[:end])
            del self.buffer[:end]
            if frame[-1] == checksum(frame[2:-1]):
                packets.append(Packet(frame[2], frame[3], frame[4], frame[6:-1]))
        return packets

    def do(self, packet: Packet) -> None:
        """Act by a command."""
        if (packet.device, packet.command) == (_DRIVE, _RAW_MOTORS):
            left_mode, left, right_mode, right = packet.data
            self.duty = (_signed(left_mode, left), _signed(right_mode, right))
        elif (packet.device, packet.command) == (_DRIVE, _STABILIZATION):
            self.stabilized = bool(packet.data[0])


def _signed(mode: int, speed: int) -> int:
    return {_FORWARD: speed, _REVERSE: -speed}.get(mode, 0)


def describe(packet: Packet) -> tuple[str, tuple[int, ...]]:
    """A command in words."""
    names = {(_DRIVE, _RAW_MOTORS): "motors", (_DRIVE, _STABILIZATION): "stabilization", (0, 1): "ping"}
    return names.get(packet[:2], f"command {packet.device}/{packet.command}"), tuple(packet.data)


def response(sequence: int, code: int = OK) -> bytes:
    """What answers a command."""
    return _framed(bytes((0xFF, 0xFF)), bytes((code, sequence, 1)))


def notice(kind: int, data: bytes = b"") -> bytes:
    """What it says unasked."""
    return _framed(bytes((0xFF, 0xFE)), bytes((kind,)) + (len(data) + 1).to_bytes(2, "big") + data)


def _framed(start: bytes, body: bytes) -> bytes:
    return start + body + bytes((checksum(body),))


def checksum(body: bytes) -> int:
    """Of all but the two start bytes."""
    return ~sum(body) & 0xFF
