# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""A Unitree A1 at its UDP port: it answers each command with its state, and does for ever what it was told last."""

from __future__ import annotations

import socket
import time
from collections import deque
from typing import Any, ClassVar

import numpy as np

from ros_rl.backends.unitree import KEYS, NO_POSITION, NO_VELOCITY
from ros_rl.backends.unitree_a1 import wire
from ros_rl.errors import BackendError, ConfigError
from ros_rl.settings.hardware.unitree import JOINTS
from ros_rl.stand_ins.quadruped import RESCUE, STATE_FAULTS, Quadruped, Seen, Told
from ros_rl.stand_ins.stand_in import SECOND, host_of
from ros_rl.types import Array

LYING = np.tile([0.0, 1.36, -2.65], 4)
"""Joint positions of a robot that lies on its belly [rad]."""
_LYING_HEIGHT = 0.13  # m
_JOINTS = len(JOINTS)
_LATE = 0.1  # s
_RECENTLY = 1.0  # s
_MOST = 64  # datagrams looked at in one cycle
_GO1_COMMAND = 614
_BACK = 1000  # of the tick
_WXYZ = np.array([3, 0, 1, 2])

Address = tuple[str, int]


class A1StandIn(Quadruped):
    """An A1 in its low-level mode.

    Args:
        port: UDP port that it listens at; 0: any.
        start: ``lying`` on its belly, motors free; ``standing`` in its home pose, held by its own controller until the
            first command; ``hanging`` above the ground until its motors have held for a while, then lowered.
        rescue: A person picks it up when it has fallen, and lowers it as above.
        friction: Of the feet.
        host: Address that it listens at.
    """

    robot: ClassVar[str] = "a1"
    faults: ClassVar[dict[str, str]] = {
        **STATE_FAULTS,
        "tick_back": f"every second state has a tick that is {_BACK} behind",
        "go1_length": f"each answer has {_GO1_COMMAND} bytes, as a Go1's commands",
        "other_address": "answers come from another port",
        "motor_off": "one motor is off, and says so",
        "remote_stop": "L2 and B are pressed on the remote control",
        "second_client": "another client sends it commands without gains, as many as the driver",
        "deaf": "commands are lost; it answers, and does what it was told last",
    }
    options: ClassVar[dict[str, str]] = {
        "standing": "begins in its home pose, held until the first command",
        "hanging": "begins above the ground, and is lowered when its motors have held for a while",
        **RESCUE,
        **SECOND,
    }

    def __init__(
        self,
        port: int = 8007,
        start: str = "lying",
        rescue: bool = False,
        friction: float = 1.0,
        host: str = "127.0.0.1",
    ) -> None:
        lies = (LYING, _LYING_HEIGHT) if start == "lying" else None
        super().__init__(lies, friction, rescue, hangs=start == "hanging")
        robot = self.body.robot
        if start == "standing":
            none = np.zeros(_JOINTS)
            self.told = Told(robot.home, none, none, robot.stiffness, robot.damping)
        self.refused = 0
        """Datagrams that were no commands."""
        self.senders: dict[Address, float] = {}
        """When each client was heard last [s, steady clock]."""
        self._host, self._port = host, port
        self._socket: socket.socket | None = None
        self._state = np.zeros(1, wire.STATE)
        self._state["level"] = wire.LOW_LEVEL
        self._fields = {name: self._state[name] for name in wire.STATE.names or ()}  # to look them up costs more
        motors = self._state["motors"][0, :_JOINTS]
        self._motors = {name: motors[name] for name in wire.MOTOR_STATE.names or ()}
        self._delayed: deque[tuple[float, bytes, Address]] = deque()
        self._kept: tuple[bytes, Address] | None = None
        self._count, self._rivals, self._rebooting = 0, 0, False
        self._newest: tuple[bytes, Told | str] = b"", ""

    @classmethod
    def with_options(cls, options: tuple[str, ...]) -> A1StandIn:
        """See `StandIn.with_options`."""
        starts = [name for name in ("standing", "hanging") if name in options]
        if len(starts) > 1:
            raise ConfigError(f"an A1 is either {' or '.join(starts)} at first: give one of them")
        start = starts[0] if starts else "lying"
        return cls(start=start, rescue="rescue" in options, host=host_of(options))

    @property
    def address(self) -> str:
        """See `StandIn.address`."""
        return f"{self._host}:{self.port}"

    @property
    def port(self) -> int:
        """UDP port that it listens at."""
        return self._port if self._socket is None else int(self._socket.getsockname()[1])

    def open(self) -> None:
        """See `Quadruped.open`."""
        self._socket, self._other = (socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(2))
        self._socket.setblocking(False)
        try:
            self._socket.bind((self._host, self._port))
        except OSError as error:
            port = self._port
            self.hang_up()
            raise BackendError(f"the stand-in cannot listen at {self._host}:{port}: {error.strerror}") from None

    def hang_up(self) -> None:
        """See `Quadruped.hang_up`."""
        if self._socket is not None:
            self._socket.close()
            self._other.close()
            self._socket = None

    def exchange(self) -> None:
        """See `Quadruped.exchange`."""
        self._reboot()
        while self._delayed and self._delayed[0][0] <= time.monotonic():
            self._send(*self._delayed.popleft()[1:])
        assert self._socket is not None
        for _ in range(_MOST):
            try:
                datagram, sender = self._socket.recvfrom(2048)
            except BlockingIOError:
                return
            except ConnectionError:  # who was answered is there no more
                continue
            self._obey(datagram, sender)

    def _reboot(self) -> None:
        rebooting = self.plays("reboot")
        if rebooting and not self._rebooting:
            self.told = Told.nothing(_JOINTS)
        if self._rebooting and not rebooting:
            self.begin_anew()
        self._rebooting = rebooting

    def _obey(self, datagram: bytes, sender: Address) -> None:
        if datagram != self._newest[0]:  # motors are told the same most of the time
            record = wire.decode(datagram, wire.COMMAND)
            self._newest = datagram, record if isinstance(record, str) else told_by(record)
        told = self._newest[1]
        self.note(told)
        if isinstance(told, str):
            self.refused += 1
            return
        self.senders[sender] = time.monotonic()
        if self._rebooting:
            return
        if not self.plays("deaf"):
            self.told = told
        if self.plays("second_client"):
            self.senders["127.0.0.1", 1] = time.monotonic()
            self._rivals += 1
            self.told = Told.nothing(_JOINTS) if self._rivals % 2 else told
        self._answer(sender)

    def _answer(self, sender: Address) -> None:
        self._count += 1
        if self.is_well:
            self._send(self._datagram(self.see()), sender)
            return
        if self.plays("silent") or (self.plays("lost") and self._count % 2):
            return
        datagram = self._datagram(self.see())
        if self.plays("late"):
            self._delayed.append((time.monotonic() + _LATE, datagram, sender))
        elif self.plays("reordered"):
            kept, self._kept = self._kept, None if self._kept else (datagram, sender)
            if kept is not None:
                self._send(datagram, sender)
                self._send(*kept)
        else:
            for _ in range(2 if self.plays("duplicated") else 1):
                self._send(datagram, sender)

    def _send(self, datagram: bytes, sender: Address) -> None:
        origin = self._other if self.plays("other_address") else self._socket
        assert origin is not None
        origin.sendto(datagram, sender)

    def _datagram(self, seen: Seen) -> bytes:
        state, motors = self._fields, self._motors
        back = self.plays("tick_back") and self._count % 2
        state["tick"][0] = seen.tick - (_BACK if back and seen.tick >= _BACK else 0)
        state["orientation"][0], state["gyroscope"][0] = seen.orientation.take(_WXYZ), seen.angular_velocity
        state["accelerometer"][0], state["foot_force"][0] = seen.linear_acceleration, np.minimum(seen.foot_force, 32767)
        motors["mode"][:], motors["position"][:], motors["velocity"][:] = wire.SERVO, seen.position, seen.velocity
        motors["raw_position"][:], motors["raw_velocity"][:] = motors["position"], motors["velocity"]
        motors["effort"][:], motors["temperature"][:] = wire.to_fixed(seen.effort, wire.EFFORT_STEP), seen.temperature
        if self.plays("motor_off"):
            motors["mode"][0] = wire.OFF
        keys = KEYS["L2"] | KEYS["B"] if self.plays("remote_stop") else 0
        state["remote"][0, 2:4] = keys & 0xFF, keys >> 8
        datagram = wire.encode(self._state[0])
        if self.plays("wrong_crc"):
            datagram = datagram[:-1] + bytes([datagram[-1] ^ 1])
        return datagram[:_GO1_COMMAND] if self.plays("go1_length") else datagram

    def describe(self) -> str:
        """See `StandIn.describe`."""
        now = time.monotonic()
        clients = sum(now - heard <= _RECENTLY for heard in list(self.senders.values()))
        return f"{super().describe()}; {clients} clients, {self.refused} refused"


def told_by(record: Any) -> Told:
    """What a command of `wire.COMMAND` tells the motors; what is not to be controlled has no gain."""
    motors = record["motors"][:_JOINTS]
    position, velocity = (motors[name].astype(np.float64) for name in ("position", "velocity"))
    on = motors["mode"] == wire.SERVO
    effort = np.where(on, motors["effort"] * wire.EFFORT_STEP, 0.0)
    stiffness: Array = np.where(on & (position < NO_POSITION / 2), motors["stiffness"] * wire.STIFFNESS_STEP, 0.0)
    damping: Array = np.where(on & (velocity < NO_VELOCITY / 2), motors["damping"] * wire.DAMPING_STEP, 0.0)
    return Told(position, velocity, effort, stiffness, damping)
