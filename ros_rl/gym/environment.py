# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""A Gymnasium environment as agents see it: flat finite observations, and actions in [-1, 1] or an index."""

from __future__ import annotations

from typing import Any

import gymnasium
import numpy as np
from gymnasium.spaces import Box, Discrete
from numpy.typing import NDArray

from ros_rl.errors import ConfigError, SimulationError
from ros_rl.layout import LAST_ACTION, PENDING_ACTIONS, Field, Layout
from ros_rl.tasks.gym_task import OBSERVATION

Vector = NDArray[Any]
"""Observations and actions, float32."""


class Environment:
    """One environment.

    Args:
        name: Gymnasium's, e.g. ``HalfCheetah-v5``; a module to import may stand before it (``module:name``).
        pictures: Whether it will be asked for pictures.
        remembers: Whether observations end with the last action, which planners need.

    Raises:
        ConfigError: There is no such environment, something that it needs is missing, or its observations or actions
            are of a kind that no agent here knows.
    """

    def __init__(self, name: str, pictures: bool = False, remembers: bool = False) -> None:
        self.name, self._remembers = name, remembers
        self._env = _make(name, pictures)
        if not isinstance(self._env.observation_space, Box):
            kind = type(self._env.observation_space).__name__
            raise ConfigError(f"observations of '{name}' are {kind}, allowed: Box")
        self._actions = _action_space(name, self._env.action_space)
        self.layout = self._layout(int(np.prod(self._env.observation_space.shape)))
        self._last = np.zeros(self.layout.action_size, np.float32)

    def _layout(self, size: int) -> Layout:
        space = self._actions
        count, choices = (int(np.prod(space.shape)), 0) if isinstance(space, Box) else (1, int(space.n))
        fields = [
            Field(OBSERVATION, (size,), "1", 1.0, "state"),
            Field(LAST_ACTION, (count if self._remembers else 0,), "1", 1.0, "action"),
            Field(PENDING_ACTIONS, (0,), "1", 1.0, "action"),
        ]
        return Layout(self.name, [f"action_{k}" for k in range(count)], fields, 0, choices)

    @property
    def step_limit(self) -> int | None:
        """Steps after which it truncates an episode; None if Gymnasium knows none."""
        return self._env.spec.max_episode_steps if self._env.spec else None

    @property
    def draws(self) -> bool:
        """Whether it has pictures to give."""
        return "rgb_array" in (self._env.metadata.get("render_modes") or ())

    @property
    def frames_per_second(self) -> float:
        """Of its pictures, one a step."""
        return float(self._env.metadata.get("render_fps") or 30.0)

    def reset(self, seed: int | None = None) -> Vector:
        """Begin an episode.

        Args:
            seed: Makes what follows repeatable; None goes on.

        Raises:
            SimulationError: The observation is not finite.
        """
        observation, _ = self._env.reset(seed=seed)
        self._last = np.zeros_like(self._last)
        return self._flat(observation)

    def step(self, action: Vector) -> tuple[Vector, float, bool, bool]:
        """Act for one step.

        Args:
            action: In [-1, 1], or an index; shape (actions,).

        Returns:
            Observation, reward, whether the task ended, whether the episode was cut and the task did not end.

        Raises:
            SimulationError: The observation or the reward is not finite.
        """
        observation, reward, terminated, truncated, _ = self._env.step(self.outer_action(action))
        with np.errstate(over="ignore"):
            if not np.isfinite(np.float32(reward)):
                raise SimulationError(f"'{self.name}' gave reward {reward}, which is not a finite float32")
        self._last = action
        return self._flat(observation), float(reward), bool(terminated), bool(truncated) and not terminated

    def outer_action(self, action: Vector) -> Any:
        """An action as the environment takes it: [-1, 1] is stretched to the bounds of its Box."""
        space = self._actions
        if isinstance(space, Discrete):
            return int(space.start) + int(action[0])
        share = 0.5 * (np.clip(action, -1.0, 1.0).reshape(space.shape) + 1.0)
        return (space.low + share * (space.high - space.low)).astype(space.dtype)

    def render(self) -> Any:
        """A picture, uint8 (height, width, 3).

        Raises:
            SimulationError: It cannot draw here.
        """
        try:
            return np.asarray(self._env.render())
        except Exception as error:  # each environment draws with other libraries, which fail in their own ways
            raise SimulationError(f"'{self.name}' cannot be rendered: {_first_line(error)}") from None

    def close(self) -> None:
        """Release it."""
        self._env.close()

    def _flat(self, observation: Any) -> Vector:
        with np.errstate(over="ignore"):
            flat = np.array(observation, np.float32).reshape(-1)
        if not np.isfinite(flat).all():
            wrong = int(np.flatnonzero(~np.isfinite(flat))[0])
            raise SimulationError(f"'{self.name}' gave an observation that is not finite: {flat[wrong]} at {wrong}")
        return np.concatenate([flat, self._last]) if self._remembers else flat


def _make(name: str, pictures: bool) -> gymnasium.Env[Any, Any]:
    try:
        return gymnasium.make(name, render_mode="rgb_array") if pictures else gymnasium.make(name)
    except (gymnasium.error.Error, ImportError) as error:
        raise ConfigError(f"environment '{name}' cannot be made: {_first_line(error)}") from None
    except Exception as error:  # each environment fails in its own way
        kind = type(error).__name__
        raise ConfigError(f"environment '{name}' cannot be made: {kind}: {_first_line(error)}") from error


def _action_space(name: str, space: Any) -> Box | Discrete[Any]:
    if isinstance(space, Discrete):
        return space
    if not isinstance(space, Box):
        raise ConfigError(f"actions of '{name}' are {type(space).__name__}, allowed: Box, Discrete")
    if not (np.isfinite(space.low).all() and np.isfinite(space.high).all()):
        raise ConfigError(
            f"actions of '{name}' range from {space.low.min()} to {space.high.max()}, allowed: finite bounds; "
            "agents act in [-1, 1], which cannot be stretched to infinite ones"
        )
    return space


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0]
