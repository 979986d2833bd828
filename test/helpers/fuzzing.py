# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""What tests with random inputs share."""

import math
from collections.abc import Callable
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from ros_rl.errors import RosRlError

NUMBERS = st.one_of(
    st.floats(width=64),
    st.sampled_from([math.nan, math.inf, -math.inf, 1e300, -1.0, -0.0, 0.5, 2.0**53, 2.0**63, 1e30]),
    st.integers(-3, 100).map(float),
)
VECTORS = st.lists(NUMBERS, max_size=12)


def fuzz(examples: int) -> Callable[[Any], Any]:
    """The same inputs in every run, however slow the machine is."""
    return settings(
        max_examples=examples,
        deadline=None,
        derandomize=True,
        database=None,
        suppress_health_check=list(HealthCheck),
    )


def taken(read: Callable[[], Any]) -> Any:
    """What a reader gives, None if it refuses in one line; anything else fails the test."""
    try:
        return read()
    except RosRlError as error:
        assert str(error) and "\n" not in str(error).strip()
        return None


def broken(data: bytes, flips: list[tuple[float, int]], cut: float) -> bytes:
    """Bytes of which some are replaced, and which end at a share of their length."""
    changed = bytearray(data)
    for place, value in flips:
        changed[int(place * (len(data) - 1))] = value
    return bytes(changed[: round(cut * len(data))])


BREAKS = (
    st.lists(st.tuples(st.floats(0, 1), st.integers(0, 255)), max_size=4),
    st.one_of(st.just(1.0), st.just(1.0), st.floats(0, 1)),
)
