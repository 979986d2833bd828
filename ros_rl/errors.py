# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Every error that ros_rl raises on purpose: one tree, so that callers catch one type."""

import logging
import sys
from collections.abc import Iterable
from functools import cache

_MOST_DECIMALS = 10


class RosRlError(Exception):
    """Base of all errors that ros_rl raises on purpose. Its text is one line fit for a user."""


class ConfigError(RosRlError):
    """A setting is unknown, has a wrong type or lies out of range."""


class UnknownNameError(RosRlError):
    """A task, robot, agent or driver that does not exist.

    Args:
        kind: What was looked up, e.g. ``"task"``.
        name: The name that was asked for.
        valid: The names that exist.
    """

    def __init__(self, kind: str, name: str, valid: Iterable[str]) -> None:
        self.kind, self.name, self.valid = kind, name, sorted(valid)
        super().__init__(f"unknown {kind} '{name}'; valid: {', '.join(self.valid) or 'none'}")


class DataError(RosRlError):
    """A data set that nothing can be learned from, or that does not fit the model."""


class ResourceNotFound(RosRlError):
    """A file that ships with the package is missing."""


COMPILED = " (there is no wheel for this Python, so it is compiled: first apt install build-essential python3-dev)"
"""What PyBullet needs from Python 3.12 on."""


class MissingDependencyError(RosRlError):
    """An optional package is not installed.

    Args:
        package: The missing package.
        extra: The pip extra of ros_rl that brings it; None if another package needs it.
    """

    def __init__(self, package: str, extra: str | None) -> None:
        wanted = f"'ros_rl[{extra}]'" if extra else package
        needs = COMPILED if package == "pybullet" and sys.version_info >= (3, 12) else ""
        super().__init__(f"{package} is not installed; install it with: pip install {wanted}{needs}")


class SimulationError(RosRlError):
    """A simulated environment failed, or gave a value that nothing can be learned from."""


class ContractError(RosRlError):
    """A control graph, message or log does not fit the robot, the task or the format version."""


class GraphError(RosRlError):
    """A control graph cannot be loaded, or gave a non-finite or wrongly sized output."""


class ConformanceError(RosRlError):
    """A task breaks what every task must keep."""


class CommandError(RosRlError):
    """A command was refused: non-finite, wrongly sized, or answering no open tick."""


class TimingError(ConfigError):
    """Periods that do not divide, or deadlines that cannot be met."""


class RunFolderError(RosRlError):
    """A run folder exists already, or lacks what a resume needs."""


class BackendError(RosRlError):
    """A robot or simulator cannot do what the driver asks of it."""


class NodeSilentError(RosRlError):
    """A node did not answer within its wall-clock limit."""


def one_line(error: BaseException) -> str:
    """What a library's error says, in one line; its name if it says nothing.

    PyTorch heads the list of what is wrong with a line that ends with a colon, which says nothing of it.
    """
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return next((line for line in lines if not line.endswith(":")), (lines or [type(error).__name__])[0])


@cache
def warn_once(line: str) -> None:
    """Warn of what stops nobody, once, however often one command comes by it."""
    logging.getLogger("ros_rl").warning("%s", line)


def apart(value: float, limit: float, digits: int) -> tuple[str, str]:
    """A value beyond its limit, and that limit, in as many decimals as it takes for them to look different.

    Args:
        value: What was found.
        limit: What it is beyond.
        digits: Decimals that do where both are far apart.
    """
    more = next((more for more in range(digits, _MOST_DECIMALS) if f"{value:.{more}f}" != f"{limit:.{more}f}"), None)
    return (f"{float(value)}", f"{float(limit)}") if more is None else (f"{value:.{more}f}", f"{limit:.{more}f}")


def beyond(value: float, limit: float, digits: int) -> str:
    """The value of `apart`, where the limit, of its amount, is told as it was set."""
    return ("-" if value < 0.0 else "") + apart(abs(value), limit, digits)[0]
