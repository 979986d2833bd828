# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""A robot that was stopped, and what might make it go on: kills, lifecycle transitions, other services, silence."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable
from typing import Any

from fault_campaign.fault import DISARMED, FAULT, READY, STOP, Fault, Holds
from fault_campaign.live import run_live
from fault_campaign.processes import wait_for
from fault_campaign.scene import PATIENCE, SUPERVISOR, Scene
from ros_rl.types import SafetyState

Then = Callable[[Scene], object]
_APART_SECONDS = 0.5


def stopped(*then: Then, service: str = "emergency_stop") -> Callable[[Scene], dict[str, Any]]:
    """A service stops the robot; then this happens."""

    def act(scene: Scene) -> dict[str, Any]:
        began = time.monotonic()
        answer = scene.operator.call(service)
        time.sleep(_APART_SECONDS)
        for step in then:
            step(scene)
        wrong = [] if answer.success else [f"{service}: {answer.message}"]
        return {"began": began, "answered_ms": round(1e3 * answer.seconds, 1), "wrong": wrong}

    return act


def kill(node: str) -> Then:
    """End a node at once, and wait for the next."""

    def step(scene: Scene) -> None:
        process = scene.nodes()[node]
        scene.signal(node, signal.SIGKILL)
        wait_for(lambda: scene.nodes().get(node, process) != process, PATIENCE)

    return step


def change(*transitions: str) -> Then:
    """Lead the driver through its lifecycle."""

    def step(scene: Scene) -> None:
        for transition in transitions:
            scene.operator.change("driver", transition)

    return step


def ask(*services: str) -> Then:
    """Call what must not move a stopped robot."""

    def step(scene: Scene) -> None:
        for service in services:
            scene.operator.call(service)

    return step


def silent_controller(scene: Scene) -> dict[str, Any]:
    """A controller falls silent, the robot is stopped meanwhile, the controller answers again."""
    began = time.monotonic()
    scene.signal("controller", signal.SIGSTOP)
    time.sleep(1.0)
    scene.operator.call("emergency_stop")
    scene.signal("controller", signal.SIGCONT)
    return {"began": began}


def without_supervisor(service: str) -> Callable[[Scene], dict[str, Any]]:
    """A service stops the robot while the supervisor hangs."""

    def act(scene: Scene) -> dict[str, Any]:
        scene.signal(SUPERVISOR, signal.SIGSTOP)
        time.sleep(1.0)
        facts = stopped(service=service)(scene)
        scene.signal(SUPERVISOR, signal.SIGCONT)
        return facts

    return act


def silence_then(*then: Then) -> Callable[[Scene], dict[str, Any]]:
    """A fault by the controller's silence; then this happens."""

    def act(scene: Scene) -> dict[str, Any]:
        began = time.monotonic()
        scene.signal("controller", signal.SIGSTOP)
        wait_for(lambda: scene.operator.safety is FAULT, 10.0)
        scene.signal("controller", signal.SIGCONT)
        for step in then:
            step(scene)
        return {"began": began}

    return act


def before_activation(scene: Scene) -> dict[str, Any]:
    """The robot is stopped while the driver is inactive, which is activated then."""
    began = time.monotonic()
    scene.operator.change("driver", "deactivate")
    answer = scene.operator.call("emergency_stop")
    scene.operator.change("driver", "activate")
    return {"began": began, "answered_ms": round(1e3 * answer.seconds, 1)}


def while_homing(scene: Scene) -> dict[str, Any]:
    """On its way home, which is a motion, too."""
    scene.operator.call("disarm")
    scene.operator.call("arm")
    wait_for(lambda: scene.operator.safety is SafetyState.HOMING, 5.0)
    return stopped()(scene)


def blocked(call: str) -> Callable[[Scene], dict[str, Any]]:
    """The robot is stopped while a call of its backend does not return."""

    def act(scene: Scene) -> dict[str, Any]:
        scene.joints.fail(call, "block", seconds=3.0)
        time.sleep(1.5 * scene.period)
        facts = stopped()(scene)
        if facts["answered_ms"] > 1e3 * scene.period:
            facts["wrong"].append(f"answered after {facts['answered_ms']} ms")
        return facts

    return act


def faults() -> list[Fault]:
    """All of them."""

    def row(name: str, act: Callable[[Scene], dict[str, Any]], **rule: Any) -> Fault:
        return Fault(name, Holds.STOPS, act, run_live, **({"within": 1.0, "state": (STOP,)} | rule))

    return [
        row("stop, kill driver", stopped(kill("driver"))),
        row("stop, deactivate and activate driver", stopped(change("deactivate", "activate"))),
        row("stop, driver through all its states", stopped(change("deactivate", "cleanup", "configure", "activate"))),
        row("stop, kill controller", stopped(kill("controller"))),
        row("stop, kill collector", stopped(kill("collector"))),
        row("stop, other services", stopped(ask("arm", "resume", "reset", "pause", "disarm", "resume"))),
        row("stop before activation", before_activation),
        row("stop while homing", while_homing),
        row("stop while controller is silent", silent_controller, within=3.0),
        row("stop while supervisor hangs", without_supervisor("emergency_stop")),
        row("pause while supervisor hangs", without_supervisor("pause"), within=2.0, state=(READY,)),
        row("disarm while supervisor hangs", without_supervisor("disarm"), state=(DISARMED,)),
        row("stop while read blocks", blocked("read")),
        row("stop while write blocks", blocked("write")),
        row("fault, kill driver", silence_then(kill("driver")), within=3.0, state=(FAULT,)),
        row(
            "fault, deactivate and activate driver",
            silence_then(change("deactivate", "activate")),
            within=3.0,
            state=(FAULT,),
        ),
        row("stop, cleared, not armed", stopped(ask("clear_fault", "resume")), state=(DISARMED,)),
        row("pause, kill controller", stopped(kill("controller"), service="pause"), within=2.0, state=(READY,)),
        row("pause, kill driver", stopped(kill("driver"), service="pause"), within=2.0, state=(DISARMED,)),
        row("disarm, kill collector", stopped(kill("collector"), service="disarm"), state=(DISARMED,)),
    ]
