# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""The server of Robotiq's URCap on the control box: lines that get and set a gripper's variables.

Sources: the client that comes with ur_rtde (``robotiq_gripper.h``, SDU Robotics), which speaks to the same server, and
the vendor's manual of the 2F-85 and 2F-140, whose registers the variables are. ``GET POS`` is answered ``POS 123``,
``SET POS 123 GTO 1`` by ``ack`` without an end of line. Where the gripper has no power, its variables are ``?``.
"""

from __future__ import annotations

import re
import socket
import time
from enum import IntEnum

from ros_rl.errors import BackendError, one_line

PORT = 63352
LARGEST = 255
"""Of a value."""
_LONGEST = 256  # bytes of an answer
_ENDS = 0.02  # s; an answer without an end of line is whole when nothing more comes for this long
_ANSWER = re.compile(r"([A-Z]{3}) (\d+|\?)")


class Status(IntEnum):
    """Variable ``STA``."""

    RESET = 0
    ACTIVATING = 1
    ACTIVE = 3


FAULTS = {
    8: "it is too hot",
    9: "it heard nothing for a second",
    10: "its voltage is too low",
    11: "it releases what it holds (automatic release)",
    12: "an internal fault",
    13: "its activation failed: something was in the way",
    14: "its current is too high",
    15: "it has released what it held (automatic release)",
}
"""Variable ``FLT``, of which the lower four bits are the gripper's own."""


class Urcap:
    """A connection to the server; every call waits for an answer, and closes the connection where none comes.

    Args:
        address: Of the control box.
        port: Of the server.
        timeout: How long an answer may take [s].
    """

    def __init__(self, address: str, port: int, timeout: float) -> None:
        self._address, self._port, self._timeout = address, port, timeout
        self._socket: socket.socket | None = None

    @property
    def connected(self) -> bool:
        """Whether the connection stands, as far as is known."""
        return self._socket is not None

    def connect(self) -> None:
        """Connect.

        Raises:
            BackendError: Nobody answers there.
        """
        try:
            self._socket = socket.create_connection((self._address, self._port), self._timeout)
        except OSError as error:
            raise BackendError(
                f"no gripper's server answers at {self._address}:{self._port} ({error.strerror or error}); is Robotiq's"
                " URCap installed and the gripper found on the pendant?"
            ) from None
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def get(self, variable: str) -> int:
        """The value of a variable.

        Raises:
            BackendError: It was not told.
        """
        answer = self._ask(f"GET {variable}")
        found = _ANSWER.fullmatch(answer)
        if found is not None and found[2] == "?":
            raise BackendError(f"the gripper tells no {variable}: it has no power, or its cable is off")
        if found is None or found[1] != variable or int(found[2]) > LARGEST:
            self.close()
            raise BackendError(f"the gripper's server answers {answer[:40]!r} to GET {variable}")
        return int(found[2])

    def set(self, **values: int) -> None:
        """Set variables, all at once.

        Raises:
            BackendError: They were not taken.
        """
        question = "SET " + " ".join(f"{variable} {value}" for variable, value in values.items())
        answer = self._ask(question)
        if answer != "ack":
            self.close()
            raise BackendError(f"the gripper's server answers {answer[:40]!r} to {question}")

    def close(self) -> None:
        """Leave; once is enough, more do no harm."""
        if self._socket is not None:
            self._socket.close()
            self._socket = None

    def _ask(self, question: str) -> str:
        if self._socket is None:
            raise BackendError("the gripper is not connected")
        try:
            self._socket.sendall(f"{question}\n".encode())
            return self._answer(self._socket)
        except OSError as error:
            self.close()  # lest a late answer is taken for that to the next question
            why = f"nothing for {self._timeout:g} s" if isinstance(error, TimeoutError) else one_line(error)
            raise BackendError(f"the gripper's server does not answer {question}: {why}") from None

    def _answer(self, link: socket.socket) -> str:
        end, told = time.monotonic() + self._timeout, b""
        while len(told) < _LONGEST and not told.endswith((b"\n", b"ack")):
            link.settimeout(_ENDS if told else max(end - time.monotonic(), 1e-3))
            try:
                chunk = link.recv(_LONGEST)
            except TimeoutError:
                if not told:
                    raise
                break
            if not chunk:
                raise ConnectionResetError("it closed the connection")
            told += chunk
        return told.decode(errors="replace").strip()
