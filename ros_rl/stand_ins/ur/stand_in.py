# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""One thread that serves all three ports and lets the arm move, 500 times a second."""

from __future__ import annotations

import contextlib
import selectors
import socket
import threading
import time
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np

from ros_rl.backends.ur_rtde.protocol import DASHBOARD_PORT, PORT, SCRIPT_PORT
from ros_rl.backends.ur_rtde.urcap import PORT as GRIPPER_PORT
from ros_rl.errors import BackendError, ConfigError
from ros_rl.stand_ins.stand_in import SECOND_ADDRESS, StandIn
from ros_rl.stand_ins.surroundings import Surroundings
from ros_rl.stand_ins.ur.arm import Arm
from ros_rl.stand_ins.ur.controller import Controller
from ros_rl.stand_ins.ur.dashboard import GREETING, answer
from ros_rl.stand_ins.ur.faults import FAULTS, begin, changed, end
from ros_rl.stand_ins.ur.fields import register_of
from ros_rl.stand_ins.ur.session import Session, Values
from ros_rl.stand_ins.ur.urcap import UrcapServer
from ros_rl.types import Array, Pose

_GRIPS_LATE = 0.1  # s
_BEHIND = 0.1  # s; what the machine is late by more is left out
_KEPT = 60_000
_LARGEST_SCRIPT = 1 << 20  # bytes


@dataclass
class Client:
    """A connection."""

    port: int
    session: Session | None = None
    text: bytearray = field(default_factory=bytearray)
    fields: set[str] = field(default_factory=set)
    """Inputs that it writes."""


