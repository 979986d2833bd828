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
from fault_campaign.scene import Scene

HELD_SECONDS = 4.0
_KILLS = 3
_COMMAND_HOLDS = 2  # control periods, the default
_MISS_LIMIT = 2
_UNJUDGED_SECONDS = 1.0


def send(node: str, number: signal.Signals) -> Callable[[Scene], None]:
    """A signal to one node."""

    def act(scene: Scene) -> None:
        scene.signal(node, number)

    return act


def hold_up(node: str) -> Callable[[Scene], dict[str, Any]]:
    """A node stopped for a while."""

    def act(scene: Scene) -> dict[str, Any]:
        began = time.monotonic()
        scene.signal(node, signal.SIGSTOP)
        time.sleep(HELD_SECONDS)
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
    return found
