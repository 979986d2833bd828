# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""How the pictures of a camera come that is not there: so many a second, and late."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

T = TypeVar("T")
_STEP = 0.002  # s, between two looks at what is due


@dataclass(frozen=True)
class LateCamera:
    """How it works.

    Attributes:
        rate_hz: Pictures per second [Hz].
        latency: From a picture to its message [s].
    """

    rate_hz: float = 30.0
    latency: float = 0.05

    def live(self, ended: threading.Event, take: Callable[[], tuple[int, T]], tell: Callable[[int, T], None]) -> None:
        """Take pictures, and tell each when it is due, until the end.

        Args:
            ended: Says so.
            take: Gives the time [ns since 1970], and what is to be seen then.
            tell: Is given both again.
        """
        waiting: deque[tuple[int, T]] = deque()
        due = 0
        while not ended.wait(_STEP):
            now = time.time_ns()
            if now >= due:
                due = max(due, now - round(1e9 * _STEP)) + round(1e9 / self.rate_hz)
                waiting.append(take())
            while waiting and time.time_ns() - waiting[0][0] >= 1e9 * self.latency:
                tell(*waiting.popleft())


USUAL = LateCamera()
