# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""An arm that lives by the clock, and listens at the four ports of its control box."""

from __future__ import annotations

import socket
import time
from collections import deque
from collections.abc import Mapping
from typing import ClassVar

import numpy as np

from ros_rl.errors import ConfigError
from ros_rl.stand_ins.stand_in import SECOND, StandIn, host_of
from ros_rl.stand_ins.surroundings import Surroundings
from ros_rl.stand_ins.tcp_server import Server, wait_for_end
from ros_rl.stand_ins.xarm.arm import STEP, Arm
from ros_rl.stand_ins.xarm.control_port import ControlPort
from ros_rl.stand_ins.xarm.faults import FAULTS, begin, end
from ros_rl.stand_ins.xarm.gripper import Gripper
from ros_rl.stand_ins.xarm.reporter import Reporter
from ros_rl.types import Array, Pose

CONTROL_PORT, NORMAL_PORT, RICH_PORT, REAL_PORT = 502, 30001, 30002, 30003
_FREE_PORT = 5020  # where 502 is not for this user
_BEHIND = 0.2  # s, after which time that was lost is not made up for
_REMEMBERED = 60_000  # steps, 5 minutes


class XarmStandIn(StandIn):
    """An xArm on a table, in real time.

    Args:
        host: Address to listen at.
        control_port: Of control; 0 for any. None: 502, or 5020 where that needs root.
        report_ports: Of the normal, rich and real-time reports; 0 for any.
        firmware: Its version.
        axes: 5, 6 or 7, where it stands on a bare table.
        surroundings: Where it stands otherwise, and whether it has a gripper there.
    """

    robot: ClassVar[str] = "xarm6"
    faults: ClassVar[dict[str, str]] = FAULTS
    options: ClassVar[dict[str, str]] = {
        **SECOND,
        "five": "an xArm5",
        "seven": "an xArm7",
    }

    def __init__(
        self,
        host: str = "127.0.0.1",
        control_port: int | None = None,
        report_ports: tuple[int, int, int] = (NORMAL_PORT, RICH_PORT, REAL_PORT),
        firmware: str = "2.3.0",
        axes: int = 6,
        surroundings: Surroundings | None = None,
    ) -> None:
        super().__init__()
        self.host, self._asked_port, self._asked_reports = host, control_port, report_ports
        around = surroundings or Surroundings(f"xarm{axes}", "table")
        self.kind = around.robot
        """Name of the robot that it plays."""
        self.arm = Arm(around, firmware)
        """Its body, its control box and its gripper."""
        self.moved: deque[tuple[float, Array]] = deque(maxlen=_REMEMBERED)
        """When the joints were driven with which velocities: steady clock [s], rad/s of shape (joints,)."""
        self._servers: list[Server] = []
        self._reporter = Reporter(self.arm.firmware, self.plays)
        self._control = ControlPort(self.arm, self._reporter, self.plays, self.note)

    @classmethod
    def with_options(cls, options: tuple[str, ...]) -> XarmStandIn:
        """See `StandIn.with_options`."""
        axes = 5 if "five" in options else 7 if "seven" in options else 6
        return cls(host_of(options), axes=axes)

    @classmethod
    def around(cls, surroundings: Surroundings, options: tuple[str, ...]) -> XarmStandIn:
        """See `StandIn.around`."""
        for option in {"five", "seven"} & {*options}:
            raise ConfigError(f"option '{option}' is of another arm than the task's robot '{surroundings.robot}'")
        return cls(host_of(options), surroundings=surroundings)

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
        port = self.control_port
        return self.host if port == CONTROL_PORT else f"{self.host} (with driver.backend.control_port {port})"

    @property
    def control_port(self) -> int:
        """Of control."""
        return self._servers[0].port

    @property
    def report_port(self) -> int:
        """Of the real-time reports."""
        return self._servers[3].port

    @property
    def place(self) -> Array:
        """See `StandIn.place`."""
        return self.arm.body.measurement["tool_position"]

    @property
    def position(self) -> Array:
        """Where the arm's joints really are [rad], shape (axes,)."""
        return self.arm.position

    @property
    def gripper(self) -> Gripper:
        """Its gripper."""
        return self.arm.gripper

    @property
    def speed(self) -> float:
        """Of the fastest joint, as it is driven [rad/s]."""
        return float(np.abs(self.arm.firmware.speed).max())

    @property
    def state(self) -> int:
        """Of the control box, as it reports it."""
        return self.arm.firmware.state

    def start(self) -> None:
        """See `StandIn.start`."""
        try:
            self._servers.append(self._control_server())
            for port in self._asked_reports:
                self._servers.append(Server(self.host, port, self._serve_reports))
        except BaseException:
            self.close()
            raise
        self._begin(self._live)

    def close(self) -> None:
        """See `StandIn.close`."""
        self._end()
        servers, self._servers = self._servers, []
        for server in servers:
            server.close()
        self.arm.body.close()

    def describe(self) -> str:
        """See `StandIn.describe`."""
        firmware, clients = self.arm.firmware, len(self._servers[0].clients) if self._servers else 0
        error = f", error {firmware.error}" if firmware.error else ""
        where = ", ".join(f"{angle:.2f}" for angle in self.position)
        return (
            f"mode {firmware.mode}, state {firmware.state}{error}, motors {'on' if firmware.enabled else 'off'}, "
            f"{clients} client{'s' * (clients != 1)}, {self.speed:.2f} rad/s, joints {where}"
        )

    def play(self, fault: str) -> None:
        """See `StandIn.play`."""
        super().play(fault)
        begin(self, fault)

    def heal(self, fault: str) -> None:
        """See `StandIn.heal`."""
        super().heal(fault)
        end(self, fault)

    def disconnect(self, control: bool) -> None:
        """Close the connections at the port of control, or else those at the ports of reports."""
        for server in self._servers[:1] if control else self._servers[1:]:
            server.drop()

    def _control_server(self) -> Server:
        if self._asked_port is not None:
            return Server(self.host, self._asked_port, self._control.serve)
        try:
            return Server(self.host, CONTROL_PORT, self._control.serve)
        except PermissionError:
            return Server(self.host, _FREE_PORT, self._control.serve)

    def _serve_reports(self, client: socket.socket) -> None:
        if not self.plays("reports_lost"):
            wait_for_end(client)

    def _live(self) -> None:
        due, count = time.monotonic(), 0
        while not self._ended.is_set():
            now = time.monotonic()
            due = due + STEP if now - due < _BEHIND else now
            self.moved.append((now, self.arm.step(self.plays("blocked"))))
            self._reporter.tell(count, self.arm.measured, *self._servers[1:])
            count += 1
            self._ended.wait(max(0.0, due - time.monotonic()))
