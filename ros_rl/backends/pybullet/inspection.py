# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""What PyBullet tells about a robot: its mass, what its home pose touches, and whether it stays there."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields
from itertools import combinations
from typing import Any

import numpy as np

from ros_rl.backends.backend import Scenario
from ros_rl.backends.pybullet.backend import PyBulletBackend
from ros_rl.backends.pybullet.client import connect, pybullet, quiet
from ros_rl.backends.pybullet.model import Body, load_robot, pose
from ros_rl.backends.pybullet.scene import load_scene
from ros_rl.robot import EFFORT, POSITION, VELOCITY, Robot
from ros_rl.robot.findings import Finding
from ros_rl.robot.model import urdf_of
from ros_rl.robot.urdf import Urdf
from ros_rl.safety import Guards
from ros_rl.settings.sensors import NoiseSettings
from ros_rl.settings.simulators.pybullet import PyBulletSettings
from ros_rl.types import Array

HOLD_SECONDS = 1.0
_OVERLAP = 0.001  # m; shapes that touch by less only meet
_TOUCH = 0.005  # m; a robot that stands is that deep in the ground
_SUNK = 0.01  # m, from which a pose in the ground does not work
_GAP = 0.1  # m, from which a robot falls onto the ground
_DRIFT = 0.05  # rad or m, of a joint that is told to stand still
_SAG = 0.5  # of joint_error, of one that is told to be somewhere, and gives way under load
_STRAIN = 0.9  # of the effort limit
_NOISE_FREE = NoiseSettings(**{item.name: 0.0 for item in fields(NoiseSettings)})


@dataclass(frozen=True)
class Held:
    """How a robot held its home pose.

    Attributes:
        drift: Largest distance from home of each joint [rad or m], shape (joints,).
        strain: Largest effort of each joint as a share of its limit, shape (joints,).
        sunk: How far the base went down [m].
        tripped: What a guard said; empty if none tripped.
    """

    drift: Array
    strain: Array
    sunk: float
    tripped: str


def quiet_settings() -> PyBulletSettings:
    """A simulator in which nothing is drawn at random."""
    return PyBulletSettings(noise=_NOISE_FREE, reset_noise=0.0, friction_low=1.0, friction_high=1.0)


def still_findings(robot: Robot, scene: str) -> tuple[float, list[Finding]]:
    """Mass of the robot [kg], and what stands out in its home pose before any time passes.

    Raises:
        ConfigError: PyBullet cannot load it.
    """
    client = connect(quiet_settings())
    try:
        with quiet():
            world, body = load_scene(client, scene).world, load_robot(client, robot)
        pose(client, body, robot.home, robot.passive_home)
        client.performCollisionDetection()
        names = _names(client, body)
        mass = sum(client.getDynamicsInfo(body.index, link)[0] for link in names)
        return mass, [
            *_unread(client, body, names, urdf_of(robot)),
            *_self_collisions(client, body, names, robot),
            *_ground(client, world, body, names, robot),
        ]
    finally:
        client.disconnect()


def hold(robot: Robot, scene: str, period: float) -> Held:
    """Let the robot hold its home pose for a second, under its guards.

    Args:
        robot: The robot.
        scene: What is around it.
        period: Control period [s].
    """
    with quiet():
        backend = PyBulletBackend(robot, quiet_settings(), period, Scenario(scene))
    try:
        guards, command = Guards(robot, period), robot.neutral_command
        first = backend.reset(np.random.default_rng(0)).measurement
        start = backend.truth().base_position[2]
        tripped = guards.check(first, command, acting=False) or ""
        drift, strain, elapsed = np.zeros(robot.size), np.zeros(robot.size), 0.0
        while elapsed < HOLD_SECONDS and not tripped:
            backend.write(command, np.inf)
            now = backend.read().measurement
            elapsed += period
            drift = np.maximum(drift, np.abs(now["joint_position"] - robot.home))
            strain = np.maximum(strain, np.abs(now.get("joint_effort", drift * 0.0)) / robot.limits.effort)
            reason = guards.check(now, command)
            tripped = f"after {elapsed:.2f} s: {reason}" if reason else ""
        return Held(drift, strain, float(start - backend.truth().base_position[2]), tripped)
    finally:
        backend.close()


