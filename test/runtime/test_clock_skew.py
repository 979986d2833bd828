# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

import numpy as np
import pytest

from ros_rl.runtime.clock_skew import Skew, skew

NOW, EPOCH = 5000.0, 1.7e9  # s, of the steady clock, and what the system's is ahead of it


def stamped(ahead: float, gain: float, seconds: float = 3.0) -> Skew:
    """100 stamps a second; the way here takes 0.3 ms, and up to 20 ms more now and then."""
    rng = np.random.default_rng(1)
    measured = NOW + np.arange(0.0, seconds, 0.01)
    arrivals = measured + 0.0003 + rng.exponential(0.002, len(measured)) * (rng.random(len(measured)) < 0.7)
    found = skew(list(arrivals), list(measured + ahead + gain * (measured - NOW)), EPOCH)
    assert found is not None
    return found


@pytest.mark.parametrize(("ahead", "gain"), [(0.0, 0.0), (0.4, 0.0), (-2.0, 0.0), (0.0, 0.01), (0.0, -0.05)])
def test_a_clock_of_another_machine_is_found(ahead: float, gain: float) -> None:
    found = stamped(EPOCH + ahead, gain)
    assert gain or found.ahead == pytest.approx(ahead - 0.0003, abs=0.001)
    assert found.gain == pytest.approx(gain, abs=5e-4)
    assert bool(found.fix) == (abs(ahead) > 0.05 or abs(gain) > 1e-3)
    if ahead:
        assert f"{found.ahead:.3f} s ahead" in found.fix and "chrony" in found.fix


def test_a_clock_that_began_with_the_robot_has_no_offset() -> None:
    found = stamped(-NOW + 12.0, 0.0)
    assert found.ahead is None and not found.fix
    assert "began when it did; gains" in str(found)
    assert stamped(-NOW + 12.0, -0.5).fix.startswith("its stamps gain -499")


def test_few_stamps_tell_nothing() -> None:
    assert skew([1.0] * 9, [1.0] * 9, 0.0) is None
