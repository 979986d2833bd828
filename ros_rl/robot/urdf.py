# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""What a URDF file holds, and what of it a robot cannot do with; simulators tell neither, or end the process."""

from __future__ import annotations

import math
import os
import xml.etree.ElementTree as ET
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ros_rl.errors import ConfigError

MOVING = ("revolute", "continuous", "prismatic")
"""Types of joints with one axis, which a robot may command and measure."""


@dataclass(frozen=True)
class UrdfJoint:
    """A joint of a URDF; units are those of a turning joint, of a sliding one m, m/s and N.

    Attributes:
        kind: Its type.
        parent: The link before it.
        child: The link behind it.
        lower: Smallest position [rad]; minus infinity where there is none.
        upper: Largest position [rad]; infinity where there is none.
        velocity: Largest velocity [rad/s]; infinity where none is named.
        effort: Largest effort [N m]; infinity where none is named.
        mimics: The joint that it is to follow; empty if none.
        multiplier: Its position for each rad or m of that joint's.
        offset: Its position where that joint's is 0.
    """

    kind: str
    parent: str
    child: str
    lower: float = -math.inf
    upper: float = math.inf
    velocity: float = math.inf
    effort: float = math.inf
    mimics: str = ""
    multiplier: float = 1.0
    offset: float = 0.0


