# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""What a fault is, what has to hold after it, and what was found."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from ros_rl.types import SafetyState

DISARMED, READY = SafetyState.DISARMED, SafetyState.READY
FAULT, STOP = SafetyState.FAULT, SafetyState.EMERGENCY_STOP


class Holds(Enum):
    """What has to hold after a fault."""

    STOPS = "stops"
    """Nothing moves from some periods after it on, until the operator lets it."""
    HARMLESS = "harmless"
    """The same processes go on, the robot too, and nobody else's command acts."""
    RESTARTS = "restarts"
    """A process that the robot does not need is replaced while the robot goes on."""
    ENDS = "ends"
    """All processes are gone in time, after the robot's safe action, and the log can be read."""
    RESUMES = "resumes"
    """At most a second of transitions is missing after `--resume`."""
    READABLE = "log readable"
    """What was written can be read, and what is missing is named."""
    APART = "keep apart"
    """Two runs do not meet."""
    REFUSES = "refuses"
    """It ends before anything moves, with a line that says why."""


@dataclass(frozen=True)
class Fault:
    """One row of the campaign.

    Attributes:
        name: For the table and ``--only``.
        holds: What has to hold.
        act: Brings it about; given the scene, it returns facts for the results, among them ``began`` [s, steady
            clock] where the fault begins later than the call.
        within: Control periods after which nothing may move any more.
        state: The driver's safety state in the end, where it stops.
        judge: Brings it about and says what was found, given the scene and the fault.
        watch: How long what follows is watched [s].
        options: Of the scene that it needs, by name.
    """

    name: str
    holds: Holds
    act: Callable[[Any], dict[str, Any] | None]
    judge: Callable[[Any, Fault], Outcome]
    within: float = 3.0
    state: tuple[SafetyState, ...] = (FAULT,)
    watch: float = 3.0
    options: dict[str, Any] = field(default_factory=dict)


@dataclass
class Outcome:
    """What was found; `wrong` names each thing that did not hold."""

    fault: str
    holds: str
    wrong: list[str] = field(default_factory=list)
    reaction: float | None = None
    """Control periods until the joints stood still; None if they had to go on, or stood still already."""
    reached: str = ""
    """What reached the joints from then on."""
    lost: float | None = None
    """Transitions lost, as time [s]."""
    told: list[str] = field(default_factory=list)
    facts: dict[str, Any] = field(default_factory=dict)

    @property
    def safe(self) -> bool:
        """Whether everything held."""
        return not self.wrong


def shuffled(seed: int, name: str) -> random.Random:
    """Random moments that depend on the seed and the fault alone."""
    return random.Random(f"{seed} {name}")
