# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""What a UR takes and tells at each of its ports: RTDE, dashboard, scripts, its configuration, and its gripper's."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Any

from ros_rl.backends.ur_rtde.primary import READ_ONLY_PORT
from ros_rl.backends.ur_rtde.protocol import DASHBOARD_PORT, PORT, SCRIPT_PORT
from ros_rl.backends.ur_rtde.urcap import PORT as GRIPPER_PORT
from ros_rl.stand_ins.ur.arm import Arm
from ros_rl.stand_ins.ur.connections import Client, Connections
from ros_rl.stand_ins.ur.controller import Controller
from ros_rl.stand_ins.ur.dashboard import GREETING, answer
from ros_rl.stand_ins.ur.faults import changed
from ros_rl.stand_ins.ur.fields import register_of
from ros_rl.stand_ins.ur.session import Session, Values
from ros_rl.stand_ins.ur.urcap import UrcapServer

_LARGEST_SCRIPT = 1 << 20  # bytes
_STATES = 0.1  # s, between two at the primary interface


class Ports:
    """All of them, served by the thread that asks.

    Args:
        address: Where they are.
        gripper_port: Of the gripper's server, where the arm has a gripper; 0 for any.
        version: Of the software: major, minor, bugfix, build.
        fastest: Largest rate of its data [Hz].
        state: What its primary interface tells, time and again.
        controller: Does what it is told.
        arm: What is told of.
        note: Remembers what a driver sent.
    """

    def __init__(
        self,
        address: str,
        gripper_port: int,
        version: tuple[int, int, int, int],
        fastest: float,
        state: bytes,
        controller: Controller,
        arm: Arm,
        note: Callable[[Any], None],
    ) -> None:
        self._version, self._fastest = version, fastest
        self._state, self._state_due = state, 0.0
        self._controller, self._arm, self._note = controller, arm, note
        self._links = Connections(address, self._welcome, self._take)
        self._urcap = (
            None
            if arm.gripper is None
            else UrcapServer(arm.gripper, self._links.send, lambda line: note(("gripper", line)))
        )
        self.gripper_port = gripper_port
        """Of the gripper's server."""
        self.faults: frozenset[str] = frozenset()
        """Those that are played."""
        self.first_recipe = 1
        """Id of each new client's recipe of data."""
        self._frozen: Values = {}

    def open(self) -> None:
        """Listen.

        Raises:
            BackendError: An address is taken.
        """
        for port in (PORT, DASHBOARD_PORT, SCRIPT_PORT, READ_ONLY_PORT):
            self._links.listen(port, port)
        if self._urcap is not None:
            self.gripper_port = self._links.listen(self.gripper_port, GRIPPER_PORT)

    def hear(self, seconds: float) -> None:
        """Do what clients ask for; wait for it so long at most [s]."""
        self._links.serve(seconds)

    def tell(self, now: float) -> None:
        """Send what is due at a moment of the steady clock [s]."""
        self._publish()
        if now >= self._state_due:
            self._state_due = now + _STATES
            self._tell_state()
        if self._urcap is not None:
            self._urcap.send_late(now)

    def disconnect(self, port: int | None = None) -> None:
        """Close the connections at a port; None: at all."""
        for client in self._links.clients:
            if port is None or client.port == port:
                self._links.drop(client)

    def release(self) -> None:
        """Send everybody what was held back for them."""
        for client in self._links.clients:
            if client.session is not None and client.session.held:
                burst = b"".join(client.session.held)
                client.session.held.clear()
                self._links.send(client, burst)

    def close(self) -> None:
        """Close all connections, and listen no more."""
        self._links.close()

    def _publish(self) -> None:
        sessions = [(client, client.session) for client in self._links.clients if client.session is not None]
        if not any(session.started for _, session in sessions) or "rtde_silent" in self.faults:
            return
        values = changed(self.faults, self._arm.values(), self._frozen)
        self._frozen = self._frozen if "frozen" in self.faults else values
        for client, session in sessions:
            data = session.data(values, self._arm.time)
            if data and "late" in self.faults:
                session.held.append(data)
            elif data:
                self._links.send(client, data)

    def _tell_state(self) -> None:
        for client in self._links.clients:
            if client.port == READ_ONLY_PORT:
                self._links.send(client, self._state)

    def _welcome(self, client: Client) -> None:
        if "unreachable" in self.faults or (client.port == GRIPPER_PORT and "gripper_closed" in self.faults):
            self._links.drop(client)
        elif client.port == PORT:
            client.session = Session(
                self._version, self._fastest, self.first_recipe, lambda names: self._claim(client, names)
            )
        elif client.port == DASHBOARD_PORT:
            self._links.send(client, f"{GREETING}\n".encode())

    def _claim(self, client: Client, names: Sequence[str]) -> bool:
        others = {name for other in self._links.clients if other is not client for name in other.fields}
        if others & set(names) or "in_use" in self.faults:
            return False
        client.fields |= set(names)
        return True

    def _take(self, client: Client, data: bytes) -> None:
        if client.session is not None:
            self._take_frames(client, client.session, data)
            return
        if client.port == READ_ONLY_PORT:
            return
        client.text += data
        if client.port == SCRIPT_PORT:
            self._read_script(client)
            return
        while b"\n" in client.text:
            line, _, rest = bytes(client.text).partition(b"\n")
            client.text[:] = rest
            self._take_line(client, line.decode(errors="replace").strip())

    def _take_frames(self, client: Client, session: Session, data: bytes) -> None:
        answers, written = session.take(data)
        if answers:
            self._links.send(client, answers)
        for values in written:
            self._write(values)

    def _take_line(self, client: Client, line: str) -> None:
        if client.port == GRIPPER_PORT and self._urcap is not None:
            self._urcap.take(client, line, self.faults)
            return
        self._note(("dashboard", line))
        told = answer(self._controller, line, self._version[:2], time.monotonic())
        self._links.send(client, f"{told}\n".encode())

    def _read_script(self, client: Client) -> None:
        """A program ends with the line ``end`` of its outermost ``def``."""
        if len(client.text) > _LARGEST_SCRIPT:
            raise ValueError("a script without an end")
        if client.text.startswith(b"def ") and client.text.rstrip().endswith(b"\nend"):
            self._note(("script", bytes(client.text[:80]).decode(errors="replace").splitlines()[0]))
            client.text.clear()
            self._controller.start_program(time.monotonic())

    def _write(self, values: Values) -> None:
        """Registers that a client writes."""
        controller = self._controller
        if "deaf" in self.faults:
            return
        for name, value in values.items():
            register = register_of(name)
            if register is not None and register[0] == "int":
                controller.integers[register[1]] = int(value[0])
            elif register is not None:
                controller.doubles[register[1]] = float(value[0])
        if "input_int_register_0" in values:
            order = controller.integers[0]
            self._note(("order", order, tuple(controller.doubles[:8])))
            controller.kick(time.monotonic())
