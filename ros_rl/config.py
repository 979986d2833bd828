# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Typed, documented and checked settings: frozen dataclasses, built from plain nested data."""

from __future__ import annotations

import dataclasses
import math
import re
import reprlib
import types
import typing
from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import MISSING, dataclass
from functools import cache
from typing import Any, TypeVar

from ros_rl.errors import ConfigError

T = TypeVar("T")
_NAME = "name"
_EXPONENT = re.compile(r"[-+]?(\d+\.?\d*|\.\d+)[eE][-+]?\d+")
"""Numbers such as ``1e-3``, which YAML 1.1 takes for text."""
_SHORT = reprlib.Repr()
_SHORT.maxstring = _SHORT.maxother = 80
_SHORT.maxlevel, _SHORT.maxlong = 2, 40


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
    """

    help: str
    unit: str = ""
    low: float = -math.inf
    high: float = math.inf
    choices: tuple[str, ...] = ()
    infinite: bool = False
    path: bool = False

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
    infinite: bool = False,
    path: bool = False,
) -> Any:
    """A dataclass field that is a setting: its default, meaning, unit and range (ends included).

    Its type may be a number, a truth value or text; a tuple or a mapping of these; a mapping of dataclasses, whose
    names are free; a mapping of whatever YAML can say (``Any``); and any of them ``| None``, where None means that it
    is not set.
    """
    metadata = {"info": SettingInfo(help, unit, low, high, tuple(choices), infinite, path)}
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
        cls: A dataclass whose fields were made by `setting`, `required`, `group` or `variant`.
        values: The settings that differ from the defaults.
        path: Key path of `values`, for messages.
        source: File or option that they came from, for messages.

    Raises:
        ConfigError: Naming the source, the key path, the value and what is allowed.
    """
    return _build(cls, values, path, f"{source}: " if source else "", path)


def _build(cls: type[T], values: Any, path: str, where: str, shown: str) -> T:
    """See `build`; `where` begins every message, and `shown` is what the group is called in them."""
    if not isinstance(values, Mapping):
        what = f"'{path}' is {_shown(values)}" if path else f"this is {_shown(values)}"
        raise ConfigError(f"{where}{what}, expected a group of settings")
    hints = _hints(typing.cast(Hashable, cls))
    fields = {f.name: f for f in dataclasses.fields(cls) if f.init}  # type: ignore[arg-type]
    unknown = [key for key in values if key not in fields]
    if unknown:
        former: Mapping[str, str] = getattr(cls, "former", {})
        if unknown[0] in former:
            raise ConfigError(f"{where}setting '{_join(path, unknown[0])}' is there no more; {former[unknown[0]]}")
        raise ConfigError(
            f"{where}unknown setting '{_join(path, unknown[0])}'; "
            f"valid{f' in {shown}' if shown else ''}: {', '.join(sorted(fields)) or 'none'}"
        )
    for name, spec in fields.items():
        if name not in values and spec.default is MISSING and spec.default_factory is MISSING:
            raise ConfigError(f"{where}missing key '{_join(path, name)}': {spec.metadata['info'].describe()}")
    arguments: dict[str, Any] = {}
    for name, value in values.items():
        spec, key = fields[name], _join(path, name)
        if "registry" in spec.metadata:
            arguments[name] = _build_variant(spec.metadata["registry"], spec.default_factory, value, key, where)
        else:
            arguments[name] = _read(value, hints[name], spec.metadata["info"], key, where)
    try:
        return cls(**arguments)
    except ConfigError as error:
        raise type(error)(f"{where}{error}") from None


@cache
def _hints(cls: Hashable) -> dict[str, Any]:
    return typing.get_type_hints(cls)


def _build_variant(registry: Mapping[str, type], default: Any, value: Any, path: str, where: str) -> Any:
    if not isinstance(value, Mapping):
        raise ConfigError(f"{where}'{path}' is {_shown(value)}, expected a group of settings with a name")
    rest = dict(value)
    name = rest.pop(_NAME, None)
    if name is None:
        return _build(type(default()), rest, path, where, path)
    if not isinstance(name, str) or name not in registry:
        shown = f"'{_plain(name)}'" if isinstance(name, str) else _shown(name)
        offered = sorted(name for name, kind in registry.items() if getattr(kind, "offered", True))
        raise ConfigError(f"{where}unknown {path} {shown}; valid: {', '.join(offered)}")
    return _build(registry[name], rest, path, where, f"{path} '{name}'")


