# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""The control box's control port, through the vendor's client. Every call here may block."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections.abc import Callable

from ros_rl.errors import BackendError, MissingDependencyError, one_line
from ros_rl.settings.hardware.xarm import XarmSettings
from ros_rl.types import Array

try:
    from xarm.core.config.x_code import ControllerErrorCodeMap
    from xarm.core.config.x_config import XCONF
    from xarm.core.utils.log import logger, origin_logger
    from xarm.wrapper import XArmAPI
except ImportError:
    raise MissingDependencyError("xarm-python-sdk", "xarm") from None

VELOCITY_MODE = 4
STOPPED = 4
_OLDEST = (1, 8, 0)
"""From here on a joint velocity may have a duration; before, or with a version that cannot be read, the client leaves
it out, and the arm moves on until it is told otherwise."""
_READY = 0
_LOCATION_MODE, _GRIPPER_SPEED = 0, 3000  # r/min
_GRIPPER_ADDRESS, _READ_REGISTERS, _ERROR_REGISTER, _POSITION_REGISTER = 0x08, 0x03, 0x000F, 0x0702
_ERROR_STANDS = 1
_ANSWERED = (0, _ERROR_STANDS, 2)  # an error or a warning stands, which is no wonder
_MEANINGS = {
    3: "no reply in time",
    8: "the connection is lost",
    9: "not ready to move",
    -1: "not connected",
    102: "the gripper reports an error",
}


