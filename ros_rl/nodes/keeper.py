# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Which lifecycle nodes are to be active: all, but those that an operator has led elsewhere."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable

from ros_rl.errors import RosRlError
from ros_rl.nodes.lifecycle import ACTIVE, INACTIVE, UNCONFIGURED, ManagedNode, TransitionRefused
from ros_rl.nodes.monitor import MonitorNode

_LOOK_SECONDS = 1.0


class Keeper:
    """Activates lifecycle nodes once, and again only those whose process is a new one.

    What an operator deactivates or cleans up stays so, also when its process is restarted.

    Args:
        monitor: Calls, hears what the nodes complain of, and beats while an answer is waited for.
        names: Of the nodes, in the order in which they become active.
        stop: Ends all waiting.
        say: Prints a line.
        before_first: Called before whatever is asked of a node until one has come up; may raise.
    """

    def __init__(
        self,
        monitor: MonitorNode,
        names: Iterable[str],
        stop: threading.Event,
        say: Callable[[str], None],
        before_first: Callable[[], None],
    ) -> None:
        self._monitor, self._say, self._before_first = monitor, say, before_first
        self._managed = {name: ManagedNode(monitor, name, stop, monitor.beat) for name in names}
        self._waiting = dict.fromkeys(self._managed, ACTIVE)
        self._led_elsewhere: set[str] = set()
        self._processes: dict[str, set[bytes]] = {name: set() for name in self._managed}
        self._came_up: set[str] = set()
        self._doubted: set[str] = set()
        self._looked = 0.0

    @property
    def missing(self) -> str | None:
        """The first node that is not where it is to be."""
        return next(iter(self._waiting), None)

    def awaits(self, name: str) -> bool:
        """Whether a node is on its way to where it is to be, and may be busy with that."""
        return name in self._waiting

    def active(self, name: str) -> bool:
        """Whether a node is active, as far as known."""
        return name in self._managed and name not in self._waiting and name not in self._led_elsewhere

    def rest(self, name: str, timeout: float) -> None:
        """Leave a node inactive; see `ManagedNode.bring_to`."""
        if name in self._managed and name not in self._led_elsewhere:
            self._managed[name].bring_to(INACTIVE, timeout)

    def restarted(self, name: str) -> None:
        """The process of a node is a new one."""
        if name in self._managed:
            self._waiting[name] = INACTIVE if name in self._led_elsewhere else ACTIVE

    def bring_up(self, ready: bool) -> bool:
        """One step towards all being where they are to be; True once they are.

        Args:
            ready: Whether there is something to act by.

        Raises:
            RosRlError: One cannot be configured, or refuses what it is to act by.
        """
        if not self._waiting:
            return True
        if not all([self._step(name, INACTIVE) for name in self._waiting]):
            return False
        for name in [name for name in self._managed if name in self._waiting]:
            if self._waiting[name] == ACTIVE:
                if not ready:
                    return False
                if not self._step(name, ACTIVE):
                    return False
            self._arrived(name)
        return True

    def look(self) -> None:
        """See what has become of the nodes; call it often, it looks once a second."""
        if time.monotonic() - self._looked < _LOOK_SECONDS:
            return
        self._looked = time.monotonic()
        for name, managed in self._managed.items():
            if name not in self._waiting:
                ids = self._ids(name)
                self._judge(name, managed.state(), ids)

    def _judge(self, name: str, state: int | None, ids: set[bytes]) -> None:
        if state is None:
            return  # its process may be ending
        if state == ACTIVE:
            self._doubted.discard(name)
            self._processes[name] |= ids
            if name in self._led_elsewhere:
                self._led_elsewhere.discard(name)
                self._say(f"{name} was activated again, by somebody else")
        elif state == UNCONFIGURED and ids - self._processes[name]:
            self._say(f"{name} came back unconfigured: its process is a new one")
            self.restarted(name)
        elif state == UNCONFIGURED and name not in self._led_elsewhere and name not in self._doubted:
            self._doubted.add(name)  # a new process may not have been heard of yet
        elif name not in self._led_elsewhere:
            self._led_elsewhere.add(name)
            self._say(f"{name} was led out of its active state by somebody else, and is left so")

    def _arrived(self, name: str) -> None:
        target = self._waiting.pop(name)
        self._processes[name] |= self._ids(name)
        self._doubted.discard(name)
        self._monitor.state.come_up(name)
        if name in self._came_up:
            self._say(f"{name} is active again" if target == ACTIVE else f"{name} is inactive, as it was before")
        self._came_up.add(name)

    def _ids(self, name: str) -> set[bytes]:
        """What tells a node's process from an earlier one of the same name."""
        space = self._monitor.get_namespace()
        found = self._monitor.get_publishers_info_by_topic("/diagnostics")
        return {bytes(one.endpoint_gid) for one in found if (one.node_name, one.node_namespace) == (name, space)}

    def _step(self, name: str, target: int) -> bool:
        managed = self._managed[name]
        if not self._came_up:
            self._before_first()
        try:
            if target == INACTIVE and managed.state() == ACTIVE:
                return True
            return managed.step_towards(target)
        except TransitionRefused:
            reason = self._monitor.problem(name)
            if target == INACTIVE or (name == "controller" and "refused" in reason):
                raise RosRlError(f"{name}: {reason or 'cannot be configured; see its log'}") from None
            return False
