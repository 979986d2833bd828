# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""What a training in one process leaves in a run's folder: the same as one with nodes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from ros_rl.deploy.onnx_graph import OnnxGraph
from ros_rl.runs.received import Received
from ros_rl.runs.run_folder import VIDEO, RunFolder, run_of
from ros_rl.runs.state import RunState
from ros_rl.runs.summary import summarise
from ros_rl.runtime.evaluation import Evaluator
from ros_rl.runtime.robot_world import Step
from ros_rl.settings.tree import Settings
from ros_rl.training.run import TrainingRun
from ros_rl.training.training_loop import TrainingLoop

_SEED = 1000  # evaluations start elsewhere than training does
_REPORT_SECONDS = 1.0


class LocalFolder:
    """A run's folder, and the `TrainingRun` that fills it. For ``with``: without `finish` the run was stopped.

    Args:
        path: Of the folder; it is made.
        settings: Of the run.
        told: Called with each evaluation; if it returns True the training is to end.
        resume: Folder of checkpoints that the run goes on from, or one of these; None: it begins.

    Raises:
        RunFolderError: It holds a run already that is finished or does not go on, or cannot be written.
    """

    def __init__(
        self,
        path: Path,
        settings: Settings,
        told: Callable[[Mapping[str, Any]], bool | None],
        resume: Path | None = None,
    ) -> None:
        self._settings, self._told, self._over, self._resume = settings, told, False, resume
        self._folder = RunFolder.claim(path, go_on=resume is not None and run_of(resume) == path.resolve())
        self._state = RunState()
        self._received, self._session, self._packets = Received(), 0, 0
        self._source = settings.namespace
        self._run: TrainingRun | None = None
        self._evaluator: Evaluator | None = None

    def __enter__(self) -> LocalFolder:
        """For ``with``."""
        return self

    def __exit__(self, *_: object) -> None:
        """Leave what was learned so far, unless the run is finished, and let the folder go."""
        if self._run is not None:
            if not self._run.finished:
                self._run.stop()
                self._sum_up(finished=False)
            self._run.close()
        if self._evaluator is not None:
            self._evaluator.close()
        self._folder.release()

    def begin(self, training: TrainingLoop, publish: Callable[[bytes], None] | None) -> TrainingRun:
        """The run of this training, which takes its graphs to `publish`; before it goes on nothing is written.

        Raises:
            RunFolderError: There is nothing to go on from, or it is of another agent or size.
        """
        run = TrainingRun(training, publish, self._evaluate, self._received.state)
        if self._resume is not None:
            self._received.restore(*run.resume(self._resume))
            self._session = 1 + self._received.steps.drivers.get(self._source, (0, 0))[0]
        self._folder.write_config(self._settings)
        self._state.go_on(self._folder.path, None if self._resume is None else run_of(self._resume))
        run.begin(self._folder.path)
        self._run = run
        return run

    @property
    def _training(self) -> TrainingRun:
        assert self._run is not None, "begin first"
        return self._run

    def take(self, step: Step) -> None:
        """Add what a tick brought, counted as the learner's node counts, which may go on with it."""
        run, steps = self._training, step.tick.env_steps
        session = self._session
        run.note_steps(self._received.steps.note(self._source, session, steps), self._source, session, steps)
        if step.transition is not None:
            self._received.transitions.take(step.transition.source, session, self._packets)
            run.add(step.transition, step.metrics, session, self._packets)
            self._packets += 1

    def keep_up(self) -> bool:
        """Evaluate, report and write a checkpoint, if they are due; returns whether the training is to end."""
        run = self._training
        run.keep_up()
        if run.reports.due(_REPORT_SECONDS):
            self._report()
        return self._over

    def finish(self) -> None:
        """Leave the last control graph, its evaluation, a checkpoint and the summary."""
        self._training.finish()
        self._sum_up(finished=True)

    def _sum_up(self, finished: bool) -> None:
        self._report()
        self._state.keep_totals()
        self._folder.write_summary(summarise(self._settings, self._state, finished=finished))

    def _report(self) -> None:
        run, received = self._training, self._received.transitions
        self._state.progress = run.report(
            robot_minutes=run.training.robot_minutes, transitions=received.received, transitions_lost=received.lost
        )

    def _evaluate(self, final: bool) -> None:
        run, evaluator = self._training, self._settings.evaluator
        steps = run.training.env_steps
        if self._evaluator is None:
            self._evaluator = Evaluator(self._settings, self._settings.seed + _SEED)
        request = {
            "env_steps": steps,
            "robot_minutes": run.training.robot_minutes,
            "version": run.training.version,
            "final": final,
        }
        episodes = evaluator.final_episodes if final else evaluator.episodes
        video = self._folder.path / VIDEO if final and evaluator.video else None
        graph = OnnxGraph(run.graph, self._settings.controller.threads)
        found = self._evaluator.evaluate(graph, episodes, self._settings.evaluation_seconds, video, steps)
        result = request | found.to_mapping()
        self._state.add_evaluation(result)
        run.note_evaluation(result, steps)
        self._over = bool(self._told(result)) or self._over
