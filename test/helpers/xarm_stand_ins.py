# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""An xArm that is not there, for tests: at ports and an address of its own."""

from __future__ import annotations

import itertools
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from ros_rl.robot import load_robot
from ros_rl.settings.hardware.xarm import XarmSettings
from ros_rl.stand_ins.surroundings import Surroundings
from ros_rl.stand_ins.xarm.stand_in import XarmStandIn

_NUMBERS = itertools.count()


def own_address() -> str:
    """An address of the loopback interface that no other test uses, where the vendor's client finds its fixed ports."""
    return f"127.{1 + os.getpid() % 250}.{os.getpid() // 250 % 250}.{1 + next(_NUMBERS) % 250}"


@contextmanager
def served(
    firmware: str = "2.3.0", host: str = "127.0.0.1", *faults: str, axes: int = 6, around: Surroundings | None = None
) -> Iterator[XarmStandIn]:
    """A stand-in that serves; at an address of its own the reports are at the ports of a real one."""
    ports = {"report_ports": (0, 0, 0)} if host == "127.0.0.1" else {}
    stand_in = XarmStandIn(host, 0, firmware=firmware, axes=axes, surroundings=around, **ports)
    stand_in.start()
    for fault in faults:
        stand_in.play(fault)
    try:
        yield stand_in
    finally:
        stand_in.close()


def settings_for(stand_in: XarmStandIn, **more: float) -> XarmSettings:
    """Of a driver that is to find it."""
    return XarmSettings(
        address=stand_in.host, control_port=stand_in.control_port, report_port=stand_in.report_port, **more
    )


def backend_for(stand_in: XarmStandIn, robot: str = "", **more: float):
    """A driver of it, not connected."""
    from ros_rl.backends.xarm.backend import XarmBackend

    return XarmBackend(load_robot(robot or stand_in.kind), settings_for(stand_in, **more), 0.05)


def until(holds: Callable[[], object], patience: float = 5.0) -> float:
    """Wait for something; how long it took [s]."""
    begun = time.monotonic()
    while not holds():
        assert time.monotonic() - begun < patience, "it has not happened"
        time.sleep(0.002)
    return time.monotonic() - begun
