# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""A legged robot walks at its stand-in, and nothing is wrong: whatever stops it does so falsely.

Unless it really fell, by the truth: then a person picks it up and lets it go on. Or unless the stand-in, whose machine
has other work, was late itself, by its own clock: then the robot really was silent.
"""

from __future__ import annotations

import time
from bisect import bisect_left
from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np

from robot_campaign.robots import SUBJECTS
from robot_campaign.visit import Visit
from ros_rl.rotations import quaternion_to_matrix
from ros_rl.stand_ins.person import FALLEN
from ros_rl.types import Array

_LOOK = 0.1  # s
_SILENT = 0.05  # s without a turn of the stand-in's, which is what the motor process allows (`silence_limit`)
_BEFORE = 1.0  # s before a stop in which that counts
_LIES = 3.0  # s until somebody has picked it up
WALKERS = {"a1": "a1_walk", "go2": "go2_walk"}
"""Robots that walk, and the tasks of their agents."""


@dataclass
class Walk:
    """What was seen."""

    robot: str
    minutes: float = 0.0
    """For which it was acting."""
    metres: float = 0.0
    ended: int = 0
    """Episodes that the task itself ended."""
    falls: list[str] = field(default_factory=list)
    """Why it was stopped when it had fallen, each time, and after how many minutes of walking."""
    trips: list[str] = field(default_factory=list)
    """Why it was stopped falsely, each time."""
    silences: list[str] = field(default_factory=list)
    """The same of stops in front of which the stand-in was late by its own clock, with how late that was."""
    held: int = 0
    """Ticks at which its driver held it, since the state was late or stood."""
    missed: int = 0
    """Ticks that its controller missed."""
    longest: float = 0.0
    """Time from one turn of the stand-in's to the next [s]."""


def gap(turns: Iterable[float], begin: float, end: float) -> float:
    """Longest time from one turn to the next, of those that reach into a while [s].

    Args:
        turns: When they were [s, steady clock].
        begin: Of the while [s].
        end: Of the while [s]; the time from the last turn until then counts.
    """
    times = [when for when in list(turns) if when <= end]
    first = bisect_left(times, begin)
    times = [*times[max(first - 1, 0) :], end]
    return max((late - early for early, late in pairwise(times)), default=0.0)


def walk(robot: str, minutes: float) -> Walk:
    """Let it walk for so long [min], or until Ctrl-C; after a stop a person arms it anew."""
    visit, found = Visit(SUBJECTS[robot], WALKERS[robot]), Walk(robot)
    visit.stand_in.person.rescues = True
    try:
        if not visit.run():
            found.trips.append(f"does not act: {visit.state()} {visit.said('refused')}")
            return found
        place = _place(visit)
        last, end, acted = time.monotonic(), time.monotonic() + 60.0 * minutes, True
        while time.monotonic() < end:
            time.sleep(_LOOK)
            now, state, here = time.monotonic(), visit.state()[0], _place(visit)
            if state == "RUNNING":
                found.minutes += (now - last) / 60.0
                found.metres += float(sum((here - place) ** 2) ** 0.5)
            last, place = now, here
            found.longest = max(found.longest, gap(visit.stand_in.turns, now - 2.0 * _LOOK, now))
            acted = acted or state == "RUNNING"
            if state == "FAULT":
                if acted:  # what stops it as it is set up again is no stop of a walk
                    _note(visit, found, now)
                acted = False
                _let_go_on(visit)
    except KeyboardInterrupt:
        pass
    finally:
        found.ended = len(visit.said("terminated"))
        for line in visit.said("held"):
            found.held, found.missed = line["held"], line["missed"]
        visit.close()
    return found


def _place(visit: Visit) -> Array:
    return np.array(visit.stand_in.body.truth().base_position[:2])


def _note(visit: Visit, found: Walk, now: float) -> None:
    """Whether it fell, its stand-in was silent, or it was stopped falsely."""
    reason, when = visit.state()[1], visit.faulted() or now
    late = gap(visit.stand_in.turns, when - _BEFORE, when)
    up = quaternion_to_matrix(visit.stand_in.body.measurement["base_orientation"])[2, 2]
    told = f"after {found.minutes:.1f} min: {reason}"
    if late > _SILENT:
        found.silences.append(f"{told} (the robot was silent for {late:.3f} s)")
    elif up < np.cos(FALLEN):
        found.falls.append(told)
    else:
        found.trips.append(f"{told} (the robot was silent for no more than {late:.3f} s)")


def _let_go_on(visit: Visit) -> None:
    """Pick it up if it lies, and do what an operator does."""
    visit.wait(lambda: False, _LIES)
    visit.tell("clear")
    visit.tell("arm")
    visit.wait(lambda: visit.state()[0] in ("READY", "FAULT") and not visit.stand_in.person.carries)
    visit.tell("resume")
    visit.wait(lambda: visit.state()[0] in ("RUNNING", "FAULT"), 5.0)
