# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Cameras that are no longer where a robot's file has them, which nobody was told."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ros_rl.cameras.pinhole import optical_axes
from ros_rl.robot import Camera, Robot
from ros_rl.rotations import from_rotation_vector, quaternion_to_matrix
from ros_rl.settings.cameras import FrameSettings
from ros_rl.types import Array


def knocked(robot: Robot, settings: FrameSettings) -> Robot:
    """The robot with its cameras where they really are.

    Args:
        robot: As its file describes it.
        settings: How far, and how, all of them are moved and turned, along and about their own optical axes.
    """
    if not any((*settings.shift, *settings.turn)):
        return robot
    shift, turn = np.array(settings.shift), quaternion_to_matrix(from_rotation_vector(np.array(settings.turn)))
    return replace(robot, cameras={name: _moved(camera, shift, turn) for name, camera in robot.cameras.items()})


def _moved(camera: Camera, shift: Array, turn: Array) -> Camera:
    own = optical_axes(camera)
    place, (_, down, ahead) = camera.position + own @ shift, (own @ turn).T
    return replace(camera, position=tuple(place), target=tuple(place + ahead), up=tuple(-down))
