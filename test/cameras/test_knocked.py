# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Where knocked cameras are, against places worked out by hand."""

from dataclasses import replace

import numpy as np
import pytest

from ros_rl.cameras.knocked import knocked
from ros_rl.cameras.pinhole import optical_axes
from ros_rl.robot import Camera, load_robot
from ros_rl.settings.cameras import FrameSettings

AHEAD = Camera(position=(1.0, 2.0, 3.0), target=(5.0, 2.0, 3.0), field_of_view=1.0)  # right -y, down -z, ahead x
ROBOT = replace(load_robot("mock"), cameras={"one": AHEAD})


def test_who_is_not_knocked_is_as_before() -> None:
    assert knocked(ROBOT, FrameSettings()) is ROBOT


def test_a_shift_is_along_its_own_axes() -> None:
    moved = knocked(ROBOT, FrameSettings(shift=(0.1, 0.2, 0.3))).cameras["one"]
    assert moved.position == pytest.approx((1.3, 1.9, 2.8))
    assert optical_axes(moved) == pytest.approx(optical_axes(AHEAD))


@pytest.mark.parametrize(
    ("turn", "right", "down", "ahead"),
    [
        ((np.pi / 2, 0.0, 0.0), (0, -1, 0), (1, 0, 0), (0, 0, 1)),  # about its right: it looks up
        ((0.0, np.pi / 2, 0.0), (-1, 0, 0), (0, 0, -1), (0, -1, 0)),  # about its down: it looks to its right
        ((0.0, 0.0, np.pi / 2), (0, 0, -1), (0, 1, 0), (1, 0, 0)),  # about its ahead: clockwise
    ],
)
def test_a_turn_is_about_its_own_axes(turn: tuple, right: tuple, down: tuple, ahead: tuple) -> None:
    turned = knocked(ROBOT, FrameSettings(turn=turn)).cameras["one"]
    assert turned.position == AHEAD.position
    assert optical_axes(turned) == pytest.approx(np.array([right, down, ahead]).T, abs=1e-12)
    assert turned.field_of_view == AHEAD.field_of_view and turned.size == AHEAD.size
