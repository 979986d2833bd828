# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""The packets of a Feetech bus, protocol 0: what a servo is told, and what it answers.

A request is FF FF, id, length, instruction, parameters, checksum; a reply has an error in place of the instruction.
The length counts what follows it, and the checksum is the complement of the sum of all behind the header.
"""

from __future__ import annotations

from typing import NamedTuple

PING, READ, WRITE, SYNC_READ, SYNC_WRITE = 0x01, 0x02, 0x03, 0x82, 0x83
BROADCAST = 0xFE
_HEADER = b"\xff\xff"
_LEAST = 6  # bytes of a packet without parameters


class Request(NamedTuple):
    """A packet of the master's."""

    servo: int
    instruction: int
    parameters: bytes


def checksum(body: bytes) -> int:
    """Of id, length and what follows."""
    return ~sum(body) & 0xFF


def reply(servo: int, error: int, data: bytes = b"") -> bytes:
    """A packet of a servo's."""
    body = bytes((servo, len(data) + 2, error)) + data
    return _HEADER + body + bytes((checksum(body),))


class Listener:
    """Finds the requests in what comes, in whatever pieces."""

    def __init__(self) -> None:
        self._heard = bytearray()
        self.refused = 0
        """Packets with a wrong checksum."""

    def hear(self, data: bytes) -> list[Request]:
        """The requests that are complete now."""
        self._heard += data
        found = []
        while (packet := self._next()) is not None:
            if checksum(packet[2:-1]) == packet[-1]:
                found.append(Request(packet[2], packet[4], packet[5:-1]))
            else:
                self.refused += 1
        return found

    def _next(self) -> bytes | None:
        heard = self._heard
        begin = heard.find(_HEADER)
        del heard[: begin if begin >= 0 else max(len(heard) - 1, 0)]
        while len(heard) > 2 and heard[2] == 0xFF:
            del heard[0]
        if len(heard) < _LEAST or len(heard) < heard[3] + 4:
            return None
        packet = bytes(heard[: max(heard[3] + 4, _LEAST)])
        del heard[: len(packet)]
        return packet
