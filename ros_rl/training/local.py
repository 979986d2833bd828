# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""The whole loop in one process, without ROS: driver, controller, collector and learner take turns."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ros_rl.deploy.onnx_graph import OnnxGraph
from ros_rl.errors import ConfigError
from ros_rl.runtime.robot_world import RobotWorld, Step
from ros_rl.settings.tree import Settings
from ros_rl.training.earlier_log import TickReader
from ros_rl.training.local_folder import LocalFolder
from ros_rl.training.run import TrainingRun
from ros_rl.training.training_loop import TrainingLoop
from ros_rl.types import Verdict


@dataclass
class Progress:
    """Where a local training stands after an episode."""

    training: TrainingLoop
    graph: OnnxGraph
    episode_return: float
    episode_steps: int
    terminated: bool
    metrics: dict[str, float]
    """The task's metrics, mean over the episode."""
    losses: dict[str, float]
    """Of the last update, by name."""


class Callback:
    """Is told what happens in a local training; override what you need.

    Whatever of it returns True ends the training in order: with a final evaluation and a summary, where there is a
    folder for them.
    """

    def on_step(self, training: TrainingLoop, step: Step) -> bool | None:
        """A tick is over, one of those that begin an episode or one whose transition was learned from."""

    def on_episode(self, progress: Progress) -> bool | None:
        """An episode is over."""

    def on_evaluation(self, evaluation: Mapping[str, Any]) -> bool | None:
        """An evaluation is done, the final one among them (``final``)."""


def train_locally(
    settings: Settings,
    read_ticks: TickReader | None = None,
    folder: Path | None = None,
    callback: Callback | None = None,
    resume: Path | None = None,
) -> Iterator[Progress]:
    """Train in this process; yields after every episode. The same parts as the node graph, called in turn.

    An agent that learns from a log has no episodes; it yields once, when it has learned.

    Args:
        settings: Of the run.
        read_ticks: Reads MCAP logs; None where there is no ROS.
        folder: Of the run, which gets what ``ros-rl train`` leaves but logs: evaluations on the way and at the end,
            curves, checkpoints, control graph and summary. ``ros-rl train --resume`` goes on with it if the iterator is
            closed before its end. None: nothing is left, and nothing is evaluated.
        callback: Is told what happens, and may end the training.
        resume: Folder of the checkpoints of a run, or one of these, to go on from with a new episode, as ``--resume``
            does: all settings but those of the agent's networks may be others now. It takes a `folder`, that of the
            run itself where it was stopped, or another.

    Raises:
        ConfigError: It is to go on without a folder, or is to adapt what no run learned.
        RunFolderError: The folder holds a run already, or cannot be written; or there is nothing to go on from, or it
            is of another agent or size.
    """
    if resume is not None and folder is None:
        raise ConfigError(f"what goes on with {resume} takes a folder of its own: train_locally(..., folder=...)")
    settings.check_goes_on(resume is not None)
    training = TrainingLoop(settings, read_ticks=read_ticks)
    told = callback or Callback()
    if folder is None:
        yield from _train(training, None, told)
        return
    with LocalFolder(folder, settings, told.on_evaluation, resume) as kept:
        yield from _train(training, kept, told)


def _train(training: TrainingLoop, kept: LocalFolder | None, callback: Callback) -> Iterator[Progress]:
    if not training.total_steps:
        yield _learned_offline(training, kept)
        return
    with closing(RobotWorld(training.settings, training.settings.seed, auto_recover=True)) as world:
        yield from _episodes(training, world, kept, callback)


def _episodes(
    training: TrainingLoop, world: RobotWorld, kept: LocalFolder | None, callback: Callback
) -> Iterator[Progress]:
    control = world.control_loop(explore=1.0)
    threads = training.settings.controller.threads
    run = _run(training, kept, lambda graph: control.use(OnnxGraph(graph, threads)))
    step, total = world.begin_episode(), 0.0
    sums: dict[str, float] = {}
    while True:
        _take(run, step, kept)
        if step.transition is not None:
            total += step.reward
            sums = {k: sums.get(k, 0.0) + v for k, v in step.metrics.items()}
        while run.work():
            pass
        over = bool(callback.on_step(training, step))
        if step.ended and step.tick.step and control.graph is not None:
            means = {k: v / step.tick.step for k, v in sums.items()}
            terminated = step.verdict is Verdict.TERMINATED
            progress = Progress(training, control.graph, total, step.tick.step, terminated, means, run.losses)
            over = bool(callback.on_episode(progress)) or over
            yield progress
            total, sums = 0.0, {}
        if kept is not None:
            over = kept.keep_up() or over
        if run.done or over:
            break
        step = world.begin_episode() if step.ended else world.step(control.step(step.tick).command)
    if kept is not None:
        kept.finish()


def _run(training: TrainingLoop, kept: LocalFolder | None, publish: Any = None) -> TrainingRun:
    return TrainingRun(training, publish) if kept is None else kept.begin(training, publish)


def _take(run: TrainingRun, step: Step, kept: LocalFolder | None) -> None:
    """Add what a tick brought, and write it down where there is a folder for it."""
    if kept is not None:
        kept.take(step)
        return
    run.note_steps(step.tick.env_steps)
    if step.transition is not None:
        run.add(step.transition, step.metrics)


def _learned_offline(training: TrainingLoop, kept: LocalFolder | None) -> Progress:
    run = _run(training, kept)
    while run.work():
        pass
    if kept is not None:
        kept.finish()
    graph = OnnxGraph(run.graph or training.graph(), training.settings.controller.threads)
    return Progress(training, graph, 0.0, 0, False, {}, run.losses)
