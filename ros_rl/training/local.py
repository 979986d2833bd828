# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""The whole loop in one process, without ROS: driver, controller, collector and learner take turns."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from ros_rl.deploy.onnx_graph import OnnxGraph
from ros_rl.runtime.robot_world import RobotWorld
from ros_rl.settings.tree import Settings
from ros_rl.training.earlier_log import TickReader
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


def train_locally(settings: Settings, read_ticks: TickReader | None = None) -> Iterator[Progress]:
    """Train in this process; yields after every episode. The same parts as the node graph, called in turn.

    An agent that learns from a log has no episodes; it yields once, when it has learned.

    Args:
        settings: Of the run.
        read_ticks: Reads MCAP logs; None where there is no ROS.
    """
    training = TrainingLoop(settings, read_ticks=read_ticks)
    if not training.total_steps:
        yield _learned_offline(training)
        return
    world = RobotWorld(settings, settings.seed, auto_recover=True)
    try:
        yield from _episodes(training, world)
    finally:
        world.close()


def _episodes(training: TrainingLoop, world: RobotWorld) -> Iterator[Progress]:
    control = world.control_loop(explore=1.0)
    run = TrainingRun(training, lambda graph: control.use(OnnxGraph(graph, training.settings.controller.threads)))
    step, total = world.begin_episode(), 0.0
    sums: dict[str, float] = {}
    while True:
        training.note_steps(step.tick.env_steps)
        if step.transition is not None:
            run.add(step.transition, step.metrics)
            total += step.reward
            sums = {k: sums.get(k, 0.0) + v for k, v in step.metrics.items()}
        while run.work():
            pass
        if step.ended and step.tick.step and control.graph is not None:
            means = {k: v / step.tick.step for k, v in sums.items()}
            terminated = step.verdict is Verdict.TERMINATED
            yield Progress(training, control.graph, total, step.tick.step, terminated, means, run.losses)
            total, sums = 0.0, {}
        if training.done:
            return
        step = world.begin_episode() if step.ended else world.step(control.step(step.tick).command)


def _learned_offline(training: TrainingLoop) -> Progress:
    run = TrainingRun(training)
    while run.work():
        pass
    graph = OnnxGraph(training.graph(), training.settings.controller.threads)
    return Progress(training, graph, 0.0, 0, False, {}, run.losses)
