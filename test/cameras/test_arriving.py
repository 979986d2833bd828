# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Pictures as camera nodes have them, byte by byte, against what a robot's camera is to measure."""

from array import array
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from ros_rl.cameras.arriving import colour_in, depth_in
from ros_rl.errors import ContractError
from ros_rl.robot import Camera

CAMERA = Camera(
    position=(0.0, 0.0, 0.0), target=(1.0, 0.0, 0.0), field_of_view=1.0, width=2, height=2, nearest=0.1, farthest=5.0
)


def message(rows: list[bytes], width: int, encoding: str, step: int | None = None, big: bool = False) -> Any:
    step = len(rows[0]) if step is None else step
    data = array("B", b"".join(row.ljust(step, b"\xee") for row in rows))
    return SimpleNamespace(
        height=len(rows), width=width, encoding=encoding, step=step, is_bigendian=int(big), data=data
    )


@pytest.mark.parametrize(
    ("encoding", "pixel"),
    [
        ("rgb8", b"\x01\x02\x03"),
        ("bgr8", b"\x03\x02\x01"),
        ("rgba8", b"\x01\x02\x03\xff"),
        ("bgra8", b"\x03\x02\x01\xff"),
    ],
)
@pytest.mark.parametrize("padding", [0, 5])
def test_colours_of_each_encoding_with_or_without_something_between_rows(
    encoding: str, pixel: bytes, padding: int
) -> None:
    dark = bytes(len(pixel))
    rows = [pixel + dark, dark + pixel]
    found = colour_in(message(rows, 2, encoding, len(rows[0]) + padding), CAMERA)()
    assert (found.dtype, found.flags.c_contiguous) == (np.uint8, True)
    assert found.tolist() == [[[1, 2, 3], [0, 0, 0]], [[0, 0, 0], [1, 2, 3]]]


def test_a_wider_picture_is_cropped_and_shrinks() -> None:
    row = b"\xff\xff\xff" + b"\x0a\x14\x1e" * 4 + b"\xff\xff\xff"
    assert colour_in(message([row] * 4, 6, "rgb8"), CAMERA)().tolist() == [[[10, 20, 30]] * 2] * 2


@pytest.mark.parametrize("big", [False, True])
@pytest.mark.parametrize("padding", [0, 3])
def test_depth_in_millimetres_of_either_byte_order(big: bool, padding: int) -> None:
    order = ">u2" if big else "<u2"
    rows = [np.array(row, order).tobytes() for row in ([0, 1234], [99, 5001])]
    found = depth_in(message(rows, 2, "16UC1", 4 + padding, big), CAMERA)()
    assert found.dtype == np.uint16
    assert found.tolist() == [[0, 1234], [0, 0]]  # not measured; nearer than the nearest, farther than the farthest


@pytest.mark.parametrize("order", ["<f4", ">f4"])
def test_depth_in_metres_knows_what_was_not_measured(order: str) -> None:
    rows = [np.array(row, order).tobytes() for row in ([np.nan, 1.2344], [np.inf, -1.0])]
    assert depth_in(message(rows, 2, "32FC1", big=order == ">f4"), CAMERA)().tolist() == [[0, 1234], [0, 0]]


@pytest.mark.parametrize(
    ("make", "wrong", "complaint"),
    [
        (
            colour_in,
            message([b"\0\0"] * 2, 2, "mono8"),
            "encoding is mono8, grey instead of colour; expected rgb8, ",
        ),
        (colour_in, message([b"\0" * 4] * 2, 2, "yuv422_yuy2"), "yuv422_yuy2, no colour that is known here; expected"),
        (
            depth_in,
            message([b"\0" * 6] * 2, 2, "rgb8"),
            "no distances that are known here; expected 16UC1, 32FC1",
        ),
        (colour_in, message([b"\0" * 6], 2, "rgb8"), "it is 2x1, expected at least 2x2"),
        (colour_in, message([b"\0" * 6] * 2, 3, "rgb8"), "it has 12 bytes in rows of 6, expected 2 rows of 9"),
        (depth_in, message([b"\0" * 4] * 2, 2, "32FC1"), "it has 8 bytes in rows of 4, expected 2 rows of 8"),
    ],
)
def test_refused_when_it_comes(make: Any, wrong: Any, complaint: str) -> None:
    with pytest.raises(ContractError, match=complaint):
        make(wrong, CAMERA)
