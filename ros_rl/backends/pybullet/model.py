# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""A robot's URDF in PyBullet: its links and joints by name, and what PyBullet would have otherwise."""

from __future__ import annotations

import itertools
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from ros_rl.backends.pybullet.client import pybullet, quiet
from ros_rl.backends.pybullet.coarse_meshes import write_coarse
from ros_rl.errors import ConfigError
from ros_rl.robot import Robot
from ros_rl.robot.model import check_model
from ros_rl.robot.robot import Simulation
from ros_rl.robot.urdf import Urdf
from ros_rl.types import Array

_GEAR_STIFF, _GEAR_FORCE = 0.3, 1e4  # share of an error that a physics step takes away; N m or N


class Follower(NamedTuple):
    """A joint that mimics another, as the second finger of a gripper does the first.

    Attributes:
        joint: PyBullet's joint index.
        leader: Of the joint that it follows among the robot's joints and its passive ones.
        multiplier: Its position for each rad or m of that one's.
        offset: Its position where that one's is 0.
    """

    joint: int
    leader: int
    multiplier: float
    offset: float


@dataclass(frozen=True)
class Body:
    """The loaded robot.

    Attributes:
        index: PyBullet's body index.
        joints: PyBullet's joint indices, in the order of the robot's joints.
        passive: The same of the robot's passive joints.
        feet: Links that are to touch the ground, in the order of the robot's YAML file.
        resting: Links that cannot move, of a robot with a fixed base, the base itself included.
        tool: Link that carries the tool centre point; None without a tool.
        spawn: Position [m] of the base link in the home pose.
        contacts: Links whose contact force is measured, in the order of the robot's YAML file.
        followers: Joints that mimic others.
        links: Links by name, -1 for the base.
        inertial: Pose of the base's centre of mass in its link frame; PyBullet's base is the former, ROS's the latter.
        frame: The inverse: pose of the base's link frame at its centre of mass.
    """

    index: int
    joints: list[int]
    passive: list[int]
    feet: tuple[int, ...]
    resting: frozenset[int]
    tool: int | None
    spawn: list[float]
    inertial: tuple[tuple[float, ...], tuple[float, ...]]
    frame: tuple[tuple[float, ...], tuple[float, ...]]
    contacts: tuple[int, ...] = ()
    followers: tuple[Follower, ...] = ()
    links: Mapping[str, int] = field(default_factory=dict)


def load_robot(client: Any, robot: Robot, changed: Path | None = None, mesh_cell: float = 0.0) -> Body:
    """Load the robot that its YAML's `simulation` section names, its default motors and damping off.

    Args:
        client: The world.
        robot: The robot.
        changed: A URDF in the place of its own, of the same links and joints.
        mesh_cell: Side of the grid that its meshes are drawn as coarse as [m]; 0: as they are.

    Raises:
        ConfigError: See `check_model`; or PyBullet cannot load the URDF, or would replace inertias of it.
    """
    simulation = robot.simulation
    assert simulation is not None  # see `PyBulletSettings.check_robot`
    urdf = check_model(robot)
    path = changed or urdf.path
    index = _load(client, robot, simulation, path, urdf, mesh_cell)
    infos = [client.getJointInfo(index, joint) for joint in range(client.getNumJoints(index))]
    if simulation.inertia_from_urdf:
        _check_inertias(client, index, infos, path)
    if simulation.self_collision:
        _let_neighbours_overlap(client, index, infos)
    by_name = _indices(infos, 1)
    wanted = [simulation.joints.get(name, name) for name in (*robot.joints, *robot.passive)]
    joints = [by_name[name] for name in wanted]
    followers = tuple(
        Follower(by_name[name], wanted.index(joint.mimics), joint.multiplier, joint.offset)
        for name, joint in urdf.followers(wanted).items()
    )
    _let_loose(client, index, [*joints, *(item.joint for item in followers)], len(infos))
    for item in followers:
        _gear(client, index, joints[item.leader], item)
    links = _indices(infos, 12)
    for name, friction in simulation.friction.items():  # anchored, lest what is held creeps out of the fingers
        client.changeDynamics(index, links[name], lateralFriction=friction, frictionAnchor=1)
    links[client.getBodyInfo(index)[0].decode()] = -1
    dynamics = client.getDynamicsInfo(index, -1)
    inertial = (dynamics[3], dynamics[4])
    return Body(
        index=index,
        joints=joints[: robot.size],
        passive=joints[robot.size :],
        feet=tuple(links[name] for name in simulation.feet),
        resting=frozenset() if robot.floating_base else _resting(infos),
        tool=links[simulation.tool_link] if simulation.tool_link else None,
        spawn=_spawn(simulation),
        inertial=inertial,
        frame=client.invertTransform(*inertial),
        contacts=tuple(links[name] for name in robot.contact_links),
        followers=followers,
        links=links,
    )