def held_findings(robot: Robot, held: Held) -> Iterator[Finding]:
    """What stands out in how it held its home pose."""
    if held.tripped:
        yield Finding(f"home pose: a guard trips {held.tripped}", fatal=True)
    if robot.floating_base and held.sunk > _SUNK:
        yield Finding(f"home pose: the base sinks by {held.sunk:.3f} m in {HOLD_SECONDS:g} s")
    most = {POSITION: min(_SAG * robot.safety.joint_error, 1.0), VELOCITY: _DRIFT, EFFORT: np.inf}
    for index, name in enumerate(robot.joints):
        if name not in robot.endless and held.drift[index] > most[robot.interfaces[index]]:
            yield Finding(f"home pose: {name} drifts by {held.drift[index]:.3f} rad (or m) in {HOLD_SECONDS:g} s")
        if held.strain[index] > _STRAIN:
            yield Finding(f"home pose: holding it takes {100 * held.strain[index]:.0f} % of the effort of {name}")


def _names(client: Any, body: Body) -> dict[int, str]:
    """The links' names by PyBullet's indices."""
    links = {link: client.getJointInfo(body.index, link)[12] for link in range(client.getNumJoints(body.index))}
    return {link: name.decode() for link, name in {-1: client.getBodyInfo(body.index)[0], **links}.items()}


def _unread(client: Any, body: Body, names: dict[int, str], urdf: Urdf) -> Iterator[Finding]:
    """Links whose collision shapes PyBullet leaves out without a word, as of a mesh that it cannot read."""
    for link, name in names.items():
        if urdf.links[name].find("collision") is not None and not client.getCollisionShapeData(body.index, link):
            yield Finding(f"link {name} touches nothing: PyBullet cannot read its collision shape", fatal=True)


def _self_collisions(client: Any, body: Body, names: dict[int, str], robot: Robot) -> Iterator[Finding]:
    """Links that overlap though neither joins the other, fixed joints counted as none."""
    infos = {link: client.getJointInfo(body.index, link) for link in names if link >= 0}
    part = {-1: -1}
    for link, info in infos.items():
        part[link] = part[info[16]] if info[2] == pybullet.JOINT_FIXED else link
    joined = {frozenset((part[link], part[info[16]])) for link, info in infos.items()}
    simulated = robot.simulation is not None and robot.simulation.self_collision
    for one, other in combinations(names, 2):
        if frozenset((part[one], part[other])) in joined or part[one] == part[other]:
            continue
        points = client.getClosestPoints(body.index, body.index, 0.0, one, other)
        depth = -min((point[8] for point in points), default=0.0)
        if depth > _OVERLAP:
            then = "the simulation pushes them apart" if simulated else "not noticed, self_collision is false"
            yield Finding(f"home pose: links {names[one]} and {names[other]} overlap by {depth:.3f} m ({then})")


def _ground(client: Any, world: list[int], body: Body, names: dict[int, str], robot: Robot) -> Iterator[Finding]:
    """A pose in the ground is thrown out of it, one above it falls."""
    points = [point for other in world for point in client.getClosestPoints(body.index, other, 1.0)]
    points = [point for point in points if point[3] not in body.resting]
    if not points:
        return
    nearest = min(points, key=lambda point: float(point[8]))
    gap = nearest[8]
    spawn = (robot.simulation.spawn_height if robot.simulation else 0.0) - gap
    better = f": simulation.spawn_height {spawn:.3f} would stand on it" if robot.floating_base else ""
    if gap < -_TOUCH:
        yield Finding(
            f"home pose: link {names[nearest[3]]} starts {-gap:.3f} m in the ground{better}", fatal=-gap > _SUNK
        )
    if robot.floating_base and gap > _GAP:
        yield Finding(f"home pose: the robot starts {gap:.3f} m above the ground{better}")
