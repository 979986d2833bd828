# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""`ros-rl plot`: its table, its picture, and what it refuses."""

import importlib.util
import struct

import numpy as np
import pytest
from command_line import run_cli
from curve_folders import evaluated_run

from ros_rl.runs.curves import MINUTES, grouped, read_curve

pytest.importorskip("matplotlib")


def seeds(folder, returns) -> list:
    return [evaluated_run(folder / f"s{k}", {600: 0.0, 1200: value}, [f"seed={k}"]) for k, value in enumerate(returns)]


def test_it_tells_median_range_and_number_and_draws(capsys, tmp_path) -> None:
    seeds(tmp_path / "runs", [3.0, 10.0, 4.0])
    evaluated_run(tmp_path / "runs" / "new", {})
    out = tmp_path / "curves.png"
    code, printed, error = run_cli(capsys, "plot", str(tmp_path / "runs"), "--out", str(out))
    assert (code, error) == (0, "")
    assert f"left out, as not evaluated yet: {tmp_path / 'runs' / 'new'}\n" in printed
    row = " ".join(printed.split())
    assert "mock_point: return of the last evaluation mpc 3 runs median 4.000 range 3.000 to 10.000 after 1 min" in row
    picture = out.read_bytes()
    assert picture[:4] == b"\x89PNG" and min(struct.unpack(">II", picture[16:24])) > 300


def test_each_seed_is_a_line_around_the_median_and_each_task_a_panel(tmp_path) -> None:
    from ros_rl.analysis.curve_plots import draw

    other = evaluated_run(tmp_path / "x", {100: 7.0}, task="xarm_reach")
    panels = grouped([read_curve(run) for run in [*seeds(tmp_path, [3.0, 10.0, 4.0]), other]])
    figure = draw(panels, "return", dict.fromkeys(panels, MINUTES))
    first, second = figure.axes
    assert (first.get_title(), second.get_title()) == ("mock_point", "xarm_reach")
    *thin, median = first.lines
    assert [line.get_ydata()[-1] for line in thin] == [3.0, 10.0, 4.0]
    np.testing.assert_array_equal(median.get_ydata(), [0.0, 4.0])
    np.testing.assert_allclose(median.get_xdata(), [0.5, 1.0])
    corners = first.collections[0].get_paths()[0].vertices
    assert corners[:, 1].min() == 0.0 and {3.0, 10.0} <= set(corners[:, 1])
    assert second.lines[-1].get_ydata() == [7.0]


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["none"], "none: no such folder"),
        (["run", "--metric", "speed"], "unknown metric of run 'speed'; valid: episodes, return, terminations"),
        (["bare"], "nothing to draw: no run has been evaluated yet"),
        (["run", "--out", "a.mp4"], "a.mp4: no picture ends with '.mp4'"),
        (["run", "--out", "none/a.png"], "none/a.png: no such folder as none"),
    ],
)
def test_what_cannot_be_drawn_is_one_line(capsys, tmp_path, monkeypatch, arguments, complaint) -> None:
    monkeypatch.chdir(tmp_path)
    evaluated_run(tmp_path / "run", {100: 1.0})
    evaluated_run(tmp_path / "bare", {})
    code, _, error = run_cli(capsys, "plot", *arguments)
    assert code == 2 and error.count("\n") == 1 and complaint in error
    assert not list(tmp_path.glob("*.png"))


def test_without_matplotlib_it_says_what_brings_it(capsys, tmp_path, monkeypatch) -> None:
    found = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name, *a: None if name == "matplotlib" else found(name, *a))
    run = evaluated_run(tmp_path / "run", {100: 1.0})
    code, _, error = run_cli(capsys, "plot", str(run))
    assert code == 1 and "matplotlib is not installed; install it with: pip install 'ros_rl[learn]'" in error
