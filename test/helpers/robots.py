# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Robots that do not ship."""

from pathlib import Path
from typing import Any

import yaml

from ros_rl.resources import share_path

GRIPPER = {
    "command_interface": "position",
    "lower": 0.0,
    "upper": 0.8,
    "velocity": 2.0,
    "acceleration": 40.0,
    "home": 0.3,
    "action_scale": 0.3,
    "step": 0.1,
    "stiffness": 0.5,
    "damping": 0.02,
}


def gripper_arm(folder: Path, **changes: Any) -> str:
    """Write the file of an xArm6 whose last joint is a gripper with position commands; gives its path."""
    data = yaml.safe_load(share_path("config", "robots", "xarm6.yaml").read_text())
    data["joints"]["joint6"] |= GRIPPER | changes
    path = folder / "robot.yaml"
    path.write_text(yaml.safe_dump(data, sort_keys=False))
    return str(path)
