# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""The driver's side of the command node: starts it, orders, and looks after it."""

from __future__ import annotations

import json
import os
import select
import socket
import subprocess
import sys
import threading
import time
from dataclasses import asdict, dataclass

import numpy as np

from ros_rl.backends.ros2_control.orders import LARGEST, Order, Report, pack_order, unpack_report
from ros_rl.backends.ros2_control.stream import STOP_SECONDS
from ros_rl.errors import BackendError, beyond
from ros_rl.types import Array

_STARTS_SECONDS = 60.0
_ENDS_SECONDS = STOP_SECONDS + 3.0
_MODULE = "ros_rl.nodes.ros2_control.command_node"


@dataclass(frozen=True)
class CommandSpec:
    """What the command node needs to know."""

    name: str
    """Of the node."""
    namespace: str
    topic: str
    """Of the controller's commands."""
    interface: str
    """Command interface of all joints."""
    joints: int
    ramp: float
    """How long the way to a new target takes [s]."""
    rate_hz: float
    priority: int
    """Real-time priority, 1 to 99; 0 asks for none."""


class CommandProcess:
    """The command node in a process of its own; all but `start` and `close` return at once, in any thread.

    Args:
        spec: What it sends, and where.
        silence: How long it may be silent [s].
    """

    def __init__(self, spec: CommandSpec, silence: float) -> None:
        self._spec, self._silence = spec, silence
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._socket: socket.socket | None = None
        self._report = Report(0.0, 0, 0, False)
        self._armings = 0
        self._nothing = np.zeros(spec.joints)

    def start(self) -> None:
        """Start it, and wait until it is there; it sends nothing yet.

        Raises:
            BackendError: It does not start.
        """
        self._socket, other = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._socket.setblocking(False)
        with other:
            self._process = subprocess.Popen(
                [sys.executable, "-m", _MODULE, str(other.fileno()), json.dumps(asdict(self._spec))],
                stdin=subprocess.DEVNULL,
                pass_fds=[other.fileno()],
                start_new_session=True,  # Ctrl-C and the end of a terminal reach the driver, which then ends this one
                env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path)), "OMP_NUM_THREADS": "1"},
            )
        said = select.select([self._socket], [], [], _STARTS_SECONDS)[0]
        if not said or self._ended():
            code = self._process.poll()
            self.close()
            raise BackendError(
                "the command node does not find the controller"
                if code is None
                else f"the command node has ended with exit code {code}"
            )

    @property
    def pid(self) -> int:
        """Of the process; 0 where there is none."""
        return 0 if self._process is None else self._process.pid

    @property
    def problem(self) -> str:
        """Why the command node sends no targets; empty while it does."""
        if self._ended():
            return "the command node has ended; restart the driver"
        silent = time.monotonic() - self._report.alive
        if silent > self._silence:
            return (
                f"the command node has been silent for {beyond(silent, self._silence, 2)} s, limit {self._silence:g} s"
            )
        if self._report.latched and self._report.armings == self._armings:
            return "the driver was too late with a target: it expired, and the robot was stopped"
        return ""

    @property
    def expired(self) -> int:
        """Targets that ended before the next came."""
        return self._report.expired

    def arm(self, position: Array) -> None:
        """Send the stop from now on, until the first target.

        Args:
            position: Where the joints are, in the controller's order, shape (joints,).

        Raises:
            BackendError: The order cannot be sent.
        """
        self._armings += 1
        self._send(Order.ARM, position)

    def follow(self, target: Array, until: float) -> None:
        """Send set points on their way to a target.

        Args:
            target: In the controller's order, shape (joints,).
            until: When it expires, by `time.monotonic` [s].

        Raises:
            BackendError: The order cannot be sent.
        """
        self._send(Order.FOLLOW, target, until)

    def stop(self) -> bool:
        """Send the stop until the next target; False where the order cannot be sent."""
        return self._tried(Order.STOP)

    def rest(self) -> bool:
        """Send the stop for a while, and then nothing until the next arming; False as with `stop`."""
        return self._tried(Order.REST)

    def close(self) -> None:
        """The same, and end the process; once is enough, more do no harm."""
        process, link = self._process, self._socket
        if process is None or link is None:
            return
        self._tried(Order.CLOSE)
        try:
            process.wait(_ENDS_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        with self._lock:
            link.close()
            self._process = self._socket = None

    def _tried(self, order: Order) -> bool:
        try:
            self._send(order, self._nothing)
        except BackendError:
            return False
        return True

    def _send(self, order: Order, values: Array, until: float = 0.0) -> None:
        with self._lock:
            if self._socket is None:
                raise BackendError("the robot is not connected")
            try:
                self._socket.send(pack_order(order, until, values))
            except OSError as error:
                raise BackendError(f"the command node takes no orders: {error.strerror}") from None

    def _ended(self) -> bool:
        """Whether it runs no more; takes the reports that have come."""
        with self._lock:
            return self._receive() or self._process is None or self._process.poll() is not None

    def _receive(self) -> bool:
        """Take the reports that have come; True if there is nobody to send more."""
        while self._socket is not None:
            try:
                data = self._socket.recv(LARGEST)
            except BlockingIOError:
                return False
            except OSError:
                return True
            if not data:
                return True
            self._report = unpack_report(data)
        return True
