# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Brings a fault about while the robot runs, watches, and judges by what reached the joints."""

from __future__ import annotations

import time

from fault_campaign.fault import Fault, Holds, Outcome
from fault_campaign.processes import wait_for
from fault_campaign.scene import PATIENCE, Counted, Scene
from ros_rl.types import SafetyState

LOST_SECONDS = 1.0
"""What may be lost at most."""
_MOST_WAIT = 1.5  # s, before a fault begins
_AGAIN = "acts again"  # said of the recovery before the fault
_RECALL_SECONDS = 30.0  # for a learner that came back to be where the robot is
_FURTHER_SECONDS = 1.5  # watched after everybody is there again


class Live:
    """One fault on a running scene."""

    def __init__(self, scene: Scene, fault: Fault) -> None:
        self._scene, self._fault = scene, fault
        self._outcome = Outcome(fault.name, fault.holds.value)

    def judge(self) -> Outcome:
        """Everything, from a run at rest to one at rest."""
        scene, fault, outcome = self._scene, self._fault, self._outcome
        scene.joints.heal()
        before = scene.counted() if scene.operator.newest is not None else None
        scene.to_run()
        if before is None:
            scene.rest()
            before = scene.counted()
            scene.to_run()
        nodes = scene.nodes()
        scene.operator.only = scene.operator.newest.session if fault.holds is Holds.HARMLESS else None
        time.sleep(scene.rng.uniform(0.0, _MOST_WAIT))
        called, printed = time.monotonic(), scene.run.output.stat().st_size
        facts = fault.act(scene) or {}
        began = facts.pop("began", called)
        outcome.facts = facts
        outcome.wrong += facts.pop("wrong", [])
        time.sleep(max(0.0, began + fault.watch - time.monotonic()))
        self._await_nodes(nodes)
        ended = time.monotonic()
        self._judge_joints(began, ended, facts.pop("signature", None))
        self._judge_state(began, ended)
        self._judge_processes(nodes)
        said = [line for line in scene.run.said(printed) if _AGAIN not in line]
        outcome.told = said + [f"{node}: {text}" for node, text in scene.operator.complaints(called)]
        scene.joints.heal()
        scene.rest()
        wait_for(lambda: self._counts_fit(before, scene.counted()), _RECALL_SECONDS, step=0.2)
        after = scene.counted()
        scene.operator.only = None
        self._judge_counts(before, after)
        return outcome

    def _counts_fit(self, before: Counted, after: Counted) -> bool:
        """Whether the learner is where the robot is: one that came back first goes through what it wrote down."""
        acted = after.steps - before.steps
        behind = (acted - (after.transitions - before.transitions), acted - (after.learned - before.learned))
        return max(behind) * self._scene.period <= LOST_SECONDS

    def _judge_counts(self, before: Counted, after: Counted) -> None:
        outcome, period = self._outcome, self._scene.period
        acted = after.steps - before.steps
        outcome.lost = round((acted - (after.transitions - before.transitions)) * period, 3)
        if outcome.lost > LOST_SECONDS:
            outcome.wrong.append(f"{outcome.lost:.1f} s of transitions lost")
        if outcome.lost < 0:
            outcome.wrong.append(f"{-outcome.lost / period:.0f} transitions of nobody's steps")
        if abs(after.learned - before.learned - acted) * period > LOST_SECONDS:
            outcome.wrong.append(f"{acted} steps acted, the learner counts {after.learned - before.learned:.0f}")

    def _await_nodes(self, nodes: dict[str, int]) -> None:
        """Until all processes are there again and the driver speaks, and then some."""
        scene, begin = self._scene, time.monotonic()
        whole = wait_for(lambda: set(scene.nodes()) >= set(nodes), PATIENCE, step=0.2)
        speaks = wait_for(lambda: scene.operator.newest is not None, PATIENCE)
        if not (whole and speaks):
            self._outcome.wrong.append("a node did not come back" if speaks else "the driver stays silent")
        if time.monotonic() - begin > 0.5:
            learner = scene.nodes().get("learner") != nodes.get("learner")
            heard = time.monotonic()
            if learner and not wait_for(lambda: scene.operator.progress_time > heard, PATIENCE):
                self._outcome.wrong.append("the learner stays silent")
        time.sleep(_FURTHER_SECONDS)

    def _judge_joints(self, began: float, ended: float, signature: float | None) -> None:
        scene, fault, outcome = self._scene, self._fault, self._outcome
        if signature is not None and scene.joints.obeyed(signature, began):
            outcome.wrong.append("a stranger's command acted")
        if fault.holds is not Holds.STOPS:
            outcome.reached = "goes on"
            return
        until = scene.joints.moved_until(began, ended)
        outcome.reaction = 0.0 if until is None else (until - began) / scene.period
        limit = began + fault.within * scene.period
        moved = sum(end - start for start, end in scene.joints.movements(limit, ended))
        outcome.reached = "nothing" if not moved else f"moved for {moved:.2f} s"
        if moved:
            outcome.wrong.append(f"moved for {moved:.2f} s later than {fault.within:g} periods")

    def _judge_state(self, began: float, ended: float) -> None:
        state, fault = self._scene.operator.safety, self._fault
        if fault.holds is not Holds.STOPS:
            ticks = [tick for tick in list(self._scene.operator.ticks) if began < tick.time < ended]
            others = {tick.safety.name for tick in ticks} - {SafetyState.RUNNING.name}
            if others:
                self._outcome.wrong.append(f"was {', '.join(sorted(others))} meanwhile")
        wanted = fault.state if fault.holds is Holds.STOPS else (SafetyState.RUNNING,)
        self._outcome.facts["state"] = state.name if state is not None else "silent"
        if state not in wanted:
            names = " or ".join(item.name for item in wanted)
            self._outcome.wrong.append(f"state {self._outcome.facts['state']}, expected {names}")

    def _judge_processes(self, nodes: dict[str, int]) -> None:
        now = self._scene.nodes()
        replaced = sorted(name for name in nodes if now.get(name) != nodes[name])
        self._outcome.facts["replaced"] = replaced
        if self._fault.holds is Holds.HARMLESS and replaced:
            self._outcome.wrong.append(f"ended: {', '.join(replaced)}")


def run_live(scene: Scene, fault: Fault) -> Outcome:
    """Bring a fault about and judge it."""
    return Live(scene, fault).judge()
