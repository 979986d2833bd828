# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""What stands around a simulated robot, read from a YAML file: bodies that stand still, and named ones that move."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from ros_rl.config import build, required, setting
from ros_rl.errors import ConfigError, MissingDependencyError, UnknownNameError
from ros_rl.formats.yaml_text import read_yaml
from ros_rl.plugins import SCENES_GROUP, find_plugins, load_plugin
from ros_rl.resources import share_path
from ros_rl.robot.model_files import model_path, placed, pybullet_models
from ros_rl.robot.urdf import Urdf

GROUND = "plane.urdf"
"""What scenes name for flat, endless ground."""
_POSITIVE = 1e-6
_SHAPES = ("box", "sphere", "cylinder", "mesh", "urdf")
_FILES = ("urdf", "mesh", "texture")


@dataclass(frozen=True, kw_only=True)
class SceneBody:
    """One body of a scene: exactly one of box, sphere, cylinder, mesh and urdf says what it is."""

    name: str | None = setting(None, "what tasks call a body that moves; not set: it stands still")
    box: tuple[float, float, float] | None = setting(None, "full size along x, y and z", unit="m", low=_POSITIVE)
    sphere: float | None = setting(None, "radius", unit="m", low=_POSITIVE)
    cylinder: tuple[float, float] | None = setting(None, "radius, and height along z", unit="m", low=_POSITIVE)
    mesh: str | None = setting(None, "mesh in m; one that moves touches others with its convex hull")
    urdf: str | None = setting(None, "URDF")
    mass: float | None = setting(None, "of a body that moves; a URDF says its own", unit="kg", low=_POSITIVE)
    position: tuple[float, float, float] = required("of its frame's origin in the world", unit="m")
    yaw: float = setting(0.0, "how far it is turned about the vertical", unit="rad")
    spread: tuple[float, float, float, float] = setting(
        (0.0, 0.0, 0.0, 0.0),
        "how far from there an episode puts a body that moves at most, along x, y and z and about the vertical",
        unit="m and rad",
        low=0.0,
    )
    anchor: tuple[float, float, float] | None = setting(
        None, "where in the world the string is tied that a body which moves hangs on; not set: it has none", unit="m"
    )
    string: float | None = setting(
        None, "its length, from there to the body's middle; it pulls when it is taut only", unit="m", low=_POSITIVE
    )
    friction: float = setting(1.0, "lateral friction", low=0.0)
    stiffness: float | None = setting(
        None,
        "spring of each point in which a body that moves is touched, critically damped; in MuJoCo what is squeezed "
        "gives way less; not set: it is hard",
        unit="N/m",
        low=_POSITIVE,
    )
    colour: tuple[float, float, float, float] = setting(
        (0.6, 0.6, 0.6, 1.0), "red, green, blue and opacity; a URDF says its own", low=0.0, high=1.0
    )
    texture: str | None = setting(None, "picture on its surface; a URDF says its own")

    def __post_init__(self) -> None:
        """Check what spans several keys."""
        shapes = [key for key in _SHAPES if getattr(self, key) is not None]
        if len(shapes) != 1:
            raise ConfigError(f"it has {', '.join(shapes) or 'no shape'}, expected exactly one of {', '.join(_SHAPES)}")
        if self.name is not None and not self.name.strip():
            raise ConfigError(f"'name' is {self.name!r}, expected one that is not empty")
        if self.mass is None and self.name is not None and self.urdf is None:
            raise ConfigError("'mass' is missing: a body with a name moves")
        if self.mass is not None and (self.name is None or self.urdf is not None):
            raise ConfigError(f"'mass': {'a URDF says its own' if self.urdf else 'a body without a name stands still'}")
        if self.name is None and any(self.spread):
            raise ConfigError("'spread': a body without a name stands still")
        if self.stiffness is not None and self.mass is None:
            raise ConfigError("'stiffness': of a body with a mass only")
        if self.urdf is not None and self.texture is not None:
            raise ConfigError("'texture': a URDF says its own")
        self._check_string()

    def _check_string(self) -> None:
        missing = [key for key in ("anchor", "string") if getattr(self, key) is None]
        if len(missing) == 1:
            raise ConfigError(f"'{missing[0]}' is missing: a string has both")
        if self.anchor is None or self.string is None:
            return
        if self.mass is None:
            raise ConfigError("'string': of a body with a mass only")
        ways = zip(self.anchor, self.position, self.spread, strict=False)
        farthest = math.hypot(*(abs(tied - place) + most for tied, place, most in ways))
        if farthest > self.string + 1e-9:
            raise ConfigError(
                f"'string' is {self.string:g} m long, and the body begins up to {farthest:.3g} m from its 'anchor'"
            )


