# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""One picture of an episode: frames in a grid, below them which foot touched the ground when, and curves over time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ros_rl.errors import ConfigError, MissingDependencyError
from ros_rl.types import Array, Image

COLUMNS, ROWS = 4, 3
"""Of the grid of frames."""
_MARGIN, _LABEL, _BAR, _PANEL = 60, 16, 14, 110  # px
_INK, _PALE = (30, 30, 30), (215, 215, 215)
_COLOURS = ((31, 119, 180), (230, 110, 20), (44, 140, 60))
_SUFFIX = ".png"


@dataclass(frozen=True)
class Panel:
    """Curves over the ticks of an episode.

    Attributes:
        title: What they are, with the unit.
        curves: By name, each of shape (ticks,).
    """

    title: str
    curves: Mapping[str, Array]


def sheet_path(film: Path) -> Path:
    """Where the sheet of a film goes: beside it."""
    return film.with_suffix(_SUFFIX)


def write_sheet(
    path: Path, frames: Sequence[Image], seconds: float, touching: Mapping[str, Array], panels: Sequence[Panel]
) -> None:
    """Write the picture.

    Args:
        path: ``*.png``.
        frames: RGB pictures of one size, evenly over the episode; of many, so many are shown as the grid holds.
        seconds: Length of the episode [s].
        touching: By foot whether it touched the ground, bool of shape (ticks,); empty for a robot without feet.
        panels: Curves below.

    Raises:
        ConfigError: The file cannot be written.
        MissingDependencyError: Pillow is not installed.
    """
    try:
        from PIL import Image as Pillow
        from PIL import ImageDraw
    except ImportError:
        raise MissingDependencyError("pillow", "video") from None
    height, width = frames[0].shape[:2]
    top = ROWS * (height + _LABEL)
    bars = (len(touching) + 1) * _BAR + _LABEL if touching else 0
    size = COLUMNS * width, top + bars + len(panels) * (_PANEL + _LABEL) + _LABEL
    sheet = Pillow.new("RGB", size, "white")
    draw = ImageDraw.Draw(sheet)
    for place, index in enumerate(_chosen(len(frames))):
        x, y = place % COLUMNS * width, place // COLUMNS * (height + _LABEL)
        draw.text((x + 4, y + 2), f"{seconds * index / len(frames):.2f} s", fill=_INK)
        sheet.paste(Pillow.fromarray(frames[index]), (x, y + _LABEL))
    if touching:
        _draw_contacts(draw, touching, top, size[0])
    for index, panel in enumerate(panels):
        _draw_panel(draw, panel, top + bars + index * (_PANEL + _LABEL), size[0])
    draw.text((_MARGIN, size[1] - _LABEL), "0 s", fill=_INK)
    draw.text((size[0] - _MARGIN, size[1] - _LABEL), f"{seconds:.4g} s", fill=_INK)
    try:
        sheet.save(path, optimize=True)
    except OSError as error:
        raise ConfigError(f"contact sheet {path} cannot be written: {error.strerror or error}") from None


def _chosen(count: int) -> list[int]:
    """Indices of the frames that are shown."""
    wanted = COLUMNS * ROWS
    return [round(place * count / wanted) for place in range(wanted)] if count > wanted else [*range(count)]


def columns_of(ticks: int, width: int) -> Array:
    """Where each tick begins and the last one ends [px], shape (ticks + 1,), in a sheet of a width."""
    return _MARGIN + np.arange(ticks + 1) / max(ticks, 1) * (width - 2 * _MARGIN)


def _draw_contacts(draw: Any, touching: Mapping[str, Array], top: int, width: int) -> None:
    """A bar where a foot is on the ground."""
    share = np.mean(~np.any(list(touching.values()), axis=0))
    draw.text((_MARGIN, top), f"feet on the ground; all in the air {100 * share:.0f} % of the time", fill=_INK)
    for row, (name, bits) in enumerate(touching.items()):
        y = top + _LABEL + row * _BAR
        draw.text((2, y), name[:9], fill=_INK)
        edges = columns_of(len(bits), width)
        for tick in np.flatnonzero(bits):
            draw.rectangle((edges[tick], y + 2, edges[tick + 1], y + _BAR - 3), fill=_INK)


def _draw_panel(draw: Any, panel: Panel, top: int, width: int) -> None:
    """A frame with a line at zero, the ends of its range, and each curve with its name in its colour."""
    values = np.concatenate([*panel.curves.values(), np.zeros(1)])
    low, high = float(values.min()), float(values.max())
    high = high if high > low else low + 1.0
    upper, lower = top + _LABEL, top + _LABEL + _PANEL - 6

    def row(value: Array | float) -> Array:
        return lower - (np.asarray(value) - low) / (high - low) * (lower - upper)

    draw.rectangle((_MARGIN, upper, width - _MARGIN, lower), outline=_PALE)
    draw.line((_MARGIN, float(row(0.0)), width - _MARGIN, float(row(0.0))), fill=_PALE)
    draw.text((2, upper), f"{high:.2f}", fill=_INK)
    draw.text((2, lower - _LABEL), f"{low:.2f}", fill=_INK)
    draw.text((_MARGIN, top), panel.title, fill=_INK)
    x = _MARGIN + draw.textlength(panel.title) + 16
    for colour, (name, curve) in zip(_COLOURS, panel.curves.items(), strict=False):
        draw.text((x, top), name, fill=colour)
        x += draw.textlength(name) + 16
        edges = columns_of(len(curve), width)
        middles, heights = (edges[:-1] + edges[1:]) / 2, row(curve)
        draw.line([*zip(middles.tolist(), heights.tolist(), strict=True)], fill=colour, width=2)
