# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Where a camera looks, and in which pixel a point is, against numbers worked out by hand."""

import numpy as np
import pytest

from ros_rl.cameras.pinhole import intrinsics, millimetres, optical_axes
from ros_rl.robot import Camera

HALF = 2.0 * np.arctan(0.5)  # half of what is 1 m away is 0.5 m high


def camera(**changes) -> Camera:
    return Camera(**{"position": (0.0, 0.0, 0.0), "target": (1.0, 0.0, 0.0), "field_of_view": HALF} | changes)


def test_focal_length_and_middle():
    """f = (h / 2) / tan(fov / 2) = 32 / 0.5; the middle lies between pixels 31 and 32, and 47 and 48."""
    assert intrinsics(camera(width=96, height=64)) == pytest.approx(np.array([[64, 0, 47.5], [0, 64, 31.5], [0, 0, 1]]))


def test_the_edges_of_the_field_of_view_are_the_outer_edges_of_the_pixels():
    k = intrinsics(camera(width=96, height=64))
    top, right = k @ (0.0, -0.5, 1.0), k @ (0.75, 0.0, 1.0)
    assert top[1] == pytest.approx(-0.5) and right[0] == pytest.approx(95.5)


@pytest.mark.parametrize(
    ("changes", "right", "down", "ahead"),
    [
        ({}, (0, -1, 0), (0, 0, -1), (1, 0, 0)),  # ahead along x: y is to its left
        ({"target": (0.0, 0.0, -2.0), "up": (1.0, 0.0, 0.0)}, (0, -1, 0), (-1, 0, 0), (0, 0, -1)),
        ({"target": (0.0, 3.0, 0.0), "up": (0.0, 5.0, -2.0)}, (-1, 0, 0), (0, 0, 1), (0, 1, 0)),  # upside down
    ],
)
def test_axes(changes, right, down, ahead):
    axes = optical_axes(camera(**changes))
    assert axes == pytest.approx(np.array([right, down, ahead]).T)
    assert np.linalg.det(axes) == pytest.approx(1.0)


def test_depth_in_millimetres():
    found = millimetres(np.array([0.01, 0.5004, 1.9996, 3.0, np.inf]), camera(nearest=0.1, farthest=2.0))
    assert found.dtype == np.uint16 and found.tolist() == [0, 500, 2000, 0, 0]
