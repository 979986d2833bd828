# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""What all stand-ins are: they serve, they remember what reached them, and they play faults."""

from __future__ import annotations

import threading
import time
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Mapping
from typing import Any, ClassVar, NamedTuple

from ros_rl.errors import UnknownNameError
from ros_rl.types import Array

SECOND_ADDRESS = "127.0.0.2"
"""Of a stand-in on this machine beside another robot's at 127.0.0.1."""
_KEPT = 200_000  # what reached it last; some minutes at 500 Hz


class Received(NamedTuple):
    """Something that a driver sent."""

    time: float
    """Steady clock [s]."""
    what: Any
    """As the stand-in understood it."""


class StandIn(ABC):
    """A robot that is not there.

    Its own threads serve; `play` and `heal` may be called from any thread.
    """

    robot: ClassVar[str]
    """Name of the robot that it is, as in `config/robots`."""
    faults: ClassVar[Mapping[str, str]]
    """What each fault does, by name."""
    options: ClassVar[Mapping[str, str]] = {}
    """In what it may differ from the robot that one usually meets, by name."""

    def __init__(self) -> None:
        self._playing: set[str] = set()
        self._lock = threading.Lock()
        self.received: deque[Received] = deque(maxlen=_KEPT)
        """What reached it, in the order of time."""

    @classmethod
    def with_options(cls, options: tuple[str, ...]) -> StandIn:
        """One that differs, by names of `options`."""
        return cls()

    @property
    @abstractmethod
    def address(self) -> str:
        """Where it listens, in the words of the driver's settings."""

    @property
    @abstractmethod
    def place(self) -> Array:
        """Where its base, or the tool of an arm, really is [m], shape (3,)."""

    @abstractmethod
    def start(self) -> None:
        """Serve from now on.

        Raises:
            BackendError: The address is taken.
        """

    @abstractmethod
    def close(self) -> None:
        """Serve no more; once is enough, more do no harm."""

    @abstractmethod
    def describe(self) -> str:
        """What it does at the moment, in one line."""

    def play(self, fault: str) -> None:
        """Begin a fault.

        Raises:
            UnknownNameError: It knows no such fault.
        """
        if fault not in self.faults:
            raise UnknownNameError("fault", fault, self.faults)
        with self._lock:
            self._playing.add(fault)

    def heal(self, fault: str) -> None:
        """End a fault; one that is not played does no harm."""
        with self._lock:
            self._playing.discard(fault)

    def plays(self, fault: str) -> bool:
        """Whether a fault is played now."""
        with self._lock:
            return fault in self._playing

    def note(self, what: Any) -> None:
        """Remember what a driver sent."""
        self.received.append(Received(time.monotonic(), what))

    def since(self, moment: float) -> list[Received]:
        """What reached it from a moment on [s, steady clock]."""
        return [item for item in list(self.received) if item.time >= moment]