class Urdf:
    """A URDF file.

    Args:
        path: The file.
        folders: Where else than beside it its meshes may lie.

    Raises:
        ConfigError: There is no such file, or it is no URDF, names two joints or links alike, is no tree, has a limit
            that is no number, or a mesh is not there.
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
        for kind in ("joint", "link"):
            self._check_names(kind)
        self.joints = {str(item.get("name")): self._joint(item) for item in self.root.findall("joint")}
        """Its joints by their names."""
        self.links = {str(item.get("name")): item for item in self.root.findall("link")}
        """Its links by their names."""
        self._check_tree()
        for name in self.links:
            self.mass(name)
        self._check_meshes()

    def _check_names(self, kind: str) -> None:
        counts = Counter(str(item.get("name")) for item in self.root.findall(kind))
        twice = [name for name, count in counts.items() if count > 1]
        if twice:
            raise ConfigError(f"{self.path}: there are {counts[twice[0]]} {kind}s '{twice[0]}'")

    def _check_tree(self) -> None:
        """Every joint joins two links, every link but one has one joint that carries it."""
        for name, joint in self.joints.items():
            for end, link in (("parent", joint.parent), ("child", joint.child)):
                if link not in self.links:
                    raise ConfigError(f"{self.path}: joint '{name}' has the {end} '{link}', which is no link of it")
        carriers = Counter(joint.child for joint in self.joints.values())
        twice = [link for link, count in carriers.items() if count > 1]
        if twice:
            raise ConfigError(f"{self.path}: {carriers[twice[0]]} joints carry link '{twice[0]}'")
        roots = [name for name in self.links if name not in carriers]
        if len(roots) != 1:
            found = f"links {', '.join(roots)} have" if roots else "no link has"
            raise ConfigError(f"{self.path}: {found} no joint that carries them, expected one root link")

    def _joint(self, item: ET.Element) -> UrdfJoint:
        kind = str(item.get("type"))
        parent, child = _named(item, "parent", "link"), _named(item, "child", "link")
        follows = self._follows(item)
        limit = item.find("limit")
        if limit is None:
            return UrdfJoint(kind, parent, child, **follows)
        lower, upper, velocity, effort = (
            self._number(f"joint '{item.get('name')}'", limit, key, default)
            for key, default in (("lower", 0.0), ("upper", 0.0), ("velocity", math.inf), ("effort", math.inf))
        )
        if kind == "continuous" or lower > upper:  # simulators take limits in the wrong order for none
            lower, upper = -math.inf, math.inf
        return UrdfJoint(kind, parent, child, lower, upper, velocity, effort, **follows)

    def _follows(self, item: ET.Element) -> dict[str, Any]:
        """What of a joint says which it follows, and how."""
        mimic = item.find("mimic")
        if mimic is None:
            return {}
        owner = f"mimic of joint '{item.get('name')}'"
        multiplier = self._number(owner, mimic, "multiplier", 1.0)
        if multiplier == 0.0:
            raise ConfigError(f"{self.path}: {owner} has multiplier 0, so that it follows nothing")
        offset = self._number(owner, mimic, "offset", 0.0)
        return {"mimics": mimic.get("joint", ""), "multiplier": multiplier, "offset": offset}

    def followers(self, leaders: Sequence[str]) -> dict[str, UrdfJoint]:
        """The joints that follow one of these, by their names."""
        return {name: joint for name, joint in self.joints.items() if joint.mimics in leaders and joint.mimics}

    def _number(self, owner: str, element: ET.Element, key: str, default: float) -> float:
        text = element.get(key)
        try:
            value = default if text is None else float(text)
        except ValueError:
            value = math.nan
        if math.isnan(value):
            raise ConfigError(f"{self.path}: {owner} has {key} '{text}', expected a number")
        return value

    def mass(self, link: str) -> float | None:
        """Mass of a link [kg]; None where it has no inertia.

        Raises:
            ConfigError: It has a part of one only, or a mass that is no number.
        """
        inertial = self.links[link].find("inertial")
        if inertial is None:
            return None
        mass = inertial.find("mass")
        if mass is None or inertial.find("inertia") is None:
            missing = "mass" if mass is None else "inertia"
            raise ConfigError(f"{self.path}: <inertial> of link '{link}' has no <{missing}>")
        return self._number(f"<mass> of link '{link}'", mass, "value", 0.0)

    @property
    def root_link(self) -> str:
        """The link that no joint carries."""
        carried = {joint.child for joint in self.joints.values()}
        return next(name for name in self.links if name not in carried)

    def meshes(self) -> Iterator[str]:
        """The meshes' names, as they stand in it."""
        return (item.get("filename", "") for item in self.root.iter("mesh"))

    def _check_meshes(self) -> None:
        missing = [name for name in dict.fromkeys(self.meshes()) if self._found(name) is None]
        if missing:
            more = f" (nor {len(missing) - 1} more)" if missing[1:] else ""
            raise ConfigError(f"{self.path}: there is no mesh '{missing[0]}'{more}, beside it or in a folder above")

    def _found(self, name: str) -> Path | None:
        relative = name.removeprefix("package://").removeprefix("file://")
        paths = (Path(os.path.abspath(folder / relative)) for folder in self._folders)  # not through links, which
        return next((path for path in paths if path.is_file()), None)  # packages often are

    def mesh(self, name: str) -> Path:
        """Where a mesh lies.

        Raises:
            ConfigError: Nowhere.
        """
        path = self._found(name)
        if path is None:
            raise ConfigError(f"{self.path}: there is no mesh '{name}', beside it or in a folder above")
        return path

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
            if self.joints[name].kind not in MOVING:
                raise ConfigError(
                    f"{self.path}: joint '{name}' is {self.joints[name].kind}, which nobody can command or measure as "
                    f"one number; allowed: {', '.join(MOVING)}"
                )

    def check_links(self, names: Sequence[str]) -> None:
        """Refuse feet and tools that are no links behind a joint.

        Args:
            names: Of the links.

        Raises:
            ConfigError: There is none of that name, or it is the root.
        """
        known = [joint.child for joint in self.joints.values()]
        for name in names:
            if name not in known:
                raise ConfigError(f"{self.path} has no link {name} behind a joint; it has {', '.join(known)}")


def _named(joint: ET.Element, tag: str, key: str) -> str:
    """What an element inside a joint names; empty without it."""
    found = joint.find(tag)
    return "" if found is None else found.get(key, "")
