# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Who is connected at the ports of one address, served by the thread that asks."""

from __future__ import annotations

import selectors
import socket
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial

from ros_rl.errors import BackendError
from ros_rl.stand_ins.ur.session import Session


@dataclass(eq=False)
class Client:
    """A connection."""

    socket: socket.socket
    port: int
    """Where it listens to, by the number that this port has at a robot."""
    session: Session | None = None
    """Of RTDE."""
    text: bytearray = field(default_factory=bytearray)
    """What it sent elsewhere, as far as it is not understood yet."""
    fields: set[str] = field(default_factory=set)
    """Inputs of RTDE that it writes."""


class Connections:
    """Listens, takes and sends, and never waits for a client.

    Args:
        address: Of all ports.
        welcome: Meets each new client, and may drop it.
        take: Does what a client sent. A client whose bytes are a ValueError is left, as the robot leaves it.
    """

    def __init__(self, address: str, welcome: Callable[[Client], None], take: Callable[[Client, bytes], None]) -> None:
        self._address, self._welcome, self._take = address, welcome, take
        self._selector = selectors.DefaultSelector()
        self._listeners: list[socket.socket] = []
        self._clients: list[Client] = []

    @property
    def clients(self) -> Sequence[Client]:
        """Those that are connected now."""
        return tuple(self._clients)

    def listen(self, port: int, kind: int) -> int:
        """Listen at one more port; gives its number.

        Args:
            port: 0 for any that is free.
            kind: The number that it has at a robot.

        Raises:
            BackendError: It is taken; then nothing is listened at any more.
        """
        try:
            listener = socket.create_server((self._address, port), backlog=8)
        except OSError as error:
            self.close()
            raise BackendError(f"cannot listen at {self._address}:{port}: {error.strerror}") from None
        listener.setblocking(False)
        self._listeners.append(listener)
        self._selector.register(listener, selectors.EVENT_READ, partial(self._accept, listener, kind))
        number: int = listener.getsockname()[1]
        return number

    def serve(self, seconds: float) -> None:
        """Take what has come; wait for it so long at most [s]."""
        for key, _ in self._selector.select(seconds):
            key.data()

    def send(self, client: Client, data: bytes) -> None:
        """A client that does not read is left, as the robot leaves it."""
        try:
            if client.socket.send(data) < len(data):
                self.drop(client)
        except OSError:
            self.drop(client)

    def drop(self, client: Client) -> None:
        """Close a connection; once is enough, more do no harm."""
        if client in self._clients:
            self._clients.remove(client)
            self._selector.unregister(client.socket)
            client.socket.close()

    def close(self) -> None:
        """Close all of them, and listen no more; once is enough, more do no harm."""
        for client in self.clients:
            self.drop(client)
        for listener in self._listeners:
            listener.close()
        self._selector.close()

    def _accept(self, listener: socket.socket, kind: int) -> None:
        link, _ = listener.accept()
        link.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        link.setblocking(False)
        client = Client(link, kind)
        self._clients.append(client)
        self._selector.register(link, selectors.EVENT_READ, partial(self._hear, client))
        self._welcome(client)

    def _hear(self, client: Client) -> None:
        try:
            data = client.socket.recv(65_536)
            if not data:
                raise ConnectionResetError
            self._take(client, data)
        except (OSError, ValueError):
            self.drop(client)
