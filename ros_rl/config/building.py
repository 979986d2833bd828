# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Settings from plain nested data, such as YAML gives: every key, type and range is checked."""

from __future__ import annotations

import dataclasses
import math
import re
import reprlib
import types
import typing
from collections.abc import Hashable, Mapping
from dataclasses import MISSING
from functools import cache
from typing import Any, TypeVar

from ros_rl.config.fields import VARIANT_NAME, SettingInfo, info_of
from ros_rl.config.mappings import key_path, plain
from ros_rl.errors import ConfigError

T = TypeVar("T")
_EXPONENT = re.compile(r"[-+]?(\d+\.?\d*|\.\d+)[eE][-+]?\d+")
"""Numbers such as ``1e-3``, which YAML 1.1 takes for text."""
_SHORT = reprlib.Repr()
_SHORT.maxstring = _SHORT.maxother = 80
_SHORT.maxlevel, _SHORT.maxlong = 2, 40


def build(cls: type[T], values: Mapping[str, Any], path: str = "", source: str = "") -> T:
    """Build a settings dataclass from nested mappings, checking every key, type and range.

    Args:
        cls: A dataclass whose fields were made by `setting`, `required`, `group` or `variant`; a plain one
            is a setting of any value that its type allows.
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
            raise ConfigError(f"{where}there is no setting '{key_path(path, unknown[0])}'; {former[unknown[0]]}")
        raise ConfigError(
            f"{where}unknown setting '{key_path(path, unknown[0])}'; "
            f"valid{f' in {shown}' if shown else ''}: {', '.join(sorted(fields)) or 'none'}"
        )
    for name, spec in fields.items():
        if name not in values and spec.default is MISSING and spec.default_factory is MISSING:
            raise ConfigError(f"{where}missing key '{key_path(path, name)}': {info_of(spec).describe()}")
    arguments: dict[str, Any] = {}
    for name, value in values.items():
        spec, key = fields[name], key_path(path, name)
        if "registry" in spec.metadata:
            arguments[name] = _build_variant(spec.metadata["registry"], spec.default_factory, value, key, where)
        else:
            arguments[name] = _read(value, hints[name], info_of(spec), key, where)
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
    name = rest.pop(VARIANT_NAME, None)
    if name is None:
        return _build(type(default()), rest, path, where, path)
    if not isinstance(name, str) or name not in registry:
        shown = f"'{plain(name)}'" if isinstance(name, str) else _shown(name)
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
    return {name: _read(item, hint, info, key_path(path, name), where) for name, item in value.items()}


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
    if size is None and value == [""]:  # how files of ROS parameters have an empty list, which they know none of
        value = []
    if inner[0] in (bool, int, float, str) and _is_nested(value):
        flat = [item for part in value for item in (part if isinstance(part, (list, tuple)) else [part])]
        raise ConfigError(
            f"{where}'{path}' is {_shown(value)}, expected one flat list, {_shown(flat)}: {info.describe()}"
        )
    if not isinstance(value, (list, tuple)) or size not in (None, len(value)):
        raise ConfigError(
            f"{where}'{path}' is {_shown(value)}, expected a list{f' of {size}' if size else ''}: {info.describe()}"
        )
    return tuple(_read(item, inner[0], info, f"{path}[{index}]", where) for index, item in enumerate(value))


def _is_nested(value: Any) -> bool:
    return isinstance(value, (list, tuple)) and any(isinstance(item, (list, tuple)) for item in value)


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
