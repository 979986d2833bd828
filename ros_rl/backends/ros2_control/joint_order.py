# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""In which order a controller takes the joints of a robot."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ros_rl.errors import BackendError


def joint_order(known: tuple[str, ...], told: tuple[str, ...], asked: tuple[str, ...], robot: str) -> NDArray[np.intp]:
    """Where each of the controller's joints stands among the robot's, shape (joints,).

    Args:
        known: The robot's joints, by the names that they have there.
        told: What the controller tells itself; empty if nothing.
        asked: What the settings say; empty if nothing.
        robot: Name of the robot.

    Raises:
        BackendError: Nobody says it, both say something else, or it has other joints than the robot.
    """
    if not (told or asked):
        raise BackendError(
            "the controller does not tell its joints (parameter 'joints'): give them in its order as "
            "driver.backend.joints"
        )
    if told and asked and told != asked:
        raise BackendError(
            f"the controller's joints are {', '.join(told)}; driver.backend.joints is {', '.join(asked)}"
        )
    order = told or asked
    if sorted(order) != sorted(known):
        raise BackendError(
            f"the controller's joints are {', '.join(order)}; robot '{robot}' has {', '.join(known)} "
            "(other names: hardware.ros2_control.joints in its file)"
        )
    return np.array([known.index(name) for name in order])
