# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Tiny Gymnasium environments for tests, good and bad ones; importing this registers them."""

from __future__ import annotations

from typing import Any

import gymnasium
import numpy as np
from gymnasium import spaces

LIMIT = 8


class Point(gymnasium.Env):
    """x' = x + 0.1 u in one dimension; reward -x'^2. Its action u lies in [-1, 3], so 0 stands for u = 1.

    Args:
        ends_at: Step of each episode at which the task terminates; 0 for never.
        bad_at: Step, over all episodes, whose observation or reward is not finite.
        bad: Which of the two.
    """

    observation_space: spaces.Space = spaces.Box(-np.inf, np.inf, (1,), np.float64)
    action_space: spaces.Space = spaces.Box(-1.0, 3.0, (1,), np.float32)

    def __init__(self, ends_at: int = 0, bad_at: int = 0, bad: str = "", render_mode: str | None = None) -> None:
        self.ends_at, self.bad_at, self.bad, self.render_mode = ends_at, bad_at, bad, render_mode
        self.taken: list[Any] = []

    metadata = {"render_modes": ["rgb_array"], "render_fps": 10}

    def reset(self, *, seed: int | None = None, options: Any = None) -> Any:
        super().reset(seed=seed)
        self.x, self.steps = self.np_random.uniform(-1.0, 1.0), 0
        return np.array([self.x]), {}

    def step(self, action: Any) -> Any:
        self.taken.append(action)
        self.steps += 1
        self.x += 0.1 * float(action[0])
        observation, reward = np.array([self.x]), -(self.x**2)
        if len(self.taken) == self.bad_at and self.bad == "observation":
            observation = np.array([np.nan])
        if len(self.taken) == self.bad_at and self.bad == "reward":
            reward = np.inf
        return observation, reward, self.steps == self.ends_at, False, {}

    def render(self) -> Any:
        return np.full((20, 30, 3), min(255, 20 * self.steps), np.uint8)


class Choice(Point):
    """The same with the actions 5, 6, 7 for u = -1, 0, 1."""

    action_space = spaces.Discrete(3, start=5)

    def step(self, action: Any) -> Any:
        assert action in (5, 6, 7)
        return super().step([action - 6.0])


class Talking(Point):
    observation_space = spaces.Dict({"x": spaces.Box(-1.0, 1.0, (1,)), "say": spaces.Text(8)})


class Endless(Point):
    action_space = spaces.Box(-np.inf, np.inf, (1,), np.float32)


class Several(Point):
    action_space = spaces.MultiDiscrete([2, 2])


class Plain(Point):
    """Knows nothing of pictures."""

    metadata: dict[str, Any] = {"render_modes": []}

    def __init__(self) -> None:
        super().__init__()


class Failing(Point):
    def __init__(self) -> None:
        raise RuntimeError("no licence\nsecond line")


class Broken(Point):
    """Does something wrong at a step of the second episode, or at its beginning; good for `LIMIT` + 3 steps."""

    FAULTS: dict[str, Any] = {
        "none": None,
        "two numbers": np.zeros(2),
        "text": "here",
        "nan": np.array([np.nan]),
        "huge": np.array([1e300]),
        "ragged": [[0.0], [0.0, 1.0]],
        "complex": np.array([1j]),
    }

    def __init__(self, fault: str, **arguments: Any) -> None:
        super().__init__(**arguments)
        self.fault, self.resets = fault, 0

    def reset(self, *, seed: int | None = None, options: Any = None) -> Any:
        self.resets += 1
        if self.resets == 2 and self.fault == "reset raises":
            raise KeyError("no start\nsecond line")
        return super().reset(seed=seed, options=options)

    def step(self, action: Any) -> Any:
        observation, reward, *ends = super().step(action)
        if len(self.taken) != LIMIT + 4:
            return observation, reward, *ends
        if self.fault == "raises":
            raise ZeroDivisionError("joint 3\nsecond line")
        if self.fault == "leaves":
            raise SystemExit(3)
        if self.fault == "four":
            return observation, reward, False, {}
        if self.fault.startswith("reward "):
            return observation, self.FAULTS[self.fault.removeprefix("reward ")], *ends
        return self.FAULTS[self.fault], reward, *ends


