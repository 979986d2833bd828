# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Runs that share a folder or a second; and logs of a run that was cut off, read by the package's own reader."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from fault_campaign.damage import cut, flip, newest
from fault_campaign.fault import Fault, Holds, Outcome
from fault_campaign.processes import wait_for
from fault_campaign.resumes import Training
from fault_campaign.scene import NAMESPACE, PATIENCE, Scene
from ros_rl.errors import DataError
from ros_rl.nodes.log_reader import read_ticks
from ros_rl.robot import load_robot

_REFUSAL_SECONDS = 60.0
_LOGGED_SECONDS = 3.0


@contextmanager
def trainings(scene: Scene, *names: str) -> Iterator[list[Training]]:
    """Folders to train in, by their names; nothing runs at the end."""
    scene.end()
    base = scene.folder / f"folders_{time.monotonic_ns()}"
    base.mkdir()
    found = [Training(scene, base / name) for name in names]
    try:
        yield found
    finally:
        for training in found:
            if training.run is not None:
                training.run.kill()


def second_run(scene: Scene, fault: Fault) -> Outcome:
    """A run in the folder of one that lives is refused, and leaves it as it is."""
    outcome = Outcome(fault.name, fault.holds.value)
    with trainings(scene, "first", "second") as (first, second):
        first.begin()
        config = (first.folder / "config.yaml").read_bytes()
        run = second.start("--out", str(first.folder), "--seed", "7", namespace=fault.options["namespace"])
        if not wait_for(lambda: run.process.poll() is not None, _REFUSAL_SECONDS):
            outcome.wrong.append("is not refused")
        if run.process.poll() == 0:
            outcome.wrong.append("ends as if all were well")
        outcome.told, outcome.facts = run.said(), {"code": run.process.poll()}
        if (first.folder / "config.yaml").read_bytes() != config:
            outcome.wrong.append("config.yaml is overwritten")
        first.until(first.steps + 50)
    return outcome


def same_second(scene: Scene, fault: Fault) -> Outcome:
    """Two runs that begin in the same second have a folder each."""
    outcome = Outcome(fault.name, fault.holds.value)
    with trainings(scene, "left", "right") as both:
        for training in both:
            training.start(namespace=training.folder.name)
        wait_for(lambda: all("files in" in training.run.text() for training in both if training.run), PATIENCE)
        lines = [line for training in both if training.run for line in training.run.said() if "files in" in line]
        outcome.told = lines
        if len({line.rpartition("files in ")[2] for line in lines}) != len(both):
            outcome.wrong.append("they have not a folder each")
    return outcome


def damaged_log(scene: Scene, fault: Fault) -> Outcome:
    """Everything is killed at once, the log perhaps damaged: what is left is read, and what is missing named."""
    outcome = Outcome(fault.name, fault.holds.value)
    with trainings(scene, "logged") as (training,):
        training.begin()
        time.sleep(_LOGGED_SECONDS)
        rate = training.rate()
        assert training.run is not None
        newest_index = scene.operator.ticks[-1].index
        training.run.kill()
        whole, _ = salvaged(training.folder / "log")
        outcome.lost = round((newest_index + 1 - whole) / rate, 2)
        outcome.facts = {"ticks": newest_index + 1, "logged": whole}
        if "damage" not in fault.options:
            if outcome.lost > _LOGGED_SECONDS / 2:
                outcome.wrong.append(f"{newest_index + 1 - whole} ticks are not in the log, {outcome.lost} s")
            return outcome
        fault.options["damage"](training.folder)
        left, outcome.told = salvaged(training.folder / "log")
        outcome.facts["left"] = left
        if left < fault.options["share"] * whole:
            outcome.wrong.append(f"{left} of {whole} ticks left")
        if not outcome.told:
            outcome.wrong.append("nobody says what is missing")
    return outcome


def salvaged(folder: Path) -> tuple[int, list[str]]:
    """Ticks that can be read from a log, and what the reader says meanwhile."""
    words: list[str] = []
    handler = logging.Handler()
    handler.emit = lambda record: words.append(record.getMessage())  # type: ignore[method-assign]
    logging.getLogger("ros_rl").addHandler(handler)
    ticks = 0
    try:
        if not newest(folder, "*.mcap").stat().st_size:
            return 0, ["the log is empty"]
        for _ in read_ticks(folder, load_robot("mock")):
            ticks += 1
    except DataError as error:
        words.append(str(error))
    finally:
        logging.getLogger("ros_rl").removeHandler(handler)
    return ticks, words


def _nothing(_: Scene) -> None:
    """The judge does it all."""


def faults() -> list[Fault]:
    """All of them."""
    cut_log = {"damage": cut("log/*.mcap", share=2 / 3), "share": 0.5}
    flipped_log = {"damage": flip("log/*.mcap"), "share": 0.5}
    return [
        Fault("log of a killed run", Holds.READABLE, _nothing, damaged_log),
        Fault("log cut at two thirds", Holds.READABLE, _nothing, damaged_log, options=cut_log),
        Fault("log with a flipped byte", Holds.READABLE, _nothing, damaged_log, options=flipped_log),
        Fault("second run in a folder", Holds.REFUSES, _nothing, second_run, options={"namespace": NAMESPACE}),
        Fault("second run, other namespace", Holds.REFUSES, _nothing, second_run, options={"namespace": "elsewhere"}),
        Fault("two runs in one second", Holds.APART, _nothing, same_second),
    ]
