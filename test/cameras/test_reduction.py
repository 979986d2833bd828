# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Small pictures of large ones, against numbers worked out by hand, areas of intervals, and a simulator's of both."""

from dataclasses import replace

import numpy as np
import pytest

from ros_rl.cameras.reduction import check_size, picked, reduced
from ros_rl.errors import ContractError

SIZES = [
    ((480, 640), (58, 58)),  # its first edge is rounded to below zero
    ((1944, 2592), (100, 100)),
    ((480, 640), (32, 32)),
    ((480, 640), (64, 64)),
    ((720, 1280), (48, 64)),
    ((100, 70), (33, 64)),
    ((33, 65), (32, 64)),
]


def shares(length: int, wanted: int, scale: float) -> np.ndarray:
    """How much of each pixel lies in each area, shape (wanted, length), by intersecting intervals."""
    begin = (length - scale * wanted) / 2.0
    found = np.zeros((wanted, length))
    for area in range(wanted):
        low, high = begin + area * scale, begin + (area + 1) * scale
        for pixel in range(length):
            found[area, pixel] = max(0.0, min(high, pixel + 1) - max(low, pixel)) / scale
    return found


def test_each_pixel_is_the_mean_of_its_block() -> None:
    picture = np.zeros((4, 6, 3), np.uint8)
    picture[:2, 1:3, 0] = [[10, 20], [30, 40]]
    picture[2:, 3:5, 1] = [[1, 2], [3, 4]]
    picture[:, [0, 5]] = 255  # what is cut off at the sides
    small = reduced(picture, (2, 2))
    assert small.dtype == np.uint8
    assert small.tolist() == [[[25, 0, 0], [0, 0, 0]], [[0, 0, 0], [0, 2, 0]]]


def test_a_pixel_that_an_edge_cuts_counts_by_its_share() -> None:
    row = np.array([[[0], [90], [240]]], np.uint8)
    assert reduced(np.tile(row, (3, 1, 1)), (2, 2))[..., 0].tolist() == [[30, 190], [30, 190]]  # (0 + 45) / 1.5


@pytest.mark.parametrize(("size", "wanted"), SIZES)
def test_areas_are_those_of_intervals_about_the_middle(size: tuple[int, int], wanted: tuple[int, int]) -> None:
    picture = np.random.default_rng(0).integers(0, 256, (*size, 3), dtype=np.uint8)
    scale = min(size[0] / wanted[0], size[1] / wanted[1])
    rows, columns = (shares(side, least, scale) for side, least in zip(size, wanted, strict=True))
    exact = np.einsum("ir,rcx,jc->ijx", rows, picture.astype(float), columns, optimize=True)
    found = reduced(picture, wanted)
    assert found.shape == (*wanted, 3)
    assert np.abs(found - exact).max() < 0.501


@pytest.mark.parametrize(("size", "wanted"), SIZES)
def test_depth_is_of_the_pixels_in_the_middle_of_the_same_areas(size: tuple[int, int], wanted: tuple[int, int]) -> None:
    places = np.arange(size[0] * size[1]).reshape(size)
    scale = min(size[0] / wanted[0], size[1] / wanted[1])
    rows, columns = np.divmod(picked(places, wanted), size[1])
    assert (rows == rows[:, :1]).all() and (columns == columns[:1]).all()
    for found, side, least in ((rows[:, 0], size[0], wanted[0]), (columns[0], size[1], wanted[1])):
        middles = (side - scale * least) / 2.0 + scale * (np.arange(least) + 0.5)
        assert ((found <= middles + 1e-9) & (middles <= found + 1 + 1e-9)).all()


def test_a_picture_of_its_size_is_itself() -> None:
    picture = np.random.default_rng(1).integers(0, 256, (32, 48, 3), dtype=np.uint8)
    assert (reduced(picture, (32, 48)) == picture).all()
    assert (picked(picture[..., 0], (32, 48)) == picture[..., 0]).all()


def test_nothing_is_made_larger() -> None:
    check_size((64, 64), (64, 64))
    with pytest.raises(ContractError, match="it is 640x60, expected at least 64x64: pictures only shrink"):
        check_size((60, 640), (64, 64))


def test_a_large_picture_of_a_simulator_becomes_its_small_one() -> None:
    """Of the same scene, whose middle a wider picture has in common with a square one."""
    pytest.importorskip("pybullet")
    from ros_rl.backends import construct
    from ros_rl.backends.backend import Scenario
    from ros_rl.cameras.pinhole import millimetres
    from ros_rl.robot import load_robot
    from ros_rl.settings.simulators.pybullet import PyBulletSettings

    robot = load_robot("xarm6_gripper")
    front = replace(robot.optional_cameras["front"], depth=True)
    pictures = {}
    for size, samples in (((480, 640), 1), ((64, 64), 4)):
        camera = replace(front, height=size[0], width=size[1])
        backend = construct(
            "pybullet",
            replace(robot, cameras={"front": camera}),
            PyBulletSettings(samples=samples),
            0.05,
            Scenario("two_bins"),
        )
        try:
            backend.reset(np.random.default_rng(0))
            colour, depth = backend.look("front")
        finally:
            backend.close()
        pictures[size] = colour, millimetres(depth, camera)
    (large, far), (small, near) = pictures.values()
    assert small.std() > 20.0, "there is something to be seen"
    differences = np.abs(reduced(large, (64, 64)).astype(float) - small)
    assert differences.mean() < 1.0 and np.quantile(differences, 0.99) < 12.0
    off = np.abs(picked(far, (64, 64)).astype(float) - near)
    assert np.median(off) < 5.0 and (off < 20.0).mean() > 0.9
