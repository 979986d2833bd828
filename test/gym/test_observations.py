# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Observations of every kind become flat as Gymnasium flattens them; each wrong value is told with its place."""

from typing import Any

import gym_points  # noqa: F401
import numpy as np
import pytest
from gymnasium import spaces
from gymnasium.spaces.utils import flatdim, flatten

from ros_rl.errors import ConfigError, SimulationError
from ros_rl.gym.environment import Environment
from ros_rl.gym.observations import ObservationSpace

BOX = spaces.Box(-1.0, 1.0, (2, 3), np.float64)
KINDS = [
    BOX,
    spaces.Box(0, 255, (2, 2, 3), np.uint8),
    spaces.Box(-1.0, 1.0, (), np.float32),
    spaces.Discrete(4),
    spaces.Discrete(3, start=-2),
    spaces.MultiBinary((2, 2)),
    spaces.MultiDiscrete([3, 1, 2]),
    spaces.MultiDiscrete([[2, 3], [4, 1]]),
    spaces.Dict({"z": BOX, "a": spaces.Dict({"mode": spaces.Discrete(3)}), "m": spaces.Tuple([BOX, BOX])}),
    spaces.Tuple([spaces.Discrete(2), spaces.MultiBinary(3), spaces.Dict({"x": BOX})]),
]


@pytest.mark.parametrize("space", KINDS, ids=str)
def test_flat_observations_are_those_of_gymnasium(space: Any) -> None:
    space.seed(0)
    seen = ObservationSpace("x", space)
    assert seen.size == flatdim(space)
    for _ in range(20):
        given = space.sample()
        flat = seen.see(given).flat
        assert flat.dtype == np.float32
        np.testing.assert_array_equal(flat, flatten(space, given).astype(np.float32).reshape(-1))


NESTED = spaces.Dict({"pose": spaces.Tuple([BOX]), "mode": spaces.Discrete(3)})


def nested(value: Any, mode: Any = 0) -> Any:
    return {"pose": (value,), "mode": mode}


@pytest.mark.parametrize(
    ("given", "complaint"),
    [
        (
            nested(np.where(np.arange(6).reshape(2, 3) == 5, np.nan, 0.0)),
            "observation['pose'][0][1, 2] = nan, which is",
        ),
        (nested(np.zeros(2)), "observation['pose'][0] as float64 (2,), it declares float64 (2, 3)"),
        (nested("here"), "observation['pose'][0] as <U4 (), it declares float64 (2, 3)"),
        (nested(np.zeros((2, 3)), 3), "observation['mode'] as 3, it declares Discrete(3)"),
        (nested(np.zeros((2, 3)), -1), "observation['mode'] as -1, it declares Discrete(3)"),
        (nested(np.zeros((2, 3)), 0.5), "observation['mode'] as float64 (), it declares int64 ()"),
        ({"pose": (np.zeros((2, 3)),)}, "observation as keys pose, it declares a mapping with keys mode, pose"),
        ({"pose": (), "mode": 0}, "observation['pose'] as (), it declares a tuple of 1"),
        (np.zeros(7), "observation as array"),
    ],
)
def test_what_is_wrong_is_told_with_its_place(given: Any, complaint: str) -> None:
    with pytest.raises(SimulationError) as caught:
        ObservationSpace("x", NESTED).see(given)
    assert f"'x' gave {complaint}" in str(caught.value) and "\n" not in str(caught.value)


def test_kinds_that_have_no_numbers_are_refused_with_their_place() -> None:
    with pytest.raises(ConfigError, match=r"observations\['a'\]\[1\] of 'x' are Text, allowed: Box, Discrete"):
        ObservationSpace("x", spaces.Dict({"a": spaces.Tuple([BOX, spaces.Text(3)])}))


def test_nan_in_a_dict_names_step_episode_and_element() -> None:
    environment = Environment("test/Tree-v0", arguments={"bad_step": 3})
    environment.reset(seed=0)
    for episode in (0, 1):
        if episode:
            environment.reset()
        for _ in range(2):
            environment.step(np.zeros(1, np.float32))
        with pytest.raises(SimulationError, match=rf"x'\]\[1, 0\] = nan, .*, in step 3 of episode {episode}"):
            environment.step(np.zeros(1, np.float32))
