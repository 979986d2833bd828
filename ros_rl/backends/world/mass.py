# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Where a robot's mass is, with a payload and a centre that is not where it should be."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from dataclasses import dataclass

import numpy as np

from ros_rl.backends.world.conditions import Conditions
from ros_rl.errors import ConfigError
from ros_rl.robot import Robot
from ros_rl.robot.kinematics import numbers, rotation
from ros_rl.robot.urdf import Urdf
from ros_rl.types import Array

_PARTS = ("ixx", "ixy", "ixz", "iyy", "iyz", "izz")


@dataclass(frozen=True)
class Inertia:
    """Of a link, in its frame.

    Attributes:
        mass: [kg].
        centre: Of mass [m], shape (3,).
        tensor: About the centre of mass [kg m^2], shape (3, 3).
    """

    mass: float
    centre: Array
    tensor: Array

    def loaded(self, shift: Array, payload: float, place: Array) -> Inertia:
        """With its centre of mass shifted, then with a point of mass.

        Args:
            shift: [m], shape (3,).
            payload: [kg].
            place: Of the payload [m], shape (3,).
        """
        centre, mass = self.centre + shift, self.mass + payload
        common = (self.mass * centre + payload * place) / mass
        tensor = self.tensor + _of_point(self.mass, centre - common) + _of_point(payload, place - common)
        return Inertia(mass, common, tensor)


def _of_point(mass: float, place: Array) -> Array:
    """About the origin; the parallel axis theorem."""
    return mass * (place @ place * np.eye(3) - np.outer(place, place))


@dataclass(frozen=True)
class Carrier:
    """The link that bears what is carried.

    Attributes:
        link: Its name in the URDF.
        place: Of the payload in its frame [m], shape (3,).
    """

    link: str
    place: Array

    def inertia(self, own: Inertia, conditions: Conditions) -> Inertia:
        """In an episode.

        Args:
            own: The link's by its model.
            conditions: Of the episode.
        """
        return own.loaded(conditions.centre_shift, conditions.payload, self.place)


def carrier(robot: Robot, urdf: Urdf, place: Array) -> Carrier:
    """The trunk of a floating base, or what an arm's tool is fixed to.

    Args:
        robot: Has a floating base or a tool.
        urdf: Its model.
        place: Of the payload, from the base's origin or the tool centre point [m], shape (3,).

    Raises:
        ConfigError: No link there has a mass.
    """
    assert robot.simulation is not None  # see `WorldSettings.check_robot`
    link = urdf.root_link
    if not robot.floating_base:
        assert robot.simulation.tool_link is not None
        link, place = robot.simulation.tool_link, place + np.array(robot.simulation.tool_offset)
    if not urdf.mass(link):
        raise ConfigError(f"{urdf.path}: link '{link}' has no mass, which driver.backend.world.payload would add to")
    return Carrier(link, place)


def read_inertia(urdf: Urdf, link: str) -> Inertia:
    """That of a link which has a mass."""
    own = urdf.links[link].find("inertial")
    mass = urdf.mass(link)
    assert own is not None and mass is not None  # see `carrier`
    turned, tensor, whole = rotation(*numbers(own.find("origin"), "rpy")), own.find("inertia"), np.zeros((3, 3))
    assert tensor is not None
    for key in _PARTS:
        row, column = _place(key)
        whole[row, column] = whole[column, row] = float(tensor.get(key, "0"))
    return Inertia(mass, numbers(own.find("origin"), "xyz"), turned @ whole @ turned.T)


def write_inertia(link: ET.Element, inertia: Inertia) -> None:
    """Give a link of a URDF another inertia."""
    for old in link.findall("inertial"):
        link.remove(old)
    new = ET.SubElement(link, "inertial")
    ET.SubElement(new, "origin", xyz=" ".join(map(repr, inertia.centre.tolist())), rpy="0 0 0")
    ET.SubElement(new, "mass", value=repr(float(inertia.mass)))
    ET.SubElement(new, "inertia", {key: repr(float(inertia.tensor[_place(key)])) for key in _PARTS})


def _place(part: str) -> tuple[int, int]:
    """Row and column of a part of a tensor, as ixy."""
    return "xyz".index(part[1]), "xyz".index(part[2])
