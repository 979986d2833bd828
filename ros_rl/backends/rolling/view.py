# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""What a camera above the floor sees."""

from __future__ import annotations

import numpy as np

from ros_rl.floor_plan import FloorPlan
from ros_rl.types import Array, Image

FLOOR = (110, 108, 104)
Colour = tuple[int, int, int]


class View:
    """A picture from straight above.

    Args:
        width: [px].
        height: [px].
        across: How much of the floor its width shows [m].
        middle: Of what it shows [m], shape (2,).
        up: The direction on the floor that is up in it, a unit vector, shape (2,).
    """

    def __init__(
        self, width: int, height: int, across: float, middle: Array | None = None, up: Array | None = None
    ) -> None:
        self._pixel = across / width
        rows, columns = np.mgrid[:height, :width]
        away = np.stack([columns - (width - 1) / 2.0, (height - 1) / 2.0 - rows], -1) * self._pixel
        self.middle: Array = np.zeros(2) if middle is None else middle
        """Of what it shows [m], shape (2,)."""
        x, y = (0.0, 1.0) if up is None else up
        self._points = self.middle + away @ np.array([[y, -x], [x, y]])
        self._empty: Image = np.full((height, width, 3), FLOOR, np.uint8)

    def stand(self, plan: FloorPlan, share: tuple[float, float, float] = (1.0, 1.0, 1.0)) -> None:
        """Let what stands on the floor be seen from now on, and paint all in a share of its red, green and blue."""
        covered = plan.clearance(self._points) + plan.radius <= 0.0
        for body, shown in zip(plan.bodies, np.moveaxis(covered, -1, 0), strict=True):
            self._empty[shown] = [round(255 * part) for part in body.colour[:3]]
        self._empty = np.clip(np.rint(self._empty * np.array(share)), 0, 255).astype(np.uint8)

    def empty(self) -> Image:
        """The floor without anything that moves."""
        return self._empty.copy()

    def disc(self, image: Image, place: Array, radius: float, colour: Colour, inner: float = 0.0) -> None:
        """Draw a disc, or a ring; a pixel on its edge is partly what was there.

        Args:
            image: Of this view.
            place: Of its middle [m], shape (2,).
            radius: [m].
            colour: Red, green, blue.
            inner: Radius of the hole [m].
        """
        away = np.linalg.norm(self._points - place, axis=-1)
        covered = np.clip((radius - away) / self._pixel + 0.5, 0.0, 1.0)
        if inner:
            covered *= np.clip((away - inner) / self._pixel + 0.5, 0.0, 1.0)
        touched = covered > 0.0
        share = covered[touched, None]
        image[touched] = np.rint(share * colour + (1.0 - share) * image[touched])
