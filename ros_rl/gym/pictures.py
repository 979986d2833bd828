# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Which parts of an environment's observations are pictures, and what agents that see images are told of them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import numpy as np
from gymnasium.spaces import Box

from ros_rl.errors import ConfigError
from ros_rl.layout import IMAGE, LAST_ACTION, PENDING_ACTIONS, Field
from ros_rl.tasks.gym_task import OBSERVATION

SMALLEST, LARGEST = 16, 256
"""Sides of what agents see [px]: smaller ones leave convolutions nothing to do, larger ones take too long."""
ENCODINGS = {3: "rgb8", 1: "mono8"}
"""By number of channels, as ROS calls them."""
_GREYS = 255
_TAKEN = (OBSERVATION, LAST_ACTION, PENDING_ACTIONS, "carry", "noise", "explore", "action", "next_carry")
"""Inputs and outputs of control graphs."""


def is_picture(space: Any) -> bool:
    """Whether a space is meant as one: bytes in two or three dimensions."""
    return isinstance(space, Box) and space.dtype == np.uint8 and len(space.shape) in (2, 3)


def picture_field(space: Box, keys: Sequence[Any], what: str) -> Field:
    """What agents are told of a picture.

    Args:
        space: Of it.
        keys: Of the Dicts and Tuples around it, from outside in; they name it, or `image` if there are none.
        what: It is, for messages.

    Raises:
        ConfigError: It has another shape than they can see.
    """
    shape = space.shape
    if len(shape) != 3 or shape[2] not in ENCODINGS or not SMALLEST <= min(shape[:2]) <= max(shape[:2]) <= LARGEST:
        raise ConfigError(
            f"{what} are uint8 {shape}; agents that see images take (height, width, 1 or 3), sides of {SMALLEST} to "
            f"{LARGEST} pixels (gymnasium.wrappers has ResizeObservation, GrayscaleObservation with keep_dim=True, and "
            "FlattenObservation for what is no picture)"
        )
    name = re.sub(r"\W", "_", "_".join(map(str, keys))) or IMAGE
    if name in _TAKEN or not name.isidentifier():
        name = f"{IMAGE}_{name}"
    return Field(name, shape, ENCODINGS[shape[2]], 1.0 / _GREYS, IMAGE, "uint8")
