# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""A Sphero that is not there, for tests."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from ros_rl.settings.hardware.sphero import SpheroSettings
from ros_rl.stand_ins.sphero.stand_in import SpheroStandIn


@contextmanager
def served(*faults: str) -> Iterator[SpheroStandIn]:
    """A stand-in that serves at ports of its own."""
    stand_in = SpheroStandIn(toy_port=0, camera_port=0)
    stand_in.start()
    for fault in faults:
        stand_in.play(fault)
    try:
        yield stand_in
    finally:
        stand_in.close()


def settings_for(stand_in: SpheroStandIn, **more: float) -> SpheroSettings:
    """Of a driver that is to find it."""
    return SpheroSettings(
        bridge=f"{stand_in.host}:{stand_in.toy_port}",
        camera=f"tcp://{stand_in.host}:{stand_in.camera_port}",
        **{"reply_time": 1.0, **more},
    )
