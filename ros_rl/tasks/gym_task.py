# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""The task of a Gymnasium environment, and rewards that are known as functions of the observation.

Only agents that plan read these: everyone else learns from the rewards that the environment gives.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, ClassVar

from ros_rl.config import setting
from ros_rl.errors import ConfigError
from ros_rl.layout import Fields
from ros_rl.tasks.task import Task

OBSERVATION = "observation"
"""The one state field of a Gymnasium environment."""


def _norm(vector: Any) -> Any:
    return ((vector**2).sum(-1) + 1e-12) ** 0.5


def _reacher(before: Any, action: Any, after: Any) -> Any:
    """Exact: the observation ends with the vector from the target to the fingertip."""
    return -_norm(after[..., 8:10]) - (action**2).sum(-1)


def _pusher(before: Any, action: Any, after: Any) -> Any:
    """Exact: tip, object and goal stand in the observation; the actions' bounds are +-2."""
    tip, thing, goal = after[..., 14:17], after[..., 17:20], after[..., 20:23]
    return -0.5 * _norm(thing - tip) - _norm(thing - goal) - 0.1 * ((2.0 * action) ** 2).sum(-1)


def _half_cheetah(before: Any, action: Any, after: Any) -> Any:
    """Approximate: the mean velocity of a step is taken for the mean of those at its start and its end.

    The environment divides the way by the time, and the observation holds no position along the track.
    """
    return 0.5 * (before[..., 8] + after[..., 8]) - 0.1 * (action**2).sum(-1)


KNOWN_REWARDS: dict[str, Callable[[Any, Any, Any], Any]] = {
    "Reacher-v5": _reacher,
    "Pusher-v5": _pusher,
    "HalfCheetah-v5": _half_cheetah,
}
"""Rewards of environments with their default arguments, from observation, action in [-1, 1] and next observation.
None of them terminates. Chua et al. 2018 (PETS) plan with such functions, too."""


@dataclass(frozen=True)
class GymTask(Task):
    """Whatever a Gymnasium environment rewards."""

    name: ClassVar[str] = "gym"
    robot: ClassVar[str] = ""
    observation: ClassVar[tuple[str, ...]] = (OBSERVATION,)
    not_planned: ClassVar[tuple[str, ...]] = ("evaluation_steps",)
    episode_seconds = math.inf  # the environment has its own limit, in steps

    env: str = setting("", "Gymnasium's name of the environment, e.g. HalfCheetah-v5, or module:function")
    env_args: Mapping[str, Any] = setting({}, "what the environment is made with, by argument (--env-args KEY=VALUE)")
    evaluation_steps: int = setting(
        10_000, "length at which an evaluation's episode is cut that the environment does not end", unit="steps", low=1
    )

    def __post_init__(self) -> None:
        """Refuse an argument that is not the user's to give."""
        if "render_mode" in self.env_args:
            raise ConfigError(
                "task.env_args.render_mode is what a command decides: --video, or a window of 'run --env'"
            )

    @property
    def title(self) -> str:
        """``gym:`` and the environment's name."""
        return f"{self.name}:{self.env}"

    def after(self, env: str, env_args: Mapping[str, Any]) -> GymTask:
        """A copy with the arguments of an earlier run, where that had this environment and none are given here."""
        return replace(self, env_args={**env_args, **self.env_args}) if env == self.env else self

    def reward(self, before: Fields, last_action: Any, action: Any, after: Fields) -> Any:
        """See `Task.reward`.

        Raises:
            ConfigError: It is not known as a function of the observation.
        """
        self._check_known()
        return KNOWN_REWARDS[self.env](before[OBSERVATION], action, after[OBSERVATION])

    def terminated(self, after: Fields) -> Any:
        """See `Task.terminated`.

        Raises:
            ConfigError: As for the reward.
        """
        self._check_known()
        return super().terminated(after)

    def _check_known(self) -> None:
        if self.env not in KNOWN_REWARDS or self.env_args:
            raise ConfigError(
                f"reward and termination of '{self.env}' are not known as functions of its observation, only those of "
                f"{', '.join(KNOWN_REWARDS)} without --env-args; let them be learned: --set agent.model.reward=learned "
                "--set agent.model.termination=learned (or never)"
            )
