# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""A setting as a field of a dataclass: its default, meaning, unit, range and choices."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

VARIANT_NAME = "name"
"""The key inside a `variant` that says which one it is."""


@dataclass(frozen=True)
class SettingInfo:
    """What a user is told about one setting.

    Attributes:
        help: Its meaning.
        unit: Its unit; empty if it has none.
        low: Smallest number allowed.
        high: Largest number allowed.
        choices: Words allowed; empty if any is.
        infinite: Whether a number may be infinite.
        path: Whether it is the path of a file or folder.
        before: What it was, unsaid, before it was a setting; None: as the default has it.
    """

    help: str
    unit: str = ""
    low: float = -math.inf
    high: float = math.inf
    choices: tuple[str, ...] = ()
    infinite: bool = False
    path: bool = False
    before: Any = None

    def describe(self) -> str:
        """Help text with unit and range."""
        parts = [self.help]
        if self.unit:
            parts.append(f"[{self.unit}]")
        if self.choices:
            parts.append(f"one of {', '.join(self.choices)}")
        if self.low > -math.inf or self.high < math.inf:
            parts.append(f"in [{self.low:g}, {self.high:g}]")
        return " ".join(parts)


_NOT_DESCRIBED = SettingInfo("not described")


def info_of(field: dataclasses.Field[Any]) -> SettingInfo:
    """What a user is told about a field; a plain one, which somebody else's task may have, is a setting, too."""
    info: SettingInfo = field.metadata.get("info", _NOT_DESCRIBED)
    return info


def setting(
    default: Any,
    help: str,
    unit: str = "",
    low: float = -math.inf,
    high: float = math.inf,
    choices: Sequence[str] = (),
    infinite: bool = False,
    path: bool = False,
    before: Any = None,
) -> Any:
    """A dataclass field that is a setting: its default, meaning, unit and range (ends included).

    A new setting whose default changes what is learned or seen says in `before` what was so far: that holds for runs
    of an earlier version (`completed`). For what keeps a robot safe, the default holds.

    Its type may be a number, a truth value or text; a tuple or a mapping of these; a mapping of dataclasses, whose
    names are free; a mapping of whatever YAML can say (``Any``); and any of them ``| None``, where None means that it
    is not set.
    """
    metadata = {"info": SettingInfo(help, unit, low, high, tuple(choices), infinite, path, before)}
    if isinstance(default, dict):
        return dataclasses.field(default_factory=default.copy, metadata=metadata)
    return dataclasses.field(default=default, metadata=metadata)


def required(
    help: str,
    unit: str = "",
    low: float = -math.inf,
    high: float = math.inf,
    choices: Sequence[str] = (),
    infinite: bool = False,
) -> Any:
    """A dataclass field that must be given: its meaning, unit and range (ends included)."""
    info = SettingInfo(help, unit, low, high, tuple(choices), infinite)
    return dataclasses.field(metadata={"info": info})


def group(cls: type, help: str, default: Any = None) -> Any:
    """A dataclass field that holds a group of settings of its own; a frozen `default` where `cls()` is not it."""
    made = cls if default is None else lambda: default
    return dataclasses.field(default_factory=made, metadata={"info": SettingInfo(help)})


def variant(registry: Mapping[str, type], default: str, help: str) -> Any:
    """A dataclass field whose class is chosen by the setting ``name`` inside it."""
    info = SettingInfo(help, choices=tuple(registry))
    return dataclasses.field(default_factory=registry[default], metadata={"info": info, "registry": registry})
