# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Answers an xArm's control frames."""

from __future__ import annotations

import socket
from collections.abc import Callable

from ros_rl.stand_ins.xarm.frames import Request, take_request


def serve_requests(client: socket.socket, answer: Callable[[Request], bytes | None]) -> None:
    """Answer a client's control frames until it leaves.

    Args:
        client: Its connection.
        answer: Gives the bytes of the reply; None for none.
    """
    buffer = bytearray()
    while True:
        chunk = client.recv(4096)
        if not chunk:
            return
        buffer += chunk
        while (request := take_request(buffer)) is not None:
            answered = answer(request)
            if answered is not None:
                client.sendall(answered)
