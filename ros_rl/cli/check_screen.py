# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""A robot on the terminal: its joints beside those of its URDF, and what it measures."""

from __future__ import annotations

import math
from collections.abc import Iterator

from ros_rl.cli.columns import columns
from ros_rl.robot import Robot
from ros_rl.robot.coupling import Coupling
from ros_rl.robot.findings import SAME, joints_there
from ros_rl.robot.urdf import Urdf, UrdfJoint
from ros_rl.sensors.table import SENSORS
from ros_rl.types import Array

_UNITS = {"position": ("rad", "m"), "velocity": ("rad/s", "m/s"), "effort": ("N m", "N")}
"""Of commands, to joints that turn and to those that slide."""
_HEADER = ("joint", "type", "command", "home", "limits", "URDF", "velocity", "URDF", "effort", "URDF", "action -1 to 1")


def robot_screen(robot: Robot, urdf: Urdf | None) -> str:
    """Several lines.

    Args:
        robot: The robot.
        urdf: Of its model; None where that cannot be read.
    """
    base = "moves through the world" if robot.floating_base else "fixed base"
    lines = [f"robot {robot.name}: {base}, frame {robot.base_frame}"]
    if robot.tool_frame is not None:
        lines[0] += f"; tool frame {robot.tool_frame}"
    if urdf is not None:
        lines.append(f"URDF {urdf.path}")
    lines += ["joints (* differs from the URDF):", *columns([_HEADER, *_joints(robot, urdf)])]
    if robot.coupling is not None:
        lines += ["actions, 1 of each:", *columns(_actions(robot.coupling))]
    if urdf is not None:
        fixed = [name for name, joint in urdf.joints.items() if joint.kind == "fixed"]
        lines += [f"fixed joints: {', '.join(fixed)}"] if fixed else []
    return "\n".join([*lines, "sensors:", *columns(_sensors(robot))])


def held_line(robot: Robot, drift: Array, strain: Array, scene: str) -> str:
    """How the home pose was held, on one line.

    Args:
        robot: The robot.
        drift: Largest distance of each joint from home [rad or m], shape (joints,).
        strain: Largest effort of each joint as a share of its limit, shape (joints,).
        scene: What was around it.
    """
    moved, strained = int(drift.argmax()), int(strain.argmax())
    return (
        f"home pose, held for a second in scene {scene}: at most {drift[moved]:.3f} rad (or m) away "
        f"({robot.joints[moved]}), by at most {100 * strain[strained]:.0f} % of the effort ({robot.joints[strained]})"
    )


def _joints(robot: Robot, urdf: Urdf | None) -> Iterator[tuple[str, ...]]:
    limits, center = robot.limits, robot.center
    for index, name in enumerate(robot.joints):
        joint, interface = _in_urdf(robot, urdf, name), robot.interfaces[index]
        turns = joint is None or joint.kind != "prismatic"
        low, high = (center[index] + sign * robot.scale[index] for sign in (-1.0, 1.0))
        yield (
            name,
            joint.kind if joint else "",
            interface,
            "" if name in robot.endless else f"{robot.home[index]:.4g}",
            *_beside((limits.lower[index], limits.upper[index]), (joint.lower, joint.upper) if joint else None),
            *_beside((limits.velocity[index],), (joint.velocity,) if joint else None),
            *_beside((limits.effort[index],), (joint.effort,) if joint else None),
            f"{low:.4g} to {high:.4g} {_UNITS[interface][0 if turns else 1]}",
        )
    for index, name in enumerate(robot.passive):
        joint = _in_urdf(robot, urdf, name)
        ends = _beside((), (joint.lower, joint.upper) if joint else None)[1]
        yield (name, joint.kind if joint else "", "(passive)", f"{robot.passive_home[index]:.4g}", "", ends, *[""] * 5)


def _actions(coupling: Coupling) -> Iterator[tuple[str, ...]]:
    """Those that move several joints; the command offsets are in the joints' own units."""
    moves = coupling.describe()
    for name, unit, size in zip(coupling.actions, coupling.units, coupling.sizes, strict=True):
        if unit:
            offsets = ", ".join(f"{joint} {offset:+.4g}" for joint, offset in moves[name].items())
            yield name, f"{size:.4g} {unit}", offsets


def _in_urdf(robot: Robot, urdf: Urdf | None, name: str) -> UrdfJoint | None:
    return None if urdf is None else urdf.joints[joints_there(robot)[name]]


def _beside(own: tuple[float, ...], theirs: tuple[float, ...] | None) -> tuple[str, str]:
    """A limit, or two, and the same of the URDF; a star where they differ."""
    if theirs is None or not all(map(math.isfinite, theirs)):
        return _shown(own), ""
    same = len(own) == len(theirs) and all(
        math.isclose(one, other, rel_tol=SAME, abs_tol=SAME) for one, other in zip(own, theirs, strict=True)
    )
    return _shown(own), f"{_shown(theirs)}{'' if same or not own else ' *'}"


def _shown(values: tuple[float, ...]) -> str:
    if not values or all(math.isinf(value) for value in values):
        return "none" if values else ""
    text = ", ".join(f"{value:.4g}" for value in values)
    return f"[{text}]" if len(values) > 1 else text


def _sensors(robot: Robot) -> Iterator[tuple[str, ...]]:
    for name in robot.sensors:
        sensor = SENSORS[name]
        frame = f"frame: {sensor.frame}" if sensor.frame else ""
        yield name, f"{math.prod(sensor.shape(robot))} x [{sensor.unit}]", frame, sensor.meaning
