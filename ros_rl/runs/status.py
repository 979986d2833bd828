# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""How the nodes of a run are, in words for a terminal: on request, and by itself when something lasts."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any

from ros_rl.settings.nodes import NODES

_OK, ERROR = 0, 2
"""Level of a node that does not work (`diagnostic_msgs/DiagnosticStatus`)."""
_SILENT = 3
_LEVELS = {_OK: "OK", 1: "WARN", ERROR: "ERROR", _SILENT: "SILENT"}
_MINUTES = ("robot_minutes", "robot minutes")
_LASTING_SECONDS = 1.5  # a simulation that recovers by itself is in a fault for one period
_GONE_SECONDS = 1.9  # diagnostics come once a second; one without the complaint may be chance
_AGAIN_SECONDS = 60.0
_SILENT_SECONDS = 3.5  # of a node whose diagnostics come once a second
_STOP, _READY, _RUNNING = "EMERGENCY_STOP", "READY", "RUNNING"
_SWITCH = "dead man's switch"
_LATCHED = {_STOP: "clear", "FAULT": "clear"}
_RELEASE = _LATCHED | {"DISARMED": "arm", _READY: "resume"}
"""States of the driver in which commands do not act, and the command of ``ros-rl`` that leads on."""
_HANGS = {"driver": "; ros-rl stop may not reach it, use the robot's own stop"}


@dataclass(frozen=True)
class NodeStatus:
    """What a node says of itself."""

    namespace: str
    node: str
    level: int
    message: str
    figures: Mapping[str, str]

    @property
    def path(self) -> str:
        """Its full name."""
        return f"{self.namespace.rstrip('/')}/{self.node}"

    @classmethod
    def of(cls, name: str, level: Any, message: str, figures: Mapping[str, str]) -> NodeStatus | None:
        """Read an entry of ``/diagnostics``; None if it is of no node of ours."""
        namespace, _, node = name.partition(":")[0].rpartition("/")
        number = level[0] if isinstance(level, bytes) else int(level)
        return cls(namespace or "/", node, number, message, figures) if node in NODES else None

    @classmethod
    def silent(cls, path: str) -> NodeStatus:
        """Of a node that is there and says nothing."""
        namespace, _, node = path.rpartition("/")
        return cls(namespace or "/", node, _SILENT, "it hangs, or its process has just begun or ended", {})


def status_screen(found: Iterable[NodeStatus]) -> str:
    """One line for each node, and below them what the robot is at."""
    rows = []
    for namespace, items in groupby(sorted(found, key=lambda one: one.path), key=lambda one: one.namespace):
        nodes = list(items)
        rows.append(namespace)
        width = max(12, *(len(one.node) + 2 for one in nodes))
        rows += [f"  {one.node:<{width}}{_LEVELS.get(one.level, one.level):<7}{one.message}" for one in nodes]
        figures = {one.node: one.figures for one in nodes}
        driver = figures.get("driver", {})
        fault = driver.get("fault", "unknown") or "none"
        minutes = next((values[name] for values in figures.values() for name in _MINUTES if name in values), "unknown")
        rows.append(f"  safety state {driver.get('safety state', 'unknown')}, fault: {fault}, robot minutes {minutes}")
    return "\n".join(rows)


@dataclass
class _Complaint:
    """What a node complains of, for as long as it does."""

    since: float
    heard: float
    said: dict[str, float] = field(default_factory=dict)
    """By its kinds, when it was said last [s]."""


class Announcements:
    """Says what lasts: an error or silence of a node, a driver that lets nothing move; again now and then, and its end.

    Args:
        namespace: Of the nodes.
    """

    def __init__(self, namespace: str) -> None:
        space = namespace.strip("/")
        self._option = f" --namespace {space}" if space else ""
        self._complaints: dict[str, _Complaint] = {}
        self._rested = False  # was told of the driver, which has not acted since

    def lines(
        self,
        status: Mapping[str, tuple[int, str]],
        figures: Mapping[str, Mapping[str, str]],
        acting: bool,
        now: float,
        silences: Mapping[str, float] | None = None,
    ) -> list[str]:
        """What is to be said now.

        Args:
            status: Level and message of each node.
            figures: Of each node.
            acting: Whether the driver is active; else only what is latched is said of its state.
            now: Any steady clock [s].
            silences: For how long nodes that are to say how they are have not [s], be it their first word.
        """
        state = figures.get("driver", {}).get("safety state", "")
        told, silences = _RELEASE if acting else _LATCHED, silences or {}
        lines = []
        for node in dict.fromkeys([*status, *silences]):
            (level, message), silence = status.get(node, (_OK, "")), silences.get(node, 0.0)
            if silence > _SILENT_SECONDS:
                lines += self._hear_nothing(node, f"silent for {silence:.0f} s: it hangs{_HANGS.get(node, '')}", now)
            elif node == "driver" and state in told:
                lines += self._hear(node, self._at_rest(state, figures["driver"]), now, urgent=state == _STOP)
            elif level == ERROR:
                lines += self._hear(node, message, now)
            elif node != "driver":
                lines += [f"{node}: works again"] * self._over(node, now)
            else:
                self._rested |= self._over(node, now)
                if self._rested and acting and state == _RUNNING and node not in self._complaints:
                    self._rested = False
                    lines.append("driver: acts again")
        return lines

    def forget(self, node: str) -> None:
        """The process of a node is a new one: what holds of that is news."""
        complaint = self._complaints.pop(node, None)
        self._rested |= node == "driver" and complaint is not None and bool(complaint.said)

    def _hear(self, node: str, text: str, now: float, urgent: bool = False) -> list[str]:
        kind = kind_of(text)
        complaint = self._complaints.setdefault(node, _Complaint(now, now))
        complaint.heard = now
        lasts = now - complaint.since >= _LASTING_SECONDS
        before = complaint.said.get(kind)
        if not (lasts or urgent) or (before is not None and now - before < _AGAIN_SECONDS):
            return []
        complaint.said[kind] = now
        return [f"{node}: {text}" if before is None else f"{node}, for {now - complaint.since:.0f} s now: {text}"]

    def _hear_nothing(self, node: str, text: str, now: float) -> list[str]:
        """A hang; what it says after that is news, also where it says what it did before."""
        lines = self._hear(node, text, now)
        if lines:
            self._complaints[node].said = {kind_of(text): now}
        return lines

    def _over(self, node: str, now: float) -> bool:
        """Whether what was said of a node has ended.

        A complaint that is made in every other second only is one; a driver's fault that clears itself is none.
        """
        complaint = self._complaints.get(node)
        if complaint is None or (now - complaint.heard < _GONE_SECONDS and (complaint.said or node != "driver")):
            return False
        del self._complaints[node]
        return bool(complaint.said)

    def _at_rest(self, state: str, figures: Mapping[str, str]) -> str:
        fault = figures.get("fault", "")
        then = f": ros-rl {_RELEASE[state]}{self._option}"
        if state == _READY and _SWITCH in figures:
            then = " the dead man's switch is held"
        return f"{state}{f' ({fault})' if fault else ''}; nothing moves until{then}"


def kind_of(text: str) -> str:
    """A complaint without its numbers: with others it is no news."""
    return re.sub(r"[\d.]+", "", text)