@dataclass(frozen=True, kw_only=True)
class Scene:
    """A scene's YAML file; files that it names have been `placed`."""

    bodies: tuple[SceneBody, ...] = required("what stands there")

    @property
    def objects(self) -> tuple[str, ...]:
        """Names of the bodies that move."""
        return tuple(body.name for body in self.bodies if body.name is not None)


def scene_paths() -> dict[str, Path]:
    """Files of the scenes that ship with the package, and of those of other packages, by name.

    Raises:
        ConfigError: An entry point cannot be loaded.
    """
    own = {path.stem: path for path in sorted(share_path("sim", "scenes").glob("*.yaml"))}
    others = {name: Path(load_plugin(point)) for name, point in find_plugins(SCENES_GROUP).items() if name not in own}
    return {**own, **others}


def read_scene(name: str) -> Scene:
    """A scene by its name, or from the path of a YAML file.

    Raises:
        UnknownNameError: There is no scene of that name.
        ConfigError: The file has a wrong key, type or range, or two bodies of one name.
    """
    path = _path_of(name)
    scene = build(Scene, read_yaml(path), source=str(path))
    twice = [item for item in scene.objects if scene.objects.count(item) > 1]
    if twice:
        raise ConfigError(f"{path}: two bodies have the name '{twice[0]}'")
    try:
        return Scene(bodies=tuple(_placed(body, path.parent) for body in scene.bodies))
    except ConfigError as error:
        raise ConfigError(f"{path}: {error}") from None


def check_scene(name: str, objects: Sequence[str]) -> None:
    """Refuse a scene that cannot be, without a simulator.

    Args:
        name: See `read_scene`.
        objects: Names of the bodies that a task observes.

    Raises:
        UnknownNameError: There is no such scene, or no such body in it.
        ConfigError: See `read_scene`; or a file that it names is not there.
    """
    scene = read_scene(name)
    for item in objects:
        if item not in scene.objects:
            raise UnknownNameError(f"object of scene '{name}'", item, scene.objects)
    for body in scene.bodies:
        for key, file in ((key, getattr(body, key)) for key in _FILES):
            if file is not None:
                _check_file(f"{_path_of(name)}: '{key}'", key, file)


def _path_of(name: str) -> Path:
    if name.endswith((".yaml", ".yml")):
        return Path(name)
    paths = scene_paths()
    if name not in paths:
        raise UnknownNameError("scene", name, paths)
    return paths[name]


def _placed(body: SceneBody, folder: Path) -> SceneBody:
    files = {key: getattr(body, key) for key in _FILES}
    found: dict[str, Any] = {key: placed(name, folder) for key, name in files.items() if name is not None}
    return replace(body, **found)


def _check_file(where: str, key: str, file: str) -> None:
    try:
        path, models = model_path(file), [pybullet_models()]
    except MissingDependencyError:
        return  # a machine without PyBullet cannot tell, and runs nodes that need none of it
    if not path.is_file():
        raise ConfigError(f"{where} is '{file}', which is not beside that file, below sim/ or in pybullet_data")
    if key == "urdf":
        Urdf(path, models)
