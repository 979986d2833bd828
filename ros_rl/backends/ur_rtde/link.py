# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Receives a robot's state by RTDE, in a thread of its own."""

from __future__ import annotations

import math
import socket
import struct
import threading
import time
from dataclasses import dataclass

from ros_rl.backends.ur_rtde.protocol import PORT, VERSION, Frame, Recipe, pack, unpack
from ros_rl.backends.ur_rtde.state import State, not_finite
from ros_rl.errors import BackendError, one_line

_SLIP = 2e-4  # s/s; two clocks drift apart by less
_AGAIN = 1.0  # s, between two tries to connect
_LOOKS = 0.05  # s, in which the thread notes that it is to end


@dataclass(frozen=True)
class Received:
    """The newest state."""

    state: State
    measured: float
    """When it was measured, by the steady clock, as far as the fastest of all states tells [s]."""
    number: int
    """Running number of states that differ in their time stamp."""


class Link:
    """A connection to the RTDE port.

    Args:
        address: Of the robot.
        fields: What it is asked for; ``timestamp`` among them.
        rate_hz: How often [Hz].
        timeout: How long an answer may take [s].
    """

    def __init__(self, address: str, fields: tuple[str, ...], rate_hz: float, timeout: float) -> None:
        self._address, self._fields, self._rate, self._timeout = address, fields, rate_hz, timeout
        self._buffer = bytearray()
        self._frames: list[tuple[int, bytes]] = []
        self._ended = threading.Event()
        self._first = threading.Event()
        self._offset = math.inf
        self._newest: Received | None = None
        self._socket: socket.socket | None = None
        self._thread: threading.Thread | None = None
        self.fault = ""
        """What it sent that cannot be; stays until it is set empty."""
        self.lost = ""
        """Why nothing comes any more; empty while the connection stands."""

    def open(self) -> Received:
        """Connect, and give the first state.

        Raises:
            BackendError: The robot does not answer, or refuses.
        """
        try:
            self._set_up()
        except (OSError, ValueError, struct.error) as error:
            self.close()
            raise BackendError(f"{self._address}:{PORT} does not talk RTDE: {one_line(error)}") from None
        self._thread = threading.Thread(target=self._live, name="ur state", daemon=True)
        self._thread.start()
        self._first.wait(self._timeout)
        if self._newest is None:
            problem = self.fault or self.lost or f"the robot sends no state within {self._timeout:g} s"
            self.close()
            raise BackendError(problem)
        return self._newest

    @property
    def newest(self) -> Received:
        """The newest state.

        Raises:
            BackendError: There is none.
        """
        if self._newest is None:
            raise BackendError("the robot is not connected")
        return self._newest

    def close(self) -> None:
        """Leave the robot; once is enough, more do no harm."""
        self._ended.set()
        if self._thread is not None:
            self._thread.join(2.0)
        self._leave()

    def _leave(self) -> None:
        if self._socket is not None:
            self._socket.close()
            self._socket = None

    def _set_up(self) -> None:
        self._leave()
        self._buffer.clear()
        self._frames.clear()
        self._offset = math.inf
        self._socket = socket.create_connection((self._address, PORT), self._timeout)
        if self._ask(Frame.VERSION, struct.pack(">H", VERSION)) != b"\1":
            raise ValueError("it refuses protocol version 2")
        names = ",".join(self._fields).encode()
        answer = self._ask(Frame.OUTPUTS, struct.pack(">d", self._rate) + names)
        types = answer[1:].decode().split(",")
        unknown = [name for name, kind in zip(self._fields, types, strict=True) if kind == "NOT_FOUND"]
        if unknown:
            raise ValueError(f"its controller has no field {unknown[0]}; update its software")
        self._recipe = Recipe(answer[0], self._fields, types)
        if self._ask(Frame.START) != b"\1":
            raise ValueError("it refuses to start")
        self._socket.settimeout(_LOOKS)

    def _ask(self, kind: Frame, payload: bytes = b"") -> bytes:
        assert self._socket is not None
        self._socket.sendall(pack(kind, payload))
        end = time.monotonic() + self._timeout
        while time.monotonic() < end:
            self._take()
            while self._frames:
                found, answer = self._frames.pop(0)
                if found == kind:
                    return answer
        raise TimeoutError("timed out")

    def _take(self) -> None:
        assert self._socket is not None
        data = self._socket.recv(65_536)
        if not data:
            raise ConnectionResetError("the robot closed the connection")
        self._buffer += data
        self._frames += unpack(self._buffer)

    def _live(self) -> None:
        """Receive; a link that is lost is a fault, and opened again for whoever clears it."""
        while not self._ended.is_set():
            try:
                if self.lost:
                    self._set_up()
                    self.lost = ""
                self._receive()
            except (OSError, ValueError, struct.error) as error:
                self.lost = f"the link to the robot is lost: {one_line(error)}"
                self.fault = self.fault or self.lost
                self._first.set()
                self._ended.wait(_AGAIN)

    def _receive(self) -> None:
        while not self._ended.is_set():
            try:
                self._take()
            except TimeoutError:
                continue
            now = time.monotonic()
            for kind, payload in self._frames:
                if kind == Frame.DATA:
                    self._keep(payload, now)
            self._frames.clear()

    def _keep(self, payload: bytes, now: float) -> None:
        try:
            state = self._recipe.unpack(payload)
        except ValueError as error:
            self.fault = self.fault or f"the robot sends what it was not asked for: {error}"
            return
        wrong = not_finite(state)
        if wrong:
            self.fault = self.fault or wrong
            return
        before, stamp = self._newest, state["timestamp"][0]
        if before is not None and stamp <= before.state["timestamp"][0]:
            if stamp == before.state["timestamp"][0]:
                return
            self.fault = self.fault or f"the robot's clock went back to {stamp:.3f} s: it has started anew"
            self._offset = math.inf
        passed = 0.0 if before is None else abs(stamp - before.state["timestamp"][0])
        self._offset = min(self._offset + _SLIP * passed, now - stamp)
        self._newest = Received(state, stamp + self._offset, 1 if before is None else before.number + 1)
        self._first.set()
