# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Floor plans against distances and ways worked out by hand."""

from pathlib import Path

import numpy as np
import pytest
import yaml

from ros_rl.errors import ConfigError, UnknownNameError
from ros_rl.floor_plan import FloorPlan


def plan(folder: Path, *bodies: dict, radius: float = 0.1) -> FloorPlan:
    path = folder / "room.yaml"
    path.write_text(yaml.safe_dump({"bodies": [{"urdf": "plane.urdf", "position": [0, 0, 0]}, *bodies]}))
    return FloorPlan(str(path), radius)


def box(x: float, y: float, width: float, depth: float, yaw: float = 0.0) -> dict:
    return {"box": [width, depth, 0.1], "position": [x, y, 0.05], "yaw": yaw}


def test_clearance_is_the_distance_from_the_outline_less_the_radius(tmp_path: Path) -> None:
    found = plan(tmp_path, box(1.0, 0.0, 0.4, 0.2), {"cylinder": [0.3, 0.1], "position": [-1.0, 0.0, 0.05]})
    points = np.array([[0.0, 0.0], [1.0, 0.5], [1.5, 0.5], [1.0, 0.02], [-1.0, 0.1]])
    first, second = found.clearance(points).T
    np.testing.assert_allclose(first[:4], [0.7, 0.3, 0.5 - 0.1, -0.18], atol=1e-12)  # the third: 3, 4, 5 from a corner
    np.testing.assert_allclose(second[[0, 4]], [0.6, -0.3], atol=1e-12)
    np.testing.assert_array_equal(found.is_free(points), [True, True, True, False, False])


def test_a_turned_box_is_turned(tmp_path: Path) -> None:
    found = plan(tmp_path, box(0.0, 0.0, 2.0, 0.2, yaw=np.pi / 2))
    np.testing.assert_allclose(found.clearance(np.array([[0.5, 0.0], [0.0, 1.3]]))[:, 0], [0.3, 0.2], atol=1e-12)
    np.testing.assert_allclose(found.extent, [0.1, 1.0], atol=1e-12)


@pytest.mark.parametrize(
    ("wanted", "there"),
    [
        ([0.3, 0.4], [0.3, 0.4]),  # free
        ([0.95, 0.2], [0.9, 0.2]),  # slides along a wall
        ([0.97, 0.93], [0.9, 0.9]),  # a corner
        ([1.2, 0.0], [0.9, 0.0]),  # deep in the wall, nearer to its inner side
        ([-0.25, 0.0], [-0.2, 0.0]),  # a pillar
        ([-0.5, 0.12], [-0.5, 0.3]),
    ],
)
def test_what_is_run_into_holds_across_and_lets_slide_along(tmp_path: Path, wanted: list, there: list) -> None:
    pillar = {"sphere": 0.2, "position": [-0.5, 0.0, 0.0]}
    found = plan(tmp_path, box(1.25, 0.0, 0.5, 4.0), box(0.0, 1.25, 4.0, 0.5), pillar)
    place, touched = found.kept_out(np.array(wanted))
    np.testing.assert_allclose(place, there, atol=1e-9)
    assert touched is (wanted != there)


def test_reachable_is_what_a_disc_gets_to(tmp_path: Path) -> None:
    """A wall across the room with a gap of 0.3 m: a disc of 0.1 m goes through, one of 0.2 m does not."""
    room = (box(0, 1.05, 2.2, 0.1), box(0, -1.05, 2.2, 0.1), box(1.05, 0, 0.1, 2.2), box(-1.05, 0, 0.1, 2.2))
    across = (box(0.5, 0.575, 0.1, 0.85), box(0.5, -0.575, 0.1, 0.85))
    points = np.array([[-0.5, 0.5], [0.75, 0.5], [0.5, 0.5], [1.5, 0.0], [9.0, 9.0]])
    thin, thick = (plan(tmp_path, *room, *across, radius=radius) for radius in (0.1, 0.2))
    np.testing.assert_array_equal(thin.is_reachable(points), [True, True, False, False, False])
    np.testing.assert_array_equal(thick.is_reachable(points), [True, False, False, False, False])


def test_an_empty_floor_is_free(tmp_path: Path) -> None:
    found = plan(tmp_path)
    assert found.is_free(np.array([3.0, 4.0])) and found.is_reachable(np.array([0.4, -0.3]))
    assert found.kept_out(np.array([1.0, 1.0]))[1] is False


def test_what_has_no_outline_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"has 'cube.urdf'; a floor plan knows box, sphere, cylinder and plane.urdf"):
        plan(tmp_path, {"urdf": "cube.urdf", "position": [1.0, 0.0, 0.0]})
    with pytest.raises(ConfigError, match="scene 'table_cube' has 'cube', which moves; a floor plan knows"):
        FloorPlan("table_cube", 0.1)
    with pytest.raises(UnknownNameError, match="unknown scene 'moon'"):
        FloorPlan("moon", 0.1)
