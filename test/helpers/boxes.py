# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Robots made of boxes, written as a URDF with a robot's file beside it."""

from pathlib import Path
from typing import Any

import yaml

INERTIAL = '<inertial><mass value="{mass}"/><inertia ixx="1" iyy="1" izz="1" ixy="0" ixz="0" iyz="0"/></inertial>'
BOX = '<collision><geometry><box size="{size}"/></geometry></collision>'

SAFETY = {
    "tilt": float("inf"),
    "joint_error": float("inf"),
    "joint_margin": 0.1,
    "safe_action": "stop",
    "damping": 0.0,
}
"""Of the robot's file."""


def link(name: str, mass: float | None = 1.0, size: str = "") -> str:
    inertial = "" if mass is None else INERTIAL.format(mass=mass)
    return f'<link name="{name}">{inertial}{BOX.format(size=size) if size else ""}</link>'


def joint(
    name: str, child: str, kind: str = "revolute", parent: str = "base", xyz: str = "0 0 0", more: str = ""
) -> str:
    ends = '<limit lower="-1" upper="2" effort="50" velocity="4"/>' if kind in ("revolute", "prismatic") else ""
    frame = f'<parent link="{parent}"/><child link="{child}"/><origin xyz="{xyz}"/><axis xyz="0 1 0"/>'
    return f'<joint name="{name}" type="{kind}">{frame}{ends}{more}</joint>'


def entry(**changes: Any) -> dict[str, Any]:
    """A commanded joint's part of the file; what is None is left out."""
    values = {"lower": -1.0, "upper": 2.0, "home": 0.0, "velocity": 4.0, "acceleration": 40.0, "effort": 50.0}
    values |= {"action_scale": 1.0, "step": 1.0} | changes
    return {key: value for key, value in values.items() if value is not None}


def write_robot(folder: Path, *parts: str, joints: dict[str, Any], **changes: Any) -> str:
    """Write both files; gives the path of the robot's.

    Args:
        folder: Of both.
        *parts: Of the URDF.
        joints: Of the robot's file.
        **changes: Keys of it; those of its section `simulation` as a mapping.
    """
    (folder / "box.urdf").write_text(f'<robot name="box">{"".join(parts)}</robot>')
    data: dict[str, Any] = {
        "name": "box",
        "command_interface": "velocity",
        "floating_base": False,
        "base_frame": "base",
        "sensors": ["joint_position", "joint_velocity", "joint_effort"],
        "joints": joints,
        "safety": SAFETY,
    }
    simulation = {"urdf": "box.urdf", **changes.pop("simulation", {})}
    path = folder / "box.yaml"
    path.write_text(yaml.safe_dump({**data, **changes, "simulation": simulation}, sort_keys=False))
    return str(path)
