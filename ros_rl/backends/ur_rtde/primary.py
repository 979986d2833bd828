# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""What a UR controller tells of its joints' limits, at its primary interface, which is only read here.

A message is its length (int32, with this header) and its type (uint8), then its content. That of a robot state, type
16, is packages with the same header. Package type 6, configuration data, begins with the smallest and largest position
of each of six joints [rad] and goes on with the largest speed [rad/s] and acceleration [rad/s^2] of each; default
speeds, kinematics and versions follow. All numbers are big endian, those of joints doubles. Not every state has every
package, and newer software makes packages longer.

Sources: the vendor's "Primary and Secondary Interfaces" and, for the order of fields, its
Universal_Robots_Client_Library (``primary/robot_state/configuration_data``), whose recorded state of a robot reads so,
too. Ports 30001 and 30011, which takes no scripts: its article "Remote Control Via TCP/IP". Whether these limits
follow those of the safety configuration, which can be narrower, the vendor does not say.
"""

from __future__ import annotations

import socket
import struct
import time
from dataclasses import dataclass

import numpy as np

from ros_rl.errors import BackendError, one_line
from ros_rl.types import Array

READ_ONLY_PORT, PRIMARY_PORT = 30011, 30001
ROBOT_STATE, CONFIGURATION = 16, 6
"""Types of a message, and of a package in it."""
HEADER = struct.Struct(">iB")
LIMITS = struct.Struct(">24d")
"""The beginning of configuration data."""
_LARGEST = 65_536  # bytes; a state has some 1,400
_READS = 4096  # bytes


@dataclass(frozen=True)
class JointLimits:
    """Of the controller's joints, in its order."""

    lower: Array
    """Smallest positions [rad], shape (6,)."""
    upper: Array
    """Largest positions [rad], shape (6,)."""
    velocity: Array
    """Largest speeds [rad/s], shape (6,)."""


def ask_limits(address: str, timeout: float) -> JointLimits:
    """Listen until a state tells them; nothing is sent.

    Args:
        address: Of the robot.
        timeout: For all of it [s].

    Raises:
        BackendError: It tells none in time, or what it tells cannot be.
    """
    end, port = time.monotonic() + timeout, READ_ONLY_PORT
    try:
        try:
            connection = socket.create_connection((address, port), timeout)
        except ConnectionRefusedError:  # older software
            port = PRIMARY_PORT
            connection = socket.create_connection((address, port), max(0.1, end - time.monotonic()))
        with connection:
            return _await_limits(connection, end)
    except (OSError, ValueError) as error:
        raise BackendError(f"{address}:{port} tells no joint limits: {one_line(error)}") from None


def unpack(buffer: bytearray) -> list[tuple[int, bytes]]:
    """Take whole messages, or a state's packages, off the front of what has come: types and contents.

    Raises:
        ValueError: None is that long, or that short.
    """
    found = []
    while len(buffer) >= HEADER.size:
        size, kind = HEADER.unpack_from(buffer)
        if not HEADER.size <= size <= _LARGEST:
            raise ValueError(f"a message of {size} bytes")
        if len(buffer) < size:
            break
        found.append((kind, bytes(buffer[HEADER.size : size])))
        del buffer[:size]
    return found


def limits_of(state: bytes) -> JointLimits | None:
    """The joint limits in a robot state; None if it has none.

    Args:
        state: Its content, without the header.

    Raises:
        ValueError: It is cut off, or a joint's limits are not finite or do not let it move.
    """
    rest = bytearray(state)
    packages = unpack(rest)
    if rest:
        raise ValueError(f"a package of which only {len(rest)} bytes are there")
    data = next((content for kind, content in packages if kind == CONFIGURATION), None)
    if data is None:
        return None
    if len(data) < LIMITS.size:
        raise ValueError(f"configuration data of {len(data)} bytes, not {LIMITS.size} or more")
    (lower, upper), (velocity, _) = np.array(LIMITS.unpack_from(data)).reshape(2, 6, 2).swapaxes(1, 2)
    possible = np.isfinite([lower, upper, velocity]).all(axis=0) & (lower < upper) & (velocity > 0.0)
    if not possible.all():
        bad = int(possible.argmin())
        raise ValueError(f"joint {bad + 1} from {lower[bad]:g} to {upper[bad]:g} rad at {velocity[bad]:g} rad/s")
    return JointLimits(lower, upper, velocity)


def _await_limits(connection: socket.socket, end: float) -> JointLimits:
    buffer = bytearray()
    while (left := end - time.monotonic()) > 0.0:
        connection.settimeout(left)
        data = connection.recv(_READS)
        if not data:
            raise ConnectionError("it closes the connection")
        buffer += data
        for kind, content in unpack(buffer):
            limits = limits_of(content) if kind == ROBOT_STATE else None
            if limits is not None:
                return limits
    raise TimeoutError("timed out")
