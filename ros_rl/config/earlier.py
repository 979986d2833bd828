# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Settings that an earlier version wrote down: what was no setting yet is what it was then."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping
from dataclasses import MISSING
from typing import Any

from ros_rl.config.fields import VARIANT_NAME, info_of
from ros_rl.config.mappings import key_path, variant_name


def completed(cls: type, values: Mapping[str, Any]) -> dict[str, Any]:
    """All settings, in their order, where an earlier version wrote down all that it had.

    Args:
        cls: The settings' class.
        values: What was written down, as `to_mapping` gives it; what is no setting any more stays, at the end.
    """
    return _completed(cls, values, None)


def _completed(cls: type, values: Mapping[str, Any], like: Any) -> dict[str, Any]:
    """See `completed`; what a group that is missing is like."""
    result: dict[str, Any] = {name: values[name] for name in (VARIANT_NAME,) if name in values}
    for spec in (field for field in dataclasses.fields(cls) if field.init):
        default, value = _default(spec) if like is None else getattr(like, spec.name), values.get(spec.name)
        if dataclasses.is_dataclass(default) and isinstance(value, Mapping | None):
            value = _group(spec.metadata.get("registry", {}), default, value)
        elif spec.name not in values:
            before = info_of(spec).before
            value = default if before is None else before
        if value is not None:
            result[spec.name] = value
    return result | {name: value for name, value in values.items() if name not in result}


def _group(registry: Mapping[str, type], default: Any, values: Mapping[str, Any] | None) -> dict[str, Any]:
    """A group of settings, which may be a variant of a registry; None: there was none."""
    named, kind = dict(values or {}), type(default)
    if registry:
        kind = registry.get(named.setdefault(VARIANT_NAME, variant_name(registry, default)), kind)
    return _completed(kind, named, default if values is None else None)


def _default(spec: dataclasses.Field[Any]) -> Any:
    """None where a value is required."""
    made = spec.default if spec.default_factory is MISSING else spec.default_factory()
    return None if made is MISSING else made


def added(whole: Mapping[str, Any], values: Mapping[str, Any], path: str = "") -> Iterator[tuple[str, Any]]:
    """Key paths and values of the settings of `whole` that `values` lack."""
    for name, value in whole.items():
        key, own = key_path(path, name), values.get(name, {})
        if isinstance(value, Mapping) and isinstance(own, Mapping):
            yield from added(value, own, key)
        elif name not in values:
            yield key, value
