# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""What all stand-ins are: they serve, they remember what reached them, and they play faults."""

from __future__ import annotations

import math
import threading
import time
from abc import ABC, abstractmethod
from bisect import bisect_left
from collections import deque
from collections.abc import Callable, Mapping
from typing import Any, ClassVar, NamedTuple

import numpy as np

from ros_rl.errors import ConfigError, UnknownNameError
from ros_rl.stand_ins.surroundings import Surroundings
from ros_rl.types import Array, Pose

_FIRST_ADDRESS, _SECOND_ADDRESS = "127.0.0.1", "127.0.0.2"
SECOND: Mapping[str, str] = {"second": f"listens at {_SECOND_ADDRESS}, beside another robot's stand-in"}
"""The option of those whose ports are fixed, so that two on one machine need two addresses."""
_KEPT = 200_000  # what reached it last; some minutes at 500 Hz
_PATIENCE = 5.0  # s, for a thread that is to end


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
        self._playing: frozenset[str] = frozenset()
        self._lock = threading.Lock()
        self._noted: deque[tuple[float, Any]] = deque(maxlen=_KEPT)
        self._ended = threading.Event()
        self._threads: list[threading.Thread] = []

    @classmethod
    def with_options(cls, options: tuple[str, ...]) -> StandIn:
        """One that differs, by names of `options`."""
        return cls()

    @classmethod
    def around(cls, surroundings: Surroundings, options: tuple[str, ...]) -> StandIn:
        """One that stands where a task has its robot.

        Args:
            surroundings: The task's robot, scene and objects.
            options: See `with_options`.

        Raises:
            ConfigError: It cannot be that robot, or it stands nowhere else than it does.
        """
        raise ConfigError(f"the stand-in of robot '{cls.robot}' stands in no task's scene; an xArm's and a UR's do")

    @property
    def things(self) -> Mapping[str, Pose]:
        """Where the objects of its surroundings really are, in its base; from any thread."""
        return {}

    @property
    def posture(self) -> Array:
        """Where the joints of its robot in a task's scene really are [rad or m], shape (joints,); from any thread."""
        return np.zeros(0)

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
            self._playing |= {fault}

    def heal(self, fault: str) -> None:
        """End a fault; one that is not played does no harm."""
        with self._lock:
            self._playing -= {fault}

    def plays(self, fault: str) -> bool:
        """Whether a fault is played now."""
        return fault in self._playing

    @property
    def is_well(self) -> bool:
        """Whether no fault is played now."""
        return not self._playing

    def _begin(self, live: Callable[[], None]) -> None:
        """Have a thread of its own do this, which ends when `_ended` is set."""
        self._threads.append(threading.Thread(target=live, name=f"stand-in {self.robot}", daemon=True))
        self._threads[-1].start()

    def _end(self) -> None:
        """End all threads."""
        self._ended.set()
        for thread in self._threads:
            thread.join(_PATIENCE)
        self._threads.clear()

    def note(self, what: Any) -> None:
        """Remember what a driver sent.

        Whoever runs in real time gives numbers, texts and arrays: of some 100,000 things that Python's garbage
        collector has to look through it would be held up for 0.1 s at a time.
        """
        self._noted.append((time.monotonic(), what))

    def _understood(self, what: Any) -> Any:
        """What `note` was given, where it is kept in another form."""
        return what

    @property
    def received(self) -> list[Received]:
        """What reached it, in the order of time."""
        return self.since(-math.inf)

    def since(self, moment: float) -> list[Received]:
        """What reached it from a moment on [s, steady clock]."""
        noted = list(self._noted)
        return [Received(when, self._understood(what)) for when, what in noted[bisect_left(noted, (moment,)) :]]


def host_of(options: tuple[str, ...]) -> str:
    """Address of this machine at which a stand-in listens that has the option `SECOND`."""
    return _SECOND_ADDRESS if "second" in options else _FIRST_ADDRESS
