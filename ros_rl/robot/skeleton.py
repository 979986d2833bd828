# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""A robot's file to begin with, made from its URDF: what that says, and TODO where only a person knows."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator

from ros_rl.robot.urdf import MOVING, Urdf, UrdfJoint

_VELOCITY = 1.0  # rad/s or m/s, where the URDF names none
_EFFORT = 10.0  # N m or N, where the URDF names none
_START = 0.1  # s, in which a joint may come to its largest velocity
_FASTEST = 1.0  # rad/s or m/s, of action 1


def skeleton(urdf: Urdf, source: str) -> str:
    """The text of a YAML file with velocity commands for every joint that moves.

    Args:
        urdf: What it is made from.
        source: Path of the URDF as the file is to name it.
    """
    moving = {name: joint for name, joint in urdf.joints.items() if joint.kind in MOVING}
    commanded = {name: joint for name, joint in moving.items() if not joint.mimics}
    wheels = [name for name, joint in commanded.items() if _is_endless(joint)]
    rolls = len(wheels) > 1
    tool = "" if rolls else _tip(urdf, list(moving.values()))
    lines = [
        f"# Made from {source}. What stands behind TODO is a guess: docs/your_robot.md says what each key means.",
        f"name: {_name(urdf)}",
        "command_interface: velocity  # TODO position (with stiffness and damping), velocity or effort",
        f"floating_base: {'true' if rolls else 'false'}  # TODO true if the base moves through the world",
        f"base_frame: {urdf.root_link}",
        *([f"tool_frame: {tool}"] if tool else []),
        f"sensors: [{', '.join(_sensors(rolls, bool(tool)))}]",
        "joints:  # rad, rad/s, rad/s^2, N m (of sliding joints m, m/s, m/s^2, N); step in rad/s per control period",
        *_joints(commanded),
        "safety:",
        f"  tilt: {'0.8  # rad; TODO' if rolls else '.inf  # rad; the base is fixed'}",
        "  joint_error: .inf  # rad; velocity commands have no position to be off from",
        "  joint_margin: 0.1  # rad",
        "  safe_action: stop",
        "  damping: 0.0  # N m s/rad",
        "simulation:",
        f"  urdf: {source}",
        *(
            ["  spawn_height: 0.0  # m, of the base; TODO, ros-rl check tells which height stands on the ground"]
            * rolls
        ),
        *([f"  tool_link: {tool}"] if tool else []),
        f"  self_collision: {'false' if rolls else 'true'}",
        f"  inertia_from_urdf: {'true' if all(urdf.mass(name) is not None for name in urdf.links) else 'false'}",
    ]
    return "\n".join(lines) + "\n"


def _joints(commanded: dict[str, UrdfJoint]) -> Iterator[str]:
    """A line for each."""
    for name, joint in commanded.items():
        velocity = joint.velocity if 0.0 < joint.velocity < math.inf else _VELOCITY
        effort = joint.effort if 0.0 < joint.effort < math.inf else _EFFORT
        scale = min(velocity, _FASTEST)
        values = {"lower": joint.lower, "upper": joint.upper}
        values |= {"velocity": velocity, "acceleration": velocity / _START, "effort": effort, "home": _home(joint)}
        values |= {"action_scale": scale, "step": scale}
        if _is_endless(joint):
            values = {key: value for key, value in values.items() if key not in ("lower", "upper", "home")}
        guesses = ["acceleration", "action_scale", *([] if _is_endless(joint) else ["home"])]
        guesses += [key for key, own in (("velocity", velocity), ("effort", effort)) if own != getattr(joint, key)]
        entry = ", ".join(f"{key}: {value:.6g}" for key, value in values.items())
        yield f"  {name}: {{{entry}}}  # TODO {', '.join(guesses)}"


def _sensors(rolls: bool, has_tool: bool) -> list[str]:
    joints = ["joint_position", "joint_velocity", "joint_effort"]
    base = ["imu_orientation", "imu_angular_velocity", "base_position", "base_orientation", "base_linear_velocity"]
    return [*joints, *(base if rolls else []), *(["tool_position"] if has_tool else [])]


def _is_endless(joint: UrdfJoint) -> bool:
    return math.isinf(joint.lower) and math.isinf(joint.upper)


def _home(joint: UrdfJoint) -> float:
    """0 where that is well inside the limits, else the middle."""
    room = 0.05 * (joint.upper - joint.lower)
    return 0.0 if joint.lower + room <= 0.0 <= joint.upper - room else (joint.lower + joint.upper) / 2


def _tip(urdf: Urdf, moving: list[UrdfJoint]) -> str:
    """The link behind the longest chain of joints, fixed ones behind the last that moves included."""
    carrier = {joint.child: joint for joint in urdf.joints.values()}

    def chain(link: str) -> tuple[int, int]:
        moves, length = 0, 0
        while link in carrier:
            joint = carrier[link]
            moves, length, link = moves + (joint in moving), length + 1, joint.parent
        return moves, length

    return max(urdf.links, key=chain) if moving else ""


def _name(urdf: Urdf) -> str:
    """The URDF's own name, as YAML takes it."""
    return re.sub(r"\W+", "_", urdf.root.get("name", "")).strip("_") or "robot"
