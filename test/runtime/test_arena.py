# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""The edge of an arena: where the robot is turned round, which way, and when it is left alone again."""

import numpy as np
import pytest

from ros_rl.errors import ConfigError
from ros_rl.rotations import from_rotation_vector
from ros_rl.runtime.arena import Arena, arena_of
from ros_rl.settings.loading import load_settings
from ros_rl.types import Measurement

NAME = "velocity_command"
ASKED = {NAME: np.array([0.5, 0.1, 0.0])}


def at(x: float, y: float, yaw: float) -> Measurement:
    turned = from_rotation_vector(np.array([0.0, 0.0, yaw]))
    return Measurement(base_position=np.array([x, y, 0.3]), base_orientation=turned)


def asked(arena: Arena, x: float, y: float, yaw: float) -> list[float]:
    return arena.within(ASKED, at(x, y, yaw))[NAME].tolist()


def test_it_is_left_alone_inside_turned_at_the_edge_and_left_alone_further_inside():
    arena = Arena(2.0, (0.5, 0.7))
    assert asked(arena, 10.0, -5.0, 0.3) == [0.5, 0.1, 0.0]  # where it began is the middle
    assert asked(arena, 11.9, -5.0, 0.0) == [0.5, 0.1, 0.0]
    assert asked(arena, 12.1, -5.0, 0.1) == [0.0, 0.0, 0.7]  # it turns on the spot, the shorter way: here to the left
    assert asked(arena, 12.1, -5.0, -0.1) == [0.0, 0.0, -0.7]
    assert asked(arena, 12.1, -5.0, np.pi) == pytest.approx([0.5, 0.0, 0.0], abs=1e-9)
    assert asked(arena, 11.5, -5.0, np.pi) == pytest.approx([0.5, 0.0, 0.0], abs=1e-9)
    assert asked(arena, 11.3, -5.0, np.pi) == [0.5, 0.1, 0.0]
    assert asked(arena, 10.0, -7.1, -np.pi / 2 + 0.5)[2] == 0.7  # the other axis has an edge, too


@pytest.mark.parametrize("seed", range(5))
def test_a_point_that_obeys_stays_near_the_arena(seed):
    """Under commands that change every 4 s; nothing goes further beyond the edge than a turn takes."""
    rng, arena, period = np.random.default_rng(seed), Arena(1.5, (0.5, 0.7)), 0.05
    place, yaw, farthest = np.zeros(2), 0.0, 0.0
    for tick in range(4000):
        if tick % 80 == 0:
            wanted = {NAME: rng.uniform([-0.5, -0.3, -0.7], [0.5, 0.3, 0.7])}
        forward, left, turning = arena.within(wanted, at(*place, yaw))[NAME]
        c, s = np.cos(yaw), np.sin(yaw)
        place = place + period * np.array([c * forward - s * left, s * forward + c * left])
        yaw += period * turning
        farthest = max(farthest, float(np.abs(place).max()))
    assert 1.5 < farthest < 1.6


def test_a_run_has_the_arena_that_it_asks_for():
    settings = load_settings("a1_track", overrides=["driver.arena=2.0"])
    arena = arena_of(settings)
    assert arena is not None and arena_of(load_settings("a1_track")) is None
    arena.within(ASKED, at(0.0, 0.0, 0.0))
    np.testing.assert_allclose(arena.within(ASKED, at(3.0, 0.0, np.pi))[NAME], [0.5, 0.0, 0.0], atol=1e-9)
    with pytest.raises(ConfigError, match=r"driver\.arena 2 has no effect: task 'a1_walk' has no velocity_command"):
        load_settings("a1_walk", overrides=["driver.arena=2.0"])
