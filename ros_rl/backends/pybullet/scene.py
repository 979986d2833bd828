# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""What stands around a robot in PyBullet: what stays where it is, and objects that move."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from operator import itemgetter
from typing import Any

from ros_rl.backends.pybullet.client import pybullet, quiet
from ros_rl.backends.pybullet.objects import MovableObject, movable
from ros_rl.errors import ConfigError
from ros_rl.robot.model_files import model_path, pybullet_models
from ros_rl.scenes import GROUND, SceneBody, read_scene

_GROUND_SIDE, _GROUND_DEPTH = 1e4, 10.0  # m; of a wider one PyBullet tells wrongly how deep a box is in it


@dataclass(frozen=True)
class Scene:
    """What stands around the robot.

    Attributes:
        world: PyBullet's indices of the bodies that stand still.
        objects: Those that move, by name.
    """

    world: list[int]
    objects: dict[str, MovableObject]


def load_scene(client: Any, name: str) -> Scene:
    """Load a scene (`ros_rl.scenes`).

    Raises:
        UnknownNameError: There is none of that name.
        ConfigError: Its file is wrong, or PyBullet cannot load one that it names.
    """
    scene = Scene([], {})
    for body in read_scene(name).bodies:
        turned = client.getQuaternionFromEuler([0.0, 0.0, body.yaw])
        with quiet():
            if body.urdf == GROUND:
                index = _make_ground(client, body, turned)
            else:
                index = _load_urdf(client, body, turned) if body.urdf else _make_body(client, body, turned)
        for link in range(-1, client.getNumJoints(index)):
            client.changeDynamics(index, link, lateralFriction=body.friction)
        if body.stiffness is not None and body.mass is not None:
            damping = 2.0 * (body.stiffness * body.mass) ** 0.5
            client.changeDynamics(index, -1, contactStiffness=body.stiffness, contactDamping=damping)
        if body.name is None:
            scene.world.append(index)
        else:
            scene.objects[body.name] = movable(client, index, body)
    return scene


def paint(client: Any, bodies: Sequence[int], share: Sequence[float]) -> None:
    """Give bodies a share of the red, green and blue that they have, as they are drawn."""
    if all(part == 1.0 for part in share):
        return
    for index in bodies:
        for link, shapes in groupby(client.getVisualShapeData(index), itemgetter(1)):
            for place, shape in enumerate(shapes):
                colour = [min(1.0, own * part) for own, part in zip(shape[7], (*share, 1.0), strict=True)]
                client.changeVisualShape(index, link, shapeIndex=place, rgbaColor=colour)


def _make_ground(client: Any, body: SceneBody, turned: Sequence[float]) -> int:
    """What PyBullet's own plane is, which ends after 100 m; what is seen of it still does."""
    half = [_GROUND_SIDE / 2, _GROUND_SIDE / 2, _GROUND_DEPTH / 2]
    below = [0.0, 0.0, -_GROUND_DEPTH / 2]
    touched = client.createCollisionShape(pybullet.GEOM_BOX, halfExtents=half, collisionFramePosition=below)
    shown = client.createVisualShape(pybullet.GEOM_MESH, fileName=str(pybullet_models() / "plane100.obj"))
    return int(client.createMultiBody(0.0, touched, shown, body.position, turned))


def _load_urdf(client: Any, body: SceneBody, turned: Sequence[float]) -> int:
    path = str(model_path(body.urdf or ""))
    try:
        return int(client.loadURDF(path, body.position, turned, useFixedBase=body.name is None))
    except pybullet.error as error:
        raise ConfigError(f"{path}: PyBullet cannot load it: {error}") from None


def _make_body(client: Any, body: SceneBody, turned: Sequence[float]) -> int:
    kind, touched, shown = _shape(body)
    try:
        collision = client.createCollisionShape(kind, **touched)
        visual = client.createVisualShape(kind, **shown, rgbaColor=body.colour)
        index = int(client.createMultiBody(body.mass or 0.0, collision, visual, body.position, turned))
        if body.texture is not None:
            client.changeVisualShape(index, -1, textureUniqueId=client.loadTexture(str(model_path(body.texture))))
    except pybullet.error as error:
        raise ConfigError(f"PyBullet cannot make {body}: {error}") from None
    return index


def _shape(body: SceneBody) -> tuple[int, dict[str, Any], dict[str, Any]]:
    """PyBullet's kind of shape, and the arguments of what touches and of what is seen."""
    if body.box is not None:
        half = {"halfExtents": [size / 2 for size in body.box]}
        return pybullet.GEOM_BOX, half, half
    if body.sphere is not None:
        radius = {"radius": body.sphere}
        return pybullet.GEOM_SPHERE, radius, radius
    if body.cylinder is not None:
        radius, height = {"radius": body.cylinder[0]}, body.cylinder[1]
        return pybullet.GEOM_CYLINDER, radius | {"height": height}, radius | {"length": height}
    mesh = {"fileName": str(model_path(body.mesh or ""))}
    concave = {"flags": pybullet.GEOM_FORCE_CONCAVE_TRIMESH} if body.name is None else {}
    return pybullet.GEOM_MESH, mesh | concave, mesh
