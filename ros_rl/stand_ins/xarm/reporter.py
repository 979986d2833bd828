# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""What an xArm that is not there tells of itself, and how faults change it."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Callable

import numpy as np

from ros_rl.stand_ins.tcp_server import Server
from ros_rl.stand_ins.xarm import frames
from ros_rl.stand_ins.xarm.firmware import Firmware
from ros_rl.stand_ins.xarm.frames import Report
from ros_rl.types import Array, Measurement

_REAL_EVERY, _SLOW_EVERY = 2, 40  # steps of 5 ms between reports: 100 Hz, 5 Hz
_BURST = 30  # real-time reports that are held back


class Reporter:
    """Makes reports and sends them.

    Args:
        firmware: Knows mode, state and errors.
        plays: Says whether a fault is played.
    """

    def __init__(self, firmware: Firmware, plays: Callable[[str], bool]) -> None:
        self._firmware, self._plays = firmware, plays
        self._frozen: Array | None = None
        self._held_back: list[bytes] = []

    def report(self, measured: Measurement) -> Report:
        """What is told of a measurement."""
        firmware = self._firmware
        on = (1 << len(firmware.speed)) - 1 if firmware.enabled else 0
        return Report(
            state=firmware.state,
            mode=firmware.mode,
            position=self._told_position(measured["joint_position"]),
            effort=measured["joint_effort"],
            tool_position=measured["tool_position"],
            tool_orientation=measured["tool_orientation"],
            brakes=on,
            enabled=on,
            error=firmware.error,
            warning=firmware.warning,
        )

    def tell(self, count: int, measured: Measurement, normal: Server, rich: Server, real: Server) -> None:
        """Send the reports that are due.

        Args:
            count: Steps so far.
            measured: Of the arm.
            normal: At 5 Hz.
            rich: At 5 Hz.
            real: At 100 Hz.
        """
        if count % _REAL_EVERY == 0:
            self._send(real, self._late(self._sized(frames.real_report(self.report(measured)))))
        if count % _SLOW_EVERY == 0:
            report, velocity = self.report(measured), measured["joint_velocity"]
            version = self._firmware.version.split(",")[-1]
            self._send(normal, self._sized(frames.normal_report(report)))
            self._send(rich, self._sized(frames.rich_report(report, version, len(velocity), velocity)))

    def _told_position(self, position: Array) -> Array:
        if not self._plays("frozen"):
            self._frozen = None
        elif self._frozen is None:
            self._frozen = position.copy()
        told = position if self._frozen is None else self._frozen
        if self._plays("nan"):
            return np.full_like(told, np.nan)
        return told + np.eye(1, len(told))[0] if self._plays("jump") else told

    def _sized(self, frame: bytes) -> bytes:
        return (len(frame) - 48).to_bytes(4, "big") + frame[4:] if self._plays("wrong_size") else frame

    def _late(self, frame: bytes) -> bytes:
        """The frame; nothing, or many at once, where they are late."""
        self._held_back.append(frame)
        if self._plays("reports_late") and len(self._held_back) <= _BURST:
            return b""
        held, self._held_back = self._held_back, []
        return b"".join(held)

    def _send(self, server: Server, frame: bytes) -> None:
        """To all who listen; one who does not read is dropped."""
        if self._plays("reports_stop") or not frame:
            return
        for client in list(server.clients):
            with contextlib.suppress(OSError):
                if client.send(frame, socket.MSG_DONTWAIT) < len(frame):
                    client.shutdown(socket.SHUT_RDWR)
