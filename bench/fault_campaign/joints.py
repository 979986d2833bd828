# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""The robot's process, and what its joints did, from the log that it writes itself."""

from __future__ import annotations

import json
import math
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fault_campaign.robot import LOG, SOCKET
from fault_campaign.stand_in import FAULT

_STILL = 1e-9  # rad/s


@dataclass(frozen=True)
class Moment:
    """From here on the joints did something else.

    Attributes:
        time: Steady clock [s].
        target: Velocities [rad/s]; None is the safe action.
        why: What the robot was told, or ``expired``.
        process: Who told it.
    """

    time: float
    target: list[float] | None
    why: str
    process: int

    @property
    def moves(self) -> bool:
        """Whether the joints move."""
        return self.target is not None and any(abs(value) > _STILL for value in self.target)


class Joints:
    """Starts a robot and reads its log.

    Args:
        folder: Where the robot keeps its files.
        joints: How many it has.
    """

    def __init__(self, folder: Path, joints: int = 2) -> None:
        self.folder = folder
        self._number = 0
        program = Path(__file__).with_name("robot.py")
        self._process = subprocess.Popen([sys.executable, str(program), str(folder), str(joints)])
        end = time.monotonic() + 30.0
        while not (folder / SOCKET).exists():
            if self._process.poll() is not None or time.monotonic() > end:
                raise RuntimeError("the robot did not start")
            time.sleep(0.02)

    def close(self) -> None:
        """Switch the robot off."""
        self._process.kill()
        self._process.wait()

    def fail(self, call: str, how: str, times: int = 1, seconds: float = 0.0) -> None:
        """Let the robot's link fail from now on; see `stand_in`."""
        self._number += 1
        asked = {"number": self._number, "call": call, "how": how, "times": times, "seconds": seconds}
        partial = self.folder / f"{FAULT}.partial"
        partial.write_text(json.dumps(asked))
        partial.replace(self.folder / FAULT)

    def heal(self) -> None:
        """Let the link work again."""
        self.fail("", "", times=0)

    def moments(self, since: float = 0.0) -> list[Moment]:
        """What the joints did since then [s], beginning with what they were doing at that time."""
        lines = (self.folder / LOG).read_text().splitlines()
        moments = [Moment(**json.loads(line)) for line in lines]
        earlier = [moment for moment in moments if moment.time <= since]
        return earlier[-1:] + [moment for moment in moments if moment.time > since]

    def moved_until(self, since: float, end: float = math.inf) -> float | None:
        """The last time between the two [s] at which the joints moved; None if they stood still."""
        last = [until for start, until in self.movements(since, end)]
        return max(last) if last else None

    def movements(self, since: float, end: float) -> Iterator[tuple[float, float]]:
        """When the joints moved between the two times, as pairs of beginning and end [s]."""
        moments = self.moments(since)
        now = time.monotonic()
        for moment, following in zip(moments, [*moments[1:], None], strict=True):
            until = min(end, following.time if following is not None else now)
            start = max(since, moment.time)
            if moment.moves and until > start:
                yield start, until

    def obeyed(self, value: float, since: float) -> bool:
        """Whether a joint was ever told this velocity [rad/s]."""
        targets = [moment.target for moment in self.moments(since) if moment.target is not None]
        return any(abs(joint - value) < 1e-6 for target in targets for joint in target)

    def told(self, since: float) -> list[str]:
        """What the robot was told since then that changed what it does."""
        return [moment.why for moment in self.moments(since) if moment.time > since]


def described(moments: list[Moment]) -> list[dict[str, Any]]:
    """For the results."""
    return [{"time": moment.time, "target": moment.target, "why": moment.why} for moment in moments]
