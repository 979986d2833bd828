# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Judges what acts in an environment of its own, without exploring."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

from ros_rl.errors import SimulationError
from ros_rl.gym.actor import MakeActor
from ros_rl.gym.environment import Environment
from ros_rl.gym.episodes import Episodes, summarise
from ros_rl.gym.film import Film
from ros_rl.runs.evaluations import RETURN_THRESHOLD, SUCCESS_RATE
from ros_rl.settings.tree import Settings
from ros_rl.tasks.gym_task import GymTask

_SEED_OFFSET = 1000  # evaluations start elsewhere than the training
_FILMED_STEPS = 400


class GymEvaluator:
    """Keeps one environment; evaluations meet the same starts, by the same seed, unless they are to be `fresh`.

    Args:
        settings: Of the run.
        environment: Made for it alone.
    """

    def __init__(self, settings: Settings, environment: Environment) -> None:
        self._seed, self._environment = settings.seed + _SEED_OFFSET, environment
        assert isinstance(settings.task, GymTask)
        self._fresh, self._limit = settings.evaluator.fresh, settings.task.evaluation_steps

    def evaluate(
        self,
        make_actor: MakeActor,
        episodes: int,
        video: Path | None = None,
        draw: int = 0,
        stop: threading.Event | None = None,
    ) -> dict[str, Any]:
        """Run whole episodes, each to the end that the environment gives it; one that has none is cut at a limit.

        Args:
            make_actor: Makes what acts.
            episodes: How many.
            video: Where to write a film of the first (`write_video`); None for none.
            draw: Names this evaluation's starts, where they are drawn anew for each.
            stop: Ends it early.

        Returns:
            What `summarise` gives; none if it was stopped.

        Raises:
            SimulationError: The environment failed; see `Environment.step`.
            GraphError: What acts did.
        """
        seed = self._seed + (draw if self._fresh else 0)
        actor, film, stop = make_actor(seed), Film(self._environment, _FILMED_STEPS), stop or threading.Event()
        acting = Episodes(self._environment, actor, stop, self._limit)
        done = []
        for episode in range(episodes):
            try:
                done.append(acting.run(None if episode else seed, film if video and episode == 0 else None))
            except SimulationError as error:
                raise SimulationError(f"{error}, of an evaluation") from error
            if stop.is_set():
                return {}
        if video:
            film.write(video)
        found = {**summarise(done), "plan_ms": actor.durations.milliseconds()}
        if SUCCESS_RATE not in found and self._environment.return_threshold is not None:
            found[RETURN_THRESHOLD] = self._environment.return_threshold
        return found | ({"no_video": film.problem} if film.problem else {})

    def cut_line(self, found: dict[str, Any]) -> str:
        """Says that episodes of an evaluation were cut; empty if none was."""
        if not found["cut"]:
            return ""
        return (
            f"{found['cut']} of {found['episodes']} evaluation episodes were cut after {self._limit} steps "
            f"(task.evaluation_steps), as '{self._environment.name}' did not end them"
        )

    def close(self) -> None:
        """Release the environment."""
        self._environment.close()
