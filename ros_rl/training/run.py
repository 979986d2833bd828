# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""One loop around a training, whoever brings the experience: a robot's nodes, a local simulator or Gymnasium."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from ros_rl.errors import GraphError
from ros_rl.runs.progress import EpisodeStatistics, Rates
from ros_rl.runs.run_folder import AGENT, CHECKPOINT, TENSORBOARD
from ros_rl.runs.summary import WATCH
from ros_rl.training.scalars import ScalarLog
from ros_rl.training.training_loop import TrainingLoop
from ros_rl.types import Transition


def _raise(error: GraphError) -> None:
    raise error


class TrainingRun:
    """A `TrainingLoop` with its control graphs, evaluations, checkpoints, statistics and curves, each when it is due.

    It has no thread: whoever owns it adds experience, calls `work` as often as it returns True, then `keep_up`, and
    `finish` once the training is done.

    Args:
        training: What learns.
        publish: Takes every new control graph (ONNX); None if nobody acts by them: then only the last is made.
        evaluate: Judges the agent, or asks for it; told whether it is the last time. None: nobody does.
        checkpointed: Told the folder of a checkpoint, to add to it what else a resumed run needs.
        refuse: Told that a weight is not finite, so that a graph or a checkpoint was not written; raises it unless
            given.
    """

    def __init__(
        self,
        training: TrainingLoop,
        publish: Callable[[bytes], None] | None = None,
        evaluate: Callable[[bool], None] | None = None,
        checkpointed: Callable[[Path], None] | None = None,
        refuse: Callable[[GraphError], None] = _raise,
    ) -> None:
        self.training = training
        self._publish, self._evaluate, self._checkpointed, self._refuse = publish, evaluate, checkpointed, refuse
        self.episodes = EpisodeStatistics()
        self.losses: dict[str, float] = {}
        """Of the newest round that had any."""
        self.graph = b""
        """The newest control graph (ONNX); empty before the first."""
        self.finished = False
        self._rates = Rates()
        self.begin(None)

    def begin(self, folder: Path | None) -> None:
        """Count evaluations, checkpoints and reports from here on, where a resumed training goes on.

        Args:
            folder: Of the run, for checkpoints, curves and the last control graph; None to leave nothing.
        """
        self._folder = folder
        self._scalars = ScalarLog(folder / TENSORBOARD if folder else None)
        self._evaluated_at = self._checkpointed_at = self.training.env_steps
        self._reported_at = time.monotonic()

    def add(self, transition: Transition, metrics: Mapping[str, float]) -> None:
        """Take a transition, with the task's metrics at its end.

        Raises:
            ConfigError: A value is not finite; nothing is stored.
        """
        self.training.add(transition)
        self.episodes.add(transition, metrics)

    def work(self) -> bool:
        """Publish a control graph and do a round, if they are due; returns whether there was a round."""
        if self._publish is not None and self.training.graph_due:
            self._make_graph()
        if not self.training.train_due:
            return False
        self.losses = self.training.train() or self.losses
        return True

    def keep_up(self) -> None:
        """Evaluate and write a checkpoint, if they are due."""
        steps, settings = self.training.env_steps, self.training.settings
        every = settings.evaluator.every
        if every and steps // every > self._evaluated_at // every and steps < self.training.total_steps:
            self._evaluated_at = steps
            if self._evaluate is not None:
                self._evaluate(False)
        every = settings.learner.checkpoint_every
        if steps // every > self._checkpointed_at // every:
            self.checkpoint()

    def finish(self) -> None:
        """Leave what was learned: the last control graph, its evaluation and a checkpoint."""
        self._make_graph()
        if self._folder is not None:
            (self._folder / AGENT).write_bytes(self.graph)
        if self._evaluate is not None:
            self._evaluate(True)
        self.checkpoint()
        self.finished = True

    def checkpoint(self) -> None:
        """Write all that a resumed run needs; without a folder, nothing."""
        self._checkpointed_at = self.training.env_steps
        if self._folder is None:
            return
        folder = self._folder / CHECKPOINT
        try:
            self.training.checkpoint(folder)
        except GraphError as error:
            self._refuse(error)
            return
        if self._checkpointed is not None:
            self._checkpointed(folder)

    def report_due(self, seconds: float) -> bool:
        """Whether the last report is as old as this [s]."""
        return time.monotonic() - self._reported_at >= seconds

    def report(self, **figures: float) -> dict[str, float]:
        """Where the training stands, by name; the curves get it, too.

        Args:
            figures: What else is to be told, such as what was lost on the way.

        Returns:
            Counts, rates [1/s], means over the last episodes, the given figures, and those of the watch on values.
        """
        training, self._reported_at = self.training, time.monotonic()
        rates = {"steps_per_second": training.env_steps, "updates_per_second": training.updates}
        found: dict[str, float] = {
            "env_steps": training.env_steps,
            "updates": training.updates,
            "version": training.version,
            "episodes": self.episodes.episodes,
            "terminations": self.episodes.terminations,
            "transitions": training.replay.added,
            **figures,
            **self._rates.update(self._reported_at, rates),
            **self.episodes.means(),
        }
        watched = training.watch.figures()
        for group, values in (("train", found), ("loss", self.losses), ("watch", watched)):
            self._scalars.write(group, values, training.env_steps)
        return found | {f"{WATCH}{name}": value for name, value in watched.items()}

    def note_evaluation(self, result: Mapping[str, Any], env_steps: int) -> None:
        """Add the numbers of an evaluation to the curves.

        Args:
            result: Of the evaluation.
            env_steps: After how many environment steps it was asked for.
        """
        numbers = {name: value for name, value in result.items() if isinstance(value, (int, float))}
        self._scalars.write("evaluation", numbers, env_steps)

    def close(self) -> None:
        """Write what is left of the curves."""
        self._scalars.close()

    def _make_graph(self) -> None:
        try:
            self.graph = self.training.graph()
        except GraphError as error:
            self._refuse(error)
            return
        if self._publish is not None:
            self._publish(self.graph)
