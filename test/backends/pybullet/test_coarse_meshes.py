# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Meshes that are only seen become coarse; what weighs and touches stays as it is."""

import struct
import xml.etree.ElementTree as ET

import numpy as np
import pytest
import yaml

pytest.importorskip("pybullet")

from ros_rl.backends import make_backend
from ros_rl.backends.pybullet.coarse_meshes import coarse, read_triangles, write_coarse
from ros_rl.resources import share_path
from ros_rl.robot import load_robot
from ros_rl.robot.model import urdf_of
from ros_rl.settings.loading import load_settings

VERTICES = np.array([[0.0, 0, 0], [1, 0, 0], [1, 1, 0], [0, 1, 0], [0.04, 0, 0]])
FACES = np.array([[0, 1, 2], [0, 2, 3], [0, 4, 3], [2, 1, 4]])


def test_vertices_of_a_cell_become_their_middle():
    """0 and 4 lie in one cell of 0.1; the triangle between them is gone, and the last is the first again."""
    vertices, triangles = coarse(VERTICES, FACES, np.full(3, 0.1))
    assert sorted(map(tuple, vertices.tolist())) == [
        (0.0, 1.0, 0.0),
        (0.02, 0.0, 0.0),
        (1.0, 0.0, 0.0),
        (1.0, 1.0, 0.0),
    ]
    corners = [{tuple(vertices[corner]) for corner in triangle} for triangle in triangles.tolist()]
    assert corners == [{(0.02, 0, 0), (1, 0, 0), (1, 1, 0)}, {(0.02, 0, 0), (1, 1, 0), (0, 1, 0)}]


def test_a_fine_grid_changes_nothing():
    vertices, triangles = coarse(VERTICES, FACES, np.full(3, 0.01))
    assert len(vertices) == 5
    assert np.array_equal(np.sort(vertices[triangles].reshape(4, -1), axis=1), np.sort(VERTICES[FACES].reshape(4, -1)))


def test_formats(tmp_path):
    (tmp_path / "a.obj").write_text("# a square\nv 0 0 0\nv 1 0 0\nv 1 1 0\nv 0 1 0\nvn 0 0 1\nf 1//1 2//1 3/7/1 -1\n")
    vertices, triangles = read_triangles(tmp_path / "a.obj")
    assert vertices.tolist() == VERTICES[:4].tolist() and triangles.tolist() == [[0, 1, 2], [0, 2, 3]]
    facet = struct.pack("<12fH", 0, 0, 1, *VERTICES[FACES[1]].reshape(-1), 0)
    (tmp_path / "b.stl").write_bytes(bytes(80) + struct.pack("<I", 1) + facet)
    vertices, triangles = read_triangles(tmp_path / "b.stl")
    assert np.array_equal(vertices[triangles[0]], VERTICES[FACES[1]])
    (tmp_path / "c.stl").write_text("solid c\nfacet normal 0 0 1\nendsolid c\n" * 9)
    assert read_triangles(tmp_path / "c.stl") is None and read_triangles(tmp_path / "d.dae") is None


@pytest.mark.parametrize("name", ["a1", "xarm6"])
def test_only_what_is_seen_is_written_anew(name, tmp_path):
    robot = load_robot(name)
    urdf = urdf_of(robot)
    made = ET.parse(write_coarse(urdf.path, urdf, 0.02, tmp_path)).getroot()
    seen = [mesh.get("filename", "") for mesh in made.iterfind("link/visual/geometry/mesh")]
    assert seen and all(file.startswith(str(tmp_path)) for file in seen)
    count = sum(len(read_triangles(urdf.mesh(name))[1]) for name in _visual(urdf.root))
    assert sum(len(read_triangles(tmp_path / file)[1]) for file in seen) < 0.3 * count
    for root in (made, urdf.root):
        for link in root.iterfind("link"):
            for part in link.findall("visual"):
                link.remove(part)
        for mesh in root.iter("mesh"):
            mesh.set("filename", str(urdf.mesh(mesh.get("filename", ""))))
    assert ET.tostring(made) == ET.tostring(urdf.root)


def _visual(root: ET.Element) -> list[str]:
    return [mesh.get("filename", "") for mesh in root.iterfind("link/visual/geometry/mesh")]


@pytest.mark.parametrize("payload", [[0.0, 0.0], [1.0, 1.0]])
def test_in_the_simulator(tmp_path, payload):
    """It looks much the same, and moves to the bit as it did; for a payload, too, it is loaded anew."""
    file = yaml.safe_load((share_path("config", "robots") / "a1.yaml").read_text())
    file["cameras"] = {"room": {"position": [0.9, 0.6, 0.4], "target": [0.0, 0.0, 0.2], "field_of_view": 0.8}}
    path = tmp_path / "a1.yaml"
    path.write_text(yaml.safe_dump(file))
    seen, felt = [], []
    for cell in (0.0, 0.02):
        backend = {"name": "pybullet", "mesh_cell": cell, "world": {"payload": payload}}
        over = {"robot": str(path), "cameras": {"names": ["room"], "width": 128, "height": 128}}
        settings = load_settings("a1_walk", overrides=[over | {"driver": {"backend": backend}}])
        world = make_backend(settings, 0)
        world.reset(np.random.default_rng(0))
        world.write(settings.load_robot().neutral_command + 0.1, 0.0)
        measured = world.read().measurement
        seen.append(measured.pop("image_room").astype(int))
        felt.append(measured)
        world.close()
    assert all(np.array_equal(felt[0][name], felt[1][name]) for name in felt[0])
    silhouettes = [(image.max(axis=-1) - image.min(axis=-1) > 110) | (image.max(axis=-1) < 60) for image in seen]
    both, either = (silhouettes[0] & silhouettes[1]).sum(), (silhouettes[0] | silhouettes[1]).sum()
    assert either > 500 and both > 0.75 * either and not np.array_equal(*seen)