class Pixels(Point):
    """Whole numbers; with a fault it gives others."""

    observation_space = spaces.Box(0, 255, (400, 400, 3), np.uint8)


class Bytes(Point):
    observation_space = spaces.Box(0, 255, (1,), np.uint8)


class Timed(Point):
    """Limits its own time, which Gymnasium does not know; says success in the last step of every second episode.

    Args:
        length: Of an episode; 0: it never ends.
        key: Entry of ``info`` that says success.
    """

    def __init__(self, length: int = 300, key: str = "is_success", **arguments: Any) -> None:
        super().__init__(**arguments)
        self.length, self.key, self.episode = length, key, 0

    def reset(self, *, seed: int | None = None, options: Any = None) -> Any:
        self.episode = 0 if seed is not None else self.episode + 1
        return super().reset(seed=seed, options=options)

    def step(self, action: Any) -> Any:
        observation, reward, terminated, _, _ = super().step(action)
        over = self.steps == self.length
        return observation, reward, terminated, over, {self.key: over and self.episode % 2 == 0}


class Tree(Point):
    """Observations in a Dict, one of whose values turns to NaN.

    Args:
        bad_step: Of each episode; 0 for none.
    """

    observation_space = spaces.Dict(
        {"pose": spaces.Dict({"x": spaces.Box(-9.0, 9.0, (2, 2), np.float64)}), "mode": spaces.Discrete(3, start=1)}
    )

    def __init__(self, bad_step: int = 0, **arguments: Any) -> None:
        super().__init__(**arguments)
        self.bad_step = bad_step

    def _seen(self) -> Any:
        x = np.full((2, 2), np.clip(self.x, -9.0, 9.0))
        if self.steps and self.steps == self.bad_step:
            x[1, 0] = np.nan
        return {"pose": {"x": x}, "mode": 1 + self.steps % 3}

    def reset(self, *, seed: int | None = None, options: Any = None) -> Any:
        super().reset(seed=seed, options=options)
        return self._seen(), {}

    def step(self, action: Any) -> Any:
        _, reward, *ends, info = super().step(action)
        return self._seen(), reward, *ends, info


def make_point(length: int = 8, scale: float = 1.0) -> gymnasium.Env:
    """A function as users write one: it makes an environment, with arguments of its own."""
    return gymnasium.wrappers.TransformReward(Timed(length), lambda reward: scale * float(reward))


def make_nothing() -> None:
    """Forgot to return the environment."""


for _name, _limit, _class, _arguments in (
    ("Point", LIMIT, Point, {}),
    ("Falling", LIMIT, Point, {"ends_at": 5}),
    ("FallingAtTheLimit", LIMIT, Point, {"ends_at": LIMIT}),
    ("Blind", LIMIT, Point, {"bad_at": 21, "bad": "observation"}),
    ("Generous", LIMIT, Point, {"bad_at": 21, "bad": "reward"}),
    ("Choice", LIMIT, Choice, {}),
    ("Talking", LIMIT, Talking, {}),
    ("Endless", LIMIT, Endless, {}),
    ("Several", LIMIT, Several, {}),
    ("Plain", LIMIT, Plain, {}),
    ("Failing", LIMIT, Failing, {}),
    ("Broken", LIMIT, Broken, {}),
    ("Pixels", LIMIT, Pixels, {}),
    ("Bytes", LIMIT, Bytes, {}),
    ("Timed", None, Timed, {}),
    ("Tree", LIMIT, Tree, {}),
):
    if f"test/{_name}-v0" not in gymnasium.registry:
        gymnasium.register(f"test/{_name}-v0", _class, max_episode_steps=_limit, kwargs=_arguments)
