# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""The server of a gripper's URCap: it answers lines, and plays what can be wrong with that."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable

from ros_rl.stand_ins.ur.connections import Client
from ros_rl.stand_ins.ur.gripper import Robotiq

_LATE = 0.3  # s
_GARBAGE = "POS \xe4\n"


class UrcapServer:
    """Answers the lines of its clients.

    Args:
        gripper: Whose variables they get and set.
        send: Sends bytes to a client.
        note: Remembers a line that sets something.
    """

    def __init__(self, gripper: Robotiq, send: Callable[[Client, bytes], None], note: Callable[[str], None]) -> None:
        self._gripper, self._send, self._note = gripper, send, note
        self._late: deque[tuple[float, Client, bytes]] = deque()

    def take(self, client: Client, line: str, faults: frozenset[str]) -> None:
        """Take a line under the faults that are played."""
        if "gripper_silent" in faults:
            return
        if line.startswith("SET"):
            self._note(line)
        told = (_GARBAGE if "gripper_garbage" in faults else self._gripper.answer(line)).encode()
        if "gripper_slow" in faults:
            self._late.append((time.monotonic() + _LATE, client, told))
        else:
            self._send(client, told)

    def send_late(self, now: float) -> None:
        """Send what is held back until now [s, steady clock]."""
        while self._late and self._late[0][0] <= now:
            _, client, told = self._late.popleft()
            self._send(client, told)
