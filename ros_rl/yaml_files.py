# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Reads YAML that people write, told in one line what is wrong with it; and ROS parameters files."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from ros_rl.config import expand, merge
from ros_rl.errors import ConfigError


class _Loader(yaml.SafeLoader):
    """Refuses a key that stands twice in one mapping, of which YAML's own would silently take the last."""

    def compose_mapping_node(self, anchor: Any) -> yaml.MappingNode:
        """One mapping of the document."""
        node = super().compose_mapping_node(anchor)
        seen = set()
        for key, _ in node.value:
            name = (key.tag, str(key.value))
            if name in seen:
                raise yaml.composer.ComposerError(None, None, f"key '{key.value}' stands twice", key.start_mark)
            seen.add(name)
        return node


def read_yaml(path: Path) -> Any:
    """What a YAML file holds.

    Raises:
        ConfigError: No such file, not text in UTF-8, not YAML, or a key stands twice.
    """
    try:
        return yaml.load(path.read_text(encoding="utf-8"), _Loader)  # noqa: S506 - a safe loader
    except OSError as error:
        raise ConfigError(f"{path}: {error.strerror}") from None
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path}: byte {error.start} is not text in UTF-8") from None
    except yaml.MarkedYAMLError as error:
        line = f"line {error.problem_mark.line + 1}: " if error.problem_mark else ""
        raise ConfigError(f"{path}: not valid YAML: {line}{error.problem or error.context}") from None
    except (yaml.YAMLError, ValueError) as error:  # a date that is none is a ValueError
        raise ConfigError(f"{path}: not valid YAML: {str(error).splitlines()[0]}") from None


def read_parameters_file(path: Path, nodes: Sequence[str]) -> dict[str, Any]:
    """Read a ROS parameters file: what stands under ``/**`` is shared, a node's own stands under its name.

    Args:
        path: The YAML file.
        nodes: Names of the nodes that may have a section.

    Returns:
        Nested settings; a node's section is nested under the node's name.

    Raises:
        ConfigError: See `read_yaml`; or an unknown section, or a section without ``ros__parameters``.
    """
    data = read_yaml(path)
    if not isinstance(data, Mapping):
        raise ConfigError(f"{path}: expected a ROS parameters file, with sections such as '/**'")
    result: dict[str, Any] = {}
    for section, content in data.items():
        node = str(section).rsplit("/", 1)[-1]
        if node != "**" and node not in nodes:
            raise ConfigError(f"{path}: unknown section '{section}'; valid: /**, {', '.join(nodes)}")
        if not isinstance(content, Mapping) or set(content) != {"ros__parameters"}:
            raise ConfigError(f"{path}: section '{section}' must hold 'ros__parameters' and nothing else")
        values = expand(content["ros__parameters"] or {})
        result = merge(result, values if node == "**" else {node: values})
    return result


def write_parameters_file(path: Path, values: Mapping[str, Any], nodes: Sequence[str]) -> None:
    """Write nested settings as a ROS parameters file that `read_parameters_file` reads back unchanged."""
    shared = {key: value for key, value in values.items() if key not in nodes}
    data: dict[str, Any] = {"/**": {"ros__parameters": shared}}
    for node in nodes:
        if values.get(node):
            data[f"/**/{node}"] = {"ros__parameters": values[node]}
    path.write_text(yaml.safe_dump(data, sort_keys=False), encoding="utf-8")
