# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""The whole loop in one process, without ROS: driver, controller, collector and learner take turns."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from ros_rl.backends import make_backend
from ros_rl.deploy.onnx_graph import OnnxGraph
from ros_rl.features import ObservationSpec
from ros_rl.runtime.control_loop import ControlLoop
from ros_rl.runtime.driver_loop import DriverLoop
from ros_rl.runtime.transition_builder import TransitionBuilder
from ros_rl.settings.tree import Settings
from ros_rl.training.earlier_log import TickReader
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
    success: dict[str, float]
    """The task's measures, mean over the episode."""
    metrics: dict[str, float]


def train_locally(settings: Settings, read_ticks: TickReader | None = None) -> Iterator[Progress]:
    """Train in this process; yields after every episode. The same parts as the node graph, called in turn.

    An agent that learns from a log has no episodes; it yields once, when it has learned.

    Args:
        settings: Of the run.
        read_ticks: Reads MCAP logs; None where there is no ROS.
    """
    control, robot = settings.control, settings.load_robot()
    spec = ObservationSpec(robot, settings.task.observation, control.delay)
    training = TrainingLoop(settings, spec, read_ticks)
    if not training.total_steps:
        yield _learned_offline(training)
        return
    backend = make_backend(settings, settings.seed)
    driver = DriverLoop(robot, settings.task, backend, control.rate_hz, control.delay, settings.seed)
    builder = TransitionBuilder(spec, settings.task, control.period)
    loop = ControlLoop(spec, settings.task.name, control.period, settings.seed, 1.0)
    tick, total = driver.start(), 0.0
    sums: dict[str, float] = {}
    metrics: dict[str, float] = {}
    try:
        while not training.done:
            training.note_steps(tick.env_steps)
            verdict, transition = builder.add(tick)
            if transition is not None:
                training.add(transition)
                total += transition.reward
                sums = {k: sums.get(k, 0.0) + v for k, v in builder.success.items()}
            while training.train_due:
                metrics = training.train()
            if training.graph_due:
                loop.use(OnnxGraph(training.graph(), settings.controller.threads))
            if verdict is Verdict.CONTINUE:
                driver.accept(loop.step(tick).command)
            elif tick.step and loop.graph is not None:
                means = {k: v / tick.step for k, v in sums.items()}
                yield Progress(training, loop.graph, total, tick.step, verdict is Verdict.TERMINATED, means, metrics)
                total, sums = 0.0, {}
            tick = driver.advance(verdict)
    finally:
        backend.close()


def _learned_offline(training: TrainingLoop) -> Progress:
    metrics: dict[str, float] = {}
    while training.train_due:
        metrics = training.train()
    graph = OnnxGraph(training.graph(), training.settings.controller.threads)
    return Progress(training, graph, 0.0, 0, False, {}, metrics)
