# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""The stand-in itself: the vendor client's TCP adapter, which a toy is reached by, a camera, and faults."""

from __future__ import annotations

import contextlib
import socket
import struct
import threading
from typing import BinaryIO, ClassVar

import numpy as np

from ros_rl.stand_ins.sphero import toy as wire
from ros_rl.stand_ins.sphero.ball import HEIGHT, WIDTH, DrivenBall
from ros_rl.stand_ins.sphero.toy import Packet, Toy
from ros_rl.stand_ins.stand_in import StandIn
from ros_rl.stand_ins.tcp_server import Server, wait_for_end
from ros_rl.types import Array

TOY_PORT, CAMERA_PORT = 50004, 50005
NAME = "2B-0001"
_ADDRESS = "00:00:00:00:2B:01"
_SCAN, _INIT, _CALLBACK, _WRITE, _FIND = range(5)
_END = 0xFF
_OK, _DATA, _ERROR = b"\x00", b"\x01", b"\xff"
_STEP, _FRAME_EVERY = 0.02, 3  # s; steps between pictures: 17 a second
_LATE = 0.8  # s

FAULTS = {
    "not_found": "no toy is found",
    "disconnected": "the connection breaks, and no new one is made; the motors go on as they were told last",
    "response_lost": "commands act, but are not answered",
    "slow": "every answer comes 0.8 s late",
    "wrong_checksum": "answers with a wrong checksum",
    "old_sequence": "every answer comes twice, the second with an old number",
    "refused": "every command is answered by an error and does nothing",
    "low_battery": "it says that its battery is low, and answers that the voltage is too low",
    "going_to_sleep": "it says that it is going to sleep, and does nothing more",
    "stuck": "the motors turn nothing",
    "one_motor": "the right motor is dead",
    "dark": "the camera sees nothing but black",
    "hidden": "the ball is covered",
    "two_balls": "something else of the ball's colour lies far away",
    "jumping": "the ball is seen 0.5 m away from where it is",
    "camera_frozen": "the camera gives the same picture again and again",
    "camera_stops": "the camera gives no pictures, and keeps the connection",
    "camera_lost": "the camera's connection breaks, and no new one is made",
}


