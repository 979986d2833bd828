# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""A simulated training in lock-step that is cut off, perhaps damaged, and gone on with by `--resume`."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable
from pathlib import Path

from fault_campaign.fault import Fault, Outcome
from fault_campaign.live import LOST_SECONDS
from fault_campaign.processes import Run, wait_for
from fault_campaign.scene import LEARNING, NAMESPACE, PATIENCE, Scene, as_options
from fault_campaign.signals import STOP_SECONDS

_FIRST_STEPS, _FURTHER_STEPS = 400, 100
_RATE_SECONDS = 3.0
_UNMEASURED = 20.0
"""Steps per second that are taken for granted where there was no time to measure them."""
SIMULATED = LEARNING | {"evaluator.every": 0, "evaluator.final_episodes": 1}


class Training:
    """A run on the mock robot.

    Args:
        scene: Whose operator listens.
        folder: Of the run.
        prepare: Called in the process of `ros-rl` before it runs.
    """

    def __init__(self, scene: Scene, folder: Path, prepare: Callable[[], None] | None = None) -> None:
        self._scene, self.folder, self._prepare = scene, folder, prepare
        self._count = 0
        self.run: Run | None = None

    def start(self, *options: str, namespace: str = NAMESPACE, prepared: bool = True) -> Run:
        """Start `ros-rl` in this folder."""
        self._count += 1
        output = self.folder.with_name(f"{self.folder.name}_{self._count}.txt")
        line = ["train", "mock_point", "--namespace", namespace, *as_options(SIMULATED), *options]
        self.run = Run(line, self._scene.environment, output, self._prepare if prepared else None)
        return self.run

    def begin(self, steps: int = _FIRST_STEPS) -> None:
        """Start anew and train for at least some steps.

        Raises:
            RuntimeError: It does not come to that.
        """
        self.start("--out", str(self.folder))
        self.until(self.steps + steps + self._scene.rng.randrange(steps // 2))

    @property
    def steps(self) -> int:
        """Steps of the simulated robot that were heard."""
        return self._scene.operator.steps

    def learned(self, before: int) -> float:
        """Steps that the learner counts beyond those that were heard since there were `before`."""
        return self._scene.operator.progress["env_steps"] - (self.steps - before)

    def complaints(self, since: float) -> list[str]:
        """What the nodes complained of since then [s, steady clock]."""
        return [f"{node}: {words}" for node, words in self._scene.operator.complaints(since)]

    def until(self, steps: int) -> None:
        """Wait for the robot to come there.

        Raises:
            RuntimeError: It does not.
        """
        assert self.run is not None
        run = self.run
        wait_for(lambda: self.steps >= steps or run.process.poll() is not None, PATIENCE)
        if self.steps < steps:
            raise RuntimeError(f"it stands at {self.steps} of {steps} steps: {run.said()[-1:]}")

    def rate(self) -> float:
        """Steps per second, now."""
        begin, before = time.monotonic(), self.steps
        time.sleep(_RATE_SECONDS)
        return (self.steps - before) / (time.monotonic() - begin)

    def resume(self) -> tuple[float, float] | None:
        """Go on; returns the steps and the transitions that the learner begins with, None if it does not."""
        operator, begin = self._scene.operator, time.monotonic()
        run = self.start("--resume", str(self.folder), prepared=False)
        wait_for(lambda: operator.progress_time > begin or run.process.poll() is not None, PATIENCE)
        if operator.progress_time < begin:
            return None
        first = dict(operator.progress)
        return first["env_steps"], first["transitions"]


def cut_off(scene: Scene, fault: Fault) -> Outcome:
    """Train, do what the fault says, which kills everything, damage what it names, and go on."""
    outcome = Outcome(fault.name, fault.holds.value)
    scene.end()
    training = Training(scene, scene.folder / f"cut_{time.monotonic_ns()}", fault.options.get("prepare"))
    zero = scene.operator.steps
    try:
        training.begin(fault.options.get("first", _FIRST_STEPS))
        rate = training.rate() if "first" not in fault.options else _UNMEASURED
        outcome.facts = fault.act(training) or {}
        outcome.wrong += outcome.facts.pop("wrong", [])
        outcome.told += outcome.facts.pop("told", [])
        done = training.steps - zero
        for damage in fault.options.get("damage", ()):
            damage(training.folder)
        _go_on(training, fault, outcome, done, rate)
        _check_told(fault, training, outcome)
    finally:
        if training.run is not None:
            training.run.kill()
        shutil.rmtree(training.folder, ignore_errors=True)
    return outcome


def _go_on(training: Training, fault: Fault, outcome: Outcome, done: int, rate: float) -> None:
    """Resume, and judge by where the learner begins again."""
    before = training.steps
    first = training.resume()
    assert training.run is not None
    outcome.told += training.run.said()[1:]
    outcome.facts |= {"steps": done, "steps_per_s": round(rate, 1)}
    if fault.options.get("refusal"):
        if first is not None or training.run.process.poll() in (None, 0):
            outcome.wrong.append("goes on as if all were well")
        return
    if first is None:
        outcome.wrong.append(f"does not go on: {training.run.said()[-1:]}")
        return
    begun, transitions = first
    outcome.facts |= {"began_at": begun, "transitions": transitions}
    outcome.lost = round(max(0.0, done - transitions) / rate, 2)
    limit = fault.options.get("lost", LOST_SECONDS)
    if limit is not None and outcome.lost > limit:
        outcome.wrong.append(f"{done - transitions:.0f} of {done} transitions lost, {outcome.lost:.1f} s")
    training.until(before + _FURTHER_STEPS)
    if limit is not None and not wait_for(lambda: training.learned(before) >= done - limit * rate, PATIENCE):
        outcome.wrong.append(f"the learner counts {training.learned(before):.0f} of {done} steps")
    training.run.process.terminate()
    if not training.run.ended(STOP_SECONDS):
        outcome.wrong.append(f"did not end within {STOP_SECONDS:g} s")


def _check_told(fault: Fault, training: Training, outcome: Outcome) -> None:
    """Where something was damaged, a line of `ros-rl` or of a node's log has to name it."""
    words = fault.options.get("names")
    if words is None:
        return
    logs = [log.read_text(errors="replace") for log in sorted((training.folder / "logs").glob("*.log"))]
    assert training.run is not None
    lines = [line for text in (training.run.text(), *logs) for line in text.splitlines() if words in line]
    if lines:
        outcome.told = [lines[-1], *outcome.told]
    else:
        outcome.wrong.append(f"nobody names {words}")
