# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""The remote control's keys in a state of the A1, and those that stop it."""

from __future__ import annotations

import numpy as np

KEYS = {  # bytes 2 and 3 of 40, the lowest bit first
    name: 1 << bit
    for bit, name in enumerate(
        "R1 L1 start select R2 L2 F1 F2 A B X Y up right down left".split(),
    )
}
STOPS = (("L2", "B"), ("L2", "A"))
"""Keys that together stop it: what damps the robot in the vendor's own controller, and what lets it sit down."""


def pressed(remote: np.ndarray) -> int:
    """The keys that are pressed, as a sum of `KEYS`; of 40 bytes."""
    return int(remote[2]) | int(remote[3]) << 8


def stops(keys: int) -> bool:
    """Whether these keys stop the robot."""
    return any(all(keys & KEYS[name] for name in names) for names in STOPS)
