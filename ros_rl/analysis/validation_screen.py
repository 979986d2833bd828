# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""A validation as one screen, and as plain data."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from typing import Any

from ros_rl.analysis.behaviour import QUANTILES
from ros_rl.analysis.validation import Side, Validation

_SHOWN = 8
"""Differences."""
_NAME, _CELL = 34, 9  # characters of a column
_SKIPPED = ("episodes", "seconds_each", "plan_ms")


def validation_screen(validation: Validation, title: str) -> str:
    """It in one screen.

    Args:
        validation: What was found.
        title: What was done.
    """
    one, other = validation.one, validation.other
    lines = [title, ""]
    lines += _outcomes(one, other)
    lines += _distributions(one, other)
    lines += _differences(validation)
    return "\n".join([*lines, "", f"verdict: {verdict(validation)}"])


def verdict(validation: Validation) -> str:
    """In a line."""
    other, bound = validation.other, validation.bound
    held = "holds" if validation.passed else "does not hold"
    if validation.of_log:
        most = validation.differences[0].statistic if validation.differences else 0.0
        alike = "alike" if validation.passed else "not alike"
        return f"{alike}: the largest difference is {most:.2f}, allowed {bound:.2f}"
    known = other.evaluation is not None and other.evaluation.success_rate is not None
    what = "success rate" if known else "share of episodes that nothing ended"
    share = f"{what} {other.held:.2f}, at least {bound:.2f} asked for"
    told = [share] if validation.passed or other.held < bound else []
    return f"it {held} in {other.name}: {'; '.join([*told, *filter(None, [validation.missed])])}"


def to_mapping(validation: Validation) -> dict[str, Any]:
    """Plain data for JSON."""
    return {
        "passed": validation.passed,
        "bound": validation.bound,
        "missed": validation.missed,
        "sides": {side.name: _side(side) for side in (validation.one, validation.other)},
        "differences": [asdict(item) for item in validation.differences],
    }


def _side(side: Side) -> dict[str, Any]:
    return {
        "evaluation": None if side.evaluation is None else side.evaluation.to_mapping(),
        "quantities": {name: {"unit": item.unit, **item.quantiles} for name, item in side.quantities.items()},
    }


def _outcomes(one: Side, other: Side) -> Iterator[str]:
    found = [{} if side.evaluation is None else side.evaluation.to_mapping() for side in (one, other)]
    names = [name for name in found[1] if name not in _SKIPPED]
    yield _row("", [one.name, other.name])
    for name in names:
        yield _row(name.replace("_", " "), [_number(values.get(name)) for values in found])


def _distributions(one: Side, other: Side) -> Iterator[str]:
    yield ""
    yield _row("size, all joints", [key for _ in (one, other) for key in QUANTILES])
    for name in (name for name in one.quantities if name in other.quantities):
        cells = [value for side in (one, other) for value in side.quantities[name].quantiles.values()]
        yield _row(f"{name} [{one.quantities[name].unit}]", [_number(value) for value in cells])


def _differences(validation: Validation) -> Iterator[str]:
    yield ""
    yield _row("differs most", ["KS 0 to 1", "shift"])
    for item in validation.differences[:_SHOWN]:
        name = item.quantity if item.name == item.quantity else f"{item.quantity}, {item.name}"
        yield _row(name, [f"{item.statistic:.2f}", f"{item.shift:+.2f} sd"])


def _row(name: str, cells: Sequence[str]) -> str:
    return f"{name:<{_NAME}}" + "".join(f"{cell:>{_CELL}}" for cell in cells)


def _number(value: Any) -> str:
    return "-" if value is None else f"{value:.3f}" if isinstance(value, float) else str(value)
