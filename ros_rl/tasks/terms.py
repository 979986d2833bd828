# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Parts of rewards: batched, for numpy arrays and torch tensors alike, with a gradient everywhere."""

from __future__ import annotations

from typing import Any

_TINY = 1e-12


def distance(here: Any, there: Any) -> Any:
    """Distance between points, shapes (..., size) to (...,), in their unit."""
    return (((here - there) ** 2).sum(-1) + _TINY) ** 0.5


def turn(here: Any, there: Any) -> Any:
    """How far an orientation is turned from another, shapes (..., 6) to (...,): 2 sin(angle / 2), the angle if small.

    Both are fields such as ``tool_orientation`` and ``goal_orientation``: x and y axis.
    """
    squared = ((here - there) ** 2).sum(-1)
    for part, other in zip(_third_axis(here), _third_axis(there), strict=True):
        squared = squared + (part - other) ** 2
    return (0.5 * squared + _TINY) ** 0.5


def in_base(point: Any, base: Any, heading: Any) -> tuple[Any, Any]:
    """How far forward and how far to the left of a base a point is [m], each of shape (...,).

    Args:
        point: On the ground, such as ``goal_planar``, (..., 2).
        base: ``base_position``, (..., 2).
        heading: ``heading``, sine and cosine, (..., 2).
    """
    x, y = point[..., 0] - base[..., 0], point[..., 1] - base[..., 1]
    sine, cosine = heading[..., 0], heading[..., 1]
    return cosine * x + sine * y, cosine * y - sine * x


def near(far: Any, precision: float) -> Any:
    """A bonus in (0, 1] that is sharp near zero.

    Args:
        far: A distance, (...,).
        precision: Where the bonus has fallen to half, in the distance's unit.
    """
    return precision / (precision + far)


def _third_axis(columns: Any) -> tuple[Any, Any, Any]:
    a, b, c, d, e, f = (columns[..., index] for index in range(6))
    return b * f - c * e, c * d - a * f, a * e - b * d
