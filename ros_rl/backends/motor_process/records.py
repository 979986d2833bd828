# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""What lies in the memory that the driver and the motor process share."""

from __future__ import annotations

import os
from enum import IntEnum
from mmap import mmap

import numpy as np

from ros_rl.backends.motor_process.mailbox import Mailbox

BIN = 1e-5  # s
_BINS = 5000
_TEXT = "S200"


class Phase(IntEnum):
    """What the motors do."""

    REST = 0
    """Nothing: all gains are zero."""
    DAMP = 1
    FOLLOW = 2
    """The driver's targets."""


def order_kind(joints: int) -> np.dtype:
    """What the driver tells the loop."""
    return np.dtype(
        [
            ("number", "<u8"),  # of the target
            ("arming", "<u8"),  # how many times the robot was armed
            ("disarmed", "<u8"),  # the last of these that is over
            ("written", "<f8"),  # time.monotonic
            ("until", "<f8"),  # the same
            ("phase", "<i4"),
            ("closing", "<i4"),
            ("target", "<f8", (joints,)),
        ]
    )


def report_kind(joints: int, feet: int) -> np.dtype:
    """What the loop tells the driver; what ends in _sum is an integral over `time`."""
    return np.dtype(
        [
            ("alive", "<f8"),  # time.monotonic of the last cycle
            ("sequence", "<u8"),  # states that were taken
            ("received", "<f8"),  # time.monotonic of the newest
            ("tick", "<u8"),
            (
                "tick_seconds",
                "<f8",
            ),  # that a step of it stands for; infinite where that is not known
            ("position", "<f8", (joints,)),
            ("velocity", "<f8", (joints,)),
            ("effort", "<f8", (joints,)),
            ("temperature", "<f8", (joints,)),
            ("orientation", "<f8", (4,)),
            ("angular_velocity", "<f8", (3,)),
            ("linear_acceleration", "<f8", (3,)),
            ("foot_force", "<f8", (feet,)),
            ("base_position", "<f8", (3,)),
            ("base_velocity", "<f8", (3,)),
            ("time", "<f8"),
            ("base_velocity_sum", "<f8", (3,)),
            ("acceleration_sum", "<f8", (3,)),
            ("phase", "<i4"),
            ("arming", "<u8"),  # the newest that the loop has seen
            ("setpoint", "<f8", (joints,)),
            ("rejected", "<u8"),  # by the bus: checksum, length, sender
            ("disordered", "<u8"),  # twice, or out of order
            ("expired", "<u8"),  # targets that ended before the next
            ("late", "<u8"),  # cycles that began more than one and a half periods after the last
            ("longest", "<f8"),  # time between two cycles [s]
            ("fault", _TEXT),
            ("complaint", _TEXT),
            ("priority", "S40"),
        ]
    )


MEASURED = (
    "position",
    "velocity",
    "effort",
    "temperature",
    "orientation",
    "angular_velocity",
    "linear_acceleration",
    "foot_force",
)
"""Of a report, what the robot measured at one instant; they stand one after the other."""


def measured_in(report: np.ndarray) -> np.ndarray:
    """All of `MEASURED` in a report of shape (1,), to be read and written at once, shape (numbers,)."""
    fields = report.dtype.fields
    assert fields is not None
    last, begin = fields[MEASURED[-1]], fields[MEASURED[0]][1]
    return report.view(np.uint8)[begin : last[1] + last[0].itemsize].view(np.float64)


_STATISTICS = np.dtype([("periods", "<u4", (_BINS,)), ("ages", "<u4", (_BINS,))])


class SharedMemory:
    """The memory of a driver and its motor process: no name in any file system, and gone with the last of them.

    Args:
        joints: Of the robot.
        feet: Foot sensors.
        descriptor: Of the other process's memory; None makes new memory.
    """

    def __init__(self, joints: int, feet: int, descriptor: int | None = None) -> None:
        self._kinds = order_kind(joints), report_kind(joints, feet)
        sizes = [Mailbox.size(kind) for kind in self._kinds]
        total = sum(sizes) + _STATISTICS.itemsize
        self.descriptor = os.memfd_create("ros_rl_motors") if descriptor is None else descriptor
        if descriptor is None:
            os.ftruncate(self.descriptor, total)
        self._memory = mmap(self.descriptor, total)
        self._offsets = 0, sizes[0]
        statistics = np.frombuffer(self._memory, _STATISTICS, 1, sum(sizes))[0]
        self._statistics = {name: statistics[name] for name in _STATISTICS.names or ()}

    def orders(self) -> Mailbox:
        """An end of the driver's mailbox to the loop."""
        return Mailbox(self._memory, self._offsets[0], self._kinds[0])

    def reports(self) -> Mailbox:
        """An end of the loop's mailbox to the driver."""
        return Mailbox(self._memory, self._offsets[1], self._kinds[1])

    def count(self, what: str, seconds: float) -> None:
        """Count a duration; of the loop alone.

        Args:
            what: ``periods`` between cycles, or ``ages`` of targets when they first act.
            seconds: The duration [s].
        """
        self._statistics[what][min(max(int(seconds / BIN), 0), _BINS - 1)] += 1

    def percentiles(self, what: str, percents: tuple[float, ...]) -> list[float]:
        """Of the durations counted so far [s], rounded up to 10 us; nan before the first."""
        counts = np.cumsum(self._statistics[what], dtype=np.int64)
        if not counts[-1]:
            return [float("nan")] * len(percents)
        return [float(BIN * (1 + np.searchsorted(counts, counts[-1] * percent / 100.0))) for percent in percents]