def _load(client: Any, robot: Robot, simulation: Simulation, path: Path, urdf: Urdf, mesh_cell: float) -> int:
    flags = pybullet.URDF_USE_SELF_COLLISION if simulation.self_collision else 0
    if simulation.inertia_from_urdf:
        flags |= pybullet.URDF_USE_INERTIA_FROM_FILE
    try:
        with quiet(), tempfile.TemporaryDirectory() as folder:
            drawn = write_coarse(path, urdf, mesh_cell, Path(folder)) if mesh_cell else path
            return int(
                client.loadURDF(str(drawn), _spawn(simulation), useFixedBase=not robot.floating_base, flags=flags)
            )
    except pybullet.error as error:
        raise ConfigError(f"{path}: PyBullet cannot load it: {error}") from None


def _spawn(simulation: Simulation) -> list[float]:
    return [0.0, 0.0, simulation.spawn_height]


def _let_loose(client: Any, index: int, joints: Sequence[int], links: int) -> None:
    """Without PyBullet's own motors, and without its damping."""
    none = [0.0] * len(joints)
    client.setJointMotorControlArray(index, joints, pybullet.VELOCITY_CONTROL, targetVelocities=none, forces=none)
    for link in range(-1, links):
        client.changeDynamics(index, link, linearDamping=0.0, angularDamping=0.0)


def _resting(infos: Sequence[Any]) -> frozenset[int]:
    """A fixed base, and the links that are fixed to it."""
    resting = {-1}
    for info in infos:
        if info[2] == pybullet.JOINT_FIXED and info[16] in resting:
            resting.add(info[0])
    return frozenset(resting)


def _gear(client: Any, index: int, leader: int, follower: Follower) -> None:
    """Let a joint follow another as through gear wheels: what presses on one is felt by the other."""
    gear = client.createConstraint(
        index, leader, index, follower.joint, pybullet.JOINT_GEAR, [0.0, 0.0, 1.0], [0.0] * 3, [0.0] * 3
    )
    client.changeConstraint(
        gear,
        gearRatio=-1.0 / follower.multiplier,
        relativePositionTarget=-follower.offset / follower.multiplier,
        erp=_GEAR_STIFF,
        maxForce=_GEAR_FORCE,
    )


def _let_neighbours_overlap(client: Any, index: int, infos: Sequence[Any]) -> None:
    """Links that are fixed to each other count as one, and do not collide with what they are jointed to, as in MuJoCo.

    PyBullet knows parents and children only, so that an A1's thigh would rub on the cover that is fixed to its hip.
    """
    parents = {-1: -1} | {info[0]: info[16] for info in infos}
    welded = {info[0] for info in infos if info[2] == pybullet.JOINT_FIXED}

    def whole(link: int) -> int:
        while link in welded:
            link = parents[link]
        return link

    links = sorted(parents)
    for one, other in itertools.combinations(links, 2):
        first, second = whole(one), whole(other)
        if first == second or first == whole(parents[second]) or second == whole(parents[first]):
            client.setCollisionFilterPair(index, index, one, other, 0)


def _check_inertias(client: Any, index: int, infos: Sequence[Any], path: Path) -> None:
    """Refuse what no body can have, a principal moment above the sum of the others, which PyBullet takes for zero."""
    for info in infos:
        mass, _, principal = client.getDynamicsInfo(index, info[0])[:3]
        if info[2] != pybullet.JOINT_FIXED and mass > 0.0 and not any(principal):
            raise ConfigError(
                f"{path}: link '{info[12].decode()}' has an inertia that no body has (its largest principal moment is "
                "above the sum of the others): correct it, or leave out simulation.inertia_from_urdf"
            )


def pose(client: Any, body: Body, positions: Array, passive: Array) -> None:
    """Put the joints somewhere, at rest, without time passing.

    Args:
        client: The world.
        body: The robot in it.
        positions: Of the commanded joints [rad or m], shape (joints,).
        passive: Of the passive joints, shape (passive,).
    """
    wanted = [*positions, *passive]
    for joint, position in zip([*body.joints, *body.passive], wanted, strict=True):
        client.resetJointState(body.index, joint, position, 0.0)
    for item in body.followers:
        client.resetJointState(body.index, item.joint, item.multiplier * wanted[item.leader] + item.offset, 0.0)


def _indices(infos: list[Any], column: int) -> dict[str, int]:
    """PyBullet's indices by the names in a column of `getJointInfo`: 1 of joints, 12 of the links behind them."""
    return {info[column].decode(): info[0] for info in infos}
