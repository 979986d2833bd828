# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Large pictures made small: cropped about their middle to another shape, and reduced to fewer pixels."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ros_rl.errors import ContractError
from ros_rl.types import Image

Size = tuple[int, int]
"""Height and width [px]."""


def check_size(size: Size, wanted: Size) -> None:
    """Refuse a picture that is too small.

    Raises:
        ContractError: Naming both sizes.
    """
    if any(side < least for side, least in zip(size, wanted, strict=True)):
        raise ContractError(
            f"it is {size[1]}x{size[0]}, expected at least {wanted[1]}x{wanted[0]}: pictures only shrink"
        )


def reduced(picture: NDArray[np.uint8], size: Size) -> Image:
    """A small picture whose pixels are the means of their areas, to which a pixel cut by an edge counts by its share.

    Args:
        picture: Shape (height, width, channels).
        size: Wanted, no larger.
    """
    rows, columns = _edges(picture.shape[:2], size)
    cut = picture[:, int(columns[0]) : int(np.ceil(columns[-1]))]
    sums = _sums(cut, rows)
    sums = _sums(np.ascontiguousarray(sums.swapaxes(0, 1)), columns - int(columns[0]))
    area = (rows[1] - rows[0]) * (columns[1] - columns[0])
    return np.rint(sums.swapaxes(0, 1) / area).astype(np.uint8)


def picked(picture: NDArray[np.generic], size: Size) -> NDArray[np.generic]:
    """A small picture of the pixels in the middles of their areas: a mean of two distances is none of a thing.

    Args:
        picture: Shape (height, width).
        size: Wanted, no larger.
    """
    rows, columns = (np.floor((edges[:-1] + edges[1:]) / 2.0).astype(int) for edges in _edges(picture.shape[:2], size))
    return picture[rows[:, None], columns]


def _edges(size: Size, wanted: Size) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Between the areas of the wanted pixels, down and to the right [px], shapes (height + 1,) and (width + 1,)."""
    scale = min(side / least for side, least in zip(size, wanted, strict=True))
    down, right = (
        (side - scale * least) / 2.0 + scale * np.arange(least + 1) for side, least in zip(size, wanted, strict=True)
    )
    return np.clip(down, 0.0, size[0]), np.clip(right, 0.0, size[1])  # rounding leads beyond the picture


def _sums(picture: NDArray[np.generic], edges: NDArray[np.float64]) -> NDArray[np.float32]:
    """Along the first axis, from edge to edge, each at least a pixel from the last."""
    whole = np.floor(edges).astype(int)
    share = (edges - whole).astype(np.float32).reshape(-1, *(1,) * (picture.ndim - 1))
    sums = np.add.reduceat(picture[: whole[-1]], whole[:-1], axis=0, dtype=np.float32)
    cut = share * picture[np.minimum(whole, len(picture) - 1)]  # what of the pixel at an edge lies before it
    return sums - cut[:-1] + cut[1:]
