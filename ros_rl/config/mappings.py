# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Settings as nested plain data and as dotted keys: written out, gone through, put together."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping
from typing import Any

from ros_rl.config.fields import VARIANT_NAME, SettingInfo, info_of


def to_mapping(settings: Any) -> dict[str, Any]:
    """The complete settings as nested plain data; the inverse of `build`. What is not set is left out, groups too."""
    result: dict[str, Any] = {}
    for spec in (field for field in dataclasses.fields(settings) if field.init):
        value = getattr(settings, spec.name)
        if dataclasses.is_dataclass(value):
            inner = to_mapping(value)
            if "registry" in spec.metadata:
                names = [name for name, cls in spec.metadata["registry"].items() if cls is type(value)]
                inner = {VARIANT_NAME: names[0], **inner}
            if inner:
                result[spec.name] = inner
        elif value is not None:
            result[spec.name] = value
    return result


def iterate(settings: Any, path: str = "") -> Iterator[tuple[str, Any, SettingInfo]]:
    """All leaf settings as (key path, value, info), variants' names included."""
    for spec in (field for field in dataclasses.fields(settings) if field.init):
        value, key = getattr(settings, spec.name), key_path(path, spec.name)
        info = info_of(spec)
        if not dataclasses.is_dataclass(value):
            yield key, value, info
            continue
        if "registry" in spec.metadata:
            yield key_path(key, VARIANT_NAME), variant_name(spec.metadata["registry"], value), info
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
    if over.get(VARIANT_NAME, base.get(VARIANT_NAME)) != base.get(VARIANT_NAME, over.get(VARIANT_NAME)):
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


def key_path(path: str, name: Any) -> str:
    """The dotted key of what is called so in the group at `path`; ``""`` is the top."""
    return f"{path}.{plain(str(name))}" if path else plain(str(name))


def plain(name: str) -> str:
    """A name on one line."""
    return name if name.isprintable() else repr(name)[1:-1]