class SpheroStandIn(StandIn):
    """A Sphero Ollie on a floor of 1.6 m x 1.2 m, in real time.

    Args:
        host: Address to listen at.
        toy_port: Of the TCP adapter; 0 for any.
        camera_port: Of the camera; 0 for any.
    """

    robot: ClassVar[str] = "sphero"
    faults: ClassVar[dict[str, str]] = FAULTS

    def __init__(self, host: str = "127.0.0.1", toy_port: int = TOY_PORT, camera_port: int = CAMERA_PORT) -> None:
        super().__init__()
        self.host, self._ports = host, (toy_port, camera_port)
        self.ball, self.toy = DrivenBall(), Toy()
        self._servers: list[Server] = []
        self._sending = threading.Lock()

    @property
    def address(self) -> str:
        """See `StandIn.address`."""
        return f"tcp://{self.host}:{self.toy_port}, camera tcp://{self.host}:{self.camera_port}"

    @property
    def place(self) -> Array:
        """See `StandIn.place`."""
        return np.array([*self.ball.place, 0.0])

    @property
    def toy_port(self) -> int:
        """Of the TCP adapter."""
        return self._servers[0].port

    @property
    def camera_port(self) -> int:
        """Of the camera."""
        return self._servers[1].port

    def start(self) -> None:
        """See `StandIn.start`."""
        try:
            for port, serve in zip(self._ports, (self._serve_toy, self._serve_camera), strict=True):
                self._servers.append(Server(self.host, port, serve))
        except BaseException:
            self.close()
            raise
        self._begin(self._live)

    def close(self) -> None:
        """See `StandIn.close`."""
        self._ended.set()
        for server in self._servers:
            server.close()
        self._end()

    def describe(self) -> str:
        """See `StandIn.describe`."""
        ball = self.ball
        x, y = ball.place
        return f"at {x:.2f}, {y:.2f} m, {ball.speed:.2f} m/s, motors {ball.duty[0]}, {ball.duty[1]} of 255"

    def play(self, fault: str) -> None:
        """See `StandIn.play`."""
        super().play(fault)
        if fault == "disconnected":
            self._servers[0].drop()
        elif fault == "camera_lost":
            self._servers[1].drop()
        elif fault in ("going_to_sleep", "low_battery"):
            kind = (wire.WILL_SLEEP, b"") if fault == "going_to_sleep" else (wire.BATTERY, wire.LOW)
            for client in list(self._servers[0].clients):
                self._push(client, wire.notice(*kind))

    def _serve_toy(self, client: socket.socket) -> None:
        """The client's own protocol: an operation, then, but for looking, a number that is answered with."""
        link = client.makefile("rb")
        while not self.plays("disconnected"):
            operation = link.read(1)
            if not operation or operation[0] == _END:
                return
            if operation[0] in (_SCAN, _FIND):
                self._look(client, operation[0], link)
                continue
            number = link.read(1)
            text = link.read(_size(link)).decode()
            if operation[0] == _INIT:
                self.toy.unlocked = False
                self.toy.buffer.clear()
            self._send(client, _OK + number)
            if operation[0] == _WRITE:
                for packet in self.toy.take(text, link.read(_size(link))):
                    self._take(client, packet)

    def _look(self, client: socket.socket, operation: int, link: BinaryIO) -> None:
        wanted = link.read(_size(link)).decode() if operation == _FIND else NAME
        link.read(4)
        found = wanted == NAME and not self.plays("not_found")
        toy = struct.pack(">H", len(NAME)) + NAME.encode() + struct.pack(">H", len(_ADDRESS)) + _ADDRESS.encode()
        if operation == _SCAN:
            self._send(client, _OK + struct.pack(">H", found) + (toy if found else b""))
        else:
            self._send(client, _OK + toy if found else _ERROR + struct.pack(">H", 0))

    def _take(self, client: socket.socket, packet: Packet) -> None:
        if self.plays("going_to_sleep"):
            return
        self.note(wire.describe(packet))
        code = wire.FAILED if self.plays("refused") else wire.OK
        code = wire.VOLTAGE_TOO_LOW if self.plays("low_battery") else code
        if code == wire.OK:
            self.toy.do(packet)
        if not self.plays("response_lost"):
            threading.Timer(
                _LATE if self.plays("slow") else 0.0, self._respond, (client, packet.sequence, code)
            ).start()

    def _respond(self, client: socket.socket, sequence: int, code: int) -> None:
        answer = wire.response(sequence, code)
        if self.plays("wrong_checksum"):
            answer = answer[:-1] + bytes((answer[-1] ^ 0x55,))
        self._push(client, answer)
        if self.plays("old_sequence"):
            self._push(client, wire.response((sequence - 1) % 256, code))

    def _push(self, client: socket.socket, data: bytes) -> None:
        name = wire.RESPONSES.encode()
        self._send(client, _DATA + struct.pack(">H", len(name)) + name + bytes((len(data),)) + data)

    def _send(self, client: socket.socket, data: bytes) -> None:
        with contextlib.suppress(OSError), self._sending:
            client.sendall(data)

    def _serve_camera(self, client: socket.socket) -> None:
        if not self.plays("camera_lost"):
            wait_for_end(client)

    def _live(self) -> None:
        count, frame = 0, b""
        while not self._ended.wait(_STEP):
            self.ball.duty = self.toy.duty
            self.ball.strength = np.array([1.0, 0.0 if self.plays("one_motor") else 1.0])
            self.ball.step(0.0 if self.plays("stuck") else _STEP)
            count += 1
            if count % _FRAME_EVERY == 0 and not self.plays("camera_stops"):
                frame = frame if frame and self.plays("camera_frozen") else self._frame()
                for client in list(self._servers[1].clients):
                    self._send(client, frame)

    def _frame(self) -> bytes:
        place = self.ball.place
        places: tuple[Array, ...] = () if self.plays("hidden") else (place,)
        if self.plays("jumping"):
            places = (place + np.array([-0.5 if place[0] > 0.0 else 0.5, 0.0]),)
        if self.plays("two_balls"):
            places += (np.array([0.0, 0.4 if place[1] < 0.0 else -0.4]) - place,)
        picture = self.ball.picture(places)
        if self.plays("dark"):
            picture %= 5  # noise
        return struct.pack(">HH", WIDTH, HEIGHT) + picture.tobytes()


def _size(link: BinaryIO) -> int:
    return int(struct.unpack(">H", link.read(2))[0])
