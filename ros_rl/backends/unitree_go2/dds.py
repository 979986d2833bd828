# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""A participant in a DDS domain, over one network interface, and its readers and writers."""

from __future__ import annotations

import socket
import threading
from typing import Any
from xml.sax.saxutils import quoteattr

from ros_rl.backends.unitree_go2 import types
from ros_rl.errors import BackendError, one_line

# isort: split
from cyclonedds.core import DDSException
from cyclonedds.domain import Domain, DomainParticipant
from cyclonedds.pub import DataWriter
from cyclonedds.qos import Policy, Qos
from cyclonedds.sub import DataReader
from cyclonedds.topic import Topic

LOW_COMMAND, LOW_STATE, SPORT_STATE = "rt/lowcmd", "rt/lowstate", "rt/sportmodestate"
_TYPES: dict[str, Any] = {
    LOW_COMMAND: types.LowCmd,
    LOW_STATE: types.LowState,
    SPORT_STATE: types.SportModeState,
    "rt/api/motion_switcher/request": types.Request,
    "rt/api/motion_switcher/response": types.Response,
}
_KEPT = 64
"""Messages that wait for a reader; the oldest are lost first."""
_domains: dict[int, Domain] = {}
_domains_lock = threading.Lock()


class Participant:
    """Somebody in a domain.

    A process is in a domain over one interface; who comes later there is over the first one's.

    Args:
        domain: Its number, 0 to 232.
        interface: Name of the network interface, as ``eth0``; empty: the system's choice.

    Raises:
        BackendError: There is no such interface.
    """

    def __init__(self, domain: int, interface: str) -> None:
        self._entities: list[Any] = []
        _check_interface(interface)
        try:
            with _domains_lock:
                if domain not in _domains:
                    _domains[domain] = Domain(domain, _configuration(interface))
            self._participant: DomainParticipant | None = DomainParticipant(domain)
        except DDSException as error:
            where = f"network interface '{interface}'" if interface else "any network interface"
            raise BackendError(f"cannot join DDS domain {domain} over {where}: {one_line(error)}") from None

    def writer(self, topic: str) -> DataWriter:
        """Of a topic."""
        return self._keep(DataWriter(self._participant, self._topic(topic)))

    def reader(self, topic: str, kept: int = _KEPT, own: bool = True) -> Reader:
        """Of a topic.

        Args:
            topic: Its name.
            kept: How many messages wait at most, the newest ones.
            own: Whether it hears this participant's own writers, too.
        """
        policies = [Policy.History.KeepLast(kept), *([] if own else [Policy.IgnoreLocal.Participant])]
        return Reader(self._keep(DataReader(self._participant, self._topic(topic), qos=Qos(*policies))))

    def close(self) -> None:
        """Leave; once is enough, more do no harm."""
        while self._entities:
            entity = self._entities.pop()
            entity.__del__()  # all that this library has to delete something now
        if self._participant is not None:
            self._participant.__del__()
            self._participant = None

    def _topic(self, name: str) -> Topic:
        return self._keep(Topic(self._participant, name, _TYPES[name]))

    def _keep(self, entity: Any) -> Any:
        self._entities.append(entity)
        return entity


class Reader:
    """What came on a topic.

    Args:
        reader: DDS's.
    """

    def __init__(self, reader: DataReader) -> None:
        self._reader = reader

    def take(self, most: int = 8) -> list[Any]:
        """Those that have come, the oldest first, and are taken so.

        Raises:
            ValueError: One is of another size; it and those beside it are lost.
        """
        return [sample for sample in self._reader.take(most) if sample.sample_info.valid_data]

    @property
    def heard(self) -> bool:
        """Whether anybody writes on its topic."""
        return bool(self._reader.get_matched_publications())


def _check_interface(name: str) -> None:
    there = [interface for _, interface in socket.if_nameindex()]
    if name and name not in there:
        raise BackendError(f"there is no network interface '{name}'; this machine has {', '.join(there)}")


def _configuration(interface: str) -> str:
    named = f"name={quoteattr(interface)}" if interface else 'autodetermine="true"'
    return (
        '<CycloneDDS><Domain Id="any"><General><Interfaces>'
        f'<NetworkInterface {named} priority="default" multicast="default"/>'
        "</Interfaces></General></Domain></CycloneDDS>"
    )
