# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""A legged robot walks at its stand-in, and nothing is wrong: whatever stops it does so falsely."""

from __future__ import annotations

import time
from dataclasses import dataclass, field

from robot_campaign.robots import SUBJECTS
from robot_campaign.visit import Visit

_LOOK = 0.1  # s
WALKERS = {"a1": "a1_walk", "go2": "go2_walk"}
"""Robots that walk, and the tasks of their agents."""


@dataclass
class Walk:
    """What was seen."""

    robot: str
    minutes: float = 0.0
    """For which it was acting."""
    metres: float = 0.0
    falls: int = 0
    """Episodes that the task itself ended."""
    trips: list[str] = field(default_factory=list)
    """Why it was stopped, each time."""


def walk(robot: str, minutes: float) -> Walk:
    """Let it walk for so long [min]; after a stop it is armed anew."""
    visit, found = Visit(SUBJECTS[robot], WALKERS[robot]), Walk(robot)
    try:
        if not visit.run():
            found.trips.append(f"does not act: {visit.state()} {visit.said('refused')}")
            return found
        place = visit.stand_in.body.truth().base_position[:2]
        last, end = time.monotonic(), time.monotonic() + 60.0 * minutes
        while time.monotonic() < end:
            time.sleep(_LOOK)
            now, state = time.monotonic(), visit.state()[0]
            here = visit.stand_in.body.truth().base_position[:2]
            if state == "RUNNING":
                found.minutes += (now - last) / 60.0
                found.metres += float(sum((here - place) ** 2) ** 0.5)
            last, place = now, here
            if state == "FAULT":
                found.trips.append(visit.state()[1])
                for order in ("clear", "arm", "resume"):
                    visit.tell(order)
                visit.wait(lambda: visit.state()[0] != "FAULT", 5.0)
        found.falls = len(visit.said("terminated"))
    finally:
        visit.close()
    return found
