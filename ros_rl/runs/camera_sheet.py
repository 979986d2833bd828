# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""What cameras saw, as one picture: a row for each, a column for each moment, enlarged so that pixels can be told."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from ros_rl.errors import ConfigError, MissingDependencyError
from ros_rl.types import Image

_SIDE = 192  # px, to which a picture is enlarged at least
_GAP, _LABEL = 4, 16  # px
_INK = (30, 30, 30)
_SUFFIX = ".png"


def check_sheet(path: Path) -> None:
    """Refuse a file of another kind.

    Raises:
        ConfigError: Its name does not end in ``.png``.
    """
    if path.suffix.lower() != _SUFFIX:
        raise ConfigError(f"'{path}' ends with '{path.suffix}'; allowed: {_SUFFIX}")


def write_camera_sheet(path: Path, rows: Mapping[str, Sequence[Image]]) -> None:
    """Write the picture.

    Args:
        path: ``*.png``.
        rows: Pictures by what they are of, those of one row of one size.

    Raises:
        ConfigError: The file cannot be written.
        MissingDependencyError: Pillow is not installed.
    """
    try:
        from PIL import Image as Pillow
        from PIL import ImageDraw
    except ImportError:
        raise MissingDependencyError("pillow", "video") from None
    enlarged = {name: [_enlarged(image) for image in images] for name, images in rows.items()}
    width = max(sum(image.shape[1] + _GAP for image in images) for images in enlarged.values())
    height = sum(images[0].shape[0] + _LABEL for images in enlarged.values())
    sheet = Pillow.new("RGB", (width, height), "white")
    draw, y = ImageDraw.Draw(sheet), 0
    for name, images in enlarged.items():
        shape = rows[name][0].shape
        draw.text((4, y + 2), f"{name}, {shape[1]} x {shape[0]} px", fill=_INK)
        for column, image in enumerate(images):
            sheet.paste(Pillow.fromarray(image), (column * (image.shape[1] + _GAP), y + _LABEL))
        y += images[0].shape[0] + _LABEL
    try:
        sheet.save(path, optimize=True)
    except OSError as error:
        raise ConfigError(f"contact sheet {path} cannot be written: {error.strerror or error}") from None


def _enlarged(image: Image) -> Image:
    """Each pixel as a square of whole pixels."""
    times = -(-_SIDE // max(image.shape[:2]))
    return np.repeat(np.repeat(image, times, axis=0), times, axis=1)
