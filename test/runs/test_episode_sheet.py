# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Contact sheets: frames in order, a bar where a foot touches, curves between the ends of their range."""

from pathlib import Path

import numpy as np
import pytest

from ros_rl.errors import ConfigError
from ros_rl.runs.episode_sheet import COLUMNS, ROWS, Panel, columns_of, sheet_path, write_sheet

image = pytest.importorskip("PIL.Image")
HEIGHT, WIDTH = 60, 80
FRAMES = [np.full((HEIGHT, WIDTH, 3), 10 * index, dtype=np.uint8) for index in range(24)]
TOUCHING = {"left": np.arange(20) < 10, "right": np.arange(20) >= 15}
RAMP = Panel("forward [m/s]", {"real": np.linspace(-1.0, 3.0, 20), "commanded": np.full(20, 1.0)})
BLUE, ORANGE = (31, 119, 180), (230, 110, 20)


def written(tmp_path: Path, frames=FRAMES, touching=TOUCHING, panels=(RAMP,)) -> np.ndarray:
    path = tmp_path / "sheet.png"
    write_sheet(path, frames, 1.0, touching, panels)
    return np.asarray(image.open(path).convert("RGB")).astype(int)


def test_every_second_frame_of_twice_as_many_stands_in_its_place(tmp_path):
    sheet, label = written(tmp_path), 16
    for place in range(COLUMNS * ROWS):
        row, column = divmod(place, COLUMNS)
        top, left = row * (HEIGHT + label) + label, column * WIDTH
        assert (sheet[top : top + HEIGHT, left : left + WIDTH] == 20 * place).all()


def test_a_bar_stands_where_and_only_where_a_foot_touches(tmp_path):
    sheet = written(tmp_path)
    top = ROWS * (HEIGHT + 16) + 16
    edges = columns_of(20, sheet.shape[1])
    for foot, bits in enumerate(TOUCHING.values()):
        line = sheet[top + foot * 14 + 7]
        for tick, touches in enumerate(bits):
            middle = int((edges[tick] + edges[tick + 1]) / 2)
            assert (line[middle].max() < 60) == touches, (foot, tick)


def test_curves_go_from_the_lowest_to_the_highest_value(tmp_path):
    """The ramp of -1 to 3 begins at the bottom and ends at the top; what is 1 throughout stands half way between."""
    sheet = written(tmp_path, touching={})
    edges = columns_of(20, sheet.shape[1])

    def heights(colour: tuple[int, ...]) -> list[float]:
        found = []
        for tick in (2, 17):
            column = sheet[ROWS * (HEIGHT + 16) + 16 :, int((edges[tick] + edges[tick + 1]) / 2)]
            found.append(float(np.mean(np.flatnonzero((column == colour).all(axis=1)))))
        return found

    panel = 104
    np.testing.assert_allclose(heights(BLUE), [panel * (1 - tick / 19) for tick in (2, 17)], atol=3)
    np.testing.assert_allclose(heights(ORANGE), [panel / 2] * 2, atol=2)


def test_few_frames_no_feet_and_a_curve_that_stays_at_zero(tmp_path):
    sheet = written(tmp_path, FRAMES[:2], {}, [Panel("reward", {"": np.zeros(5)})])
    assert (sheet[16 : 16 + HEIGHT, WIDTH : 2 * WIDTH] == 10).all()


def test_where_it_cannot_be_written_is_one_line(tmp_path):
    with pytest.raises(ConfigError, match=r"^contact sheet .*sheet\.png cannot be written: No such file"):
        write_sheet(tmp_path / "none" / "sheet.png", FRAMES, 1.0, {}, [])


def test_it_lies_beside_its_film():
    assert sheet_path(Path("runs/walk.gif")) == Path("runs/walk.png")
