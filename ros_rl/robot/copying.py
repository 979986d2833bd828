# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""A robot's file as a run keeps it: the same robot, from wherever the copy is read."""

from __future__ import annotations

import json
from pathlib import Path

import yaml

_URDF = ("simulation", "urdf")


def portable(path: Path) -> str:
    """The text of a robot's file; a URDF beside it, which a copy would not find, is named by its whole path.

    Its meshes stay where they are: the copy holds on this machine, or where the URDF lies at the same path.

    Args:
        path: A file that `load_robot` reads.
    """
    text = path.read_text(encoding="utf-8")
    node = yaml.compose(text, yaml.SafeLoader)
    for key in _URDF:
        entries = node.value if isinstance(node, yaml.MappingNode) else []
        node = next((value for name, value in entries if name.value == key), None)
    if not isinstance(node, yaml.ScalarNode) or not (path.parent / node.value).is_file():
        return text
    whole = json.dumps(str((path.parent / node.value).resolve()))  # which YAML reads as it is
    return text[: node.start_mark.index] + whole + text[node.end_mark.index :]
