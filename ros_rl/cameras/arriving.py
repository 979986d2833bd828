# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Pictures of a real camera's node, as it has them: what becomes of them is a picture of the robot's camera.

What cannot become one is refused when it comes; the work is done when it is looked at.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ros_rl.cameras.pinhole import millimetres
from ros_rl.cameras.reduction import check_size, picked, reduced
from ros_rl.errors import ContractError
from ros_rl.robot import Camera
from ros_rl.sensors.cameras import DEPTH, RGB, Encoding, pixels_of
from ros_rl.types import Image


class _Colours(NamedTuple):
    """An encoding, and where red, green and blue stand in its pixels."""

    encoding: Encoding
    order: tuple[int, int, int]


class _Distances(NamedTuple):
    """An encoding, and its unit [m]."""

    encoding: Encoding
    unit: float


_RGB, _BGR = (0, 1, 2), (2, 1, 0)
_COLOURS = {
    kind.encoding.name: kind
    for kind in (
        _Colours(RGB, _RGB),
        _Colours(Encoding("bgr8", "uint8", 3), _BGR),
        _Colours(Encoding("rgba8", "uint8", 4), _RGB),
        _Colours(Encoding("bgra8", "uint8", 4), _BGR),
    )
}
_DISTANCES = {
    kind.encoding.name: kind for kind in (_Distances(DEPTH, 1e-3), _Distances(Encoding("32FC1", "<f4", 1), 1.0))
}
_GREY = ("mono8", "mono16", "8UC1", "16UC1")


def colour_in(message: Any, camera: Camera) -> Callable[[], Image]:
    """What makes of a message the robot's camera's picture, uint8 (height, width, 3).

    Args:
        message: ``sensor_msgs/Image``, as large as the camera's or larger.
        camera: Of the robot.

    Raises:
        ContractError: It is no such picture.
    """
    if message.encoding not in _COLOURS:
        what = "grey instead of colour" if message.encoding in _GREY else "no colour that is known here"
        raise _no_use(message.encoding, what, _COLOURS)
    kind = _COLOURS[message.encoding]
    check_size((message.height, message.width), camera.size)
    picture = pixels_of(message, kind.encoding)
    return lambda: np.ascontiguousarray(reduced(picture, camera.size)[..., kind.order])


def depth_in(message: Any, camera: Camera) -> Callable[[], NDArray[np.uint16]]:
    """The same of depth: what makes of a message the robot's camera's, uint16 (height, width) [mm], 0: not measured."""
    if message.encoding not in _DISTANCES:
        raise _no_use(message.encoding, "no distances that are known here", _DISTANCES)
    kind = _DISTANCES[message.encoding]
    check_size((message.height, message.width), camera.size)
    picture = pixels_of(message, kind.encoding)
    return lambda: millimetres(kind.unit * picked(picture, camera.size).astype(np.float64), camera)


def _no_use(encoding: str, what: str, known: dict[str, Any]) -> ContractError:
    return ContractError(f"its encoding is {encoding[:20]}, {what}; expected {', '.join(known)}")
