# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Publishes large messages in a thread of its own: who has work to do does not wait until they are written."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable
from typing import Any

_END_SECONDS = 5.0


class Outbox:
    """Makes and publishes messages, in the order in which they were given."""

    def __init__(self) -> None:
        self._waiting: queue.SimpleQueue[tuple[Any, Callable[[], Any]] | None] = queue.SimpleQueue()
        self._error: Exception | None = None
        self._thread = threading.Thread(target=self._work, name="outbox", daemon=True)
        self._thread.start()

    def publish(self, publisher: Any, make: Callable[[], Any]) -> None:
        """Publish a message soon.

        Args:
            publisher: Publishes it.
            make: Makes it, in the thread.

        Raises:
            Exception: What went wrong with an earlier one.
        """
        self._check()
        self._waiting.put((publisher, make))

    def close(self) -> None:
        """Publish what waits, and end the thread.

        Raises:
            Exception: As `publish`.
        """
        self._waiting.put(None)
        self._thread.join(timeout=_END_SECONDS)
        self._check()

    def _check(self) -> None:
        error, self._error = self._error, None
        if error is not None:
            raise error

    def _work(self) -> None:
        while (item := self._waiting.get()) is not None:
            publisher, make = item
            try:
                publisher.publish(make())
            except Exception as error:  # whoever published it is told, as if there were no thread
                self._error = error
