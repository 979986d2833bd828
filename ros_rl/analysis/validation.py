# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""One control graph in two simulators, or on a robot's log and in a simulator: how alike it moves, and does it hold."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass, field, fields, replace
from pathlib import Path

from ros_rl.analysis.behaviour import EFFORTS, Difference, Quantity, behaviour, differences
from ros_rl.deploy.onnx_graph import OnnxGraph
from ros_rl.errors import ConfigError, DataError, RosRlError
from ros_rl.runs.run_folder import CONFIG, LOG
from ros_rl.runs.summary import curve
from ros_rl.runtime.evaluation import Evaluation, Evaluator
from ros_rl.settings.backends import BackendSettings
from ros_rl.settings.recorded import load_run
from ros_rl.settings.registry import BACKEND_SETTINGS
from ros_rl.settings.tree import Settings
from ros_rl.tasks.milestone import Milestone
from ros_rl.types import Tick


@dataclass(frozen=True)
class Side:
    """What happened on one of the two sides.

    Attributes:
        name: Of the simulator, or ``log``.
        quantities: See `behaviour`.
        evaluation: What the episodes came to; None of a log.
    """

    name: str
    quantities: dict[str, Quantity]
    evaluation: Evaluation | None = None

    @property
    def held(self) -> float:
        """Share of its episodes that the task succeeds in or, where it knows of no success, that nothing ended early.

        1 of a log.
        """
        found = self.evaluation
        if found is None:
            return 1.0
        return 1.0 - found.terminations / found.episodes if found.success_rate is None else found.success_rate


@dataclass(frozen=True)
class Validation:
    """Two sides, the one that is known first.

    Attributes:
        one: Of the simulator that the agent is known in, or of the log.
        other: Of the second.
        bound: What `passed` asks: the least share of the second's episodes that hold or, of a log, the largest
            statistic of a difference.
        missed: What else the second falls short of, in words; empty: nothing.
        differences: Between them, the largest first.
    """

    one: Side
    other: Side
    bound: float
    missed: str = ""
    differences: list[Difference] = field(default_factory=list)

    @property
    def of_log(self) -> bool:
        """Whether one side is a robot's log, of which nobody knows how its episodes ended."""
        return self.one.evaluation is None

    @property
    def passed(self) -> bool:
        """The verdict."""
        if self.of_log:
            return not self.differences or self.differences[0].statistic <= self.bound
        return self.other.held >= self.bound and not self.missed


def in_simulator(settings: Settings, name: str) -> Settings:
    """The same run in another simulator, with what both let be set: noise, friction, latency, rates.

    Raises:
        ConfigError: It is none, or cannot be this robot or scene.
    """
    kind, own = BACKEND_SETTINGS[name], settings.driver.backend
    if not kind.knows_truth:
        raise ConfigError(f"driver '{name}' is no simulator that tells how an episode went")
    shared = {item.name for item in fields(kind)} & {item.name for item in fields(own)}
    backend: BackendSettings = kind(**{key: getattr(own, key) for key in shared})
    found = replace(settings, driver=replace(settings.driver, backend=backend))
    backend.check_robot(found.load_robot())
    return found


def simulate(
    graph: OnnxGraph, settings: Settings, episodes: int, seconds: float, watch: Callable[[Tick], None]
) -> Side:
    """Let a graph act in the simulator of its settings.

    Args:
        graph: What acts.
        settings: Of the run.
        episodes: How many.
        seconds: Length of each [s].
        watch: Sees every tick.
    """
    ticks: list[Tick] = []

    def seen(tick: Tick) -> None:
        ticks.append(tick)
        watch(tick)

    evaluator = Evaluator(settings, settings.seed)
    try:
        found = evaluator.evaluate(graph, episodes, seconds, watch=seen)
    finally:
        evaluator.close()
    return Side(settings.driver.backend_name, behaviour(settings.load_robot(), ticks), found)


def from_log(path: Path, settings: Settings) -> Side:
    """What a robot did, from its log; without efforts where its driver, as the log's run names it, measures none.

    Raises:
        DataError: There is no such log, it is not of this robot, or holds no two ticks that follow each other.
    """
    from ros_rl.nodes.log_reader import read_ticks

    robot = settings.load_robot()
    quantities = behaviour(robot, read_ticks(path, robot))
    if not quantities:
        raise DataError(f"log {path} has no two ticks that follow each other while commands acted")
    if not _measures_effort(path):
        quantities.pop(EFFORTS, None)
    return Side("log", quantities)


def _measures_effort(path: Path) -> bool:
    """Whether the driver of a log's run measures efforts; without the run, or its settings, nobody knows better."""
    folder = path.absolute() if path.is_dir() else path.absolute().parent
    runs = (folder, folder.parent) if folder.name == LOG else (folder,)
    config = next((run / CONFIG for run in runs if (run / CONFIG).is_file()), None)
    if config is None:
        return True
    try:
        return load_run(config).driver.backend.measures_effort
    except RosRlError as error:
        logging.getLogger(__name__).warning("%s; efforts are held against each other as if they were measured", error)
        return True


def compared(one: Side, other: Side, bound: float, milestone: Milestone | None = None) -> Validation:
    """The two held against each other; see `Validation`.

    Args:
        one: The side that is known.
        other: The second.
        bound: See `Validation`.
        milestone: The task's, which counts where the task knows of no success.
    """
    found, missed = other.evaluation, ""
    if milestone is not None and found is not None and found.success_rate is None:
        missed = milestone.missed(curve([found.to_mapping()])[0])
    return Validation(one, other, bound, missed, differences(one.quantities, other.quantities))
