# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Definitions of messages as their packages installed them, in the form that logs carry. No ROS is imported."""

from __future__ import annotations

import importlib.util
import re
from collections.abc import Iterator
from pathlib import Path

_SEPARATOR = "=" * 80
_FIELD = re.compile(r"^\s*([A-Za-z][\w/]*)(?:<=\d+)?(?:\[[^\]]*\])?\s+\w+")
_PRIMITIVE = re.compile(r"^(bool|byte|char|float(32|64)|u?int(8|16|32|64)|w?string)$")


def find_definition(type_name: str) -> str | None:
    """A message's definition as its package installed it; None if the package installed none.

    Args:
        type_name: Such as ``sensor_msgs/msg/JointState``.
    """
    package, name = type_name.split("/")[0], type_name.split("/")[-1]
    spec = importlib.util.find_spec(package)
    if spec is None or spec.origin is None:
        return None
    for parent in Path(spec.origin).parents:
        path = parent / "share" / package / "msg" / f"{name}.msg"
        if path.is_file():
            return path.read_text(encoding="utf-8")
    return None


def full_definition(type_name: str) -> str:
    """A message's definition followed by those of all messages in it, as rosbag2 writes them; empty if one is missing.

    Args:
        type_name: Such as ``sensor_msgs/msg/JointState``.
    """
    parts: list[str] = []
    seen, waiting = {_short(type_name)}, [_short(type_name)]
    while waiting:
        current = waiting.pop(0)
        text = find_definition(current)
        if text is None:
            return ""
        parts.append(text if not parts else f"{_SEPARATOR}\nMSG: {current}\n{text}")
        for name in _message_types(text, current.split("/")[0]):
            if name not in seen:
                seen.add(name)
                waiting.append(name)
    return "\n".join(parts)


def _short(type_name: str) -> str:
    package, name = type_name.split("/")[0], type_name.split("/")[-1]
    return f"{package}/{name}"


def _message_types(text: str, package: str) -> Iterator[str]:
    for line in text.splitlines():
        match = _FIELD.match(line.split("#")[0])
        if match is None or _PRIMITIVE.match(match[1]):
            continue
        yield _short(match[1]) if "/" in match[1] else f"{package}/{match[1]}"
