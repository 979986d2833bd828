# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""What a robot's file and its URDF say differently, and what a simulator makes of the URDF that one may not expect."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

from ros_rl.robot.robot import Robot
from ros_rl.robot.urdf import MOVING, Urdf, UrdfJoint

SAME = 5e-3
"""Share by which limits may differ and be called the same: files round."""


@dataclass(frozen=True)
class Finding:
    """Something that a person should know of a robot.

    Attributes:
        text: One line.
        fatal: Whether the robot does not work as it is.
    """

    text: str
    fatal: bool = False


def compare(robot: Robot, urdf: Urdf) -> Iterator[Finding]:
    """What stands out when a robot's file is held against its URDF; `check_model` refuses what cannot be at all."""
    theirs = joints_there(robot)
    for index, name in enumerate(robot.joints):
        yield from _limits(robot, index, urdf.joints[theirs[name]])
    for name, joint in urdf.joints.items():
        known = joint.mimics in theirs.values() if joint.mimics else name in theirs.values()
        yield from _joint(name, joint, known)
    yield from _masses(urdf, robot.floating_base)


def joints_there(robot: Robot) -> dict[str, str]:
    """Names in the URDF of the joints that the robot commands and measures, by their own names."""
    renamed = robot.simulation.joints if robot.simulation is not None else {}
    return {name: renamed.get(name, name) for name in (*robot.joints, *robot.passive)}


def _limits(robot: Robot, index: int, joint: UrdfJoint) -> Iterator[Finding]:
    name, limits, home = f"joints.{robot.joints[index]}", robot.limits, robot.home[index]
    slack = SAME * max(1.0, joint.upper - joint.lower) if math.isfinite(joint.upper - joint.lower) else 0.0
    if limits.lower[index] < joint.lower - slack or limits.upper[index] > joint.upper + slack:
        yield Finding(
            f"{name}: [{limits.lower[index]:g}, {limits.upper[index]:g}] is wider than [{joint.lower:g}, "
            f"{joint.upper:g}] of the URDF, at whose ends the simulated joint stops"
        )
    if not joint.lower - slack <= home <= joint.upper + slack:
        yield Finding(f"{name}: home {home:g} is outside [{joint.lower:g}, {joint.upper:g}] of the URDF", fatal=True)
    for key, own, most in (
        ("velocity", limits.velocity[index], joint.velocity),
        ("effort", limits.effort[index], joint.effort),
    ):
        if 0.0 < most * (1 + SAME) < own:
            yield Finding(f"{name}: {key} {own:g} is more than {most:g} of the URDF")


def _joint(name: str, joint: UrdfJoint, known: bool) -> Iterator[Finding]:
    if joint.mimics and not known:
        yield Finding(f"joint '{name}' of the URDF mimics '{joint.mimics}', which is no joint of the robot")
    elif joint.kind == "floating":
        yield Finding(f"joint '{name}' of the URDF is floating, which PyBullet takes for fixed")
    elif joint.kind != "fixed" and not known:
        held = ": PyBullet holds it by a motor of its own" if joint.kind in MOVING else ""
        yield Finding(f"joint '{name}' of the URDF ({joint.kind}) is neither in joints nor in passive_joints{held}")


def _masses(urdf: Urdf, floating_base: bool) -> Iterator[Finding]:
    moved = [name for name in urdf.links if floating_base or name != urdf.root_link]
    bare = [name for name in moved if urdf.mass(name) is None]
    if bare:
        yield Finding(f"links of the URDF without inertia, each of which PyBullet gives 1 kg: {', '.join(bare)}")
    for joint in urdf.joints.values():
        if joint.kind in MOVING and urdf.mass(joint.child) == 0.0:
            yield Finding(
                f"link '{joint.child}' of the URDF moves and has no mass, which no simulator can move", fatal=True
            )
