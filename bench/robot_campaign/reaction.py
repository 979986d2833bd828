# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""How soon a fault is reacted to: when the robot was led on last, however long it takes to rest afterwards."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from robot_campaign.received import Order

_SAME = 1e-5  # rad or rad/s, by which numbers differ that were rounded on their way


def led_until(orders: Sequence[Order], positions: NDArray[np.bool_]) -> float | None:
    """When the last order that leads on was followed by another, or ended by itself [s]; None if none leads on.

    All orders after that brake (no joint's speed is larger or of the other sign), hold (positions do not change) or
    let go. One that is the same as the one before goes on with what that did, unless the robot stands under it.

    Args:
        orders: In the order in which they came.
        positions: Which joints are told positions, the others velocities, shape (joints,).
    """
    until: float | None = None
    led, last = False, None
    for order in orders:
        if last is not None and led:
            until = min(order.time, last.time + last.lasts)
        led = _leads(order, last, led, positions)
        last = order
    return last.time + last.lasts if last is not None and led else until


def _leads(order: Order, last: Order | None, led: bool, positions: NDArray[np.bool_]) -> bool:
    """Whether an order leads on, after one of which that is known."""
    if not order.moves:
        return False
    if last is None or not last.moves:
        return True
    changed = np.abs(order.value - last.value) > _SAME
    speed, before = order.value[~positions], last.value[~positions]
    if not changed.any():
        return led and bool(speed.any())
    faster = (speed * before < 0.0) | (np.abs(speed) > np.abs(before) + _SAME)
    return bool(changed[positions].any() or faster.any())
