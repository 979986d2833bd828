# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Typed, documented and checked settings: frozen dataclasses, read from and written as ROS parameters files."""

from __future__ import annotations

import dataclasses
import math
import typing
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import yaml

from ros_rl.errors import ConfigError

T = TypeVar("T")
_NAME = "name"


@dataclass(frozen=True)
class SettingInfo:
    """What a user is told about one setting."""

    help: str
    unit: str = ""
    low: float = -math.inf
    high: float = math.inf
    choices: tuple[str, ...] = ()

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


def setting(
    default: Any,
    help: str,
    unit: str = "",
    low: float = -math.inf,
    high: float = math.inf,
    choices: Sequence[str] = (),
) -> Any:
    """A dataclass field that is a setting: its default, meaning, unit and range (ends included)."""
    info = SettingInfo(help, unit, low, high, tuple(choices))
    return dataclasses.field(default=default, metadata={"info": info})


def group(cls: type, help: str) -> Any:
    """A dataclass field that holds a group of settings of its own."""
    return dataclasses.field(default_factory=cls, metadata={"info": SettingInfo(help)})


def variant(registry: Mapping[str, type], default: str, help: str) -> Any:
    """A dataclass field whose class is chosen by the setting ``name`` inside it."""
    info = SettingInfo(help, choices=tuple(registry))
    return dataclasses.field(default_factory=registry[default], metadata={"info": info, "registry": registry})


def build(cls: type[T], values: Mapping[str, Any], path: str = "", source: str = "") -> T:
    """Build a settings dataclass from nested mappings, checking every key, type and range.

    Args:
        cls: A dataclass whose fields were made by `setting`, `group` or `variant`.
        values: The settings that differ from the defaults.
        path: Key path of `values`, for messages.
        source: File or option that they came from, for messages.

    Raises:
        ConfigError: Naming the source, the key path, the value and what is allowed.
    """
    where = f"{source}: " if source else ""
    if not isinstance(values, Mapping):
        raise ConfigError(f"{where}'{path}' is {values!r}, expected a group of settings")
    hints = typing.get_type_hints(cls)
    fields = {f.name: f for f in dataclasses.fields(cls) if f.init}  # type: ignore[arg-type]
    unknown = [key for key in values if key not in fields]
    if unknown:
        raise ConfigError(
            f"{where}unknown setting '{_join(path, str(unknown[0]))}'; "
            f"valid{f' in {path}' if path else ''}: {', '.join(sorted(fields))}"
        )
    arguments: dict[str, Any] = {}
    for name, value in values.items():
        spec, key = fields[name], _join(path, name)
        if "registry" in spec.metadata:
            arguments[name] = _build_variant(spec.metadata["registry"], spec.default_factory, value, key, source)
        elif dataclasses.is_dataclass(hints[name]):
            arguments[name] = build(typing.cast(type, hints[name]), value, key, source)
        else:
            arguments[name] = _checked(value, hints[name], spec.metadata["info"], key, where)
    try:
        return cls(**arguments)
    except ConfigError as error:
        raise type(error)(f"{where}{error}") from None


def _build_variant(registry: Mapping[str, type], default: Any, value: Any, path: str, source: str) -> Any:
    where = f"{source}: " if source else ""
    if not isinstance(value, Mapping):
        raise ConfigError(f"{where}'{path}' is {value!r}, expected a group of settings with a name")
    rest = dict(value)
    name = rest.pop(_NAME, None)
    if name is None:
        return build(type(default()), rest, path, source)
    if name not in registry:
        raise ConfigError(f"{where}unknown {path} '{name}'; valid: {', '.join(sorted(registry))}")
    return build(registry[name], rest, path, source)


