# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Servos on one bus, by the vendor's client; whoever asks them waits for their answers."""

from __future__ import annotations

import errno
import select
import termios
import time
from collections.abc import Mapping

from ros_rl.backends.so101.registers import MODEL_NUMBER, Register, errors_of
from ros_rl.errors import BackendError, MissingDependencyError, one_line

try:
    import scservo_sdk
    from scservo_sdk import COMM_SUCCESS, INST_PING
except ImportError:
    raise MissingDependencyError("feetech-servo-sdk", "so101") from None

_FRAME = 6  # bytes of a packet beside its data
_TRIES = 3
_PATIENCE = 250.0  # ms, for an answer to a question to one servo
_QUIET = 0.02  # s, in which a late answer comes and goes
_ADVICE = {
    errno.ENOENT: "there is no such port; `ls /dev/ttyACM* /dev/ttyUSB*` shows those that there are",
    errno.EACCES: "permission denied; sudo usermod -aG dialout $USER, then log in anew",
    errno.EBUSY: "another program has it open; end that first",
}


class _Port(scservo_sdk.PortHandler):  # type: ignore[misc]
    """The vendor's, but it waits for bytes, where that one asks for them over and over."""

    patience = 0.0
    """To be added to the vendor's time-out [ms]."""

    def setPacketTimeout(self, packet_length: int) -> None:  # noqa: N802 - the vendor's name
        super().setPacketTimeout(packet_length)
        self.packet_timeout += self.patience

    def readPort(self, length: int) -> bytes:  # noqa: N802
        left = 1e-3 * (self.packet_timeout - self.getTimeSinceStart())
        select.select([self.ser.fd], [], [], max(left, 0.0))
        data: bytes = super().readPort(length)
        return data


class Servos:
    """A bus that is not yet open.

    Args:
        port: Device of the adapter.
        ids: Of the servos, in the order of the robot's joints, with the joints' names.
    """

    def __init__(self, port: str, ids: Mapping[int, str]) -> None:
        self.ids = ids
        self._name = port
        self._port = _Port(port)
        self._packets = scservo_sdk.PacketHandler(0)

    def open(self) -> None:
        """Open the port, for this process alone; nothing is sent.

        Raises:
            BackendError: It cannot be opened; says what to do.
        """
        try:
            self._port.openPort()
        except OSError as error:
            reason = _ADVICE.get(error.errno or 0, one_line(error))
            raise BackendError(f"port {self._name} cannot be opened: {reason}") from None
        try:
            self._port.ser.exclusive = True
        except OSError:
            self.close()
            raise BackendError(f"port {self._name} cannot be opened: {_ADVICE[errno.EBUSY]}") from None

    def close(self) -> None:
        """Close the port; once is enough, more do no harm."""
        if self._port.is_open:
            self._port.closePort()

    def called(self, servo: int) -> str:
        """How a servo is called in what a user reads."""
        return f"servo {servo} ({self.ids[servo]})"

    def echoes(self) -> bool:
        """Whether the adapter gives back what is sent."""
        self._begin()
        request = [0, 0, next(iter(self.ids)), 2, INST_PING, 0]
        self._packets.txPacket(self._port, request)
        self._port.setPacketTimeout(_FRAME)
        heard = b""
        while len(heard) < _FRAME and not self._port.isPacketTimeout():
            heard += self._port.readPort(_FRAME - len(heard))
        return heard == bytes(request)

    def model(self, servo: int) -> int | None:
        """The model number of a servo; None if it does not answer."""
        try:
            return self.read(servo, MODEL_NUMBER)
        except BackendError:
            return None

    def read(self, servo: int, register: Register) -> int:
        """A register of a servo.

        Raises:
            BackendError: It does not answer as it should, asked three times.
        """
        for attempt in range(_TRIES):
            time.sleep(_QUIET * attempt)
            self._begin(_PATIENCE)
            data, result, _ = self._packets.readTxRx(self._port, servo, register.address, register.size)
            if result == COMM_SUCCESS and len(data) == register.size:
                return register.decode(bytes(data))
        raise self._improper(servo, result)

    def write(self, registers: tuple[Register, ...], values: Mapping[int, tuple[int, ...]]) -> None:
        """Write neighbouring registers of all servos at once; none answers.

        Args:
            registers: One behind the other in the servos' memory.
            values: One for each register, by the servos' ids.
        """
        self._begin()
        size = sum(register.size for register in registers)
        data: list[int] = []
        for servo, numbers in values.items():
            data.append(servo)
            for register, number in zip(registers, numbers, strict=True):
                data.extend(register.encode(number))
        self._packets.syncWriteTxOnly(self._port, registers[0].address, size, data, len(data))

    def ask(self, address: int, size: int) -> None:
        """Ask all servos for a part of their memory; `answers` takes what they say."""
        self._begin()
        self._packets.syncReadTx(self._port, address, size, list(self.ids), len(self.ids))

    def quiet(self, size: int) -> bool:
        """Whether all servos have answered with so many bytes, or it is too late for more."""
        return self._port.ser.in_waiting >= len(self.ids) * (size + _FRAME) or bool(self._port.isPacketTimeout())

    def answers(self, size: int) -> list[bytes]:
        """What all servos have answered, in their order.

        Raises:
            BackendError: One does not answer as it should.
        """
        answers = []
        for servo in self.ids:
            data, result, _ = self._packets.readRx(self._port, servo, size)
            if result != COMM_SUCCESS or len(data) != size:
                raise self._improper(servo, result)
            answers.append(bytes(data))
        return answers

    def _begin(self, patience: float = 0.0) -> None:
        """Let the client send, also after an exchange that was broken off; what came too late is no answer."""
        self._port.is_using, self._port.patience = False, patience
        try:
            self._port.ser.reset_input_buffer()
        except termios.error as error:  # of a port that is gone
            raise OSError(*error.args) from None

    def _improper(self, servo: int, result: int) -> BackendError:
        said = self._packets.getTxRxResult(result).removeprefix("[TxRxResult] ") if result else "It is too short."
        return BackendError(f"{self.called(servo)} gives no proper answer: {said}")


def complaint_of(servos: Servos, servo: int, status: int) -> str:
    """What a servo's status says is wrong; empty if nothing."""
    errors = errors_of(status)
    return f"{servos.called(servo)} reports: {errors}" if errors else ""
