# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Words of errors."""

import pytest

from ros_rl.errors import apart, beyond


@pytest.mark.parametrize(
    ("value", "limit", "digits", "shown"),
    [
        (1.5, 1.3, 2, ("1.50", "1.30")),
        (1.3002, 1.3, 2, ("1.3002", "1.3000")),
        (75.3, 75.0, 0, ("75.3", "75.0")),
        (90.0, 75.0, 0, ("90", "75")),
        (1.0 + 1e-15, 1.0, 2, ("1.000000000000001", "1.0")),
    ],
)
def test_a_value_beyond_its_limit_looks_it(value: float, limit: float, digits: int, shown: tuple[str, str]) -> None:
    assert apart(value, limit, digits) == shown
    assert beyond(value, limit, digits) == shown[0]


@pytest.mark.parametrize(
    ("age", "shown"), [(float("nan"), "nan"), (float("inf"), "inf"), (-0.3, "-0.300"), (-0.0501, "-0.0501")]
)
def test_an_age_that_is_none_is_told_as_it_is(age: float, shown: str) -> None:
    assert beyond(age, 0.05, 3) == shown
