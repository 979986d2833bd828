# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""One episode in an environment after the other, and what they came to."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ros_rl.gym.actor import Actor
from ros_rl.gym.environment import Environment
from ros_rl.gym.film import Film


@dataclass(frozen=True)
class Episode:
    """What an episode came to.

    Attributes:
        total: Sum of its rewards.
        steps: How many it took.
        terminated: Whether the task ended it.
        cut: Whether it was ended from outside, and the environment would have gone on.
        succeeded: Whether the environment said success in its last step; None if it said nothing.
    """

    total: float
    steps: int
    terminated: bool
    cut: bool
    succeeded: bool | None

    def __str__(self) -> str:
        """One line for the terminal."""
        end = "terminated" if self.terminated else "cut" if self.cut else "truncated"
        success = "" if self.succeeded is None else ", success" if self.succeeded else ", no success"
        return f"return {self.total:.2f}, {self.steps} steps, {end}{success}"


class Episodes:
    """Lets an actor act in an environment.

    Args:
        environment: Where.
        actor: What acts.
        stop: Ends an episode at once.
        limit: Steps after which an episode is cut; None for none, so the environment alone ends it.
    """

    def __init__(self, environment: Environment, actor: Actor, stop: threading.Event, limit: int | None = None) -> None:
        self._environment, self._actor, self._stop, self._limit = environment, actor, stop, limit
        self._ticks = 0

    def run(self, seed: int | None = None, film: Film | None = None) -> Episode:
        """One episode.

        Args:
            seed: Of the environment; None goes on.
            film: Gets pictures of it.

        Raises:
            SimulationError: The environment failed; see `Environment.step`.
            GraphError: The actor did.
        """
        observation = self._environment.reset(seed)
        self._actor.begin()
        total, steps, terminated, truncated = 0.0, 0, False, False
        while not (terminated or truncated or self._stop.is_set() or steps == self._limit):
            if film is not None:
                film.take()
            action = self._actor.act(observation, self._ticks)
            observation, reward, terminated, truncated = self._environment.step(action)
            total, steps, self._ticks = total + reward, steps + 1, self._ticks + 1
        return Episode(total, steps, terminated, not (terminated or truncated), self._environment.succeeded)


def summarise(episodes: Sequence[Episode]) -> dict[str, Any]:
    """Figures under the names that a robot's evaluation has, and return and length of each episode.

    Args:
        episodes: At least one.
    """
    returns, steps = [episode.total for episode in episodes], [episode.steps for episode in episodes]
    successes = [episode.succeeded for episode in episodes if episode.succeeded is not None]
    return {
        "episodes": len(episodes),
        "return_mean": float(np.mean(returns)),
        "return_min": min(returns),
        "return_max": max(returns),
        "length_mean": float(np.mean(steps)),
        **({"success_rate": float(np.mean(successes))} if successes else {}),
        "terminations": sum(episode.terminated for episode in episodes),
        "cut": sum(episode.cut for episode in episodes),
        "returns": returns,
        "lengths": steps,
    }
