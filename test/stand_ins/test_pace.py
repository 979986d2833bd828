# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Steps of a simulated body by a clock that the test moves."""

import pytest

from ros_rl.stand_ins.pace import Pace


def test_steps_keep_up_with_the_clock_and_let_go_of_what_is_too_late() -> None:
    now = 5.0
    pace = Pace(0.002, lambda: now)
    assert len(pace.steps()) == 1 and pace.left == pytest.approx(0.002)
    assert len(pace.steps()) == 0  # asked again at once
    now += 0.0071  # 0.0071 s after the first: those of 2, 4 and 6 ms
    assert len(pace.steps()) == 3 and pace.left == pytest.approx(0.0009)
    now += 1.0
    assert len(pace.steps()) == 50 and 0.0 < pace.left <= 0.002  # 0.1 s of it, and on from now
    now += pace.left + 1e-9
    assert len(pace.steps()) == 1