class Arm:
    """An xArm's control.

    Args:
        settings: Where it is.
        joints: Of the robot.
    """

    def __init__(self, settings: XarmSettings, joints: int) -> None:
        self._settings, self._joints = settings, joints
        self._api: XArmAPI | None = None
        self._leaving = threading.Event()

    @property
    def connected(self) -> bool:
        """Whether the connection stands, as far as the client knows."""
        return self._api is not None and bool(self._api.connected)

    def connect(self) -> None:
        """Connect and look who is there; nothing moves.

        Raises:
            BackendError: Nobody answers, or it is no such arm, or its firmware is too old.
        """
        self.close()
        for log in (logger, origin_logger):
            log.disabled = True  # what goes wrong is told by whoever asked
        XCONF.SocketConf.TCP_CONTROL_PORT = self._settings.control_port
        api = XArmAPI(
            self._settings.address,
            is_radian=True,
            do_not_open=True,
            enable_report=False,
            forbid_uds=True,
            timed_comm=False,
        )
        self._open(api)
        try:
            self._check(api)
        except BackendError:
            _disconnect(api)
            raise
        api.set_timeout(self._settings.reply_time)
        self._api = api

    def error(self) -> str:
        """What the control box reports as wrong, of its own; empty if nothing.

        Raises:
            BackendError: It does not answer.
        """
        code, errors = self._client.get_err_warn_code()
        self._expect(code, "tell its error")
        if not errors[0]:
            return ""
        title = ControllerErrorCodeMap.get(errors[0], {}).get("en", {}).get("title", "unknown")
        return f"the control box reports error {errors[0]}: {title}"

    def recover(self, wanted: Callable[[], bool]) -> None:
        """Clear errors, switch the motors on and make it ready for joint velocities, at rest.

        Args:
            wanted: Whether that is still wanted; asked before each step.

        Raises:
            BackendError: An error stays, or it does not become ready.
        """
        api = self._client
        for what, clean in (("clear its error", api.clean_error), ("clear its warning", api.clean_warn)):
            self._expect(clean(), what, _ANSWERED)  # what stays is asked for below
        for what, call in (
            ("switch its motors on", lambda: api.motion_enable(True)),
            ("take mode 4", lambda: api.set_mode(VELOCITY_MODE)),
            ("become ready", lambda: api.set_state(_READY)),
        ):
            if not wanted():
                return
            self._expect(call(), what)
        error = self.error()
        if error:
            raise BackendError(f"{error}; it could not be cleared")

    def is_out(self, position: Array) -> bool:
        """Whether joints may not be somewhere, by the control box's own limits; nothing moves.

        Args:
            position: Of the joints [rad], shape (joints,).

        Raises:
            BackendError: It does not answer.
        """
        code, out = self._client.is_joint_limit(position.tolist())
        self._expect(code, "tell its joints' limits")
        return bool(out)

    def move(self, velocity: Array, duration: float) -> None:
        """Move the joints, until the firmware itself stops them.

        Args:
            velocity: [rad/s], shape (joints,), finite.
            duration: [s], above 0.

        Raises:
            BackendError: It refuses, or does not answer.
        """
        code = self._client.vc_set_joint_velocity(velocity.tolist(), duration=duration)
        if code == _ERROR_STANDS and (error := self.error()):
            raise BackendError(error)
        self._expect(code, "move")

    def switch_gripper_on(self) -> None:
        """Clear the gripper's error, and let it take positions; it stays where it is.

        Raises:
            BackendError: It has none on its flange, or the error stays.
        """
        api = self._client
        for what, call in (
            ("clear its gripper's error", api.clean_gripper_error),
            ("switch its gripper on", lambda: api.set_gripper_enable(True)),
            ("let its gripper take positions", lambda: api.set_gripper_mode(_LOCATION_MODE)),
            ("set its gripper's speed", lambda: api.set_gripper_speed(_GRIPPER_SPEED)),
        ):
            self._expect(call(), what)

    def grip(self, pulses: int) -> None:
        """Send the gripper somewhere; it goes there and holds.

        Raises:
            BackendError: It does not answer, or reports an error.
        """
        # without waiting for the arm, which moves all the time, and for the gripper
        code = self._client.set_gripper_position(pulses, wait=False, wait_motion=False, check_baud=False)
        self._expect(code, "move its gripper")

    def gripper_position(self) -> float:
        """Where the gripper is [pulses].

        Raises:
            BackendError: It does not answer, or reports an error.
        """
        if error := self._gripper_register(_ERROR_REGISTER, 1):
            raise BackendError(f"the gripper reports error {error}: see its manual, remove what blocks it, arm")
        return float(self._gripper_register(_POSITION_REGISTER, 2))

    def _gripper_register(self, register: int, words: int) -> int:
        """Asked by the client's raw call: its own one makes 0 of a gripper that does not answer, which is closed."""
        request = [_GRIPPER_ADDRESS, _READ_REGISTERS, *divmod(register, 256), 0, words]
        code, answer = self._client.getset_tgpio_modbus_data(request, min_res_len=3 + 2 * words)
        if code != 0:
            raise BackendError(f"the gripper does not answer: code {code}; is it on the flange, and its cable in?")
        return int.from_bytes(bytes(answer[3 : 3 + 2 * words]), "big", signed=True)

    def switch_off(self) -> None:
        """Stop, and let the brakes hold the arm.

        Raises:
            BackendError: It does not answer.
        """
        api = self._client
        self._expect(api.set_state(STOPPED), "stop")
        self._expect(api.motion_enable(False), "switch its motors off")

    def leave(self) -> None:
        """Connect no more; from any thread, and a `connect` that has not returned fails."""
        self._leaving.set()

    def close(self) -> None:
        """End the connection."""
        api, self._api = self._api, None
        if api is not None:
            _disconnect(api)

    @property
    def _client(self) -> XArmAPI:
        if self._api is None:
            raise BackendError(f"not connected to {self._settings.address}")
        return self._api

    def _expect(self, code: int, what: str, accepted: tuple[int, ...] = (0,)) -> None:
        if code not in accepted:
            raise BackendError(f"the control box did not {what}: code {code} ({_MEANINGS.get(code, 'see its manual')})")

    def _open(self, api: XArmAPI) -> None:
        """Connect within the time that is set; the client itself waits for minutes where nobody answers."""
        failure: list[Exception] = []
        of_others = socket.getdefaulttimeout()

        def connect() -> None:
            try:
                api.connect()
            except Exception as error:  # the client raises nothing narrower
                failure.append(error)
            finally:
                socket.setdefaulttimeout(of_others)  # the client sets it, for all sockets of this process

        settings = self._settings
        where = f"{settings.address}:{settings.control_port}"
        thread = threading.Thread(target=connect, daemon=True, name="xarm connect")
        thread.start()
        deadline = time.monotonic() + settings.connect_time
        while thread.is_alive() and time.monotonic() < deadline and not self._leaving.is_set():
            thread.join(0.05)
        if thread.is_alive():
            _disconnect(api)
            raise BackendError(f"{where} takes connections, but has not answered in {settings.connect_time:g} s")
        if failure:
            raise BackendError(f"no xArm answers at {where} ({one_line(failure[0])})")

    def _check(self, api: XArmAPI) -> None:
        if tuple(api.version_number) < _OLDEST:  # what the client itself goes by
            raise BackendError(
                f"the control box gives its version as '{api.version}', read as firmware "
                f"{_dotted(api.version_number)}; velocities that expire need {_dotted(_OLDEST)} or newer: update it by "
                "UFACTORY Studio"
            )
        if api.axis != self._joints:
            raise BackendError(f"the control box has an arm of {api.axis} axes; the robot's file has {self._joints}")


def _disconnect(api: XArmAPI) -> None:
    with contextlib.suppress(Exception):
        api.disconnect()


def _dotted(version: tuple[int, ...]) -> str:
    return ".".join(map(str, version))
