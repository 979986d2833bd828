# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""A robot's link that fails: calls that raise, block or return nonsense; and a driver whose time is lost."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from typing import Any

from fault_campaign.fault import FAULT, Fault, Holds
from fault_campaign.kills import HELD_SECONDS
from fault_campaign.live import run_live
from fault_campaign.scene import Scene

_ALWAYS = 10**9
_BLOCKED_SECONDS = 3.0
_RAISED, _EXPIRED = 2.0, 3.0  # periods: found in the period that runs, or by the target's expiry
_STALE_SECONDS = 0.5  # the guards' limit; a period until it begins, one until it is found, one in which it is applied


def failing(call: str, how: str, times: int = _ALWAYS, seconds: float = 0.0) -> Callable[[Scene], dict[str, Any]]:
    """The link fails from now on."""

    def act(scene: Scene) -> dict[str, Any]:
        began = time.monotonic()
        scene.joints.fail(call, how, times, seconds)
        return {"began": began}

    return act


def arming(scene: Scene) -> None:
    """The motors cannot be switched on."""
    scene.operator.call("disarm")
    time.sleep(3 * scene.period)
    scene.joints.fail("arm", "raise")
    scene.operator.call("arm")


def all_held_up(scene: Scene) -> dict[str, Any]:
    """The whole computer stands still for a while, the robot does not."""
    assert scene.run is not None
    began = time.monotonic()
    processes = [process.pid for process in scene.run.processes()]
    for number in (signal.SIGSTOP, signal.SIGCONT):
        for process in processes:
            os.kill(process, number)
        if number is signal.SIGSTOP:
            time.sleep(HELD_SECONDS)
    return {"began": began}


def faults(rate: float) -> list[Fault]:
    """All of them, at a control rate [Hz]."""
    stale = _STALE_SECONDS * rate + 3

    def row(name: str, within: float, act: Callable[[Scene], dict[str, Any] | None]) -> Fault:
        return Fault(name, Holds.STOPS, act, run_live, within=within, state=(FAULT,))

    return [
        row("read raises once", _RAISED, failing("read", "raise", times=1)),
        row("read raises always", _RAISED, failing("read", "raise")),
        row("write raises once", _RAISED, failing("write", "raise", times=1)),
        row("every call raises", _EXPIRED, failing("*", "raise")),
        row("safe raises, too", _EXPIRED, failing("*", "raise", times=3)),
        row("read blocks", _EXPIRED, failing("read", "block", 1, _BLOCKED_SECONDS)),
        row("write blocks", _EXPIRED, failing("write", "block", 1, _BLOCKED_SECONDS)),
        row("arm raises", _RAISED, arming),
        row("a position is NaN", _RAISED, failing("read", "nan")),
        row("measurements stand still", stale, failing("read", "freeze")),
        row("measurements grow old", stale, failing("read", "stale")),
        row("the robot reports a fault", _RAISED, failing("read", "health", times=1)),
        row("all processes held up", _EXPIRED, all_held_up),
    ]
