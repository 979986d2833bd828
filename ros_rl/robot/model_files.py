# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Where the files lie that a robot's or a scene's YAML file names: URDFs, meshes, textures."""

from __future__ import annotations

import importlib.util
import os
from collections.abc import Iterator
from pathlib import Path

from ros_rl.errors import ConfigError, MissingDependencyError
from ros_rl.resources import share_path

PACKAGE = "package://"


def placed(name: str, folder: Path) -> str:
    """A file's name as a YAML file in a folder gives it, made one that holds in any working directory.

    What lies beside the YAML file, or at a path from there, gets its full path, and so does ``package://name/path`` of
    a ROS package or of a Python one. Any other name is for `model_path`.

    Raises:
        ConfigError: No such package has the file.
    """
    if name.startswith(PACKAGE):
        return str(_in_package(name))
    beside = (folder / name).absolute()
    return str(beside) if beside.is_file() else name


def model_path(name: str) -> Path:
    """A `placed` name's file: as it is, below the package's ``sim`` folder, or of pybullet_data; it may not be there.

    Raises:
        MissingDependencyError: It can only be PyBullet's, which is not installed.
    """
    own = share_path("sim") / name
    return own if own.is_file() or Path(name).is_absolute() else pybullet_models() / name


def pybullet_models() -> Path:
    """Where PyBullet's own models lie.

    Raises:
        MissingDependencyError: It is not installed.
    """
    found = importlib.util.find_spec("pybullet_data")
    if found is None or found.origin is None:
        raise MissingDependencyError("pybullet", "sim")
    return Path(found.origin).parent


def ros_shares() -> Iterator[Path]:
    """The folders of the installed ROS packages' files."""
    for prefix in os.environ.get("AMENT_PREFIX_PATH", "").split(os.pathsep):
        if prefix:
            yield Path(prefix) / "share"


def _in_package(name: str) -> Path:
    package, _, rest = name.removeprefix(PACKAGE).partition("/")
    folders = [share / package for share in ros_shares()]
    if package.isidentifier():
        spec = importlib.util.find_spec(package)
        folders += [Path(folder) for folder in (spec.submodule_search_locations or [])] if spec is not None else []
    for folder in folders:
        if (folder / rest).is_file():
            return folder / rest
    raise ConfigError(f"'{name}': no ROS package '{package}' on AMENT_PREFIX_PATH and no Python package has that file")
