# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Reads JSON that comes from elsewhere: an object, of finite numbers, within bounds."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import Any

from ros_rl.errors import ContractError
from ros_rl.wire import LARGEST_WHOLE


def json_object(text: str | bytes, largest: int, finite: bool = True) -> dict[str, Any]:
    """A JSON object.

    Args:
        text: UTF-8, if it is bytes.
        largest: Characters or bytes that it may have.
        finite: Whether all numbers have to be.

    Raises:
        ContractError: Too long, not JSON, not an object, nested too deep, or a number is not finite.
    """
    if len(text) > largest:
        raise ContractError(f"JSON of {len(text)} characters, the limit is {largest}")
    try:
        found = json.loads(text, parse_constant=_not_finite, parse_float=_finite) if finite else json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ContractError(f"not JSON: {error}") from None
    if not isinstance(found, dict):
        raise ContractError(f"JSON is {type(found).__name__}, expected an object")
    return found


def _not_finite(text: str) -> float:
    raise ContractError(f"JSON holds {text}, expected finite numbers")


def _finite(text: str) -> float:
    value = float(text)
    return value if math.isfinite(value) else _not_finite(text)


def check_entries(found: Mapping[str, Any], kinds: Mapping[str, type]) -> None:
    """Refuse an object whose entries are not as expected; numbers are none below 0.

    Args:
        found: The object; what `kinds` does not name is not looked at.
        kinds: By name, int, float (a whole number will do), bool or str.

    Raises:
        ContractError: An entry is missing, of another kind, negative, or larger than a float64 can count.
    """
    for name, kind in kinds.items():
        if name not in found:
            raise ContractError(f"lacks '{name}'")
        value = found[name]
        fits = isinstance(value, (int, float) if kind is float else kind)
        if not fits or isinstance(value, bool) is not (kind is bool):
            raise ContractError(f"'{name}' is {str(value)[:100]}, expected {kind.__name__}")
        if kind in (int, float) and not 0 <= value <= LARGEST_WHOLE:
            raise ContractError(f"'{name}' is {str(value)[:100]}, expected 0 to 2^53")
