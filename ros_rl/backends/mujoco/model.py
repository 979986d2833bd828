# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""A robot's URDF as a MuJoCo model: what touches and weighs is that of the file, what is drawn are simple shapes."""

from __future__ import annotations

import copy
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ros_rl.backends.gravity import GRAVITY
from ros_rl.backends.mujoco.client import mujoco
from ros_rl.backends.mujoco.meshes import obj_parts
from ros_rl.errors import ConfigError
from ros_rl.robot import Robot
from ros_rl.robot.model import check_model
from ros_rl.robot.urdf import Urdf
from ros_rl.settings.simulators.mujoco import MujocoSettings

WORLD, ROBOT = 1, 2
"""Bits of `contype` and `conaffinity`: what belongs to what stands around, and to the robot."""
HIDDEN = 3
"""Group of shapes that are not drawn."""
_FRICTION = 0.5  # of links other than feet, as PyBullet has it
_RIGID = 0.9999  # impedance of gears: next to nothing gives way
_CRITICAL = 1.0  # damping ratio of contacts, MuJoCo's own
_MESHES = (".stl", ".obj")


def robot_spec(robot: Robot, settings: MujocoSettings) -> Any:
    """An `MjSpec` of the robot alone, its drives included.

    Raises:
        ConfigError: See `check_model`; or MuJoCo cannot load the URDF.
    """
    urdf = check_model(robot)
    try:
        spec = mujoco.MjSpec.from_string(*_readable(urdf))
    except ValueError as error:
        raise ConfigError(f"{urdf.path}: MuJoCo cannot load it: {' '.join(str(error).split())}") from None
    _set_physics(spec, settings)
    _set_base(spec, robot, urdf)
    _set_shapes(spec, robot, settings)
    _set_joints(spec, robot, urdf, settings)
    for index in range(robot.size):
        _add_drive(spec, robot, index)
    return spec


def _readable(urdf: Urdf) -> tuple[str, None, dict[str, bytes]]:
    """What `MjSpec.from_string` takes: the URDF without meshes that are only seen, and those that touch, in parts."""
    root, assets = copy.deepcopy(urdf.root), dict[str, bytes]()
    for link in root.findall("link"):
        for visual in link.findall("visual"):
            if visual.find("geometry/mesh") is not None:
                link.remove(visual)
        for collision in link.findall("collision"):
            mesh = collision.find("geometry/mesh")
            if mesh is not None:
                link.remove(collision)
                link.extend(list(_parts(collision, urdf.mesh(mesh.get("filename", "")), assets)))
    for extension in root.findall("mujoco"):
        root.remove(extension)
    options = {"fusestatic": "false", "discardvisual": "false", "strippath": "false", "balanceinertia": "true"}
    ET.SubElement(ET.SubElement(root, "mujoco"), "compiler", options)
    return ET.tostring(root, encoding="unicode"), None, assets


def _parts(collision: ET.Element, path: Path, assets: dict[str, bytes]) -> Iterator[ET.Element]:
    """A collision shape for each convex part of a mesh, whose content goes to `assets`."""
    kind = path.suffix.lower()
    if kind not in _MESHES:
        raise ConfigError(f"driver 'mujoco' cannot read {path}, a collision shape: it reads {', '.join(_MESHES)}")
    for content in obj_parts(path) if kind == ".obj" else [path.read_bytes()]:
        part = copy.deepcopy(collision)
        name = f"{len(assets)}_{path.stem}{kind}"
        assets[name] = content
        for mesh in part.iter("mesh"):
            mesh.set("filename", name)
        yield part


def _set_physics(spec: Any, settings: MujocoSettings) -> None:
    option = spec.option
    option.timestep = 1.0 / settings.physics_rate_hz
    option.gravity = [0.0, 0.0, -GRAVITY]
    option.integrator = mujoco.mjtIntegrator.mjINT_EULER  # implicit ones let feet creep under a PD's damping
    option.cone = mujoco.mjtCone.mjCONE_ELLIPTIC
    option.impratio = settings.impratio
    option.disableflags |= int(mujoco.mjtDisableBit.mjDSBL_AUTORESET)  # a simulation that blows up is to be noticed


