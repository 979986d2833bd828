# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""What the control port of an xArm answers, and how faults change it."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable
from typing import Any

from ros_rl.stand_ins.xarm import frames
from ros_rl.stand_ins.xarm.arm import Arm
from ros_rl.stand_ins.xarm.firmware import describe_request
from ros_rl.stand_ins.xarm.frames import Request, take_request
from ros_rl.stand_ins.xarm.reporter import Reporter

_VERSION, _ENABLE, _GRIPPER = 1, 11, 124  # functions
_LATE = 0.6  # s


class ControlPort:
    """Takes requests and answers them.

    Args:
        arm: Does what is asked.
        reporter: Tells how the arm is.
        plays: Says whether a fault is played.
        note: Remembers what a driver asked for.
    """

    def __init__(self, arm: Arm, reporter: Reporter, plays: Callable[[str], bool], note: Callable[[Any], None]) -> None:
        self._arm, self._reporter, self._plays, self._note = arm, reporter, plays, note

    def serve(self, client: socket.socket) -> None:
        """Answer a client's frames until it leaves."""
        buffer = bytearray()
        while not self._plays("control_lost"):
            chunk = client.recv(4096)
            if not chunk:
                return
            buffer += chunk
            while (request := take_request(buffer)) is not None:
                answered = self._answer(request)
                if answered is not None:
                    client.sendall(answered)

    def _answer(self, request: Request) -> bytes | None:
        """Bytes of the reply; None for none."""
        if self._plays("silent"):
            return None
        self._note(describe_request(request))
        flags, payload = self._do(request)
        if self._plays("late_replies"):
            time.sleep(_LATE)
        if self._plays("wrong_transaction"):
            request = request._replace(transaction=request.transaction % 0xFFFF + 1)
        return frames.reply(request, flags, payload)

    def _do(self, request: Request) -> tuple[int, bytes]:
        """What is asked; gives flags and payload of the reply."""
        if request.function == _GRIPPER:
            answered = None if self._plays("gripper_timeout") else self._arm.gripper.answer(request.payload)
            return (0, answered) if answered is not None else (frames.WARNING, b"")
        if request.function == _ENABLE and self._plays("stays_off"):
            return 0, b""
        measured = self._arm.measured
        flags, payload = self._arm.firmware.answer(
            request, lambda: self._reporter.report(measured), measured["joint_velocity"]
        )
        return flags, self._version() if request.function == _VERSION else payload

    def _version(self) -> bytes:
        text = self._arm.firmware.version
        if self._plays("unreadable_firmware"):
            text = "6,6,XI1303,AC1303,trial build"
        elif self._plays("long_serial"):
            text = text.replace("XI1303", "XI1303" + "0" * 20)
        elif self._plays("seven_axes"):
            text = "7,7" + text[3:]
        return text.encode()[:40].ljust(40, b"\0")