class UrStandIn(StandIn):
    """A UR5e, or a UR5 of the series before.

    Args:
        address: Where its ports are; ur_rtde's are fixed, so that two stand-ins need two addresses, as 127.0.0.2.
        cb3: Whether it is of the series before the e-Series: 125 Hz, and no remote control.
        seed: Of the start.
        surroundings: Where it stands otherwise than on a bare table, and whether it has a gripper there.
        gripper_port: Of the gripper's server, where it has a gripper; 0 for any.
        gripper_latency: From a new position to the moment at which its fingers begin [s].
    """

    robot: ClassVar[str] = "ur5e"
    faults = FAULTS
    options: ClassVar[Mapping[str, str]] = {
        "cb3": "a UR5 of the series before the e-Series: 125 Hz, no remote control",
        "late_gripper": f"fingers of a gripper, if the task has one, begin {_GRIPS_LATE:g} s after they are told",
        "second": f"listens at {SECOND_ADDRESS}, beside another robot's stand-in",
    }

    def __init__(
        self,
        address: str = "127.0.0.1",
        cb3: bool = False,
        seed: int = 0,
        surroundings: Surroundings | None = None,
        gripper_port: int = GRIPPER_PORT,
        gripper_latency: float = 0.0,
    ) -> None:
        super().__init__()
        self._address = address
        self.gripper_port = gripper_port
        """Of the gripper's server."""
        self.version = (3, 15, 0, 0) if cb3 else (5, 11, 0, 0)
        """Of its software."""
        self.fastest = 125.0 if cb3 else 500.0
        """Rate of its data [Hz]."""
        self.controller = Controller()
        """What it does."""
        around = surroundings or Surroundings("ur5" if cb3 else self.robot, "table")
        self.arm = Arm(around, self.controller, seed, gripper_latency)
        """Its body, and its gripper."""
        gripper = self.arm.gripper
        self._urcap = (
            None if gripper is None else UrcapServer(gripper, self._send, lambda line: self.note(("gripper", line)))
        )
        self.moved: deque[tuple[float, Array]] = deque(maxlen=_KEPT)
        """Commanded speeds of the joints [rad/s] by the steady clock [s], each cycle."""
        self.first_recipe = 1
        self._selector = selectors.DefaultSelector()
        self._clients: dict[socket.socket, Client] = {}
        self._frozen: Values = {}
        self._active: frozenset[str] = frozenset()
        self._ended = threading.Event()
        self._thread: threading.Thread | None = None

    @classmethod
    def with_options(cls, options: tuple[str, ...] = ()) -> UrStandIn:
        """See `StandIn.with_options`."""
        return cls(_host(options), cb3="cb3" in options)

    @classmethod
    def around(cls, surroundings: Surroundings, options: tuple[str, ...]) -> UrStandIn:
        """See `StandIn.around`."""
        if "cb3" in options:
            raise ConfigError(f"option 'cb3' is of another arm than the task's robot '{surroundings.robot}'")
        late = _GRIPS_LATE if "late_gripper" in options else 0.0
        return cls(_host(options), surroundings=surroundings, gripper_latency=late)

    @property
    def things(self) -> Mapping[str, Pose]:
        """See `StandIn.things`."""
        return self.arm.body.things

    @property
    def posture(self) -> Array:
        """See `StandIn.posture`."""
        return self.arm.body.measurement["joint_position"]

    @property
    def address(self) -> str:
        """See `StandIn.address`."""
        return self._address

    def start(self) -> None:
        """See `StandIn.start`."""
        for port in (PORT, DASHBOARD_PORT, SCRIPT_PORT):
            self._listen(port, port)
        if self._urcap is not None:
            self.gripper_port = self._listen(self.gripper_port, GRIPPER_PORT)
        self._thread = threading.Thread(target=self._serve, name="ur stand-in", daemon=True)
        self._thread.start()

    def _listen(self, port: int, kind: int) -> int:
        try:
            listener = socket.create_server((self._address, port), backlog=8)
        except OSError as error:
            self._drop_all()
            raise BackendError(f"cannot listen at {self._address}:{port}: {error.strerror}") from None
        listener.setblocking(False)
        self._selector.register(listener, selectors.EVENT_READ, kind)
        found: int = listener.getsockname()[1]
        return found

    def close(self) -> None:
        """See `StandIn.close`."""
        self._ended.set()
        if self._thread is not None:
            self._thread.join(5.0)
            self._thread = None
        self.arm.body.close()
        self._drop_all()

    @property
    def place(self) -> Array:
        """See `StandIn.place`."""
        return self.arm.body.measurement["tool_position"]

    @property
    def measured(self) -> Array:
        """Where the arm's joints are [rad], shape (6,)."""
        return self.arm.position

    def describe(self) -> str:
        """See `StandIn.describe`."""
        tool, gripper = self.arm.body.measurement["tool_position"], self.arm.gripper
        fastest = float(np.max(np.abs(self.controller.speed)))
        grip = "" if gripper is None else f", gripper {gripper.describe()}"
        return (
            f"{self.controller.mode.name}, program {self.controller.runtime.name}, joints at most {fastest:.2f} rad/s, "
            f"tool at {tool[0]:.3f} {tool[1]:.3f} {tool[2]:.3f} m{grip}"
        )

    def disconnect(self, port: int | None = None) -> None:
        """Close the connections at a port; None: at all."""
        for connection, client in list(self._clients.items()):
            if port is None or client.port == port:
                self._drop(connection)

    def release(self) -> None:
        """Send everybody what was held back for them."""
        for connection, client in list(self._clients.items()):
            if client.session is not None and client.session.held:
                burst = b"".join(client.session.held)
                client.session.held.clear()
                self._send(connection, burst)

    def _serve(self) -> None:
        due = time.monotonic()
        while not self._ended.is_set():
            for key, _ in self._selector.select(max(0.0, due - time.monotonic())):
                self._handle(key)
            now = time.monotonic()
            if now < due:
                continue
            self._play()
            lost = now - _BEHIND - due
            if lost > 0.0:
                self.arm.skip(lost)
            due = max(due, now - _BEHIND) + self.controller.period
            self.moved.append((now, self.arm.step(now)))
            self._publish()
            if self._urcap is not None:
                self._urcap.send_late(now)

    def _play(self) -> None:
        with self._lock:
            active = frozenset(self._playing)
        for fault in active - self._active:
            begin(self, fault)
        for fault in self._active - active:
            end(self, fault)
        self._active = active

    def _publish(self) -> None:
        sessions = [(link, client.session) for link, client in self._clients.items() if client.session is not None]
        if not any(session.started for _, session in sessions) or "rtde_silent" in self._active:
            return
        values = changed(self._active, self.arm.values(), self._frozen)
        self._frozen = self._frozen if "frozen" in self._active else values
        for connection, session in sessions:
            data = session.data(values, self.arm.time)
            if data and "late" in self._active:
                session.held.append(data)
            elif data:
                self._send(connection, data)

    def _handle(self, key: selectors.SelectorKey) -> None:
        connection = key.fileobj
        assert isinstance(connection, socket.socket)
        if key.data is not None:
            self._accept(connection, key.data)
            return
        client = self._clients[connection]
        try:
            data = connection.recv(65_536)
            if not data:
                raise ConnectionResetError
            self._take(connection, client, data)
        except (OSError, ValueError):  # a client that speaks nonsense is left, as the robot leaves it
            self._drop(connection)

    def _accept(self, listener: socket.socket, port: int) -> None:
        connection, _ = listener.accept()
        if "unreachable" in self._active or (port == GRIPPER_PORT and "gripper_closed" in self._active):
            connection.close()
            return
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        connection.setblocking(False)
        client = Client(port)
        if port == PORT:
            client.session = Session(
                self.version, self.fastest, self.first_recipe, lambda names: self._claim(client, names)
            )
        self._clients[connection] = client
        self._selector.register(connection, selectors.EVENT_READ, None)
        if port == DASHBOARD_PORT:
            self._send(connection, f"{GREETING}\n".encode())

    def _claim(self, client: Client, names: Sequence[str]) -> bool:
        others = {name for other in self._clients.values() if other is not client for name in other.fields}
        if others & set(names) or "in_use" in self._active:
            return False
        client.fields |= set(names)
        return True

    def _take(self, connection: socket.socket, client: Client, data: bytes) -> None:
        if client.session is not None:
            answers, written = client.session.take(data)
            if answers:
                self._send(connection, answers)
            for values in written:
                self._write(values)
            return
        client.text += data
        if client.port == SCRIPT_PORT:
            self._read_script(client)
            return
        while b"\n" in client.text:
            line, _, rest = bytes(client.text).partition(b"\n")
            client.text[:] = rest
            said = line.decode(errors="replace").strip()
            if client.port == GRIPPER_PORT and self._urcap is not None:
                self._urcap.take(connection, said, self._active)
                continue
            self.note(("dashboard", said))
            told = answer(self.controller, said, self.version[:2], time.monotonic())
            self._send(connection, f"{told}\n".encode())

    def _read_script(self, client: Client) -> None:
        """A program ends with the line ``end`` of its outermost ``def``."""
        if len(client.text) > _LARGEST_SCRIPT:
            raise ValueError("a script without an end")
        if client.text.startswith(b"def ") and client.text.rstrip().endswith(b"\nend"):
            self.note(("script", bytes(client.text[:80]).decode(errors="replace").splitlines()[0]))
            client.text.clear()
            self.controller.start_program(time.monotonic())

    def _write(self, values: Values) -> None:
        """Registers that a client writes."""
        controller = self.controller
        if "deaf" in self._active:
            return
        for name, value in values.items():
            register = register_of(name)
            if register is not None and register[0] == "int":
                controller.integers[register[1]] = int(value[0])
            elif register is not None:
                controller.doubles[register[1]] = float(value[0])
        if "input_int_register_0" in values:
            order = controller.integers[0]
            self.note(("order", order, tuple(controller.doubles[:8])))
            controller.kick(time.monotonic())

    def _send(self, connection: socket.socket, data: bytes) -> None:
        """A client that does not read is left, as the robot leaves it."""
        try:
            if connection.send(data) < len(data):
                self._drop(connection)
        except OSError:
            self._drop(connection)

    def _drop(self, connection: socket.socket) -> None:
        if self._clients.pop(connection, None) is not None:
            self._selector.unregister(connection)
            connection.close()

    def _drop_all(self) -> None:
        with contextlib.suppress(KeyError, RuntimeError, ValueError):
            for key in list((self._selector.get_map() or {}).values()):
                self._selector.unregister(key.fileobj)
                if isinstance(key.fileobj, socket.socket):
                    key.fileobj.close()
        self._clients.clear()
        self._selector.close()


def _host(options: tuple[str, ...]) -> str:
    return SECOND_ADDRESS if "second" in options else "127.0.0.1"
