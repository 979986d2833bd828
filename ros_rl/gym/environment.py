# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""A Gymnasium environment as agents see it: flat finite observations, images, and actions in [-1, 1] or an index."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from ros_rl.errors import SimulationError, one_line
from ros_rl.gym.making import make, told
from ros_rl.gym.observations import ObservationSpace, Observed
from ros_rl.gym.spaces import ActionSpace, Vector
from ros_rl.layout import LAST_ACTION, PENDING_ACTIONS, Field, Layout
from ros_rl.settings.tree import Settings
from ros_rl.tasks.gym_task import OBSERVATION, GymTask
from ros_rl.types import Unique

_SUCCESS = ("is_success", "success")
"""Entries of ``info`` that say whether the task is done."""


class Environment(Unique):
    """One environment, and what it does against what it declares.

    Args:
        name: Gymnasium's, or ``module:function``; see `ros_rl.gym.making.make`.
        render_mode: ``rgb_array`` if it will be asked for pictures, ``human`` for a window; None for neither.
        remembers: Whether observations end with the last action, which planners need.
        arguments: That it is made with.
        sees_images: Whether pictures in its observations stay what they are; else they are numbers like others.

    Raises:
        ConfigError: There is no such environment, something that it needs is missing, or its observations or actions
            are of a kind that no agent here knows.
    """

    def __init__(
        self,
        name: str,
        render_mode: str | None = None,
        remembers: bool = False,
        arguments: Mapping[str, Any] | None = None,
        sees_images: bool = False,
    ) -> None:
        self.name, self._remembers = name, remembers
        self._env = make(name, arguments or {}, render_mode)
        self._observations = ObservationSpace(name, self._env.observation_space, sees_images)
        self._actions = ActionSpace(name, self._env.action_space)
        self.layout = self._layout()
        self._last = np.zeros(self.layout.action_size, np.float32)
        self._episode, self._step = -1, 0
        self.succeeded: bool | None = None
        """Whether the newest step's ``info`` says success (``is_success`` or ``success``); None if it says nothing."""

    @classmethod
    def of(cls, settings: Settings, render_mode: str | None = None) -> Environment:
        """The environment of a run, as the run's agent sees it; see the class."""
        task, agent = settings.task, settings.agent
        assert isinstance(task, GymTask)
        return cls(task.env, render_mode, agent.learns_model, task.env_args, agent.sees_images)

    def _layout(self) -> Layout:
        count = self._actions.count
        fields = [
            Field(OBSERVATION, (self._observations.size,), "1", 1.0, "state"),
            Field(LAST_ACTION, (count if self._remembers else 0,), "1", 1.0, "action"),
            Field(PENDING_ACTIONS, (0,), "1", 1.0, "action"),
            *self._observations.images,
        ]
        return Layout(self.name, [f"action_{k}" for k in range(count)], fields, 0, self._actions.choices)

    @property
    def step_limit(self) -> int | None:
        """Steps after which it truncates an episode; None if Gymnasium knows none."""
        return self._env.spec.max_episode_steps if self._env.spec else None

    @property
    def return_threshold(self) -> float | None:
        """Mean return from which on it counts as solved; None if it names none."""
        return self._env.spec.reward_threshold if self._env.spec else None

    @property
    def render_modes(self) -> tuple[str, ...]:
        """How it says that it can be shown."""
        return tuple(self._env.metadata.get("render_modes") or ())

    @property
    def frames_per_second(self) -> float:
        """Of its pictures, one a step."""
        return float(self._env.metadata.get("render_fps") or 30.0)

    def reset(self, seed: int | None = None) -> Observed:
        """Begin an episode.

        Args:
            seed: Makes what follows repeatable, and counts episodes from 0 again; None goes on.

        Raises:
            SimulationError: The environment failed, or the observation is not what it declares or not finite.
        """
        self._episode, self._step = 0 if seed is not None else self._episode + 1, 0
        observation, _ = self._tried(lambda: self._env.reset(seed=seed), "reset", 2)
        self._last, self.succeeded = np.zeros_like(self._last), None
        return self._seen(observation)

    def step(self, action: Vector) -> tuple[Observed, float, bool, bool]:
        """Act for one step.

        Args:
            action: In [-1, 1], or an index; shape (actions,).

        Returns:
            Observation, reward, whether the task ended, whether the episode was cut and the task did not end.

        Raises:
            SimulationError: The environment failed, or observation or reward is not what it declares or not finite.
        """
        self._step += 1
        outer = self.outer_action(action)
        observation, reward, *ends, info = self._tried(lambda: self._env.step(outer), "step", 5)
        value, terminated, truncated = self._number(reward), *(self._truth(end) for end in ends)
        self._last, self.succeeded = action, self._success(info)
        return self._seen(observation), value, terminated, truncated and not terminated

    def outer_action(self, action: Vector) -> Any:
        """An action as the environment takes it; see `ActionSpace.outer`."""
        return self._actions.outer(action)

    def render(self) -> Any:
        """A picture, uint8 (height, width, 3).

        Raises:
            SimulationError: It cannot draw here.
        """
        try:
            picture = np.asarray(self._env.render())
        except Exception as error:  # each environment draws with other libraries, which fail in their own ways
            raise SimulationError(f"'{self.name}' cannot be rendered: {one_line(error)}") from None
        if picture.dtype != np.uint8 or picture.ndim != 3 or picture.shape[2] != 3:
            raise SimulationError(
                f"'{self.name}' gave no picture, uint8 (height, width, 3), but {picture.dtype} {picture.shape}"
            )
        return picture

    def close(self) -> None:
        """Release it; one that fails at that has given all that it was asked for."""
        with contextlib.suppress(Exception):
            self._env.close()

    def _tried(self, call: Callable[[], Any], what: str, count: int) -> tuple[Any, ...]:
        """What the environment returns, of which there must be `count` values."""
        try:
            given = call()
        except (Exception, SystemExit) as error:  # it is anybody's code
            raise SimulationError(f"'{self.name}' raised {told(error)} {self._where}") from error
        if not isinstance(given, tuple) or len(given) != count:
            kind = f"{len(given)} values" if isinstance(given, tuple) else type(given).__name__
            raise SimulationError(f"'{self.name}' gave {kind} from {what}, expected a tuple of {count} {self._where}")
        return given

    @property
    def _where(self) -> str:
        return f"in step {self._step} of episode {self._episode}"

    def _number(self, reward: Any) -> float:
        given = np.asarray(reward)
        if given.size != 1 or given.dtype.kind not in "biuf":
            raise SimulationError(f"'{self.name}' gave reward {reward!r}, expected a number, {self._where}")
        with np.errstate(over="ignore"):
            if not np.isfinite(given.astype(np.float32)).all():
                raise SimulationError(
                    f"'{self.name}' gave reward {reward}, which is not a finite float32, {self._where}"
                )
        return float(given.reshape(()))

    def _success(self, info: Any) -> bool | None:
        told_so = [info[key] for key in _SUCCESS if key in info] if isinstance(info, Mapping) else []
        return self._truth(told_so[0]) if told_so else None

    def _truth(self, end: Any) -> bool:
        if np.size(end) != 1:
            raise SimulationError(
                f"'{self.name}' gave {end!r} as an end or success, expected True or False, {self._where}"
            )
        return bool(end)

    def _seen(self, observation: Any) -> Observed:
        try:
            seen = self._observations.see(observation)
        except SimulationError as error:
            raise SimulationError(f"{error} {self._where}") from None
        return replace(seen, flat=np.concatenate([seen.flat, self._last])) if self._remembers else seen
