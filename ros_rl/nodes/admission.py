# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Who may say what: admits the messages of the nodes that are expected on a topic, one process of each. No ROS.

A publisher is known by its GID (the first 16 bytes, which all versions give alike), and the graph says which node has
it. Of two processes that both call themselves ``driver`` the first that was heard is kept, until its publisher leaves
the graph or was silent for long enough: a process that was killed stays in the graph for up to 20 s.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from enum import Enum

_LOOK_SECONDS = 0.1  # between two looks at the graph
_GID_BYTES = 16
_NAMELESS = ("_NODE_NAME_UNKNOWN_", "")  # the node of a publisher that the graph has heard of, but not yet whose it is
Look = Callable[[], Iterable[tuple[bytes, str]]]
"""The publishers of a topic: GID, and full name of the node."""


class Answer(Enum):
    """What becomes of a message."""

    ADMITTED = 0
    UNKNOWN = 1
    """The graph does not say yet whose it is."""
    STRANGER = 2
    """It comes from a node that is not expected here."""
    SECOND = 3
    """It comes from a second process of an expected node, while the first lives."""


@dataclass
class _Owner:
    """The process that speaks for a node."""

    gid: bytes
    heard: float


class Admission:
    """Judges the publishers of one topic.

    Args:
        expected: Full names of the nodes that may speak; None: any, but one at a time.
        silence: Time without a message after which another process of the same name may take over [s].
        look: At the graph.
    """

    def __init__(self, expected: tuple[str, ...] | None, silence: float, look: Look) -> None:
        self.expected, self._silence, self._look = expected, silence, look
        self._owners: dict[str, _Owner] = {}
        self._names: Mapping[bytes, str] = {}
        self._looked = float("-inf")

    def judge(self, gid: bytes, now: float) -> Answer:
        """Judge a message.

        Args:
            gid: Of its publisher.
            now: Steady clock [s].
        """
        gid = gid[:_GID_BYTES]
        for owner in self._owners.values():
            if owner.gid == gid:
                owner.heard = now
                return Answer.ADMITTED
        name = self._name(gid, now)
        if name is None:
            return Answer.UNKNOWN
        if self.expected is not None and name not in self.expected:
            return Answer.STRANGER
        role = name if self.expected is not None else "any"
        if role in self._owners and not self._gone(self._owners[role], now):
            return Answer.SECOND
        self._owners[role] = _Owner(gid, now)
        return Answer.ADMITTED

    def name(self, gid: bytes) -> str:
        """The node of a publisher, for messages."""
        return self._names.get(gid[:_GID_BYTES], "a node that the graph does not know")

    def crowd(self, now: float) -> tuple[str, ...]:
        """Nodes on this topic beyond those expected, by what the graph says: where messages do not tell their sender.

        Args:
            now: Steady clock [s].
        """
        self._refresh(now)
        found = list(self._names.values())
        if self.expected is None:
            return tuple(found[1:])
        for name in self.expected:
            if name in found:
                found.remove(name)
        return tuple(found)

    def _gone(self, owner: _Owner, now: float) -> bool:
        if now - owner.heard > self._silence:
            return True
        self._refresh(now)
        return owner.gid not in self._names

    def _name(self, gid: bytes, now: float) -> str | None:
        name = self._names.get(gid)
        if name is None:
            self._refresh(now)
            name = self._names.get(gid)
        return name

    def _refresh(self, now: float) -> None:
        if now - self._looked < _LOOK_SECONDS:
            return
        self._looked = now
        self._names = {gid[:_GID_BYTES]: name for gid, name in self._look() if name.rpartition("/")[2] not in _NAMELESS}
