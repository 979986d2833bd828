# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""What the driver and the process that moves the arm tell each other, in shared memory."""

from __future__ import annotations

import os
from dataclasses import dataclass
from enum import IntEnum
from mmap import mmap
from typing import Any

import numpy as np

from ros_rl.backends.motor_process.mailbox import Mailbox

_TEXT = "S200"


class Phase(IntEnum):
    """What the process does."""

    ARMING = 0
    """Its program is being started on the robot."""
    REST = 1
    """No program of ours runs any more."""
    STAND = 2
    """The program runs, the joints stand still."""
    FOLLOW = 3
    """The driver's targets."""


def _order_kind(joints: int) -> np.dtype:
    return np.dtype(
        [
            ("number", "<u8"),  # of the target
            ("until", "<f8"),  # time.monotonic; when the target expires
            ("disarmed", "<i4"),
            ("moving", "<i4"),  # whether the target counts
            ("target", "<f8", (joints,)),  # rad/s
        ]
    )


def _report_kind(joints: int) -> np.dtype:
    return np.dtype(
        [
            ("alive", "<f8"),  # time.monotonic of the last cycle
            ("phase", "<i4"),
            ("armed", "<f8"),  # time.monotonic since when its program runs; 0 where none does
            ("expired", "<u8"),  # targets that ended before the next
            ("speed", "<f8", (joints,)),  # sent last [rad/s]
            ("fault", _TEXT),
        ]
    )


class SharedMemory:
    """The memory of both: no name in any file system, and gone with the last of them.

    Args:
        joints: Of the robot.
        descriptor: Of the other process's memory; None makes new memory.
    """

    def __init__(self, joints: int, descriptor: int | None = None) -> None:
        orders, reports = _order_kind(joints), _report_kind(joints)
        split = Mailbox.size(orders)
        total = split + Mailbox.size(reports)
        self.descriptor = os.memfd_create("ros_rl_ur") if descriptor is None else descriptor
        if descriptor is None:
            os.ftruncate(self.descriptor, total)
        memory = mmap(self.descriptor, total)
        self.orders = Mailbox(memory, 0, orders)
        self.reports = Mailbox(memory, split, reports)


@dataclass(frozen=True)
class ArmSpec:
    """What the process is told when it starts: it lives from one arming to its end."""

    settings: Any
    joints: int
    driver: int
    """Process id of the driver."""
    ramp: float
    """Time over which the speed moves to a target [s]."""
    acceleration: float
    """Of the leading joint, at most [rad/s^2]."""
