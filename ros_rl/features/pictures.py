# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Images as agents see them, from what a robot's cameras measure: colour as it is, depth in 255 greys."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from ros_rl.errors import ConfigError, UnknownNameError
from ros_rl.layout import IMAGE, Field
from ros_rl.robot import Robot
from ros_rl.sensors.cameras import RGB, depth_of, image_of
from ros_rl.types import Image, Tick

_GREYS = 255


class Pictures:
    """The images of a tick.

    Args:
        robot: Whose cameras look.
        cameras: Those whose pictures are seen; of one that measures depth both.
        depth_span: Distance of the brightest grey [m]; farther is as bright, black is what was not measured.

    Raises:
        UnknownNameError: No such camera looks.
    """

    def __init__(self, robot: Robot, cameras: Sequence[str], depth_span: float) -> None:
        self._millimetres = 1000.0 * depth_span / _GREYS
        self._depths: set[str] = set()
        fields = []
        for name in cameras:
            if name not in robot.cameras:
                raise UnknownNameError("camera that looks", name, robot.cameras)
            camera = robot.cameras[name]
            fields.append(Field(image_of(name), (*camera.size, 3), RGB.name, 1.0 / _GREYS, IMAGE, "uint8"))
            if camera.depth:
                unit = f"{depth_span / _GREYS:g} m"
                fields.append(Field(depth_of(name), (*camera.size, 1), unit, 1.0 / _GREYS, IMAGE, "uint8"))
                self._depths.add(depth_of(name))
        self.fields = tuple(fields)
        """Colour's unit is its encoding, depth's the distance that one grey more is farther."""

    def __call__(self, tick: Tick) -> Mapping[str, Image]:
        """Images by name, uint8 (height, width, channels).

        Raises:
            ConfigError: The tick holds no picture of a camera.
        """
        return {item.name: self._image(item.name, tick) for item in self.fields}

    def _image(self, name: str, tick: Tick) -> Image:
        try:
            measured = tick.measurement[name]
        except KeyError:
            raise ConfigError(
                f"image '{name}' is not in the tick, in step {tick.step} of episode {tick.episode}"
            ) from None
        if name not in self._depths:
            image: Image = measured
            return image
        return np.minimum(np.rint(measured / self._millimetres), _GREYS).astype(np.uint8)[..., None]