def _set_base(spec: Any, robot: Robot, urdf: Urdf) -> None:
    assert robot.simulation is not None  # see `check_model`
    base = spec.body(urdf.root_link)
    base.pos = [0.0, 0.0, robot.simulation.spawn_height]
    if robot.floating_base:
        base.add_freejoint()
        return
    still = {urdf.root_link}  # whose neighbours MuJoCo lets overlap only if they stand still, too
    while (
        more := {joint.child for joint in urdf.joints.values() if joint.kind == "fixed" and joint.parent in still}
        - still
    ):
        still |= more
    for joint in urdf.joints.values():
        if joint.parent in still and joint.child not in still:
            for link in still:
                spec.add_exclude(bodyname1=link, bodyname2=joint.child)


def _set_shapes(spec: Any, robot: Robot, settings: MujocoSettings) -> None:
    """Whom each shape touches, how slippery and how hard it is, and whether it is drawn."""
    assert robot.simulation is not None
    touched = WORLD | ROBOT if robot.simulation.self_collision else WORLD
    for body in spec.bodies[1:]:
        seen = any(geom.contype == 0 for geom in body.geoms)
        for geom in body.geoms:
            if geom.contype == 0:
                continue
            geom.contype, geom.conaffinity = ROBOT, touched
            geom.friction = [robot.simulation.friction.get(body.name, _FRICTION), *geom.friction[1:]]
            geom.priority = 1  # its friction and hardness are those of the contact
            geom.solref = [settings.contact_time, _CRITICAL]
            geom.solimp[:2] = [1.0 - 2.0 * settings.contact_give, 1.0 - settings.contact_give]
            if seen:
                geom.group = HIDDEN


def _set_joints(spec: Any, robot: Robot, urdf: Urdf, settings: MujocoSettings) -> None:
    """Fix those that the robot's file does not list, unless they follow one that it does.

    For the others its effort limits hold, not those of the URDF.
    """
    assert robot.simulation is not None
    leaders = [robot.simulation.joints.get(name, name) for name in (*robot.joints, *robot.passive)]
    followers = urdf.followers(leaders)
    listed = {*leaders, *followers}
    for equality in list(spec.equalities):  # MuJoCo's own of the same mimics, where it makes them
        spec.delete(equality)
    for name, joint in followers.items():
        spec.add_equality(
            type=mujoco.mjtEq.mjEQ_JOINT,
            objtype=mujoco.mjtObj.mjOBJ_JOINT,
            name1=name,
            name2=joint.mimics,
            data=[joint.offset, joint.multiplier, *[0.0] * 10],
            solref=[2.0 / settings.physics_rate_hz, _CRITICAL],
            solimp=[_RIGID, _RIGID, 1e-3, 0.5, 2.0],
        )
    for joint in list(spec.joints):
        joint.actfrclimited = mujoco.mjtLimited.mjLIMITED_FALSE
        if joint.name not in listed and joint.type != mujoco.mjtJoint.mjJNT_FREE:
            spec.delete(joint)


def _add_drive(spec: Any, robot: Robot, index: int) -> None:
    """A motor at a joint, within its limit; `Drives` says what its effort follows from."""
    assert robot.simulation is not None
    name, limit = robot.joints[index], float(robot.limits.effort[index])
    spec.add_actuator(
        name=name,
        target=robot.simulation.joints.get(name, name),
        trntype=mujoco.mjtTrn.mjTRN_JOINT,
        gaintype=mujoco.mjtGain.mjGAIN_FIXED,
        biastype=mujoco.mjtBias.mjBIAS_AFFINE,
        ctrllimited=mujoco.mjtLimited.mjLIMITED_FALSE,
        forcelimited=mujoco.mjtLimited.mjLIMITED_TRUE,
        forcerange=[-limit, limit],
    )
