# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Each node killed, ended or held up, at random moments."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable
from typing import Any

from fault_campaign.fault import DISARMED, FAULT, Fault, Holds
from fault_campaign.live import run_live
from fault_campaign.scene import SUPERVISOR, Scene

HELD_SECONDS = 4.0
UNSUPERVISED_SECONDS = 5.0  # the default
_KILLS = 3
_COMMAND_HOLDS = 2  # control periods, the default
_MISS_LIMIT = 2
_UNJUDGED_SECONDS = 1.0


def send(node: str, number: signal.Signals) -> Callable[[Scene], None]:
    """A signal to one node."""

    def act(scene: Scene) -> None:
        scene.signal(node, number)

    return act


def hold_up(node: str, seconds: float = HELD_SECONDS) -> Callable[[Scene], dict[str, Any]]:
    """A node stopped for a while [s]."""

    def act(scene: Scene) -> dict[str, Any]:
        began = time.monotonic()
        scene.signal(node, signal.SIGSTOP)
        time.sleep(seconds)
        scene.signal(node, signal.SIGCONT)
        return {"began": began}

    return act


def faults(rate: float) -> list[Fault]:
    """All of them, at a control rate [Hz]."""
    judged = _UNJUDGED_SECONDS * rate + 2
    rules: dict[str, dict[str, Any]] = {
        "driver": {"holds": Holds.STOPS, "within": _COMMAND_HOLDS + 1, "state": (DISARMED,)},
        "controller": {"holds": Holds.STOPS, "within": _MISS_LIMIT + 1, "state": (FAULT,)},
        "collector": {"holds": Holds.STOPS, "within": judged, "state": (FAULT,)},
        "learner": {"holds": Holds.RESTARTS},
    }
    rules = {node: {"judge": run_live} | rule for node, rule in rules.items()}
    found = []
    for node, rule in rules.items():
        found += [Fault(f"kill {node} {n + 1}", act=send(node, signal.SIGKILL), **rule) for n in range(_KILLS)]
        found.append(Fault(f"terminate {node}", act=send(node, signal.SIGTERM), **rule))
        held = rule | ({"state": (FAULT,)} if node == "driver" else {})
        held |= {"holds": Holds.HARMLESS} if node == "learner" else {}
        found.append(Fault(f"hold up {node}", act=hold_up(node), **held))
    return [*found, *_of_supervisor(rate)]


def _of_supervisor(rate: float) -> list[Fault]:
    """That of one that is killed is among the ends of all processes."""
    long = UNSUPERVISED_SECONDS + HELD_SECONDS
    silent = {"within": UNSUPERVISED_SECONDS * rate + _COMMAND_HOLDS + 2, "state": (FAULT,)}
    return [
        Fault("hold up supervisor", Holds.STOPS, hold_up(SUPERVISOR, long), run_live, watch=long, **silent),
        Fault("hold up supervisor for a moment", Holds.HARMLESS, hold_up(SUPERVISOR, 2.0), run_live),
    ]
