# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Trainings that are cut off, their files damaged, and a disk that is full."""

from __future__ import annotations

import os
import resource
import signal
import time
from collections.abc import Callable
from typing import Any

from fault_campaign.damage import Damage, cut, flip, tear
from fault_campaign.fault import Fault, Holds
from fault_campaign.processes import wait_for
from fault_campaign.resumes import Training, cut_off
from fault_campaign.scene import PATIENCE

_LIMIT = 150_000  # bytes, of every file of a run whose disk is full
_FULL_STEPS = 1500
_EARLY_STEPS = 30  # before the first update and the first checkpoint
_WRITE_AHEAD = ("checkpoint/*.wal", "checkpoint/**/*.wal")
_LEARNER = ("checkpoint/[0-9]*/learner*",)


def kill_all(training: Training) -> None:
    """As a power cut does."""
    assert training.run is not None
    training.run.kill()


def kill_one(node: str) -> Callable[[Training], None]:
    """One node, whose successor goes on, and then all."""

    def act(training: Training) -> None:
        assert training.run is not None
        run = training.run
        before = run.nodes()[node]
        os.kill(before, signal.SIGKILL)
        wait_for(lambda: run.nodes().get(node, before) != before, PATIENCE)
        training.until(training.steps + 50)
        run.kill()

    return act


def limit_files() -> None:
    """No file of the process grows beyond a size, as on a full disk."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (_LIMIT, resource.RLIM_INFINITY))


def until_full(training: Training) -> dict[str, Any]:
    """Train on where files do not grow any more: nothing ends, and nothing half-written is left."""
    assert training.run is not None
    before, begin = training.run.nodes(), time.monotonic()
    training.until(training.steps + _FULL_STEPS)
    ended = sorted(name for name, process in before.items() if training.run.nodes().get(name) != process)
    largest = max(path.stat().st_size for path in training.folder.rglob("*") if path.is_file())
    facts: dict[str, Any] = {"largest": largest, "wrong": [f"ended: {', '.join(ended)}"] if ended else []}
    facts["told"] = training.complaints(begin)
    kill_all(training)
    return facts


def faults() -> list[Fault]:
    """All of them."""

    def row(name: str, *damage: Damage, act: Any = kill_all, **options: Any) -> Fault:
        return Fault(name, Holds.RESUMES, act, cut_off, options={"damage": damage, **options})

    return [
        row("kill all early", first=_EARLY_STEPS),
        *(row(f"kill all {n + 1}") for n in range(3)),
        *(row(f"kill {node}, then all", act=kill_one(node)) for node in ("driver", "collector", "learner")),
        row("write-ahead log torn", tear(*_WRITE_AHEAD)),
        row("write-ahead log with a flipped byte", flip(*_WRITE_AHEAD, place=0.98), names=".wal"),
        row("checkpoint with a flipped byte", flip(*_LEARNER), names="checkpoint"),
        row("checkpoint cut", cut(*_LEARNER), names="checkpoint"),
        row("config.yaml cut", cut("config.yaml"), names="config.yaml", refusal=True),
        row("disk full", act=until_full, prepare=limit_files, lost=None),
    ]
