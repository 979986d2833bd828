# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""For nodes whose main thread works: ROS spins in a thread of its own."""

from __future__ import annotations

import threading
import traceback
from collections.abc import Callable
from typing import Any

from ros_rl.nodes.running import live, make_executor, spin

_END_SECONDS = 2.0


class Background:
    """Spins a node in a thread.

    Args:
        node: The node.
        stop: Is set when a callback fails: better to end than to be deaf.
    """

    def __init__(self, node: Any, stop: threading.Event | None = None) -> None:
        self.failed = False
        """Whether a callback has failed; its traceback is printed."""
        self._executor = make_executor()
        self._executor.add_node(node)
        self._stop, self._end = stop, threading.Event()
        self._thread = threading.Thread(target=self._spin, daemon=True)
        self._thread.start()

    def _spin(self) -> None:
        try:
            spin(self._executor, self._end)
        except Exception:
            traceback.print_exc()
            self.failed = True
            if self._stop is not None:
                self._stop.set()

    def close(self) -> None:
        """End the thread; the node is left to its owner."""
        self._end.set()
        self._thread.join(timeout=_END_SECONDS)


def run_working(make_node: Callable[[], Any], args: list[str] | None = None) -> int:
    """Run a node whose ``work(stop)`` takes the main thread, until it returns; see `live`."""
    return live(make_node, _work, args)


def _work(node: Any, stop: threading.Event) -> int:
    background = Background(node, stop)
    try:
        node.work(stop)
    finally:
        background.close()
    return 1 if background.failed else 0
