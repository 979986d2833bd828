# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Films: refused before anything is done for them, and what a reader of their own finds in them."""

import importlib.util

import numpy as np
import pytest

from ros_rl.errors import ConfigError, MissingDependencyError
from ros_rl.runs.video import check_video, write_video

FRAMES = [np.full((61, 81, 3), 10 * index, dtype=np.uint8) for index in range(20)]
MOVING = list(np.random.default_rng(0).integers(0, 256, (20, 61, 81, 3), dtype=np.uint8))


class TestChecks:
    @pytest.mark.parametrize("name", ["film.avi", "film", "film.mp4.txt"])
    def test_another_suffix(self, tmp_path, name):
        with pytest.raises(ConfigError, match=r"allowed: \.gif, \.mp4"):
            check_video(tmp_path / name)

    def test_a_folder_that_does_not_exist(self, tmp_path):
        with pytest.raises(ConfigError, match=f"there is no folder {tmp_path / 'none'}"):
            check_video(tmp_path / "none" / "film.gif")

    def test_a_folder_in_the_place_of_the_film(self, tmp_path):
        (tmp_path / "film.gif").mkdir()
        with pytest.raises(ConfigError, match="it is a folder"):
            check_video(tmp_path / "film.gif")

    def test_what_may_not_be_written(self, tmp_path, monkeypatch):
        monkeypatch.setattr("os.access", lambda path, mode: path != tmp_path)  # root may write everywhere
        with pytest.raises(ConfigError, match="permission denied"):
            check_video(tmp_path / "film.gif")

    @pytest.mark.parametrize(("name", "package"), [("film.mp4", "imageio-ffmpeg"), ("film.gif", "pillow")])
    def test_a_package_that_is_missing(self, tmp_path, monkeypatch, name, package):
        monkeypatch.setattr(importlib.util, "find_spec", lambda module: None)
        with pytest.raises(MissingDependencyError, match=rf"^{package} is not installed.*ros_rl\[video\]"):
            check_video(tmp_path / name)

    def test_all_is_well(self, tmp_path):
        for name in ("film.gif", "film.mp4", "FILM.MP4"):
            pytest.importorskip("imageio_ffmpeg")
            check_video(tmp_path / name)
        assert list(tmp_path.iterdir()) == []


class TestFilms:
    def test_an_mp4_has_its_pictures_in_their_time(self, tmp_path):
        reader = pytest.importorskip("imageio_ffmpeg")
        write_video(tmp_path / "film.mp4", FRAMES, 0.05)
        pictures = reader.read_frames(str(tmp_path / "film.mp4"))
        about = next(pictures)
        assert (about["codec"], about["size"], about["fps"]) == ("h264", (80, 60), 20.0)
        assert about["duration"] == pytest.approx(1.0)
        means = [np.frombuffer(picture, dtype=np.uint8).mean() for picture in pictures]
        assert means == pytest.approx([10.0 * index for index in range(20)], abs=3.0)

    def test_a_gif_is_of_the_pictures_size_and_time(self, tmp_path):
        image = pytest.importorskip("PIL.Image")
        write_video(tmp_path / "film.gif", MOVING, 0.05)
        film = image.open(tmp_path / "film.gif")
        assert (film.format, film.n_frames, film.size, film.info["duration"]) == ("GIF", 20, (81, 61), 50)

    @pytest.mark.parametrize("rate", [30.0, 60.0, 125.0])
    def test_a_gif_is_as_long_as_what_it_shows(self, tmp_path, rate):
        image = pytest.importorskip("PIL.Image")
        write_video(tmp_path / "film.gif", MOVING * 6, 1 / rate)
        film, durations = image.open(tmp_path / "film.gif"), []
        for index in range(film.n_frames):
            film.seek(index)
            durations.append(film.info["duration"])
        assert min(durations) >= 20  # ms
        assert sum(durations) == pytest.approx(120e3 / rate, abs=30)

    def test_without_pictures_there_is_no_film(self, tmp_path):
        pytest.importorskip("PIL")
        write_video(tmp_path / "film.gif", [], 0.05)
        assert list(tmp_path.iterdir()) == []

    @pytest.mark.parametrize("name", ["film.gif", "film.mp4"])
    def test_a_full_disk_is_one_line(self, tmp_path, name):
        pytest.importorskip("imageio_ffmpeg")
        (tmp_path / name).symlink_to("/dev/full")
        with pytest.raises(ConfigError, match=f"^video .*{name} cannot be written: .*$"):
            write_video(tmp_path / name, FRAMES * 10, 0.05)
