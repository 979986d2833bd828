# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""One loop around a training, whoever brings the experience: a robot's nodes, a local simulator or Gymnasium."""

from __future__ import annotations

import logging
import math
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from ros_rl.errors import GraphError, RunFolderError
from ros_rl.runs.durable import write_whole
from ros_rl.runs.evaluations import read_evaluations
from ros_rl.runs.progress import EpisodeStatistics
from ros_rl.runs.records import Record, Round, Stepped, Taken
from ros_rl.runs.run_folder import AGENT, CHECKPOINT, run_of
from ros_rl.runs.write_ahead import read_since
from ros_rl.training.journal import Journal
from ros_rl.training.judgements import Judgements
from ros_rl.training.reports import Reports
from ros_rl.training.run_store import ResumedFrom, RunStore
from ros_rl.training.training_loop import TrainingLoop
from ros_rl.types import Transition

_LOG = logging.getLogger(__name__)


def _raise(error: GraphError) -> None:
    raise error


class TrainingRun:
    """A `TrainingLoop` with its control graphs, evaluations, checkpoints, statistics and curves, each when it is due.

    It has no thread: whoever owns it adds experience, calls `work` as often as it returns True, then `keep_up`, and
    `finish` once it is `done`. All that is added and done since the last checkpoint is written down, too
    (`ros_rl.runs.write_ahead`); a run that goes on does it again, in the same order, before anything new.

    Args:
        training: What learns.
        publish: Takes every new control graph (ONNX); None if nobody acts by them: then only the last is made.
        evaluate: Judges the agent, or asks for it; told whether it is the last time. None: nobody does.
        about: What else a resumed run needs, as JSON can hold it; goes into every checkpoint.
        refuse: Told that a weight is not finite, so that a graph or a checkpoint was not written; raises it unless
            given.
        warn: Told in a line what else was not written, such as on a full disk; logs it unless given.
    """

    def __init__(
        self,
        training: TrainingLoop,
        publish: Callable[[bytes], None] | None = None,
        evaluate: Callable[[bool], None] | None = None,
        about: Callable[[], Any] | None = None,
        refuse: Callable[[GraphError], None] = _raise,
        warn: Callable[[str], None] = _LOG.warning,
    ) -> None:
        self.training = training
        self._publish, self._evaluate, self._about = publish, evaluate, about
        self._refuse, self._warn = refuse, warn
        self.episodes = EpisodeStatistics()
        self.losses: dict[str, float] = {}
        """Of the newest round that had any."""
        self.graph = b""
        """The newest control graph (ONNX); empty before the first."""
        self.finished = False
        self._journal = Journal(self._do, warn)
        self._stepped = Stepped(0)
        self._resumed: ResumedFrom | None = None
        self.begin(None)

    def resume(self, root: Path) -> tuple[Any, list[Record]]:
        """Go on from the newest whole checkpoint and from what was written down since; call `begin` next.

        Args:
            root: The run's ``checkpoint`` folder, or that of one checkpoint.

        Returns:
            What `about` had given (None: there was no checkpoint), and what came after it, which `work` will do again.

        Raises:
            RunFolderError: There is none, or it is of another agent or size.
        """
        found, so_far, elsewhere = self.training.resume(root)
        if so_far is not None:
            self.episodes.restore(so_far["episodes"])
        whole = found is None or found.path != root
        self._resumed = ResumedFrom(root, found, newest=whole and not elsewhere, elsewhere=elsewhere)
        records = read_since(root, self._resumed.number) if self._resumed.newest else []
        self._journal.resume(records)
        return None if so_far is None else so_far["about"], records

    def begin(self, folder: Path | None) -> None:
        """Count evaluations, checkpoints and reports from here on, where a resumed training goes on.

        Args:
            folder: Of the run, for checkpoints, curves and the last control graph; None to leave nothing.

        Raises:
            RunFolderError: The disk is full, or the folder cannot be written.
        """
        self._folder = folder
        self._checkpointed_at = self.training.env_steps
        self._evaluated_at = self._judged_at()
        try:
            self._journal.store = RunStore(folder / CHECKPOINT, self._resumed) if folder else None
            resumed = self._resumed
            earlier = run_of(resumed.root) if resumed is not None and not resumed.elsewhere else None
            self._judgements = Judgements(self.training.settings, folder, earlier)
        except OSError as error:
            raise RunFolderError(f"{folder} cannot take over what the run goes on from: {error.strerror}") from None
        self.reports = Reports(self.training, self.episodes, self._judgements, folder)
        """What is told of it."""
        if self._journal.store is not None and not self._journal.store.complete:
            self.checkpoint()

    @property
    def recalling(self) -> bool:
        """Whether it is still doing again what a run did that went on."""
        return self._journal.recalling

    @property
    def done(self) -> bool:
        """Whether nothing is left to do but to `finish`."""
        return (self.training.done or self._judgements.succeeded) and not self.recalling

    def add(self, transition: Transition, metrics: Mapping[str, float], session: int = 0, sequence: int = 0) -> None:
        """Take a transition, with the task's metrics at its end.

        Args:
            transition: As received.
            metrics: By their labels.
            session: Of its sender.
            sequence: Its number there.

        Raises:
            ConfigError: A value is not finite; nothing is stored.
        """
        self._journal.take(Taken(transition, metrics, session, sequence))

    def note_steps(self, env_steps: int, source: str = "", session: int = 0, steps: int = 0) -> None:
        """Take notice of how far the robots have come.

        Args:
            env_steps: Of the training.
            source: The robot that was heard.
            session: Of its driver.
            steps: In that session.
        """
        record = Stepped(env_steps, source, session, steps)
        if record != self._stepped:
            self._stepped = record
            self._journal.take(record)

    def work(self) -> bool:
        """Publish a control graph and do a round, if they are due; returns whether there was a round."""
        if self.finished:
            return False
        if self._publish is not None and self.training.graph_due:
            self._make_graph()
        if self.recalling:
            self._journal.recall()
            if not self.recalling:
                self._evaluated_at = self._judged_at()
            return True
        if not self.training.train_due:
            return False
        self._journal.take(Round())
        return True

    def keep_up(self) -> None:
        """Evaluate and write a checkpoint, if they are due."""
        if self.recalling or self.finished:
            return
        steps, settings = self.training.env_steps, self.training.settings
        every = settings.evaluator.every
        judged = bool(every) and steps // every > self._evaluated_at // every and steps < self.training.total_steps
        if judged:
            self._evaluated_at = steps
            self._judge(final=False)
        every = settings.learner.checkpoint_every
        if steps // every > self._checkpointed_at // every or (judged and self._evaluate is not None):
            self.checkpoint(judged)

    def _do(self, record: Record) -> None:
        if isinstance(record, Taken):
            self.training.add(record.transition)
            self.episodes.add(record.transition, record.metrics)
        elif isinstance(record, Stepped):
            self.training.note_steps(record.env_steps)
        else:
            self.losses = self.training.train() or self.losses

    def _judged_at(self) -> int:
        """Steps of the newest evaluation that is there: one that was on its way when the run ended is due again."""
        steps = self.training.env_steps
        if self._resumed is None or self._folder is None:
            return steps
        judged = [int(result["env_steps"]) for result in read_evaluations(self._folder)]
        return max((when for when in judged if when <= steps), default=0)

    def finish(self) -> None:
        """Leave what was learned: the last control graph, its evaluation and a checkpoint."""
        self._leave_graph()
        self._judge(final=True)
        self.checkpoint(judged=True)
        self.finished = True

    def stop(self) -> None:
        """Leave what was learned so far, without an evaluation: the control graph and a checkpoint.

        A run that is still doing again what it did before has nothing new to leave, and one that is finished has left
        it.
        """
        if not (self.finished or self.recalling):
            self._leave_graph()
            self.checkpoint()

    def _leave_graph(self) -> None:
        self._make_graph()
        if self._folder is not None and self.graph:
            try:
                write_whole(self._folder / AGENT, self.graph)
            except OSError as error:
                self._warn(f"{self._folder / AGENT} is not written: {error.strerror}")

    def _judge(self, final: bool) -> None:
        if self._evaluate is None:
            return
        if self._judgements.keeps_best:
            acts = final or self._publish is not None
            try:
                graph = self.graph if acts else self.training.graph_of_now()
                self._judgements.asked(self.training.env_steps, graph)
            except GraphError as error:
                self._refuse(error)
        self._evaluate(final)

    def checkpoint(self, judged: bool = False) -> None:
        """Write all that a resumed run needs; without a folder, or before all is done again, nothing.

        Args:
            judged: Whether an evaluation is on its way.
        """
        self._checkpointed_at = self.training.env_steps
        store = self._journal.store
        if store is None or self.recalling:
            return
        about = {"episodes": self.episodes.state(), "about": self._about() if self._about is not None else None}
        try:
            store.checkpoint(self.training.env_steps, lambda files: self.training.save(files, about), judged)
        except GraphError as error:
            self._refuse(error)
        except OSError as error:
            self._warn(f"no checkpoint is written: {error.strerror}; training goes on without")

    def report(self, **figures: float) -> dict[str, float]:
        """Where the training stands, by name; see `Reports.make`."""
        return self.reports.make(self.losses, figures)

    def note_evaluation(self, result: Mapping[str, Any], env_steps: int) -> None:
        """Add the numbers of an evaluation to the curves, and keep what it judged if that is the best so far.

        Args:
            result: Of the evaluation.
            env_steps: After how many environment steps it was asked for.
        """
        self.reports.note_evaluation(result, env_steps)
        score = self._judgements.score(result)
        if math.isfinite(score):
            self._journal.note_score(env_steps, score)
        try:
            self._judgements.answered(env_steps, result)
        except OSError as error:
            self._warn(f"the best controller is not written: {error.strerror}")

    def close(self) -> None:
        """Write what is left of the curves, and of what was written down."""
        self.reports.close()
        self._journal.close()

    def _make_graph(self) -> None:
        try:
            self.graph = self.training.graph()
        except GraphError as error:
            self._refuse(error)
            return
        if self._publish is not None:
            self._publish(self.graph)
