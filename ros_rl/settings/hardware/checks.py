# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""What several drivers refuse in their settings: no addresses, no names, rates that are too low."""

from __future__ import annotations

import ipaddress
import re

from ros_rl.errors import ConfigError, TimingError
from ros_rl.robot import Robot
from ros_rl.ros_names import check_namespace

_LABEL = re.compile(r"(?!-)[A-Za-z0-9_-]{1,63}(?<!-)")
_LONGEST = 253  # characters of a host's name (RFC 1035)
_PORTS = range(1, 65536)


def check_ipv4(key: str, value: str, example: str) -> None:
    """Refuse what is not the IPv4 address of one machine.

    Args:
        key: Of the setting, for the message.
        value: What it is.
        example: One that could be.

    Raises:
        ConfigError: It is another text, or means all machines, or any.
    """
    try:
        address = ipaddress.IPv4Address(value)
    except ValueError:
        raise ConfigError(f"{key} is {_shown(value)}, expected an IPv4 address such as {example}") from None
    if address.is_multicast or address.is_unspecified or address == ipaddress.IPv4Address("255.255.255.255"):
        raise ConfigError(f"{key} is '{value}', which is no single machine; expected one's address such as {example}")


def check_host(key: str, value: str, example: str) -> None:
    """Refuse what is neither the IPv4 address nor the name of a machine; arguments as for `check_ipv4`.

    Raises:
        ConfigError: It is neither.
    """
    labels = value.removesuffix(".").split(".")
    if len(value) <= _LONGEST and all(map(_LABEL.fullmatch, labels)) and not labels[-1].isdecimal():
        return
    if labels[-1].isdecimal() and not set(value) - set("0123456789."):
        check_ipv4(key, value, example)
        return
    raise ConfigError(f"{key} is {_shown(value)}, expected an address such as {example}, or a name, and nothing else")


def endpoint(key: str, value: str) -> tuple[str, int]:
    """Host and port of ``HOST:PORT``.

    Raises:
        ConfigError: It is written otherwise.
    """
    host, _, port = value.rpartition(":")
    if not host or not port.isdecimal() or int(port) not in _PORTS:
        raise ConfigError(f"{key} is {_shown(value)}, expected HOST:PORT, such as 127.0.0.1:50004")
    check_host(key, host, "127.0.0.1")
    return host, int(port)


def check_ros_name(key: str, value: str) -> None:
    """Refuse what cannot be a topic, a service or a node, with or without a namespace.

    Raises:
        ConfigError: It is none; says what would be right.
    """
    if not value.strip("/"):
        raise ConfigError(f"{key} is {_shown(value)}, expected a name")
    try:
        check_namespace(value.removeprefix("/"))
    except ConfigError as error:
        raise ConfigError(f"{key}: {str(error).removeprefix('namespace ')}") from None


def check_twice(rate_hz: float, other: float, what: str = "control.rate_hz") -> None:
    """Refuse a driver's rate that is not at least twice another [Hz].

    Args:
        rate_hz: What ``driver.backend.rate_hz`` is.
        other: The other.
        what: Its key.

    Raises:
        TimingError: It is too low.
    """
    if rate_hz < 2.0 * other:
        raise TimingError(f"driver.backend.rate_hz {rate_hz:g} is not at least twice {what} {other:g}")


def check_gain(robot: Robot, kind: str) -> None:
    """Refuse a robot one of whose joints has no gain, which its file may leave out.

    Args:
        robot: The robot.
        kind: ``stiffness`` or ``damping``.

    Raises:
        ConfigError: Naming the joint.
    """
    for name, value in zip(robot.joints, getattr(robot, kind), strict=True):
        if value <= 0.0:
            raise ConfigError(f"{kind} of joint '{name}' of robot '{robot.name}' is {value:g}, needed: more than 0")


def _shown(value: str) -> str:
    return repr(value) if value else "empty"
