# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Writes pictures as a small GIF."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from ros_rl.errors import MissingDependencyError

_COLOURS = 48


def write_gif(path: Path, frames: Sequence[np.ndarray], seconds_per_frame: float) -> None:
    """Write an endless GIF; without frames, nothing.

    Args:
        path: The file.
        frames: RGB pictures, uint8, each of shape (height, width, 3).
        seconds_per_frame: How long each is shown [s].

    Raises:
        MissingDependencyError: Pillow is not installed.
    """
    try:
        from PIL import Image
    except ImportError as error:
        raise MissingDependencyError("pillow", "sim") from error
    if not frames:
        return
    # one palette for all frames, and no dithering: what stands still then costs nothing
    sample = np.concatenate([frames[index] for index in np.linspace(0, len(frames) - 1, 4).astype(int)])
    palette = Image.fromarray(sample).quantize(_COLOURS)
    pictures = [Image.fromarray(frame).quantize(palette=palette, dither=Image.Dither.NONE) for frame in frames]
    path.parent.mkdir(parents=True, exist_ok=True)
    pictures[0].save(
        path, save_all=True, append_images=pictures[1:], duration=round(1e3 * seconds_per_frame), loop=0, optimize=True
    )
