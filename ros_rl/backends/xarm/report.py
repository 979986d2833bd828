# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Real-time reports of an xArm's control box, 100 a second, read as they come.

They are read here and not through the vendor's client, which puts old numbers in place of those that are none, and
keeps to itself when a report came.
"""

from __future__ import annotations

import contextlib
import socket
import struct
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from ros_rl.errors import BackendError
from ros_rl.types import Array

PERIOD = 0.01  # s between reports
_SIZE = struct.Struct(">I")
_SMALLEST, _LARGEST = 87, 4096  # bytes; joints, pose and torques end at 87, newer firmware has more behind
_FLOATS = np.dtype("<f4")
_TIMEOUT, _PAUSE = 1.0, 0.5  # s


@dataclass(frozen=True)
class Report:
    """One report."""

    time: float
    """When it came [s, steady clock]; of several that came at once the older ones are dated back."""
    state: int
    """1 moving, 2 ready, 3 paused, 4 stopped, 5 to be set anew."""
    mode: int
    """4: joint velocities."""
    position: Array
    """Of seven joints [rad]; an arm with fewer has zeros behind."""
    pose: Array
    """Tool centre point [mm] and its roll, pitch, yaw [rad], in the arm's base."""
    effort: Array
    """Of seven joints [N m]."""

    @property
    def finite(self) -> bool:
        """Whether all its numbers are."""
        return bool(
            np.isfinite(self.position).all() and np.isfinite(self.pose).all() and np.isfinite(self.effort).all()
        )


def decode(frame: bytes, when: float) -> Report:
    """A report from its bytes."""
    values = np.frombuffer(frame, _FLOATS, 20, 7).astype(np.float64)
    return Report(when, frame[4] & 0x0F, frame[4] >> 4, values[:7], values[7:13], values[13:])


def split(buffer: bytearray) -> list[bytes]:
    """Take the whole frames from what has arrived.

    Raises:
        ValueError: The size of one cannot be.
    """
    frames = []
    while len(buffer) >= _SIZE.size:
        (size,) = _SIZE.unpack_from(buffer)
        if not _SMALLEST <= size <= _LARGEST:
            raise ValueError(f"a report of {size} bytes")
        if len(buffer) < size:
            break
        frames.append(bytes(buffer[:size]))
        del buffer[:size]
    return frames


def slope(times: Sequence[float], values: Sequence[Array], window: float) -> Array:
    """Mean rate of change over the newest `window` seconds, by least squares; 0 where there is one value only."""
    newest = times[-1]
    kept = [index for index, moment in enumerate(times) if newest - moment <= window + 0.5 * PERIOD]
    moments = np.array([times[index] for index in kept])
    moments -= moments.mean()
    spread = float(moments @ moments)
    if spread <= 0.0:
        return np.zeros_like(values[-1])
    rate: Array = moments @ np.array([values[index] for index in kept]) / spread
    return rate


class Reports:
    """Reads reports in a thread of its own, and connects again by itself; that moves nothing.

    Args:
        address: Of the control box.
        port: Of the reports.
        kept: Newest ones that are kept.
        watch: Takes each, in the thread that reads.
        clock: The steady clock [s].
    """

    def __init__(
        self,
        address: str,
        port: int,
        kept: int,
        watch: Callable[[Report], None],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._where, self._watch, self._clock = (address, port), watch, clock
        self._newest: deque[Report] = deque(maxlen=kept)
        self._lock = threading.Lock()
        self._ended = threading.Event()
        self._socket: socket.socket | None = None
        self._thread: threading.Thread | None = None
        self.count = 0
        """Reports with finite numbers so far."""
        self.problem = ""
        """What is wrong with the newest report, or with the link; empty if nothing."""

    def start(self, patience: float) -> None:
        """Read from now on, once the first report is there.

        Args:
            patience: How long that may take [s].

        Raises:
            BackendError: It has not come.
        """
        self._thread = threading.Thread(target=self._live, daemon=True, name="xarm reports")
        self._thread.start()
        deadline = self._clock() + patience
        while not self.count:
            if self._clock() > deadline:
                address, port = self._where
                why = self.problem or "nothing comes"
                raise BackendError(f"no report from {address}:{port} in {patience:g} s ({why})")
            self._ended.wait(0.01)

    def newest(self) -> tuple[list[Report], int, str]:
        """The newest finite reports, oldest first, how many there were, and what is wrong."""
        with self._lock:
            return list(self._newest), self.count, self.problem

    def close(self) -> None:
        """Read no more."""
        self._ended.set()
        link = self._socket
        if link is not None:
            with contextlib.suppress(OSError):
                link.shutdown(socket.SHUT_RDWR)
        if self._thread is not None:
            self._thread.join(timeout=3.0)

    def _live(self) -> None:
        while not self._ended.is_set():
            try:
                with socket.create_connection(self._where, _TIMEOUT) as self._socket:
                    self._socket.settimeout(_TIMEOUT)
                    self._read(self._socket)
            except (OSError, ValueError) as error:
                self.problem = f"the control box's reports are lost: {error}"
            self._ended.wait(_PAUSE)

    def _read(self, link: socket.socket) -> None:
        buffer = bytearray()
        while not self._ended.is_set():
            chunk = link.recv(4096)
            if not chunk:
                raise OSError("it closed the connection")
            now = self._clock()
            buffer += chunk
            frames = split(buffer)
            for index, frame in enumerate(frames):
                self._take(decode(frame, now - PERIOD * (len(frames) - 1 - index)))

    def _take(self, report: Report) -> None:
        with self._lock:
            if not report.finite:
                self.problem = "the control box reports numbers that are not finite"
                return
            self.problem = ""
            self._newest.append(report)
            self.count += 1
        self._watch(report)
