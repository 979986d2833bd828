# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Judges an agent in an environment of its own, without exploring."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from ros_rl.deploy.control_graph import ControlGraph
from ros_rl.errors import SimulationError
from ros_rl.gym.actor import Actor
from ros_rl.gym.environment import Environment
from ros_rl.runs.evaluations import RETURN_THRESHOLD, SUCCESS_RATE
from ros_rl.runs.video import write_video
from ros_rl.settings.tree import Settings

_SEED_OFFSET = 1000  # evaluations start elsewhere than the training
_FILMED_STEPS, _FRAME_EVERY = 400, 2
_PICTURE = 320  # pixels, of the longer side at most


@dataclass
class _Records:
    """What is gathered over all episodes."""

    returns: list[float] = field(default_factory=list)
    steps: list[int] = field(default_factory=list)
    successes: list[bool] = field(default_factory=list)
    terminated: int = 0

    def summarise(self) -> dict[str, Any]:
        return {
            "episodes": len(self.returns),
            "return_mean": float(np.mean(self.returns)),
            "return_min": min(self.returns),
            "return_max": max(self.returns),
            "length_mean": float(np.mean(self.steps)),
            **({SUCCESS_RATE: float(np.mean(self.successes))} if self.successes else {}),
            "terminations": self.terminated,
        }


class _Film:
    """Pictures of an episode; the first that fails is the last, and `problem` says why."""

    def __init__(self, environment: Environment) -> None:
        self._environment = environment
        self.frames: list[Any] = []
        self.problem = ""

    def take(self, step: int) -> None:
        """Take a picture, if there is to be one of this step."""
        if self.problem or step >= _FILMED_STEPS or step % _FRAME_EVERY:
            return
        try:
            self.frames.append(_smaller(self._environment.render()))
        except SimulationError as error:
            self.problem = str(error)


class GymEvaluator:
    """Keeps one environment; evaluations meet the same starts, by the same seed, unless they are to be `fresh`.

    Args:
        settings: Of the run.
        environment: Made for it alone.
    """

    def __init__(self, settings: Settings, environment: Environment) -> None:
        self._seed, self._environment = settings.seed + _SEED_OFFSET, environment
        self._fresh = settings.evaluator.fresh
        # a task without a time limit goes on for as long as a robot's evaluation does
        free = round(settings.evaluation_seconds * settings.control.rate_hz)
        self._limit = environment.step_limit or free

    def evaluate(
        self,
        graph: ControlGraph,
        episodes: int,
        video: Path | None = None,
        draw: int = 0,
        stop: threading.Event | None = None,
    ) -> dict[str, Any]:
        """Run whole episodes.

        Args:
            graph: What acts.
            episodes: How many.
            video: Where to write a film of the first (`write_video`); None for none.
            draw: Names this evaluation's starts, where they are drawn anew for each.
            stop: Ends it early.

        Returns:
            Figures under the names that a robot's evaluation has, and how many steps the episodes took; none if it was
            stopped.

        Raises:
            SimulationError: The environment failed; see `Environment.step`.
            GraphError: The agent did.
        """
        seed = self._seed + (draw if self._fresh else 0)
        actor, records, film = Actor(graph, seed, explore=0.0), _Records(), _Film(self._environment)
        stop = stop or threading.Event()
        for episode in range(episodes):
            self._episode(actor, records, film if video and episode == 0 else None, None if episode else seed, stop)
            if stop.is_set():
                return {}
        if video and film.frames:
            write_video(video, film.frames, _FRAME_EVERY / self._environment.frames_per_second)
        found = {**records.summarise(), "plan_ms": actor.durations.milliseconds()}
        if SUCCESS_RATE not in found and self._environment.return_threshold is not None:
            found[RETURN_THRESHOLD] = self._environment.return_threshold
        return found | ({"no_video": film.problem} if film.problem else {})

    def _episode(
        self, actor: Actor, records: _Records, film: _Film | None, seed: int | None, stop: threading.Event
    ) -> None:
        observation = self._environment.reset(seed)
        actor.begin()
        before, total, count, over = sum(records.steps), 0.0, 0, False
        while not over and count < self._limit and not stop.is_set():
            if film is not None:
                film.take(count)
            action = actor.act(observation, before + count)
            observation, reward, terminated, truncated = self._environment.step(action)
            total, count, over = total + reward, count + 1, terminated or truncated
            records.terminated += terminated
        if self._environment.succeeded is not None:
            records.successes.append(self._environment.succeeded)
        records.returns.append(total)
        records.steps.append(count)

    def close(self) -> None:
        """Release the environment."""
        self._environment.close()


def _smaller(picture: Any) -> Any:
    """Every n-th pixel, so that a GIF stays small."""
    every = -(-max(picture.shape[:2]) // _PICTURE)
    return picture[::every, ::every]
