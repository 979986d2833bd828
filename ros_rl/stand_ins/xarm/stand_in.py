# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""The stand-in itself: ports, clock, body and faults of an xArm6."""

from __future__ import annotations

import socket
import threading
import time
from collections import deque
from collections.abc import Mapping
from typing import ClassVar

import numpy as np

from ros_rl.errors import ConfigError
from ros_rl.robot import POSITION, VELOCITY
from ros_rl.settings.hardware.xarm import axes_of
from ros_rl.stand_ins.body import Body
from ros_rl.stand_ins.stand_in import SECOND, StandIn, host_of
from ros_rl.stand_ins.surroundings import Surroundings
from ros_rl.stand_ins.tcp_server import Server, wait_for_end
from ros_rl.stand_ins.xarm import frames
from ros_rl.stand_ins.xarm.faults import EMERGENCY_STOP, ERRORS, FAULTS
from ros_rl.stand_ins.xarm.firmware import PAUSED, READY, Firmware, describe_request
from ros_rl.stand_ins.xarm.frames import Request
from ros_rl.stand_ins.xarm.gripper import Gripper
from ros_rl.stand_ins.xarm.reporter import Reporter
from ros_rl.stand_ins.xarm.serving import serve_requests
from ros_rl.types import Array, Measurement, Pose

