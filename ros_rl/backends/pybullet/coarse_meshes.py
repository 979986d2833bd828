# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Coarser meshes for what is only seen: PyBullet's renderer takes as long as its meshes have vertices.

All vertices in a cell of a grid become one, in their middle; triangles that are left without a surface go (vertex
clustering: Rossignac and Borrel 1993, "Multi-resolution 3D approximations for rendering complex scenes").
"""

from __future__ import annotations

import xml.etree.ElementTree as ET
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ros_rl.robot.kinematics import numbers
from ros_rl.robot.urdf import Urdf
from ros_rl.types import Array

Triangles = NDArray[np.int64]
_STL = np.dtype([("normal", "<f4", 3), ("corners", "<f4", (3, 3)), ("attribute", "<u2")])
_STL_HEAD = 84  # bytes, of which the last four count the triangles


def write_coarse(path: Path, urdf: Urdf, cell: float, folder: Path) -> Path:
    """A URDF whose visual meshes are coarse, where their formats are known here (OBJ, binary STL).

    Args:
        path: The URDF to read.
        urdf: Knows where its meshes lie.
        cell: Side of the grid's cells [m].
        folder: For what is written.
    """
    root = ET.parse(path).getroot()
    for mesh in root.iter("mesh"):
        mesh.set("filename", str(urdf.mesh(mesh.get("filename", ""))))
    for number, mesh in enumerate(root.iterfind("link/visual/geometry/mesh")):
        scale = numbers(mesh, "scale", (1.0, 1.0, 1.0))
        text = _coarse_text(Path(mesh.get("filename", "")), cell, tuple(np.abs(scale).tolist()))
        if text:
            file = folder / f"{number}.obj"
            file.write_text(text)
            mesh.set("filename", str(file))
    written = folder / path.name
    ET.ElementTree(root).write(written)
    return written


@lru_cache(maxsize=64)
def _coarse_text(path: Path, cell: float, scale: tuple[float, ...]) -> str:
    """Of a mesh, as OBJ; empty where it cannot be read, or would have no surface left."""
    found = read_triangles(path)
    if found is None:
        return ""
    vertices, triangles = coarse(*found, cell / np.array(scale))
    lines = [f"v {x:.6g} {y:.6g} {z:.6g}" for x, y, z in vertices.tolist()]
    lines += [f"f {a} {b} {c}" for a, b, c in (triangles + 1).tolist()]
    return "\n".join(lines) if len(triangles) else ""


def coarse(vertices: Array, triangles: Triangles, cell: Array) -> tuple[Array, Triangles]:
    """The vertices and triangles that are left.

    Args:
        vertices: Shape (vertices, 3).
        triangles: Indices of their corners, shape (triangles, 3).
        cell: Sides of the grid's cells along each axis, in the mesh's unit, shape (3,).
    """
    cells = np.floor(vertices / cell).astype(np.int64)
    _, place, count = np.unique(cells, axis=0, return_inverse=True, return_counts=True)
    place = place.reshape(-1)
    middles = np.stack([np.bincount(place, vertices[:, axis]) / count for axis in range(3)], axis=1)
    moved = place[triangles]
    a, b, c = moved.T
    moved = moved[(a != b) & (b != c) & (c != a)]
    _, first = np.unique(np.sort(moved, axis=1), axis=0, return_index=True)
    return middles, moved[np.sort(first)]


def read_triangles(path: Path) -> tuple[Array, Triangles] | None:
    """Vertices, shape (vertices, 3), and triangles of a mesh, shape (triangles, 3); None of another format."""
    if path.suffix.lower() == ".obj":
        return _read_obj(path)
    return _read_stl(path.read_bytes()) if path.suffix.lower() == ".stl" else None


def _read_obj(path: Path) -> tuple[Array, Triangles]:
    vertices, triangles = list[list[float]](), list[tuple[int, int, int]]()
    for line in path.read_text(encoding="utf-8", errors="replace").splitlines():
        key, *words = line.split() or [""]
        if key == "v":
            vertices.append([float(word) for word in words[:3]])
        elif key == "f":  # from 1, or backwards from the newest
            corners = [int(word.partition("/")[0]) for word in words]
            first, *rest = (corner - 1 if corner > 0 else corner + len(vertices) for corner in corners)
            triangles += [(first, one, other) for one, other in zip(rest, rest[1:], strict=False)]
    return np.array(vertices).reshape(-1, 3), np.array(triangles, dtype=np.int64).reshape(-1, 3)


def _read_stl(data: bytes) -> tuple[Array, Triangles] | None:
    count = int.from_bytes(data[_STL_HEAD - 4 : _STL_HEAD], "little")
    if len(data) != _STL_HEAD + count * _STL.itemsize:
        return None  # text
    corners = np.frombuffer(data, _STL, offset=_STL_HEAD)["corners"].astype(np.float64)
    return corners.reshape(-1, 3), np.arange(3 * count).reshape(-1, 3)
