# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""What a person wants at a moment, whatever they say it with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from ros_rl.errors import ContractError
from ros_rl.types import Array
from ros_rl.wire import number, whole

_LARGEST_PICK = 9


@dataclass(frozen=True)
class Wish:
    """One moment. Shares lie in [-1, 1]."""

    held: bool = False
    """Whether the dead man's switch is held; else nothing is to move."""
    jog: float = 0.0
    """Share at which the selected joint is to move."""
    forward: float = 0.0
    """Share of the velocity forward that the task is asked for."""
    left: float = 0.0
    """The same to the left."""
    turn: float = 0.0
    """The same of turning to the left."""
    select: int = 0
    """1 selects the next joint, -1 the one before."""
    pick: int = 0
    """Number of the joint to select, from 1; 0: none."""
    speed: int = 0
    """1 makes it faster, -1 slower."""
    joints: Mapping[str, float] = field(default_factory=dict)
    """Shares at which further joints are to move, by name."""


_SHARES = ("jog", "forward", "left", "turn")
_STEPS = {"select": (-1, 1), "pick": (0, _LARGEST_PICK), "speed": (-1, 1)}


def wish_fields(wish: Wish) -> dict[str, float]:
    """A wish as named numbers; those of `joints` are left out."""
    return {"held": float(wish.held), **{name: float(getattr(wish, name)) for name in (*_SHARES, *_STEPS)}}


def wish_from(fields: Mapping[str, Array]) -> Wish:
    """The inverse of `wish_fields`.

    Raises:
        ContractError: A number is missing, not finite, or out of range.
    """
    try:
        jog, forward, left, turn = (_share(fields, name) for name in _SHARES)
        select, pick, speed = (whole(fields, name, high, low) for name, (low, high) in _STEPS.items())
        return Wish(bool(whole(fields, "held", 1)), jog, forward, left, turn, select, pick, speed)
    except ContractError as error:
        raise ContractError(f"not a wish: {error}") from None


def _share(fields: Mapping[str, Array], name: str) -> float:
    value = number(fields, name)
    if abs(value) > 1.0:
        raise ContractError(f"'{name}' is {value:g}, expected a number from -1 to 1")
    return value
