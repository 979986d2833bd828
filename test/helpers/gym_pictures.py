# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Tiny Gymnasium environments that show pictures; importing this registers them."""

from __future__ import annotations

from typing import Any

import gymnasium
import numpy as np
from gymnasium import spaces
from square import SIDE, Square

LIMIT = 10
PICTURE = spaces.Box(0, 255, (SIDE, SIDE, 1), np.uint8)


class SquareEnv(gymnasium.Env):
    """The square that is pushed to a goal; nothing but its picture tells where it is.

    Args:
        choices: Number of discrete actions; 0 for continuous ones.
    """

    observation_space: spaces.Space = PICTURE
    metadata: dict[str, Any] = {"render_modes": []}

    def __init__(self, choices: int = 0) -> None:
        self.choices = choices
        self.action_space = spaces.Discrete(choices) if choices else spaces.Box(-1.0, 1.0, (1,), np.float32)
        self.canvas = np.zeros((SIDE, SIDE, 1), np.uint8)

    def seen(self) -> Any:
        """Drawn into the same array each time, as some environments do."""
        self.canvas[:] = self.square.look()["front"]
        return self.canvas

    def reset(self, *, seed: int | None = None, options: Any = None) -> Any:
        super().reset(seed=seed)
        self.square = Square(self.np_random.uniform(), self.choices)
        return self.seen(), {}

    def step(self, action: Any) -> Any:
        reward = self.square.push(np.atleast_1d(action))
        return self.seen(), reward, False, False, {}


class SquareInDict(SquareEnv):
    """With its place beside the picture, and a picture in colour that lies deeper."""

    observation_space = spaces.Dict(
        {
            "place": spaces.Box(0.0, 1.0, (2,), np.float32),
            "front": PICTURE,
            "arm": spaces.Tuple([spaces.Box(0, 255, (16, 20, 3), np.uint8), spaces.Box(0, 255, (2,), np.uint8)]),
        }
    )

    def seen(self) -> Any:
        place = self.square.place
        colour = np.full((16, 20, 3), round(255 * place), np.uint8)
        return {
            "place": np.array([place, -place], np.float32),
            "front": super().seen(),
            "arm": (colour, np.array([7, 8], np.uint8)),
        }


class Wrong(SquareEnv):
    """Its picture turns out to be of another kind of number at a step of each episode."""

    def step(self, action: Any) -> Any:
        seen, *rest = super().step(action)
        return seen.astype(np.float32), *rest


class Flat(gymnasium.Env):
    """Shows pictures of any shape, and nothing else.

    Args:
        shape: Of them.
    """

    action_space = spaces.Discrete(2)
    metadata: dict[str, Any] = {"render_modes": []}

    def __init__(self, shape: tuple[int, ...]) -> None:
        self.observation_space = spaces.Box(0, 255, tuple(shape), np.uint8)

    def reset(self, *, seed: int | None = None, options: Any = None) -> Any:
        super().reset(seed=seed)
        return np.zeros(self.observation_space.shape, np.uint8), {}

    def step(self, action: Any) -> Any:
        return np.zeros(self.observation_space.shape, np.uint8), 0.0, False, False, {}


for _name, _class in (
    ("Square", SquareEnv),
    ("SquareInDict", SquareInDict),
    ("Wrong", Wrong),
    ("Flat", Flat),
):
    if f"test/{_name}-v0" not in gymnasium.registry:
        gymnasium.register(f"test/{_name}-v0", _class, max_episode_steps=LIMIT)