def _read(value: Any, hint: Any, info: SettingInfo, path: str, where: str) -> Any:
    """A value of the type that a field's hint names."""
    origin, inner = typing.get_origin(hint), typing.get_args(hint)
    if hint is Any:
        return _read_plain(value, info, path, where)
    if origin in (types.UnionType, typing.Union):
        return None if value is None else _read(value, inner[0], info, path, where)
    if dataclasses.is_dataclass(hint):
        return _build(typing.cast(type, hint), value, path, where, path)
    if origin is tuple:
        return _read_list(value, inner, info, path, where)
    if isinstance(origin, type) and issubclass(origin, Mapping):
        return _read_names(value, inner[1], info, path, where)
    return _checked(value, hint, info, path, where)


def _read_names(value: Any, hint: Any, info: SettingInfo, path: str, where: str) -> dict[str, Any]:
    if not isinstance(value, Mapping):
        raise ConfigError(f"{where}'{path}' is {_shown(value)}, expected values by their names: {info.describe()}")
    for name in value:
        if not isinstance(name, str):
            raise ConfigError(f"{where}'{path}' has the name {_shown(name)}, expected str; put it in quotes")
        if not name.strip():
            raise ConfigError(f"{where}'{path}' has the name {_shown(name)}, expected one that is not empty")
    return {name: _read(item, hint, info, _join(path, name), where) for name, item in value.items()}


def _read_plain(value: Any, info: SettingInfo, path: str, where: str) -> Any:
    """Whatever YAML can say and write again: numbers, truth values, text, null, and lists and mappings of these."""
    if isinstance(value, Mapping):
        return _read_names(value, Any, info, path, where)
    if isinstance(value, (list, tuple)):
        return [_read_plain(item, info, f"{path}[{index}]", where) for index, item in enumerate(value)]
    if isinstance(value, str) and _EXPONENT.fullmatch(value):
        return float(value)
    if not isinstance(value, (bool, int, float, str, type(None))) or value != value:
        raise ConfigError(f"{where}'{path}' is {_shown(value)}, expected what YAML can say: {info.describe()}")
    return value


def _read_list(value: Any, inner: tuple[Any, ...], info: SettingInfo, path: str, where: str) -> tuple[Any, ...]:
    size = None if inner[-1] is Ellipsis else len(inner)
    if not isinstance(value, (list, tuple)) or size not in (None, len(value)):
        raise ConfigError(
            f"{where}'{path}' is {_shown(value)}, expected a list{f' of {size}' if size else ''}: {info.describe()}"
        )
    return tuple(_read(item, inner[0], info, f"{path}[{index}]", where) for index, item in enumerate(value))


def _checked(value: Any, hint: type, info: SettingInfo, path: str, where: str) -> Any:
    if hint is float:
        value = _as_float(value)
    if not isinstance(value, hint) or (isinstance(value, bool) and hint is not bool):
        raise ConfigError(f"{where}'{path}' is {_shown(value)}, expected {hint.__name__}: {info.describe()}")
    if isinstance(value, float) and (math.isnan(value) or (math.isinf(value) and not info.infinite)):
        kind = "a number" if info.infinite else "a finite number"
        raise ConfigError(f"{where}'{path}' is {value!r}, expected {kind}: {info.describe()}")
    if isinstance(value, (int, float)) and not info.low <= value <= info.high:
        raise ConfigError(f"{where}'{path}' is {_shown(value)}, out of range: {info.describe()}")
    if info.choices and value not in info.choices:
        raise ConfigError(f"{where}'{path}' is {_shown(value)}, not a choice: {info.describe()}")
    return value


def _as_float(value: Any) -> Any:
    """A whole number, or what YAML 1.1 takes for text (``1e-3``), as a float; anything else as it is."""
    whole = isinstance(value, int) and not isinstance(value, bool)
    if not whole and not (isinstance(value, str) and _EXPONENT.fullmatch(value)):
        return value
    try:
        return float(value)
    except OverflowError:
        return math.inf if value > 0 else -math.inf


def _shown(value: Any) -> str:
    """A value as a message shows it: on one line, and not all of it if it is long."""
    return _SHORT.repr(value)


def _plain(name: str) -> str:
    """A name on one line."""
    return name if name.isprintable() else repr(name)[1:-1]


def _join(path: str, name: Any) -> str:
    return f"{path}.{_plain(str(name))}" if path else _plain(str(name))


def to_mapping(settings: Any) -> dict[str, Any]:
    """The complete settings as nested plain data; the inverse of `build`. What is not set is left out."""
    result: dict[str, Any] = {}
    for spec in dataclasses.fields(settings):
        value = getattr(settings, spec.name)
        if dataclasses.is_dataclass(value):
            inner = to_mapping(value)
            if "registry" in spec.metadata:
                names = [name for name, cls in spec.metadata["registry"].items() if cls is type(value)]
                inner = {_NAME: names[0], **inner}
            result[spec.name] = inner
        elif value is not None:
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
