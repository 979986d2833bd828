# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""What is latched outlives every process: all are killed, the run goes on by `--resume`, and is still stopped."""

from __future__ import annotations

import time

from fault_campaign.damage import cut, garbage
from fault_campaign.fault import FAULT, STOP, Fault, Holds, Outcome
from fault_campaign.processes import wait_for
from fault_campaign.scene import PATIENCE, Scene
from ros_rl.runs.run_folder import CHECKPOINT
from ros_rl.runtime.latch import FILE

_WATCH_SECONDS = 3.0


def remembered(scene: Scene, fault: Fault) -> Outcome:
    """Stop, kill everything, damage, resume, ask for motion; then clear, which has to help."""
    outcome = Outcome(fault.name, fault.holds.value)
    scene.joints.heal()
    scene.to_run()
    wait_for((scene.run_folder / CHECKPOINT).exists, PATIENCE)  # there is something to resume
    began = time.monotonic()
    scene.operator.call("emergency_stop")
    scene.end()
    for damage in fault.options.get("damage", ()):
        damage(scene.run_folder)
    run = scene.resume()
    resumed = time.monotonic()
    wait_for(lambda: _heard(scene, resumed) or run.process.poll() is not None, PATIENCE)
    for service in ("arm", "resume"):
        scene.operator.call(service)
    time.sleep(_WATCH_SECONDS)
    state, ended = scene.operator.safety, time.monotonic()
    outcome.facts = {"state": state.name if state is not None else "silent"}
    if state not in fault.state:
        outcome.wrong.append(f"state {outcome.facts['state']}, {run.said()[-1:]}")
    until = scene.joints.moved_until(began, ended)
    outcome.reaction = 0.0 if until is None else (until - began) / scene.period
    moved = sum(end - start for start, end in scene.joints.movements(began + fault.within * scene.period, ended))
    outcome.reached = f"moved for {moved:.2f} s" if moved else "nothing"
    outcome.wrong += [outcome.reached] if moved else []
    outcome.told = [f"{node}: {words}" for node, words in scene.operator.complaints(resumed)] + run.said()[1:]
    scene.to_run()
    return outcome


def _heard(scene: Scene, since: float) -> bool:
    newest = scene.operator.newest
    return newest is not None and newest.time > since


def faults() -> list[Fault]:
    """All of them."""

    def row(name: str, **rule: object) -> Fault:
        return Fault(name, Holds.STOPS, lambda scene: None, remembered, **({"within": 1.0, "state": (STOP,)} | rule))

    return [
        row("stop, kill all, resume"),
        row("stop, kill all, latch.json garbage", state=(STOP, FAULT), options={"damage": (garbage(FILE),)}),
        row("stop, kill all, latch.json empty", state=(STOP, FAULT), options={"damage": (cut(FILE, share=0.0),)}),
    ]
