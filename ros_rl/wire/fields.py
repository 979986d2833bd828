# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""A packet's named fields as the numbers that they are to be; one missing, not finite or out of range is refused."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np

from ros_rl.errors import ContractError

LARGEST_WHOLE = 2**53
"""Above it a float64 no longer tells whole numbers apart."""


def number(fields: Mapping[str, np.ndarray], name: str) -> float:
    """A field that is one finite number.

    Raises:
        ContractError: It is missing, holds several values, or is not finite.
    """
    value = fields.get(name)
    if value is None:
        raise ContractError(f"lacks the field '{name}'")
    if value.size != 1:
        raise ContractError(f"'{name}' has {value.size} values, expected 1")
    found = float(value.item())
    if not math.isfinite(found):
        raise ContractError(f"'{name}' is {found}, expected a finite number")
    return found


def whole(fields: Mapping[str, np.ndarray], name: str, largest: int = LARGEST_WHOLE, smallest: int = 0) -> int:
    """A field that is one whole number from `smallest` to `largest`.

    Raises:
        ContractError: As `number`; or it is not whole, or out of range.
    """
    found = number(fields, name)
    if not (found.is_integer() and smallest <= found <= largest):
        raise ContractError(f"'{name}' is {found:g}, expected a whole number from {smallest} to {largest}")
    return int(found)


def vector(fields: Mapping[str, np.ndarray], name: str) -> np.ndarray:
    """A field of finite numbers.

    Raises:
        ContractError: It is missing, or a value is not finite.
    """
    value = fields.get(name)
    if value is None:
        raise ContractError(f"lacks the field '{name}'")
    if not np.isfinite(value).all():
        raise ContractError(f"'{name}' is not finite: {first_beyond(value)}")
    return value


def first_beyond(value: np.ndarray, largest: float = math.inf) -> str:
    """The first value that is not finite or too large, and its place, for messages.

    Args:
        value: Of any shape; holds such a value.
        largest: Magnitude allowed.
    """
    flat = np.ravel(value)
    place = int(np.argmin(np.isfinite(flat) & (np.abs(flat) <= largest)))
    return f"{flat[place]:g} at {place}"
