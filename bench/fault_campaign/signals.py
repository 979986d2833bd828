# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Signals to a whole run: once, twice, to one and all, at start-up, in the middle and while closing."""

from __future__ import annotations

import os
import re
import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from mcap.exceptions import McapError
from mcap.reader import make_reader

from fault_campaign.fault import Fault, Holds, Outcome
from fault_campaign.processes import Run
from fault_campaign.scene import Scene

INT, TERM, HUP, KILL = signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGKILL
STOP_SECONDS = 5.0
"""All that an end may take."""
_LATE_SECONDS = 20.0  # until what has not ended is ended by force
_AGAIN_SECONDS = 0.3
_BROKEN = re.compile(r"Traceback|terminate called|Fatal Python error|Segmentation fault|Aborted")
_SAFE = {"safe", "disarm"}


def to_run(*numbers: signal.Signals) -> Callable[[Scene], None]:
    """To `ros-rl` alone, one after the other."""

    def act(scene: Scene) -> None:
        assert scene.run is not None
        for number in numbers:
            _send([scene.run.process.pid], number)
            time.sleep(_AGAIN_SECONDS)

    return act


def to_all(*numbers: signal.Signals) -> Callable[[Scene], None]:
    """To every process of the run, one after the other."""

    def act(scene: Scene) -> None:
        assert scene.run is not None
        for number in numbers:
            _send([process.pid for process in scene.run.processes()], number)
            time.sleep(_AGAIN_SECONDS)

    return act


def while_closing(scene: Scene) -> None:
    """To `ros-rl`, and to its nodes while they close."""
    assert scene.run is not None
    _send([scene.run.process.pid], INT)
    for number in (INT, TERM, HUP):
        time.sleep(scene.rng.uniform(0.0, 0.15))
        _send(list(scene.nodes().values()), number)


def while_blocked(scene: Scene) -> None:
    """While the robot's link does not answer."""
    scene.joints.fail("read", "block", seconds=3.0)
    time.sleep(2 * scene.period)
    to_run(INT)(scene)


def while_stopped(scene: Scene) -> dict[str, Any]:
    """Where the emergency stop is latched, which has to be remembered."""
    scene.operator.call("emergency_stop")
    began = time.monotonic()
    to_run(INT)(scene)
    return {"latched": True, "began": began}


def _send(processes: list[int], number: signal.Signals) -> None:
    for process in processes:
        try:
            os.kill(process, number)
        except ProcessLookupError:
            continue


class Ending:
    """One run that a signal ends."""

    def __init__(self, scene: Scene, fault: Fault) -> None:
        self._scene, self._fault = scene, fault
        self._outcome = Outcome(fault.name, fault.holds.value)

    def judge(self) -> Outcome:
        """Start, signal, and see what is left."""
        scene, fault, outcome = self._scene, self._fault, self._outcome
        scene.joints.heal()
        run = scene.start()
        after = fault.options.get("after")
        if after is None:
            scene.to_run()
            time.sleep(scene.rng.uniform(1.0, 2.0))  # something is in the log
        else:
            time.sleep(scene.rng.uniform(*after))
        printed, began = run.output.stat().st_size, time.monotonic()
        facts = fault.act(scene) or {}
        began = facts.get("began", began)
        in_time = run.ended(STOP_SECONDS - (time.monotonic() - began))
        if not in_time:
            run.ended(_LATE_SECONDS)
            outcome.wrong.append(f"took longer than {STOP_SECONDS:g} s")
        outcome.facts = {"seconds": round(time.monotonic() - began, 2)}
        left = [process.name() for process in run.processes()]
        if left:
            outcome.wrong.append(f"{len(left)} processes live on")
            run.kill()
        outcome.facts["code"] = run.process.poll()
        outcome.told = run.said(printed)
        self._judge_words(run)
        if after is None:
            self._judge_joints(began)
            self._judge_log()
        if facts.get("latched") and "EMERGENCY_STOP" not in _text(scene.run_folder / "latch.json"):
            outcome.wrong.append("the emergency stop is not kept")
        return outcome

    def _judge_joints(self, began: float) -> None:
        joints, outcome = self._scene.joints, self._outcome
        until = joints.moved_until(began)
        outcome.reaction = 0.0 if until is None else (until - began) / self._scene.period
        told = joints.told(began)
        outcome.reached = ", ".join(dict.fromkeys(told)) or "nothing"
        if not _SAFE & set(told):
            outcome.wrong.append("no safe action reached the robot")
        elif joints.moments()[-1].target is not None:
            outcome.wrong.append("the robot is left with a target")

    def _judge_log(self) -> None:
        messages, problem = read_logs(self._scene.run_folder / "log")
        self._outcome.facts["logged"] = messages
        if problem or not messages:
            self._outcome.wrong.append(f"log: {problem or 'empty'}")

    def _judge_words(self, run: Run) -> None:
        logs = sorted((self._scene.run_folder / "logs").glob("*.log"))
        for name, text in [("ros-rl", run.text()), *((log.stem, _text(log)) for log in logs)]:
            found = _BROKEN.search(text)
            if found:
                self._outcome.wrong.append(f"{name}: {found[0]}")


def read_logs(folder: Path) -> tuple[int, str]:
    """Messages in a run's log, and what is wrong with it."""
    messages = 0
    files = sorted(folder.glob("*.mcap"))
    for path in files:
        try:
            with path.open("rb") as file:
                messages += sum(1 for _ in make_reader(file).iter_messages())
        except (McapError, ValueError, OSError, EOFError) as error:
            return messages, f"{path.name}: {type(error).__name__} {error}"
    return messages, "" if files else "there is none"


def _text(path: Path) -> str:
    return path.read_text(errors="replace") if path.is_file() else ""


def run_ending(scene: Scene, fault: Fault) -> Outcome:
    """Bring a fault about and judge it."""
    return Ending(scene, fault).judge()


def faults() -> list[Fault]:
    """All of them."""

    def row(name: str, act: Callable[[Scene], dict[str, Any] | None], **options: Any) -> Fault:
        return Fault(name, Holds.ENDS, act, run_ending, options=options)

    early = {"at start-up": (0.1, 0.8), "during imports": (0.8, 3.0), "during bring-up": (3.0, 8.0)}
    return [
        row("SIGINT", to_run(INT)),
        row("SIGINT twice", to_run(INT, INT)),
        row("SIGINT to all", to_all(INT)),
        row("SIGINT to all, twice", to_all(INT, INT)),
        row("SIGTERM", to_run(TERM)),
        row("SIGTERM to all", to_all(TERM)),
        row("SIGHUP", to_run(HUP)),
        row("SIGHUP to all", to_all(HUP)),
        row("SIGKILL of ros-rl", to_run(KILL)),
        row("SIGINT while closing", while_closing),
        row("SIGINT while the link blocks", while_blocked),
        row("SIGINT while stopped", while_stopped),
        *(row(f"SIGINT {when}", to_run(INT), after=after) for when, after in early.items()),
        *(row(f"SIGTERM to all {when}", to_all(TERM), after=after) for when, after in early.items()),
    ]
