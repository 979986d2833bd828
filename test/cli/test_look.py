# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""``ros-rl look``: a sheet with a row for each camera and a column for each moment, whose pixels are the pictures'."""

import numpy as np
import pytest
from command_line import run_cli

image = pytest.importorskip("PIL.Image")
pytest.importorskip("pybullet")

from ros_rl.runs.camera_sheet import write_camera_sheet  # noqa: E402
from ros_rl.runtime.looking import look  # noqa: E402
from ros_rl.settings.loading import load_settings  # noqa: E402
from ros_rl.tasks import TASKS  # noqa: E402


def test_the_cameras_of_an_arm(capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    code, out, err = run_cli(capsys, "look", "xarm_pick_place", "--seconds", "4", "--set", "cameras.depth=true")
    assert (code, err) == (0, "")
    first, second = out.splitlines()
    assert first == "xarm_pick_place in pybullet, seed 0: image_wrist, depth_wrist, image_front, depth_front"
    assert second.startswith("xarm_pick_place_cameras.png (")
    assert image.open("xarm_pick_place_cameras.png").size == (6 * 196, 4 * 208)


def test_one_camera_from_above(capsys, tmp_path):
    file = tmp_path / "above.png"
    code, out, _ = run_cli(
        capsys, "look", "sphero_navigate", "--cameras", "above", "--seconds", "2", "--out", str(file)
    )
    assert code == 0 and out.startswith("sphero_navigate in rolling, seed 0: image_above\n")
    pixels = np.array(image.open(file))
    assert pixels.shape[:2] == (208, 5 * 196)  # at 2 Hz there are no more moments
    assert (pixels[..., 2].astype(int) > pixels[..., 0] + 60).any()


def test_an_expert_moves_what_it_sees():
    over = {"cameras": {"names": ["front"]}, "expert": {"name": "pick_place", "share": 1.0}}
    found = look(load_settings("xarm_pick_place", overrides=[over]), 3.0, 4)["image_front"]
    assert len(found) == 4 and all(picture.shape == (64, 64, 3) for picture in found)
    dark = [np.nonzero(picture.max(axis=-1) < 45)[0].max() for picture in found]  # the lowest row of the fingers
    assert max(dark) > dark[0] + 5  # it goes down to the sponge


def test_a_sheet_holds_the_pixels(tmp_path):
    pictures = [np.random.default_rng(seed).integers(256, size=(32, 48, 3), dtype=np.uint8) for seed in (0, 1)]
    write_camera_sheet(tmp_path / "a.png", {"one": pictures, "other": pictures[:1]})
    pixels = np.array(image.open(tmp_path / "a.png"))
    times = 4  # of the longer side, 48, so often that it is 192
    assert pixels.shape == (2 * (32 * times + 16), 2 * (48 * times + 4), 3)
    assert np.array_equal(pixels[16 : 16 + 128 : times, 196 : 196 + 192 : times], pictures[1])
    assert np.array_equal(pixels[-128::times, :192:times], pictures[0])


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("a1_walk",), "robot 'a1' has no cameras: its file names them in 'cameras'"),
        (("xarm_pick_place", "--cameras", "palm"), "no camera 'palm', which cameras.names asks for; it has: wrist"),
        (("nope",), f"unknown task 'nope'; valid: {', '.join(sorted(TASKS))}\n"),
        (("gym",), f"unknown task 'gym'; valid: {', '.join(sorted(TASKS))}\n"),
        (("bringup",), "unknown task 'bringup'; valid: a1_back, "),
        (("xarm_pick_place", "--out", "look.gif"), "'look.gif' ends with '.gif'; allowed: .png"),
        (
            ("sphero_navigate", "--set", "cameras.depth=true"),
            "driver 'rolling' sees from straight above, without depth",
        ),
    ],
)
def test_what_cannot_be_seen_is_refused_in_a_line(capsys, arguments, words):
    code, out, err = run_cli(capsys, "look", *arguments)
    assert (code, out) == (2, "") and words in err and err.count("\n") == 1
