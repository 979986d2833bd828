# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Ground that is not flat: a square of heights that repeats itself without end, the same in every physics engine."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ros_rl.settings.terrain import FLAT, ROUGH, SIDE, SLIPPERY, SLOPES, STEPS, Range, TerrainSettings, fitting_count
from ros_rl.types import Array

COUNT = 240
"""Heights along a side."""
CELL = SIDE / COUNT
"""Between two heights [m]."""
STRIDE = 4
"""From one to the next of the heights between which all but steps is plane."""
HIGHEST = 10.0
"""Above and below zero, which no height passes [m]."""


@dataclass(frozen=True)
class Terrain:
    """Of one episode, and where on it the robot begins.

    Attributes:
        kind: One of `ros_rl.settings.terrain.KINDS`.
        heights: Of the ground [m], rows along y and columns along x, shape (COUNT, COUNT); the first is that at
            -SIDE / 2.
        friction: Of feet, in the same places; nan where it is what it is elsewhere; None without patches.
        position: Where the robot begins (x, y) [m], shape (2,).
        yaw: Where it looks [rad].
        stride: Of how many heights along each axis one tells all: between those the ground is plane. An engine whose
            fields have edges that feet feel takes no others.
    """

    kind: str
    heights: Array
    friction: Array | None
    position: Array
    yaw: float
    stride: int = 1

    def height(self, points: Array) -> Array:
        """Of the ground at points (x, y), shape (..., 2): bilinear between the four heights around [m]."""
        place = (points + SIDE / 2) / CELL
        low = np.floor(place).astype(int)
        share = place - low
        column, row = low[..., 0] % COUNT, low[..., 1] % COUNT
        right, above = (column + 1) % COUNT, (row + 1) % COUNT
        x, y, heights = share[..., 0], share[..., 1], self.heights
        lower = heights[row, column] * (1.0 - x) + heights[row, right] * x
        upper = heights[above, column] * (1.0 - x) + heights[above, right] * x
        return np.asarray(lower * (1.0 - y) + upper * y)

    def friction_at(self, points: Array) -> Array:
        """Of feet at points (x, y), shape (..., 2); nan where it is what it is elsewhere."""
        assert self.friction is not None
        nearest = np.round((points + SIDE / 2) / CELL).astype(int) % COUNT
        return np.asarray(self.friction[nearest[..., 1], nearest[..., 0]])


def draw_terrain(settings: TerrainSettings, rng: np.random.Generator) -> Terrain:
    """That of the next episode."""
    kind = settings.kinds[int(rng.integers(len(settings.kinds)))]
    heights, friction, stride = np.zeros((COUNT, COUNT)), None, 1 if kind == STEPS else STRIDE
    if kind == ROUGH:
        heights = _refined(_bumps(rng.uniform(*settings.rough_height), rng.uniform(*settings.rough_spacing), rng))
    elif kind == SLOPES:
        heights = _refined(np.tile(_ridges(settings, rng), (COUNT // STRIDE, 1)))
    elif kind == STEPS:
        heights = np.tile(_treads(settings, rng), (COUNT, 1))
    elif kind == SLIPPERY:
        friction = _patches(settings, rng)
    if kind == FLAT:
        return Terrain(kind, heights, friction, np.zeros(2), 0.0, stride)
    return Terrain(kind, heights, friction, rng.uniform(-SIDE / 2, SIDE / 2, 2), rng.uniform(-np.pi, np.pi), stride)


def _refined(heights: Array) -> Array:
    """All heights of those that tell all, two triangles between each four, shape (COUNT, COUNT)."""
    right, above = np.roll(heights, -1, 1), np.roll(heights, -1, 0)
    both = np.roll(above, -1, 1)
    fine = np.zeros((COUNT, COUNT))
    for row in range(STRIDE):
        for column in range(STRIDE):
            y, x = row / STRIDE, column / STRIDE
            if x >= y:
                value = heights + x * (right - heights) + y * (both - right)
            else:
                value = heights + y * (above - heights) + x * (both - above)
            fine[row::STRIDE, column::STRIDE] = value
    return fine


def _bumps(height: float, spacing: float, rng: np.random.Generator) -> Array:
    """Heights drawn on a grid of that spacing, straight lines between them."""
    count, nodes = max(2, round(SIDE / spacing)), COUNT // STRIDE
    coarse = rng.uniform(0.0, height, (count, count))
    place = np.arange(nodes) * count / nodes
    low = np.floor(place).astype(int)
    share = place - low
    rows = coarse[low] * (1.0 - share[:, None]) + coarse[(low + 1) % count] * share[:, None]
    return np.asarray(rows[:, low] * (1.0 - share) + rows[:, (low + 1) % count] * share)


def _ridges(settings: TerrainSettings, rng: np.random.Generator) -> Array:
    """Along x: valleys and ridges, each as steep up as down."""
    lengths = np.repeat(_parts(settings.slope_length, rng), 2)
    slopes = np.repeat(rng.uniform(*settings.slope, len(lengths) // 2), 2) * np.tile([1.0, -1.0], len(lengths) // 2)
    edges = np.concatenate([[0.0], np.cumsum(lengths)])
    heights = np.concatenate([[0.0], np.cumsum(np.tan(slopes) * lengths)])
    return np.interp(np.arange(COUNT // STRIDE) * CELL * STRIDE, edges, heights)


def _treads(settings: TerrainSettings, rng: np.random.Generator) -> Array:
    """Along x: treads, each one step higher or lower than the last; as many up as down."""
    lengths = np.repeat(_parts(settings.step_length, rng), 2)
    rises = rng.uniform(*settings.step_height, len(lengths) // 2)
    heights = np.cumsum(rng.permutation(np.concatenate([rises, -rises])))
    edges = np.cumsum(rng.permutation(lengths))
    return np.asarray(heights[np.minimum(np.searchsorted(edges, np.arange(COUNT) * CELL, "right"), len(edges) - 1)])


def _parts(length: Range, rng: np.random.Generator) -> Array:
    """Lengths drawn from a range, all moved towards one of its ends so that together they are half a side [m]."""
    (low, high), count = length, fitting_count(length)
    shares, wanted = rng.random(count), (SIDE / 2 - count * low) / (high - low) if high > low else 0.0
    if shares.sum() < wanted:
        shares = 1.0 - (1.0 - shares) * (count - wanted) / (count - shares.sum())
    else:
        shares *= wanted / shares.sum()
    return np.asarray(low + (high - low) * shares)


def _patches(settings: TerrainSettings, rng: np.random.Generator) -> Array:
    """Squares, each as slippery as drawn; elsewhere nan."""
    count = max(1, round(SIDE / rng.uniform(*settings.slippery_size)))
    drawn = rng.uniform(*settings.slippery_friction, (count, count))
    taken: NDArray[np.bool_] = rng.random((count, count)) < rng.uniform(*settings.slippery_share)
    index = np.arange(COUNT) * count // COUNT
    return np.where(taken, drawn, np.nan)[np.ix_(index, index)]
