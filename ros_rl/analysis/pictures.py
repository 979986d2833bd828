# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Pictures of what was seen and what was foretold, side by side."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from ros_rl.errors import MissingDependencyError
from ros_rl.runs.video import write_video
from ros_rl.types import Image

_SIDE = 64
"""Pictures are magnified to about this height [px]."""
_COLUMNS = 15
_GAP = 2
_SEEN, _BLIND = (60, 160, 60), (200, 60, 40)
"""Colours of the bar below: the model sees, and it does not."""


def side_by_side(truth: np.ndarray, told: np.ndarray, looks: int) -> list[Image]:
    """For each step a picture: a row of each stretch with truth, model and difference, and a bar below.

    Args:
        truth: (length, rows, height, width, channels), uint8.
        told: Of the same shape.
        looks: Steps in which the model sees; the bar is green in them.
    """
    frames = []
    for k, (ours, theirs) in enumerate(zip(truth, told, strict=True)):
        difference = ((theirs.astype(np.int16) - ours) // 2 + 127).astype(np.uint8)
        rows = [_joined([_shown(image) for image in row], 1) for row in zip(ours, theirs, difference, strict=True)]
        frame = _joined(rows, 0)
        bar = np.full((2 * _GAP, frame.shape[1], 3), _SEEN if k < looks else _BLIND, np.uint8)
        frames.append(np.concatenate([frame, bar]))
    return frames


def _shown(image: Image) -> Image:
    """In colour, magnified by a whole number."""
    times = max(1, _SIDE // image.shape[0])
    colour = image[..., :3] if image.shape[-1] >= 3 else np.repeat(image[..., :1], 3, -1)
    return np.ascontiguousarray(colour.repeat(times, 0).repeat(times, 1))


def _joined(images: Sequence[Image], axis: int) -> Image:
    """One after the other with gaps between them."""
    parts: list[Image] = []
    for image in images:
        shape = list(image.shape)
        shape[axis] = _GAP
        parts += [image, np.full(shape, 255, np.uint8)]
    return np.concatenate(parts[:-1], axis)


def write_sheet(path: Path, frames: Sequence[Image]) -> None:
    """Write a contact sheet of at most `_COLUMNS` of the frames, evenly over them, beside each other.

    Raises:
        MissingDependencyError: Pillow is not installed.
    """
    try:
        from PIL import Image as Pillow
    except ImportError:
        raise MissingDependencyError("pillow", "video") from None
    chosen = np.unique(np.linspace(0, len(frames) - 1, min(_COLUMNS, len(frames))).round().astype(int))
    Pillow.fromarray(_joined([frames[k] for k in chosen], 1)).save(path)


def write_film(path: Path, frames: Sequence[Image], period: float) -> None:
    """Write the frames as a film, a control period [s] each, slowed down where that is too fast to look at."""
    write_video(path, list(frames), max(period, 0.1))
