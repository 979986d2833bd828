# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""What a run came to: how far it walked, how close it reached, what it moved by the truth, and how it kept its time."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from pathlib import Path
from typing import Any

import numpy as np
from diagnostic_msgs.msg import DiagnosticArray

from loop.cases import GOALS, MOVES, NAVIGATES, WALKS
from ros_rl.nodes.log_reader import read_ticks
from ros_rl.nodes.messages import deserialised
from ros_rl.robot import Robot
from ros_rl.runs.mcap_reading import LogFile
from ros_rl.tasks.arm.bins import TWO_BINS, moved
from ros_rl.types import Array, SafetyState, Tick

_COUNTS = {"deadline misses": "misses", "periods too long": "long_periods", "commands limited": "limited"}
_ANSWERS = {f"tick to command {name} [ms]": f"answer_{name}_ms" for name in ("p50", "p99", "max")}
_SETTLES = 1.0  # s after which the pace of a walk counts


@dataclass
class Episode:
    """Where a robot was, tick by tick, while its agent acted."""

    times: list[float] = field(default_factory=list)
    """[s]"""
    places: list[Array] = field(default_factory=list)
    """Of its base or its tool [m]."""
    things: list[Array] = field(default_factory=list)
    """Of what can be moved [m], each shape (things, 3)."""
    goal: Array | None = None
    """Of the tool, or of the base along the ground [m]."""
    cut: bool = False
    """Whether it ended before its time."""

    def figure(self, does: str) -> float | None:
        """Mean velocity over ground [m/s], things moved [1/min], or distance from the goal [m]; None if it tells none.

        The distance of a reach is that at the end, that of a way over ground the mean of all ticks.
        """
        if does == MOVES:
            return None if self.cut else self._moved() * 60.0 / (self.times[-1] - self.times[0])
        if does != WALKS:
            if self.cut or self.goal is None:
                return None
            distances = np.linalg.norm(np.array(self.places)[:, : self.goal.size] - self.goal, axis=-1)
            return float(distances.mean() if does == NAVIGATES else distances[-1])
        first = int(np.searchsorted(self.times, self.times[0] + _SETTLES))
        if first >= len(self.times) - 1:
            return None
        way = self.places[-1][:2] - self.places[first][:2]
        return float(np.linalg.norm(way)) / (self.times[-1] - self.times[first])

    def _moved(self) -> int:
        return sum(len(moved(TWO_BINS, places)) for places in np.swapaxes(self.things, 0, 1))


def figures_of(episodes: Iterable[Episode], does: str) -> list[float]:
    """Of each episode that tells something."""
    return [figure for episode in episodes if (figure := episode.figure(does)) is not None]


def episodes_of(ticks: Sequence[Tick], truth: Path, length: int, does: str) -> list[Episode]:
    """The episodes of a log, with the stand-in's truth in place of what was measured.

    Args:
        ticks: Of the log.
        truth: What the stand-in wrote.
        length: Control periods of a whole episode.
        does: See `Case`.
    """
    known = np.loadtxt(truth, ndmin=2)
    found = []
    running = [tick for tick in ticks if tick.safety is SafetyState.RUNNING]
    for _, group in groupby(running, key=lambda tick: tick.episode):
        own = list(group)
        times = [1e-9 * tick.stamp for tick in own]
        seen = np.stack([np.interp(times, known[:, 0], place) for place in known[:, 1:].T], axis=1).reshape(
            len(own), -1, 3
        )
        goal = own[-1].inputs.get(GOALS.get(does, ""))
        found.append(Episode(times, list(seen[:, 0]), list(seen[:, 1:]), goal, cut=own[-1].step < length - 1))
    return found


def timing(folder: Path, ticks: Sequence[Tick]) -> dict[str, Any]:
    """How the driver kept its time, by its own diagnostics and its ticks.

    Args:
        folder: Of the log.
        ticks: In it.
    """
    told = _last_diagnostics(folder)
    found: dict[str, Any] = {short: int(told[name]) for name, short in _COUNTS.items() if name in told}
    found |= {short: float(told[name]) for name, short in _ANSWERS.items() if name in told}
    pairs = [(a, b) for a, b in zip(ticks, ticks[1:], strict=False) if a.safety is b.safety is SafetyState.RUNNING]
    found["longest_tick_ms"] = max((1e-6 * (b.stamp - a.stamp) for a, b in pairs), default=0.0)
    found["ticks"] = len(pairs)
    found["fault"] = told.get("fault", "")
    return found


def _last_diagnostics(folder: Path) -> dict[str, str]:
    """The driver's last, but the fault is the last that there was."""
    told: dict[str, str] = {}
    for path in sorted(folder.glob("*.mcap")):
        for topic, data, _ in LogFile(path).messages():
            if topic != "/diagnostics":
                continue
            for status in deserialised(data, DiagnosticArray).status:
                if "/driver:" in status.name:
                    fault = told.get("fault", "")
                    told = {item.key: item.value for item in status.values}
                    told["fault"] = told.get("fault", "") or fault
    return told


def ticks_of(folder: Path, robot: Robot) -> list[Tick]:
    """All whole ticks of a run's log."""
    return list(read_ticks(folder, robot))
