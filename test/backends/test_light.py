# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""The light and the colours of what stands still in the simulators' pictures, against what was asked for."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

pytest.importorskip("pybullet")

from ros_rl.backends import make_backend
from ros_rl.errors import BackendError, ConfigError
from ros_rl.settings.cameras import LampSettings
from ros_rl.settings.loading import load_settings

ABOVE, BELOW = [0.0, 0.0, 1.0], [0.0, 0.0, -1.0]


@pytest.fixture
def seen() -> Iterator[Any]:
    """Gives what the camera in front of an xArm sees in the same instant: parts of the table, and the sponge."""
    made = []

    def seen(driver: str, **backend: Any) -> tuple[np.ndarray, np.ndarray]:
        pytest.importorskip(driver)
        over = {"cameras": {"names": ["front"]}, "driver": {"backend": {"name": driver} | backend}}
        try:
            made.append(make_backend(load_settings("xarm_pick_place", overrides=[over]), 0))
        except BackendError as error:
            pytest.skip(str(error))  # no EGL here
        image = made[-1].reset(np.random.default_rng(3)).measurement["image_front"].astype(float)
        if not masks:
            masks.extend([_table(image), _sponge(image)])
        return image[masks[0]].mean(0), image[masks[1]].mean(0)

    masks: list[np.ndarray] = []
    yield seen
    for backend in made:
        backend.close()


def _table(image: np.ndarray) -> np.ndarray:
    """The nearest rows show nothing else."""
    rows = np.zeros(image.shape[:2], bool)
    rows[-6:] = True
    return rows


def _sponge(image: np.ndarray) -> np.ndarray:
    return (image[..., 0] > 60) & (image[..., 2] < 0.45 * image[..., 0])


@pytest.mark.parametrize("driver", ["pybullet", "mujoco"])
class TestLamp:
    def test_without_diffuse_light_it_is_the_same_from_everywhere(self, seen, driver):
        plain = {"ambient": 0.5, "diffuse": 0.0}
        (first, _), (second, _) = (seen(driver, lamp=plain | {"direction": way}) for way in (ABOVE, BELOW))
        assert first == pytest.approx(second, rel=0.12)  # but for a gloss

    def test_a_surface_has_its_colour_in_the_share_that_reaches_it(self, seen, driver):
        """The table's tenths of red are 7.2 of 10: lit from above 0.3 + 0.4 of it are seen, from below 0.3."""
        lit, _ = seen(driver, lamp={"direction": ABOVE, "ambient": 0.3, "diffuse": 0.4})
        dark, _ = seen(driver, lamp={"direction": BELOW, "ambient": 0.3, "diffuse": 0.4})
        own = 255 * np.array([0.72, 0.60, 0.46])
        assert dark == pytest.approx(0.3 * own, rel=0.15)
        assert lit == pytest.approx(0.7 * own, rel=0.15)

    def test_what_stands_still_is_painted_and_what_moves_is_not(self, seen, driver):
        table, sponge = seen(driver)
        painted, still = seen(driver, frames={"background": [0.5, 1.0, 0.25]})
        assert painted / table == pytest.approx([0.5, 1.0, 0.25], abs=0.06)
        assert still == pytest.approx(sponge, abs=6.0)  # its edges are mixed with what is behind


def test_a_lamp_that_is_nowhere_is_refused() -> None:
    with pytest.raises(ConfigError, match=r"driver\.backend\.lamp\.direction is \[0, 0, 0\]"):
        LampSettings(direction=(0.0, 0.0, 0.0))


def test_a_floor_seen_from_above_is_painted_and_the_ball_is_not() -> None:
    images = []
    for share in ([1.0, 1.0, 1.0], [0.5, 1.0, 2.0]):
        over = {"cameras": {"names": ["above"]}, "driver": {"backend": {"frames": {"background": share}}}}
        backend = make_backend(load_settings("sphero_navigate", overrides=[over]), 0)
        images.append(backend.reset(np.random.default_rng(3)).measurement["image_above"].astype(int))
    assert images[0][32, 2].tolist() == [115, 107, 97] and images[1][32, 2].tolist() == [58, 107, 194]  # a wall
    floor = (images[0] == [110, 108, 104]).all(-1)
    assert (images[1][floor] == [55, 108, 208]).all()
    ball = (images[0] == [40, 90, 240]).all(-1)
    assert ball.any() and (images[1][ball] == [40, 90, 240]).all()
