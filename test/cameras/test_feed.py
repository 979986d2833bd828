# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Pictures that come late, or never."""

from dataclasses import replace

import numpy as np
import pytest

from ros_rl.cameras.feed import Feed, Picture
from ros_rl.errors import ConfigError
from ros_rl.robot import Camera, load_robot
from ros_rl.settings.cameras import FrameSettings

CAMERA = Camera(position=(0.0, 0.0, 0.0), target=(1.0, 0.0, 0.0), field_of_view=1.0)


class Clock:
    """A camera that sees which tick it is, and how often it was asked."""

    def __init__(self) -> None:
        self.tick, self.looks = 0, 0

    def look(self, name: str) -> Picture:
        self.looks += 1
        return Picture(np.full((64, 64, 3), self.tick, np.uint8), None)


def shown(settings: FrameSettings, ticks: int = 60, seed: int = 0, cameras: tuple[str, ...] = ("one",)) -> np.ndarray:
    """Which tick each camera shows at each tick, shape (ticks, cameras)."""
    clock = Clock()
    feed = Feed(replace(load_robot("mock"), cameras=dict.fromkeys(cameras, CAMERA)), settings, clock.look)
    feed.begin(np.random.default_rng(seed))
    found = []
    for clock.tick in range(ticks):
        pixels = feed.next()
        assert set(pixels) == {f"image_{name}" for name in cameras}
        found.append([pixels[f"image_{name}"][0, 0, 0] for name in cameras])
    return np.array(found, dtype=int)


def test_at_once_unless_told_otherwise():
    assert (shown(FrameSettings())[:, 0] == np.arange(60)).all()


def test_late_by_a_constant():
    assert shown(FrameSettings(late=(2, 2)))[:, 0].tolist() == [0, 0, 0, *range(1, 58)]


def test_late_by_a_range_never_goes_back():
    seen = shown(FrameSettings(late=(0, 3)), ticks=250)[:, 0]
    ages = np.arange(250) - seen
    assert (np.diff(seen) >= 0).all()
    assert set(ages.tolist()) == {0, 1, 2, 3}


def test_share_that_never_comes():
    seen = shown(FrameSettings(dropped=0.3), ticks=250)[:, 0]
    fresh = seen == np.arange(250)
    assert fresh.mean() == pytest.approx(0.7, abs=0.1)
    assert (seen[1:][~fresh[1:]] == seen[:-1][~fresh[1:]]).all()  # the one before stays


@pytest.mark.parametrize("settings", [FrameSettings(), FrameSettings(late=(0, 3), dropped=0.5)])
def test_it_knows_how_old_the_oldest_of_its_pictures_is(settings: FrameSettings) -> None:
    clock = Clock()
    feed = Feed(replace(load_robot("mock"), cameras=dict.fromkeys(("one", "other"), CAMERA)), settings, clock.look)
    assert feed.age == 0
    ages = set()
    for clock.tick in range(200):
        if clock.tick % 50 == 0:
            feed.begin(np.random.default_rng(clock.tick))
        pixels = feed.next()
        assert feed.age == clock.tick - min(int(pixels[f"image_{name}"][0, 0, 0]) for name in ("one", "other"))
        ages.add(feed.age)
    assert (max(ages) >= 4) == (settings.dropped > 0.0)


def test_by_the_seed_and_each_camera_by_itself():
    settings = FrameSettings(late=(0, 2), dropped=0.2)
    first, second = (shown(settings, seed=3, cameras=("one", "other")) for _ in range(2))
    assert (first == second).all() and (first[:, 0] != first[:, 1]).any()
    assert (first != shown(settings, seed=4, cameras=("one", "other"))).any()


def test_an_episode_begins_anew():
    clock = Clock()
    feed = Feed(replace(load_robot("mock"), cameras={"one": CAMERA}), FrameSettings(late=(5, 5)), clock.look)
    for clock.tick in (10, 20):
        feed.begin(np.random.default_rng(0))
        assert feed.next()["image_one"][0, 0, 0] == clock.tick


def test_what_is_lost_is_not_drawn():
    clock = Clock()
    feed = Feed(replace(load_robot("mock"), cameras={"one": CAMERA}), FrameSettings(dropped=0.9), clock.look)
    feed.begin(np.random.default_rng(0))
    for _ in range(100):
        feed.next()
    assert clock.looks < 30


def test_a_range_upside_down_is_refused():
    with pytest.raises(ConfigError, match=r"frames\.late is \[3, 1\]: its first, the lowest, is above its second"):
        FrameSettings(late=(3, 1))


def picture_of(settings: FrameSettings, colour: np.ndarray, depth: np.ndarray | None = None, seed: int = 0) -> dict:
    camera = replace(CAMERA, width=colour.shape[1], height=colour.shape[0], depth=depth is not None)
    feed = Feed(replace(load_robot("mock"), cameras={"one": camera}), settings, lambda name: Picture(colour, depth))
    feed.begin(np.random.default_rng(seed))
    return feed.next()


def test_light_and_tint_are_products_within_what_a_byte_holds():
    colour = np.array([[[10, 100, 200]]], np.uint8)
    assert picture_of(FrameSettings(light=(0.5, 0.5)), colour)["image_one"].tolist() == [[[5, 50, 100]]]
    assert picture_of(FrameSettings(tint=(2.0, 1.0, 0.0)), colour)["image_one"].tolist() == [[[20, 100, 0]]]
    assert picture_of(FrameSettings(light=(4.0, 4.0)), colour)["image_one"].tolist() == [[[40, 255, 255]]]
    found = {int(picture_of(FrameSettings(light=(0.5, 1.0)), colour, seed=k)["image_one"][0, 0, 2]) for k in range(30)}
    assert min(found) >= 100 and max(found) <= 200 and len(found) > 15
