# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Questions to a robot's dashboard server, before anything is sent that could move it."""

from __future__ import annotations

import re
import socket

from ros_rl.backends.ur_rtde.protocol import DASHBOARD_PORT
from ros_rl.errors import BackendError

_E_SERIES = 5  # major version of PolyScope
_OF_CB3 = 125.0  # Hz


def ask(address: str, questions: tuple[str, ...], timeout: float) -> list[str]:
    """Answers of the dashboard server, one line each.

    Raises:
        BackendError: Nobody answers.
    """
    try:
        with socket.create_connection((address, DASHBOARD_PORT), timeout) as connection:
            connection.settimeout(timeout)
            with connection.makefile("rw", encoding="utf-8", errors="replace", newline="\n") as lines:
                lines.readline()  # its greeting
                answers = []
                for question in questions:
                    lines.write(f"{question}\n")
                    lines.flush()
                    answers.append(lines.readline().strip())
                return answers
    except OSError as error:
        raise BackendError(
            f"no UR answers at {address}:{DASHBOARD_PORT} ({error.strerror or error}); "
            "check driver.backend.address, the cable, and that the robot is switched on"
        ) from None


def refuse_controller(address: str, rate_hz: float, timeout: float, remote_control: bool = True) -> None:
    """Refuse an e-Series robot that is not in remote control, and a CB3, which has no such mode, that is too slow.

    Args:
        address: Of the robot.
        rate_hz: At which it is to take commands [Hz].
        timeout: For its answers [s].
        remote_control: Whether an e-Series robot has to be in that.

    Raises:
        BackendError: It is one of these, or nobody answers.
    """
    version, remote = ask(address, ("PolyscopeVersion", "is in remote control"), timeout)
    found = re.search(r"(\d+)\.\d+", version)
    if found and int(found[1]) < _E_SERIES and rate_hz > _OF_CB3:
        raise BackendError(
            f"the robot at {address} has PolyScope {found[0]}, a CB3's, which takes {_OF_CB3:g} commands a second; "
            f"driver.backend.rate_hz is {rate_hz:g}"
        )
    if remote_control and found and int(found[1]) >= _E_SERIES and remote.lower() != "true":
        raise BackendError(
            f"the robot at {address} is not in remote control; switch it from Local to Remote on the pendant "
            "(where Settings, System, Remote Control allows it)"
        )
