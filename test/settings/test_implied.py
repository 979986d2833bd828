# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""What the choice of a driver brings with it."""

import pytest

from ros_rl.settings.registry import BACKEND_SETTINGS, implied_by


@pytest.mark.parametrize("name", [None, "", "pybullet", "mock", "external"])
def test_simulators_and_others_drivers_imply_nothing(name: str | None) -> None:
    assert implied_by(name) == {}


def test_a_robot_keeps_its_own_time() -> None:
    real = [name for name, kind in BACKEND_SETTINGS.items() if kind.starts_driver and not kind.simulated]
    assert [implied_by(name) for name in real] == [{"driver.mode": "real_time"}] * len(real)
