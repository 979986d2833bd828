# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""What stand-ins listen by, where their vendors' clients come over TCP."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Callable

from ros_rl.errors import BackendError


class Server:
    """Listens at an address; each client is given to a function in a thread of its own.

    Args:
        host: Address.
        port: 0 for any that is free.
        serve: What is done with a client, until it returns.

    Raises:
        BackendError: The address is taken.
        PermissionError: Ports below 1024 are not for this user.
    """

    def __init__(self, host: str, port: int, serve: Callable[[socket.socket], None]) -> None:
        self._serve = serve
        self._socket = socket.socket()
        self._socket.settimeout(None)  # whatever others set for all sockets, as the vendor's client does
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.clients: list[socket.socket] = []
        try:
            self._socket.bind((host, port))
        except PermissionError:
            self._socket.close()
            raise
        except OSError as error:
            self._socket.close()
            raise BackendError(f"{host}:{port} cannot be served at: {error.strerror}") from None
        self._socket.listen()
        self.port: int = self._socket.getsockname()[1]
        self._thread = threading.Thread(target=self._accept, daemon=True)
        self._thread.start()

    def drop(self) -> None:
        """Close all connections."""
        for client in list(self.clients):
            with contextlib.suppress(OSError):
                client.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        """Serve no more."""
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
        self.drop()
        self._thread.join(timeout=2.0)

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._socket.accept()
            except OSError:
                return
            client.settimeout(None)
            client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self.clients.append(client)
            threading.Thread(target=self._live, args=(client,), daemon=True).start()

    def _live(self, client: socket.socket) -> None:
        with contextlib.suppress(OSError), client:
            self._serve(client)
        self.clients.remove(client)


def wait_for_end(client: socket.socket) -> None:
    """Keep a connection that only tells, until the client leaves."""
    while client.recv(4096):
        pass
