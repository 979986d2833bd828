# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""What is told of a training: counts, rates, means, losses and evaluations, to whoever asks and as curves."""

from __future__ import annotations

import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ros_rl.runs.progress import EpisodeStatistics, Rates
from ros_rl.runs.summary import JUDGED_AT, SUCCESSES, WATCH
from ros_rl.training.judgements import Judgements
from ros_rl.training.scalars import ScalarLog
from ros_rl.training.training_loop import TrainingLoop


class Reports:
    """Makes them, and counts the time between them.

    Args:
        training: Of which.
        episodes: Those of its robots.
        judgements: What its evaluations found.
        folder: Of the run, for curves; None: there are none.

    Raises:
        MissingDependencyError: See `ScalarLog`.
        ConfigError: See there.
    """

    def __init__(
        self, training: TrainingLoop, episodes: EpisodeStatistics, judgements: Judgements, folder: Path | None
    ) -> None:
        self._training, self._episodes, self._judgements = training, episodes, judgements
        self._scalars = ScalarLog(folder, training.settings)
        self._rates = Rates()
        self._made_at = time.monotonic()

    def due(self, seconds: float) -> bool:
        """Whether the last one is as old as this [s]."""
        return time.monotonic() - self._made_at >= seconds

    def make(self, losses: Mapping[str, float], figures: Mapping[str, float]) -> dict[str, float]:
        """Where the training stands, by name.

        Args:
            losses: Of the newest round; for the curves alone.
            figures: What else is to be told, such as what was lost on the way.

        Returns:
            Counts, rates [1/s], means over the last episodes, the given figures, and those of the watch on values.
        """
        training, self._made_at = self._training, time.monotonic()
        rates = {"steps_per_second": training.env_steps, "updates_per_second": training.updates}
        found: dict[str, float] = {
            "env_steps": training.env_steps,
            "updates": training.updates,
            "version": training.version,
            "episodes": self._episodes.episodes,
            "terminations": self._episodes.terminations,
            "transitions": training.replay.added,
            **training.shown,
            JUDGED_AT: self._judgements.newest,
            SUCCESSES: training.settings.learner.stop_at_success * self._judgements.succeeded,
            **figures,
            **self._rates.update(self._made_at, rates),
            **self._episodes.means(),
        }
        watched = training.watch.figures()
        for group, values in (("train", found), ("loss", losses), ("watch", watched)):
            self._scalars.write(group, values, training.env_steps)
        return found | {f"{WATCH}{name}": value for name, value in watched.items()}

    def note_evaluation(self, result: Mapping[str, Any], env_steps: int) -> None:
        """Add the numbers of an evaluation to the curves, at the environment steps at which it was asked for."""
        numbers = {name: value for name, value in result.items() if isinstance(value, (int, float))}
        self._scalars.write("evaluation", numbers, env_steps)

    def close(self) -> None:
        """Write what is left of the curves."""
        self._scalars.close()
