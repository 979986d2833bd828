# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""What a terminal is warned of while it lasts, such as what the watch on values finds, or a full disk."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable

from ros_rl.runs.status import kind_of

_SECONDS = 60.0


class Warnings:
    """Says each warning at once and again every minute, whatever its numbers are by then.

    Args:
        say: Prints a line.
    """

    def __init__(self, say: Callable[[str], None]) -> None:
        self._say = say
        self._said: dict[str, float] = {}

    def tell(self, warnings: Iterable[str], now: float, source: str = "") -> None:
        """Say what is due of what is wrong now.

        Args:
            warnings: A line each.
            now: Any steady clock [s].
            source: Whose they are, e.g. a node.
        """
        for warning in warnings:
            line = f"{source}: {warning}" if source else warning
            kind = kind_of(line)
            if now - self._said.get(kind, -math.inf) >= _SECONDS:
                self._said[kind] = now
                self._say(f"warning: {line}")
