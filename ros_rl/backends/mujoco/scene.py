# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""What stands around a robot in MuJoCo: the ground, and boxes, spheres and cylinders that stand still or move."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ros_rl.backends.mujoco.client import mujoco
from ros_rl.backends.mujoco.model import HIDDEN, ROBOT, WORLD
from ros_rl.backends.world.strings import String, string_of
from ros_rl.rotations import from_rotation_vector
from ros_rl.scenes import Scene, SceneBody
from ros_rl.settings.cameras import LampSettings
from ros_rl.types import Array, Pose

_GROUND = 20.0  # m, half the side of what is drawn of an endless plane
_STRING = 0.0015  # m, of what is drawn of one
_SOFT = 2  # priority over what the robot's own links say of a contact
_ROLLING = (0.005, 0.0001)  # torsional and rolling friction [m], MuJoCo's own; contacts here slide only


def add_scene(spec: Any, scene: Scene, lamp: LampSettings) -> None:
    """Put a scene around a robot, light included.

    Args:
        spec: The robot's `MjSpec`.
        lamp: The light.
        scene: See `ros_rl.settings.simulators.mujoco.MujocoSettings.check_scene`, which refuses what this cannot be.
    """
    _add_light(spec, lamp)
    for body in scene.bodies:
        owner = spec.worldbody
        if body.name is not None:
            owner = owner.add_body(name=_body_name(body.name), pos=body.position)
            owner.add_freejoint(name=_body_name(body.name))
        _add_shape(owner, body)
        if body.string is not None:
            _draw_string(spec, owner, body)


def _add_light(spec: Any, lamp: LampSettings) -> None:
    light = spec.worldbody.add_light(
        pos=[0.0, 0.0, 4.0], dir=[0.3, 0.3, -1.0], type=mujoco.mjtLightType.mjLIGHT_DIRECTIONAL, castshadow=True
    )
    if lamp.direction is not None:
        light.dir = -np.array(lamp.direction)
    if lamp.diffuse is not None:
        light.diffuse, spec.visual.headlight.diffuse = [lamp.diffuse] * 3, [0.0] * 3
    spec.visual.quality.shadowsize = 4096
    spec.visual.headlight.ambient = [0.4 if lamp.ambient is None else lamp.ambient] * 3
    kinds, builtins = mujoco.mjtTexture, mujoco.mjtBuiltin
    sky = {"rgb1": [0.75, 0.85, 0.95], "rgb2": [0.4, 0.55, 0.75], "width": 64, "height": 64}
    spec.add_texture(name="sky", type=kinds.mjTEXTURE_SKYBOX, builtin=builtins.mjBUILTIN_GRADIENT, **sky)
    squares = {"rgb1": [0.72, 0.76, 0.8], "rgb2": [0.6, 0.65, 0.7], "width": 256, "height": 256}
    spec.add_texture(name="ground", type=kinds.mjTEXTURE_2D, builtin=builtins.mjBUILTIN_CHECKER, **squares)
    textures = [""] * int(mujoco.mjtTextureRole.mjNTEXROLE)
    textures[mujoco.mjtTextureRole.mjTEXROLE_RGB] = "ground"
    spec.add_material(name="ground", textures=textures, texrepeat=[1.0, 1.0], texuniform=True)


def _draw_string(spec: Any, owner: Any, body: SceneBody) -> None:
    """A line from where it is tied to its thing, which does nothing; `MovableObject.pull` does what a string does."""
    line = spec.add_tendon(name=owner.name, width=_STRING, rgba=[0.15, 0.15, 0.15, 1.0])
    for place, at in ((spec.worldbody, body.anchor), (owner, [0.0, 0.0, 0.0])):
        name = f"{place.name} of {owner.name}"
        place.add_site(name=name, pos=at, group=HIDDEN)
        line.wrap_site(name)