def _checked(value: Any, hint: Any, info: SettingInfo, path: str, where: str) -> Any:
    if hint is float and isinstance(value, (int, str)) and not isinstance(value, bool):
        value = _as_float(value)
    expected = hint if isinstance(hint, type) else typing.get_origin(hint)
    if not isinstance(value, expected) or (isinstance(value, bool) and hint is not bool):
        raise ConfigError(
            f"{where}'{path}' is {value!r}, expected {getattr(hint, '__name__', hint)}: {info.describe()}"
        )
    if isinstance(value, float) and not math.isfinite(value):
        raise ConfigError(f"{where}'{path}' is {value!r}, expected a finite number: {info.describe()}")
    if isinstance(value, (int, float)) and not info.low <= value <= info.high:
        raise ConfigError(f"{where}'{path}' is {value!r}, out of range: {info.describe()}")
    if info.choices and value not in info.choices:
        raise ConfigError(f"{where}'{path}' is {value!r}, not a choice: {info.describe()}")
    return value


def _as_float(value: int | str) -> Any:
    """A whole number, or what YAML 1.1 takes for text (``1e-3``), as a float; other text as it is."""
    try:
        return float(value)
    except ValueError:
        return value


def _join(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name


def to_mapping(settings: Any) -> dict[str, Any]:
    """The complete settings as nested plain data; the inverse of `build`."""
    result: dict[str, Any] = {}
    for spec in dataclasses.fields(settings):
        value = getattr(settings, spec.name)
        if dataclasses.is_dataclass(value):
            inner = to_mapping(value)
            if "registry" in spec.metadata:
                names = [name for name, cls in spec.metadata["registry"].items() if cls is type(value)]
                inner = {_NAME: names[0], **inner}
            result[spec.name] = inner
        else:
            result[spec.name] = value
    return result


def iterate(settings: Any, path: str = "") -> Iterator[tuple[str, Any, SettingInfo]]:
    """All leaf settings as (key path, value, info), variants' names included."""
    for spec in dataclasses.fields(settings):
        value, key = getattr(settings, spec.name), _join(path, spec.name)
        info = spec.metadata["info"]
        if not dataclasses.is_dataclass(value):
            yield key, value, info
            continue
        if "registry" in spec.metadata:
            yield _join(key, _NAME), variant_name(spec.metadata["registry"], value), info
        yield from iterate(value, key)


def variant_name(registry: Mapping[str, type], value: Any) -> str:
    """The registry's name of a variant's class."""
    return next(name for name, cls in registry.items() if cls is type(value))


def nested(path: str, value: Any) -> dict[str, Any]:
    """``nested("a.b", 1)`` is ``{"a": {"b": 1}}``."""
    for part in reversed(path.split(".")):
        value = {part: value}
    return value


def merge(base: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    """Nested mappings with those of ``over`` taking precedence; neither is changed.

    A variant of another name replaces the whole group: the settings of one agent are no settings of another.
    """
    if over.get(_NAME, base.get(_NAME)) != base.get(_NAME, over.get(_NAME)):
        return dict(over)
    result = dict(base)
    for key, value in over.items():
        both = isinstance(value, Mapping) and isinstance(result.get(key), Mapping)
        result[key] = merge(result[key], value) if both else value
    return result


def expand(values: Mapping[str, Any]) -> dict[str, Any]:
    """Turn dotted keys (``{"a.b": 1}``) into nested mappings."""
    result: dict[str, Any] = {}
    for key, value in values.items():
        inner = expand(value) if isinstance(value, Mapping) else value
        result = merge(result, nested(str(key), inner))
    return result


def read_parameters_file(path: Path, nodes: Sequence[str]) -> dict[str, Any]:
    """Read a ROS parameters file: what stands under ``/**`` is shared, a node's own stands under its name.

    Args:
        path: The YAML file.
        nodes: Names of the nodes that may have a section.

    Returns:
        Nested settings; a node's section is nested under the node's name.

    Raises:
        ConfigError: No such file, not YAML, an unknown section, or a section without ``ros__parameters``.
    """
    try:
        data = yaml.safe_load(path.read_text())
    except OSError as error:
        raise ConfigError(f"{path}: {error.strerror}") from None
    except yaml.YAMLError as error:
        raise ConfigError(f"{path}: not valid YAML: {str(error).splitlines()[0]}") from None
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
    path.write_text(yaml.safe_dump(data, sort_keys=False))
