# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Where a ball of a known colour is, by a picture from above."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ros_rl.types import Array, Image

_DARKEST = 60.0  # sum of red, green and blue below which a pixel has no colour
_TOGETHER = 0.7  # share of the pixels of that colour that must be the ball's
_ROUND = 2.5  # times the radius of a disc of as many pixels within which they must lie


def find(image: Image, colour: Sequence[float], tolerance: float, smallest: int) -> tuple[Array | None, str]:
    """The middle of the blob of a colour, however bright it is.

    Args:
        image: RGB, uint8 (height, width, 3).
        colour: Red, green, blue.
        tolerance: Largest distance of the shares of red, green and blue.
        smallest: Pixels that it must have.

    Returns:
        Its x and y [pixels], and nothing; or None, and why.
    """
    values = image.astype(np.float32)
    total = values.sum(2)
    wanted = np.asarray(colour, np.float32) / max(float(sum(colour)), 1.0)
    away = np.abs(values / np.maximum(total, 1.0)[..., None] - wanted).sum(2)
    rows, columns = np.nonzero((away <= tolerance) & (total >= _DARKEST))
    if len(rows) < smallest:
        return None, f"{len(rows)} pixels have its colour, {smallest} are wanted"
    points = np.stack((columns, rows), 1).astype(np.float64)
    distance = np.linalg.norm(points - np.median(points, 0), axis=1)
    near = distance <= max(2.0, _ROUND * np.sqrt(len(points) / np.pi))
    if near.mean() < _TOGETHER:
        return None, "its colour is in several places"
    middle: Array = points[near].mean(0)
    return middle, ""


class Floor:
    """The plane that the camera looks at.

    Args:
        size: Width and depth of the arena [m].
        corners: Pixels x and y of its corners: left far, right far, right near, left near; empty for the whole picture,
            whose pixels are then square, and as wide as the arena.
    """

    def __init__(self, size: Sequence[float], corners: Sequence[float]) -> None:
        self._size, self._corners = size, np.array(corners).reshape(-1, 2)
        self._map: Array | None = None

    def place(self, pixel: Array, shape: tuple[int, ...]) -> Array:
        """Where a pixel is [m], shape (2,): x to the right and y away from the middle of the arena.

        Args:
            pixel: Its x and y.
            shape: Of the picture: height, width.
        """
        if self._map is None:
            self._map = self._homography(shape)
        x, y, w = self._map @ np.array([pixel[0], pixel[1], 1.0])
        return np.array([x / w, y / w])

    def _homography(self, shape: tuple[int, ...]) -> Array:
        width, depth = self._size
        if not len(self._corners):
            scale, (rows, columns) = width / shape[1], shape[:2]
            return np.array(
                [
                    [scale, 0.0, -scale * (columns - 1) / 2],
                    [0.0, -scale, scale * (rows - 1) / 2],
                    [0.0, 0.0, 1.0],
                ]
            )
        places = np.array([[-1, 1], [1, 1], [1, -1], [-1, -1]]) * np.array([width, depth]) / 2.0
        equations = []
        for (u, v), (x, y) in zip(self._corners, places, strict=True):
            equations.append([u, v, 1, 0, 0, 0, -x * u, -x * v, -x])
            equations.append([0, 0, 0, u, v, 1, -y * u, -y * v, -y])
        solution: Array = np.linalg.svd(np.array(equations))[2][-1].reshape(3, 3)
        return solution