def _add_shape(owner: Any, body: SceneBody) -> None:
    moves, kinds = body.name is not None, mujoco.mjtGeom
    shape = owner.add_geom(contype=WORLD, conaffinity=WORLD | ROBOT, friction=[body.friction, *_ROLLING])
    if not moves:
        shape.pos = body.position
        shape.quat = _wxyz(from_rotation_vector(np.array([0.0, 0.0, body.yaw])))
    else:
        shape.mass = body.mass
        if body.stiffness is not None and body.mass is not None:  # of a contact, for each kg that it moves
            shape.priority = _SOFT
            shape.solref = [-body.stiffness / body.mass, -2.0 * (body.stiffness / body.mass) ** 0.5]
    if body.urdf is not None:
        shape.type, shape.size, shape.material = kinds.mjGEOM_PLANE, [_GROUND, _GROUND, 1.0], "ground"
        return
    shape.rgba = body.colour
    if body.box is not None:
        shape.type, shape.size = kinds.mjGEOM_BOX, [side / 2 for side in body.box]
    elif body.sphere is not None:
        shape.type, shape.size = kinds.mjGEOM_SPHERE, [body.sphere, 0.0, 0.0]
    elif body.cylinder is not None:
        shape.type, shape.size = kinds.mjGEOM_CYLINDER, [body.cylinder[0], body.cylinder[1] / 2, 0.0]


def paint(model: Any, bodies: NDArray[np.bool_], share: Sequence[float]) -> None:
    """Give bodies of a compiled model, bool (bodies,), a share of the red, green and blue that they have."""
    geoms = bodies[model.geom_bodyid]
    plain, materials = geoms & (model.geom_matid < 0), np.unique(model.geom_matid[geoms & (model.geom_matid >= 0)])
    model.geom_rgba[plain, :3] = np.minimum(1.0, model.geom_rgba[plain, :3] * share)
    model.mat_rgba[materials, :3] *= share


@dataclass(frozen=True)
class MovableObject:
    """A body of the scene that moves.

    Attributes:
        index: MuJoCo's body index.
        address: Of its free joint in `qpos`.
        motion: The same in `qvel`.
        place: Where it is put [m], and how far it is turned about the vertical [rad], shape (4,).
        spread: How far from there at most along each axis [m], and how far turned about the vertical [rad], shape (4,).
        string: What it hangs on, if it does.
    """

    index: int
    address: int
    motion: int
    place: Array
    spread: Array
    string: String | None

    def reset(self, data: Any, rng: np.random.Generator) -> None:
        """Put it where an episode begins; `data` is at rest."""
        place = self.place + rng.uniform(-self.spread, self.spread)
        turned = _wxyz(from_rotation_vector(np.array([0.0, 0.0, place[3]])))
        data.qpos[self.address : self.address + 7] = [*place[:3], *turned]

    def pull(self, data: Any, step: float) -> None:
        """Let its string pull in the next step of physics [s]."""
        if self.string is not None:
            place, velocity = (part[at : at + 3] for part, at in ((data.qpos, self.address), (data.qvel, self.motion)))
            data.xfrc_applied[self.index, :3] = self.string.pull(place, velocity, step)

    def pose(self, data: Any) -> Pose:
        """In the world."""
        return Pose(data.xpos[self.index].copy(), data.xquat[self.index][[1, 2, 3, 0]])


def movable_objects(model: Any, scene: Scene) -> dict[str, MovableObject]:
    """Those of a scene in a compiled model, by name."""
    found = {}
    for body in scene.bodies:
        if body.name is not None:
            name, place = _body_name(body.name), np.array([*body.position, body.yaw])
            joint, spread = model.joint(name), np.array(body.spread)
            at = int(joint.qposadr[0]), int(joint.dofadr[0])
            found[body.name] = MovableObject(model.body(name).id, *at, place, spread, string_of(body))
    return found


def _body_name(name: str) -> str:
    """That no link has."""
    return f"object {name}"


def _wxyz(quaternion: Array) -> Array:
    return quaternion[[3, 0, 1, 2]]
