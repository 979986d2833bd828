# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Judges an agent in an environment of its own, without exploring."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from ros_rl.deploy.control_graph import ControlGraph
from ros_rl.errors import SimulationError
from ros_rl.gym.actor import Actor
from ros_rl.gym.environment import Environment
from ros_rl.runs.video import write_gif
from ros_rl.settings.tree import Settings

_SEED_OFFSET = 1000  # evaluations start elsewhere than the training
_FILMED_STEPS, _FRAME_EVERY = 400, 2
_PICTURE = 320  # pixels, of the longer side at most


class GymEvaluator:
    """Keeps one environment; each evaluation begins with the same seed, so all meet the same starts.

    Args:
        settings: Of the run.
        environment: Made for it alone.
    """

    def __init__(self, settings: Settings, environment: Environment) -> None:
        self._seed, self._environment = settings.seed + _SEED_OFFSET, environment
        # a task without a time limit goes on for as long as a robot's evaluation does
        free = round(settings.evaluator.seconds * settings.control.rate_hz)
        self._limit = environment.step_limit or free

    def evaluate(self, graph: ControlGraph, episodes: int, video: Path | None = None) -> dict[str, Any]:
        """Run whole episodes.

        Args:
            graph: What acts.
            episodes: How many.
            video: Where to write a GIF of the first; None for none.

        Returns:
            Figures under the names that a robot's evaluation has, and how many steps the episodes took.

        Raises:
            SimulationError: The environment gave what is not finite.
            GraphError: The agent did.
        """
        actor = Actor(graph, self._seed, explore=0.0)
        returns: list[float] = []
        steps: list[int] = []
        ended, frames, problem = 0, [], ""
        for episode in range(episodes):
            observation = self._environment.reset(self._seed if episode == 0 else None)
            actor.begin()
            total, count, over = 0.0, 0, False
            while not over and count < self._limit:
                if video and not episode and not problem and count < _FILMED_STEPS and count % _FRAME_EVERY == 0:
                    try:
                        frames.append(_smaller(self._environment.render()))
                    except SimulationError as error:
                        problem = str(error)
                action = actor.act(observation, sum(steps) + count)
                observation, reward, terminated, truncated = self._environment.step(action)
                total, count, over = total + reward, count + 1, terminated or truncated
                ended += terminated
            returns.append(total)
            steps.append(count)
        if video and frames:
            write_gif(video, frames, _FRAME_EVERY / self._environment.frames_per_second)
        found: dict[str, Any] = {
            "episodes": episodes,
            "return_mean": float(np.mean(returns)),
            "return_min": min(returns),
            "return_max": max(returns),
            "length_mean": float(np.mean(steps)),
            "falls": ended,
            "plan_ms": actor.milliseconds(),
        }
        return found | ({"no_video": problem} if problem else {})

    def close(self) -> None:
        """Release the environment."""
        self._environment.close()


def _smaller(picture: Any) -> Any:
    """Every n-th pixel, so that a GIF stays small."""
    every = -(-max(picture.shape[:2]) // _PICTURE)
    return picture[::every, ::every]
