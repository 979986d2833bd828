# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""A camera that a robot may have: where it is, which way it looks, how much it sees."""

from __future__ import annotations

from dataclasses import dataclass

from ros_rl.config import required, setting

SMALLEST, LARGEST = 32, 128
"""Sides of a picture [px]."""


@dataclass(frozen=True, kw_only=True)
class Camera:
    """A pinhole camera without distortion and with square pixels; a part of the section ``cameras`` of a robot's file.

    Of a calibrated one, whose optical frame is known, `target` is any point on that frame's z axis, `up` minus its y.
    """

    link: str | None = setting(
        None,
        "link of the URDF that carries it; not set: it stands still in the base frame or, where the base moves, in the "
        "world",
    )
    position: tuple[float, float, float] = required("of its lens, in the frame of what carries it", unit="m")
    target: tuple[float, float, float] = required("a point in the middle of its picture, in that frame", unit="m")
    up: tuple[float, float, float] = setting(
        (0.0, 0.0, 1.0), "what is up in its picture, in that frame; not along the way it looks"
    )
    field_of_view: float = required("from the top of its picture to the bottom", unit="rad", low=0.1, high=2.5)
    width: int = setting(64, "of its picture", unit="px", low=SMALLEST, high=LARGEST)
    height: int = setting(64, "of its picture", unit="px", low=SMALLEST, high=LARGEST)
    depth: bool = setting(False, "whether it measures depth, too")
    nearest: float = setting(0.02, "what is nearer is not seen", unit="m", low=1e-3, high=1.0)
    farthest: float = setting(10.0, "what is farther is not seen", unit="m", low=0.1, high=60.0)

    @property
    def size(self) -> tuple[int, int]:
        """Height and width of its picture [px], as the shape of an array has them."""
        return self.height, self.width
