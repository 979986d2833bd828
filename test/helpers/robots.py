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

WHEEL = {"velocity": 10.0, "acceleration": 1000.0, "effort": 5.0, "step": 20.0}
LEFT, RIGHT = ("front_left", "rear_left"), ("front_right", "rear_right")
ROVER: dict[str, Any] = {
    "name": "rover",
    "command_interface": "velocity",
    "floating_base": False,
    "base_frame": "base",
    "sensors": ["joint_position", "joint_velocity", "joint_effort"],
    "joints": {name: {**WHEEL} for name in (*LEFT, *RIGHT)},
    # wheels of 0.2 m, 0.5 m from the middle to each side: (v -+ 0.5 omega) / 0.2
    "actions": {
        "forward": {"unit": "m/s", "scale": 0.8, "joints": dict.fromkeys((*LEFT, *RIGHT), 5.0)},
        "turn": {"unit": "rad/s", "scale": 2.0, "joints": dict.fromkeys(LEFT, -2.5) | dict.fromkeys(RIGHT, 2.5)},
    },
    "mirror": {"front_left": "front_right", "rear_left": "rear_right"},
    "safety": {
        "tilt": float("inf"),
        "joint_margin": 0.1,
        "joint_error": float("inf"),
        "velocity_error": 2.0,
        "safe_action": "stop",
        "damping": 0.0,
    },
}


def gripper_arm(folder: Path, **changes: Any) -> str:
    """Write the file of an xArm6 whose last joint is a gripper with position commands; gives its path."""
    data = yaml.safe_load(share_path("config", "robots", "xarm6.yaml").read_text())
    data["joints"]["joint6"] |= GRIPPER | changes
    del data["safety"]["workspace"]
    path = folder / "robot.yaml"
    path.write_text(yaml.safe_dump(data, sort_keys=False))
    return str(path)


def rover_file(folder: Path, **changes: Any) -> str:
    """Write the file of a base with four wheels, whose actions are v and omega; gives its path."""
    path = folder / "rover.yaml"
    path.write_text(yaml.safe_dump(ROVER | changes, sort_keys=False))
    return str(path)
