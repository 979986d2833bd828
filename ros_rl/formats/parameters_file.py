# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""ROS parameters files: what a run's nodes read, and what people keep settings in."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from copy import copy
from functools import reduce
from pathlib import Path
from typing import Any

import yaml

from ros_rl.config import expand, merge
from ros_rl.errors import ConfigError
from ros_rl.formats.yaml_text import read_yaml
from ros_rl.ros_names import NodePattern

OF_EVERY_NODE = ("use_sim_time", "start_type_description_service", "qos_overrides")
"""Parameters that every ROS node has; no settings, so those of a file are left to ROS."""

END = "..."
"""How YAML says that a document ends."""
_PARAMETERS = "ros__parameters"
_NO_ITEMS = [""]


class ParametersFile:
    """A ROS parameters file: what stands under ``/**`` is shared, a node's own stands under its name.

    Sections are for the nodes that ROS takes them for, with one liberty: a node's mere name (``driver``), to ROS that
    of a node without a namespace, is the node's in every one (``/**/driver``).

    Args:
        path: The YAML file.
        nodes: Names of the nodes that may have a section.
        adapt: Changes the values of each section as they are read.

    Raises:
        ConfigError: See `read_yaml`; or an unknown section, or a section without ``ros__parameters``.
    """

    def __init__(
        self, path: Path, nodes: Sequence[str], adapt: Callable[[dict[str, Any]], dict[str, Any]] = dict
    ) -> None:
        self._path, self._nodes = path, nodes
        data = read_yaml(path)
        if not isinstance(data, Mapping):
            raise ConfigError(f"{path}: expected a ROS parameters file, with sections such as '/**'")
        self._sections = [(self._pattern(name), adapt(values)) for name, values in self._flat(data, "")]

    def followed_by(self, later: ParametersFile) -> ParametersFile:
        """Both, merged as ROS does: a section of the same name keeps its place, and the later file's values in it win.

        So what an earlier file says to one node holds against what a later one says to all.
        """
        both = copy(later)
        both._sections = list(self._sections)
        for pattern, values in later._sections:
            names = [known.text for known, _ in both._sections]
            if pattern.text in names:
                place = names.index(pattern.text)
                both._sections[place] = (pattern, merge(both._sections[place][1], values))
            else:
                both._sections.append((pattern, values))
        return both

    @property
    def names_namespaces(self) -> bool:
        """Whether what it says depends on the nodes' namespace."""
        return any(pattern.names_namespace for pattern, _ in self._sections)

    def values(self, namespace: str | None = None) -> dict[str, Any]:
        """Nested settings, a later section's over an earlier one's; a node's section is nested under its name.

        As in the node itself, what stands under its name precedes what stands in a section for all.

        Args:
            namespace: Of the nodes, without slashes around it. None: one token, which is not known, so sections that
                name one are left out.

        Raises:
            ConfigError: It says nothing to the nodes of this namespace.
        """
        shared: dict[str, Any] = {}
        own: dict[str, Any] = {}
        used = not self._sections
        for pattern, values in self._sections:
            if namespace is None and pattern.names_namespace:
                used = True
                continue
            found = [node for node in self._nodes if pattern.is_for("_" if namespace is None else namespace, node)]
            if not found and not pattern.names_namespace:
                self._refuse(pattern.text, namespace)
            used = used or bool(found)
            if len(found) == len(self._nodes):
                shared = merge(shared, values)
            else:
                own = reduce(merge, [{node: values} for node in found], own)
        if not used:
            self._refuse("', '".join(pattern.text for pattern, _ in self._sections), namespace)
        return merge(shared, own)

    def _flat(self, data: Mapping[str, Any], within: str) -> Iterator[tuple[str, dict[str, Any]]]:
        """Names and values of the sections, which may be nested by namespace."""
        for key, content in data.items():
            name = f"{within}/{str(key).removeprefix('/')}" if within else str(key)
            if isinstance(content, Mapping) and content and _PARAMETERS not in content:
                if all(isinstance(inner, Mapping) for inner in content.values()):
                    yield from self._flat(content, name)
                    continue
            if not isinstance(content, Mapping) or set(content) != {_PARAMETERS}:
                raise ConfigError(f"{self._path}: section '{name}' must hold '{_PARAMETERS}' and nothing else")
            values = content[_PARAMETERS]
            if not isinstance(values, (Mapping, type(None))):
                raise ConfigError(f"{self._path}: section '{name}' is {values!r}, expected settings by their names")
            values = expand(values or {})
            yield name, {key: value for key, value in values.items() if key not in OF_EVERY_NODE}

    def _pattern(self, name: str) -> NodePattern:
        try:
            pattern = NodePattern(f"/**/{name}" if name in self._nodes else name)
        except ConfigError as error:
            raise ConfigError(f"{self._path}: section {error}") from None
        if pattern.node not in ("*", "**", *self._nodes):
            raise ConfigError(f"{self._path}: unknown section '{name}'; valid: /**, {', '.join(self._nodes)}")
        return pattern

    def _refuse(self, sections: str, namespace: str | None) -> None:
        where = f"namespace /{namespace}" if namespace is not None else "the robot's namespace"
        raise ConfigError(
            f"{self._path}: section '{sections}' is for no node in {where}; use /** for all nodes, "
            "/**/driver for one whatever its namespace"
        )


def read_parameters_file(path: Path, nodes: Sequence[str], namespace: str | None = None) -> dict[str, Any]:
    """Nested settings of a `ParametersFile`; see there, and `ParametersFile.values`."""
    return ParametersFile(path, nodes).values(namespace)


def write_parameters_file(
    path: Path,
    values: Mapping[str, Any],
    nodes: Sequence[str],
    write: Callable[[Path, bytes], object] = Path.write_bytes,
) -> None:
    """Write nested settings as a ROS parameters file that `read_parameters_file` reads back unchanged.

    But for lists that are empty, which no ROS parameter can be: one empty text stands for them, which settings know.
    The last line is `END`, by which one that was cut is told from one that is whole.

    Args:
        path: Of the file.
        values: The settings.
        nodes: Those of these names get a section of their own.
        write: Writes bytes to a path.
    """
    shared = {key: value for key, value in values.items() if key not in nodes}
    data: dict[str, Any] = {"/**": {"ros__parameters": shared}}
    for node in nodes:
        if values.get(node):
            data[f"/**/{node}"] = {"ros__parameters": values[node]}
    write(path, yaml.dump(_filled(data), Dumper=_Plain, sort_keys=False, explicit_end=True).encode())


def ends_whole(path: Path) -> bool:
    """Whether a file that was written has its last line."""
    return path.read_bytes().rstrip().endswith(f"\n{END}".encode())


def _filled(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {name: _filled(item) for name, item in value.items()}
    return _NO_ITEMS if isinstance(value, list | tuple) and not value else value


class _Plain(yaml.SafeDumper):
    """Writes a value again wherever it stands: rcl reads no aliases."""

    def ignore_aliases(self, data: Any) -> bool:
        """See `yaml.representer.BaseRepresenter`."""
        return True