CONTROL_PORT, NORMAL_PORT, RICH_PORT, REAL_PORT = 502, 30001, 30002, 30003
_FREE_PORT = 5020  # where 502 is not for this user
_STEP = 0.005  # s
_LATE = 0.6  # s
_BEHIND = 0.2  # s, after which time that was lost is not made up for
_REMEMBERED = 60_000  # steps, 5 minutes
_GRIPPER = 124
_SUBSTEPS = 4  # of physics, where fingers hold things
_CLOSED, _PULSES = 0.85, 1000.0  # rad of the gripper's drive_joint, which is 0 where it is open; per rad
LOWER = np.array([-6.283, -2.059, -3.927, -6.283, -1.69297, -6.283])
UPPER = np.array([6.283, 2.0944, 0.19198, 6.283, 3.14159, 6.283])
"""Joint limits of an xArm6's control box [rad]: the vendor's URDF."""
_OF_JOINTS = ("joint_position", "joint_velocity", "joint_effort")
_SENSORS = (*_OF_JOINTS, "tool_position", "tool_orientation")


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
        robot = around.load_robot("xarm")
        axes = self._axes = axes_of(robot)
        lower, upper = (LOWER, UPPER) if axes == 6 else (robot.limits.lower[:axes], robot.limits.upper[:axes])
        self._has_fingers = axes < robot.size
        kinds = (VELOCITY,) * axes + (POSITION,) * (robot.size - axes)
        substeps = _SUBSTEPS if self._has_fingers else 1
        self._body = Body(
            robot, kinds, 1.0 / _STEP, around.scene, sensors=_SENSORS, objects=around.objects, substeps=substeps
        )
        self._firmware = Firmware(firmware, lower, upper, time.monotonic)
        self._old = Firmware("1.7.0", lower, upper, time.monotonic).version
        self.gripper = Gripper() if self._fingers is None else Gripper(self._fingers)
        self.moved: deque[tuple[float, Array]] = deque(maxlen=_REMEMBERED)
        """When the joints were driven with which velocities: steady clock [s], rad/s of shape (joints,)."""
        self._ended = threading.Event()
        self._servers: list[Server] = []
        self._reporter = Reporter(self._firmware, self.plays)
        self._thread: threading.Thread | None = None

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
        return self._body.things

    @property
    def posture(self) -> Array:
        """See `StandIn.posture`."""
        return self._body.measurement["joint_position"]

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
        return self._body.measurement["tool_position"]

    @property
    def position(self) -> Array:
        """Where the arm's joints really are [rad], shape (axes,)."""
        return self._body.measurement["joint_position"][: self._axes]

    @property
    def _fingers(self) -> float | None:
        """Where the gripper really is [pulses]; None where it has no fingers."""
        joint = self._body.measurement["joint_position"][-1]
        return float(_PULSES * (_CLOSED - joint)) if self._has_fingers else None

    @property
    def speed(self) -> float:
        """Of the fastest joint, as it is driven [rad/s]."""
        return float(np.abs(self._firmware.speed).max())

    @property
    def state(self) -> int:
        """Of the control box, as it reports it."""
        return self._firmware.state

    def start(self) -> None:
        """See `StandIn.start`."""
        try:
            self._servers.append(self._control_server())
            for port in self._asked_reports:
                self._servers.append(Server(self.host, port, self._serve_reports))
        except BaseException:
            self.close()
            raise
        self._thread = threading.Thread(target=self._live, daemon=True)
        self._thread.start()

    def close(self) -> None:
        """See `StandIn.close`."""
        self._ended.set()
        if self._thread is not None:
            self._thread.join(timeout=5.0)
            self._thread = None
        servers, self._servers = self._servers, []
        for server in servers:
            server.close()
        self._body.close()

    def describe(self) -> str:
        """See `StandIn.describe`."""
        firmware, clients = self._firmware, len(self._servers[0].clients) if self._servers else 0
        error = f", error {firmware.error}" if firmware.error else ""
        where = ", ".join(f"{angle:.2f}" for angle in self.position)
        return (
            f"mode {firmware.mode}, state {firmware.state}{error}, motors {'on' if firmware.enabled else 'off'}, "
            f"{clients} client{'s' * (clients != 1)}, {self.speed:.2f} rad/s, joints {where}"
        )

    def play(self, fault: str) -> None:
        """See `StandIn.play`."""
        super().play(fault)
        firmware = self._firmware
        if fault in ERRORS:
            firmware.held = ERRORS[fault]
        elif fault == "emergency_stop":
            firmware.held = EMERGENCY_STOP
            firmware.fail(EMERGENCY_STOP, motors_off=True)
        elif fault == "warning":
            firmware.warning = 11
        elif fault == "paused":
            firmware.interfere(firmware.mode, PAUSED)
        elif fault == "second_client":
            firmware.interfere(0, READY)
        elif fault == "old_firmware":
            firmware.version, firmware.timed = self._old, False
        elif fault == "control_lost":
            self._drop(self._servers[:1])
        elif fault == "reports_lost":
            self._drop(self._servers[1:])

    def heal(self, fault: str) -> None:
        """See `StandIn.heal`."""
        super().heal(fault)
        if fault in ERRORS or fault == "emergency_stop":
            self._firmware.held = 0
        elif fault == "warning":
            self._firmware.warning = 0

    def _drop(self, servers: list[Server]) -> None:
        for server in servers:
            server.drop()

    def _control_server(self) -> Server:
        if self._asked_port is not None:
            return Server(self.host, self._asked_port, self._serve_control)
        try:
            return Server(self.host, CONTROL_PORT, self._serve_control)
        except PermissionError:
            return Server(self.host, _FREE_PORT, self._serve_control)

    def _serve_control(self, client: socket.socket) -> None:
        if not self.plays("control_lost"):
            serve_requests(client, self._answer)

    def _serve_reports(self, client: socket.socket) -> None:
        if not self.plays("reports_lost"):
            wait_for_end(client)

    def _answer(self, request: Request) -> bytes | None:
        if self.plays("silent"):
            return None
        self.note(describe_request(request))
        flags, payload = self._act(request)
        if self.plays("late_replies"):
            time.sleep(_LATE)
        if self.plays("wrong_transaction"):
            request = request._replace(transaction=request.transaction % 0xFFFF + 1)
        return frames.reply(request, flags, payload)

    def _act(self, request: Request) -> tuple[int, bytes]:
        if request.function == _GRIPPER:
            answered = None if self.plays("gripper_timeout") else self.gripper.answer(request.payload)
            return (0, answered) if answered is not None else (frames.WARNING, b"")
        if request.function == 11 and self.plays("stays_off"):
            return 0, b""
        measured = self._measured
        flags, payload = self._firmware.answer(
            request, lambda: self._reporter.report(measured), measured["joint_velocity"]
        )
        return flags, self._version() if request.function == 1 else payload

    def _version(self) -> bytes:
        text = self._firmware.version
        if self.plays("unreadable_firmware"):
            text = "6,6,XI1303,AC1303,trial build"
        elif self.plays("long_serial"):
            text = text.replace("XI1303", "XI1303" + "0" * 20)
        elif self.plays("seven_axes"):
            text = "7,7" + text[3:]
        return text.encode()[:40].ljust(40, b"\0")

    def _live(self) -> None:
        due, count = time.monotonic(), 0
        while not self._ended.is_set():
            now = time.monotonic()
            due = due + _STEP if now - due < _BEHIND else now
            self._advance(now)
            self._reporter.tell(count, self._measured, *self._servers[1:])
            count += 1
            self._ended.wait(max(0.0, due - time.monotonic()))

    def _advance(self, now: float) -> None:
        speed = self._firmware.step(self.position, _STEP)
        self.moved.append((now, speed))
        driven = np.zeros_like(speed) if self.plays("blocked") else speed
        grip = [_CLOSED - self.gripper.course / _PULSES] if self._has_fingers else []
        self._body.step(np.append(driven, grip))
        self.gripper.step(_STEP, self._fingers)

    @property
    def _measured(self) -> Measurement:
        """What the control box knows: of the gripper nothing, that answers for itself."""
        found = self._body.measurement
        return Measurement({**found, **{name: found[name][: self._axes] for name in _OF_JOINTS}})
