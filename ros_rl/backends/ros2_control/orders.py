# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""What the driver tells the command node over a socket, and what that reports; a datagram each."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from enum import IntEnum

import numpy as np

from ros_rl.types import Array

_ORDER, _REPORT = struct.Struct("<Bd"), struct.Struct("<dIIB")
LARGEST = 4096
"""Bytes of the largest datagram."""


class Order(IntEnum):
    """What the controller is to be sent from now on."""

    ARM = 0
    """The stop, until the first target; the values are where the joints are."""
    FOLLOW = 1
    """A target, until it expires."""
    STOP = 2
    """The stop, until the next target."""
    REST = 3
    """The stop for a while, and then nothing."""
    CLOSE = 4
    """The same; then the process ends."""


@dataclass(frozen=True)
class Report:
    """How the command node is."""

    alive: float
    """When it was [s, steady clock]."""
    expired: int
    """Targets that ended before the next came."""
    armings: int
    """Armings that it has seen."""
    latched: bool
    """Whether it sends the stop until the next arming."""


def pack_order(order: Order, until: float, values: Array) -> bytes:
    """An order as a datagram.

    Args:
        order: What is to be done.
        until: When a target expires, by `time.monotonic` [s].
        values: In the controller's order of joints, shape (joints,).
    """
    return _ORDER.pack(order, until) + values.astype("<f8").tobytes()


def unpack_order(data: bytes) -> tuple[Order, float, Array]:
    """Inverse of `pack_order`."""
    order, until = _ORDER.unpack_from(data)
    return Order(order), until, np.frombuffer(data, "<f8", offset=_ORDER.size)


def pack_report(report: Report) -> bytes:
    """A report as a datagram."""
    return _REPORT.pack(report.alive, report.expired, report.armings, report.latched)


def unpack_report(data: bytes) -> Report:
    """Inverse of `pack_report`."""
    alive, expired, armings, latched = _REPORT.unpack(data)
    return Report(alive, expired, armings, bool(latched))
