# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""What a URDF file holds, and what of it a robot cannot do with; simulators tell neither, or end the process."""

from __future__ import annotations

import os
import xml.etree.ElementTree as ET
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

from ros_rl.errors import ConfigError

MOVING = ("revolute", "continuous", "prismatic")
"""Types of joints with one axis, which a robot may command and measure."""


class Urdf:
    """A URDF file.

    Args:
        path: The file.
        folders: Where else than beside it its meshes may lie.

    Raises:
        ConfigError: There is no such file, or it is no URDF, names two joints or links alike, or a mesh is not there.
    """

    def __init__(self, path: Path, folders: Sequence[Path] = ()) -> None:
        self.path = path
        try:
            self.root = ET.parse(path).getroot()
        except OSError as error:
            raise ConfigError(f"{path}: {error.strerror}") from None
        except ET.ParseError as error:
            raise ConfigError(f"{path}: not valid XML: {error}") from None
        if self.root.tag != "robot":
            raise ConfigError(f"{path}: its root is <{self.root.tag}>, expected <robot>")
        self._folders = (path.parent, *folders, *path.parent.parents)
        self.joints = {str(item.get("name")): str(item.get("type")) for item in self.root.findall("joint")}
        """Type of each joint, by its name."""
        for kind in ("joint", "link"):
            self._check_names(kind)
        for name in self.meshes():
            self.mesh(name)

    def _check_names(self, kind: str) -> None:
        counts = Counter(str(item.get("name")) for item in self.root.findall(kind))
        twice = [name for name, count in counts.items() if count > 1]
        if twice:
            raise ConfigError(f"{self.path}: there are {counts[twice[0]]} {kind}s '{twice[0]}'")

    def meshes(self) -> Iterator[str]:
        """The meshes' names, as they stand in it."""
        return (item.get("filename", "") for item in self.root.iter("mesh"))

    def mesh(self, name: str) -> Path:
        """Where a mesh lies.

        Raises:
            ConfigError: Nowhere.
        """
        relative = name.removeprefix("package://").removeprefix("file://")
        for folder in self._folders:
            if (folder / relative).is_file():
                return Path(os.path.abspath(folder / relative))  # not through links: packages are often linked
        raise ConfigError(f"{self.path}: there is no mesh '{name}', beside it or in a folder above")

    def check_joints(self, names: Sequence[str]) -> None:
        """Refuse joints that a robot cannot command or measure.

        Args:
            names: Of the joints, as they stand in it.

        Raises:
            ConfigError: There is none of that name, or it has not one axis.
        """
        for name in names:
            if name not in self.joints:
                raise ConfigError(f"{self.path} has no joint {name}; it has {', '.join(self.joints)}")
            if self.joints[name] not in MOVING:
                raise ConfigError(
                    f"{self.path}: joint '{name}' is {self.joints[name]}, which nobody can command or measure as one "
                    f"number; allowed: {', '.join(MOVING)}"
                )
