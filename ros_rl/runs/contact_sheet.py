# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Pictures of a robot: its home pose, and each joint at the ends of its range."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from ros_rl.backends.backend import Scenario
from ros_rl.backends.pybullet.backend import PyBulletBackend
from ros_rl.backends.pybullet.client import quiet
from ros_rl.backends.pybullet.inspection import quiet_settings
from ros_rl.errors import MissingDependencyError
from ros_rl.robot import Robot

_HOME = (960, 720)  # px
_CELL = (320, 240)  # px
_LABEL = 18  # px
_FAR = 5.0  # rad (or m), from which an end looks like home again, or is none at all
_TURN = np.pi / 2  # rad, from home, shown in its place


def write_pictures(robot: Robot, scene: str, period: float, folder: Path) -> list[Path]:
    """Write ``home.png`` and ``ranges.png``: a row for each joint, which is at its lowest, at home and at its highest.

    Raises:
        MissingDependencyError: Pillow is not installed.
    """
    try:
        from PIL import Image, ImageDraw
    except ImportError:
        raise MissingDependencyError("pillow", "sim") from None
    folder.mkdir(parents=True, exist_ok=True)
    home, ranges = folder / "home.png", folder / "ranges.png"
    with quiet():
        backend = PyBulletBackend(robot, quiet_settings(), period, Scenario(scene))
    try:
        backend.pose(robot.home)
        Image.fromarray(backend.render(*_HOME)).save(home)
        sheet = Image.new("RGB", (3 * _CELL[0], robot.size * (_CELL[1] + _LABEL)), "white")
        draw = ImageDraw.Draw(sheet)
        for row, (name, positions) in enumerate(_rows(robot)):
            for column, position in enumerate(positions):
                joints = robot.home.copy()
                joints[row] = position
                backend.pose(joints)
                corner = (column * _CELL[0], row * (_CELL[1] + _LABEL))
                draw.text((corner[0] + 4, corner[1] + 3), f"{name} {position:.3g}", fill="black")
                sheet.paste(Image.fromarray(backend.render(*_CELL)), (corner[0], corner[1] + _LABEL))
        sheet.save(ranges)
    finally:
        backend.close()
    return [home, ranges]


def _rows(robot: Robot) -> Iterator[tuple[str, tuple[float, float, float]]]:
    """Each joint with its lowest position, its home and its highest position [rad or m]."""
    for index, name in enumerate(robot.joints):
        home, low, high = robot.home[index], robot.limits.lower[index], robot.limits.upper[index]
        low, high = (end if abs(end - home) < _FAR else home + np.sign(end - home) * _TURN for end in (low, high))
        yield name, (low, home, high)
