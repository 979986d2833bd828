# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Writes pictures as a film: a small GIF, or an MP4."""

from __future__ import annotations

import importlib.util
import math
import os
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from ros_rl.errors import ConfigError, MissingDependencyError

_NEEDS = {".gif": ("PIL", "pillow"), ".mp4": ("imageio_ffmpeg", "imageio-ffmpeg")}
"""By suffix: the module that writes it, and its package."""
_COLOURS = 48
_SHORTEST = 0.02  # s, that a picture of a GIF is shown


def check_video(path: Path) -> None:
    """Refuse a film that could not be written, before anything is done for it.

    Args:
        path: Of the film.

    Raises:
        ConfigError: Its suffix is not known, or its folder does not exist or cannot be written.
        MissingDependencyError: The package that writes it is not installed.
    """
    _require(path)
    if not path.parent.is_dir():
        raise ConfigError(f"video {path} cannot be written: there is no folder {path.parent}")
    if path.is_dir():
        raise ConfigError(f"video {path} cannot be written: it is a folder")
    if not os.access(path if path.exists() else path.parent, os.W_OK):
        raise ConfigError(f"video {path} cannot be written: permission denied")


def write_video(path: Path, frames: Sequence[np.ndarray], seconds_per_frame: float) -> None:
    """Write a film, an endless one if it is a GIF; without frames, nothing.

    Args:
        path: ``*.gif`` or ``*.mp4``.
        frames: RGB pictures of one size, uint8, each of shape (height, width, 3). An MP4 holds pictures of even sizes
            only: an odd last row or column is left out.
        seconds_per_frame: How long each is shown [s].

    Raises:
        ConfigError: The suffix is another one, or the file cannot be written.
        MissingDependencyError: The package that writes it is not installed.
    """
    suffix = _require(path)
    if not frames:
        return
    try:
        (_write_gif if suffix == ".gif" else _write_mp4)(path, frames, seconds_per_frame)
    except OSError as error:
        raise ConfigError(f"video {path} cannot be written: {error.strerror or 'ffmpeg gave up'}") from None


def _require(path: Path) -> str:
    suffix = path.suffix.lower()
    if suffix not in _NEEDS:
        raise ConfigError(f"video {path} ends with '{path.suffix}'; allowed: {', '.join(_NEEDS)}")
    module, package = _NEEDS[suffix]
    if importlib.util.find_spec(module) is None:
        raise MissingDependencyError(package, "video")
    return suffix


def _write_gif(path: Path, frames: Sequence[np.ndarray], seconds_per_frame: float) -> None:
    """A GIF counts in hundredths of a second, and browsers slow down what is shown for less than two of them."""
    from PIL import Image

    every = math.ceil(_SHORTEST / seconds_per_frame)
    frames = frames[::every]
    ends = 10 * np.round(100 * every * seconds_per_frame * np.arange(len(frames) + 1)).astype(int)  # ms
    # one palette for all frames, and no dithering: what stands still then costs nothing
    sample = np.concatenate([frames[index] for index in np.linspace(0, len(frames) - 1, 4).astype(int)])
    palette = Image.fromarray(sample).quantize(_COLOURS)
    pictures = [Image.fromarray(frame).quantize(palette=palette, dither=Image.Dither.NONE) for frame in frames]
    durations = np.diff(ends).tolist()
    pictures[0].save(
        path, save_all=True, append_images=pictures[1:], duration=durations, loop=0, optimize=True, format="GIF"
    )


def _write_mp4(path: Path, frames: Sequence[np.ndarray], seconds_per_frame: float) -> None:
    """H.264 with halved colours, which every browser and player shows; these go by pairs of pixels."""
    import imageio_ffmpeg

    height, width = (size - size % 2 for size in frames[0].shape[:2])
    film = imageio_ffmpeg.write_frames(
        str(path), (width, height), fps=1.0 / seconds_per_frame, macro_block_size=2, ffmpeg_log_level="quiet"
    )
    film.send(None)
    for frame in frames:
        film.send(np.ascontiguousarray(frame[:height, :width]))
    film.close()
