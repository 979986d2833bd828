# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Brings back what a run left in its folder: its settings, its replay buffer and its learner."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from ros_rl.agents.factory import round_agent
from ros_rl.config import expand, iterate
from ros_rl.errors import ConfigError, RunFolderError
from ros_rl.features import ObservationSpec
from ros_rl.layout import Layout
from ros_rl.runs.checkpoints import has_checkpoint
from ros_rl.runs.run_folder import CHECKPOINT, CONFIG
from ros_rl.settings.recorded import load_run
from ros_rl.settings.tree import Settings
from ros_rl.tasks.gym_task import GymTask
from ros_rl.training.earlier_run import layout, run_settings
from ros_rl.training.training_loop import TrainingLoop

_OF_GRAPH = ("task.", "agent.", "robot", "control.")
"""Settings that a control graph is made of; all others are free where it acts."""


def graph_of_run(path: Path, task: str, overrides: Iterable[str | Mapping[str, Any]]) -> tuple[Settings, bytes]:
    """Settings for acting, and the control graph of a run's networks for them.

    Args:
        path: The run's folder; its settings hold but for the overrides.
        task: The task to act on, which may be another than the run's.
        overrides: Settings that replace the run's own, as `load_settings` takes them.

    Raises:
        RunFolderError: There is no run that learned something.
        ConfigError: An override is wrong, or the run's networks do not fit it.
    """
    own = run_settings(path).task
    if isinstance(own, GymTask) and task != own.name:
        raise RunFolderError(f"{path} is a run of {own.title}, not of a robot: --env {own.title} in place of {task}")
    other = [{"task": {"name": task}}] if task != own.name else []
    settings = load_run(path / CONFIG, [*other, *overrides])
    asked = {key: value for key, value, _ in iterate(settings) if key.startswith(_OF_GRAPH)}
    return settings, SavedRun(path, [expand(asked)]).training.graph()


class SavedRun:
    """A run that learned something, on the CPU, as exact as its control graphs.

    Args:
        path: Its folder.
        overrides: Settings that replace the run's own, as `load_settings` takes them.
        layout: What its agent saw and did; None for that of the settings' robot and task.

    Raises:
        RunFolderError: There is no run, it has no checkpoint or has learned nothing yet, or the checkpoint does not
            fit the settings.
        ConfigError: An override is wrong.
    """

    def __init__(
        self, path: Path, overrides: Iterable[str | Mapping[str, Any]] = (), layout: Layout | None = None
    ) -> None:
        self.path = path
        self.recorded = run_settings(path)
        """The settings of the run as it was."""
        settings = load_run(path / CONFIG, [*overrides, "learner.device=cpu"])
        if not has_checkpoint(path / CHECKPOINT):
            raise RunFolderError(f"{path} holds no checkpoint: nothing is learned there, or not yet, or it was removed")
        check_fits(self.recorded, settings)
        self.training = TrainingLoop(settings, layout, begins=False)
        self.training.resume(path / CHECKPOINT)
        round_agent(self.training.agent, None)
        if settings.agent.learns and not self.training.rounds:
            raise RunFolderError(f"{path} is a run that has only acted at random so far; nothing was learned")

    @property
    def settings(self) -> Settings:
        """The settings that hold, overrides included."""
        return self.training.settings

    @property
    def layout(self) -> Layout:
        """What its agent sees and does, of a robot or in an environment."""
        return self.training.spec

    @property
    def spec(self) -> ObservationSpec:
        """Layout of the robot's observations."""
        assert isinstance(self.training.spec, ObservationSpec)
        return self.training.spec

    @property
    def agent(self) -> Any:
        """The `Agent` that learned, as the checkpoint left it."""
        return self.training.agent


def check_fits(recorded: Settings, wanted: Settings) -> None:
    """Refuse settings that the networks of a run do not fit.

    Raises:
        ConfigError: Naming the first setting or the observation that differs, with both values.
    """
    own = {key: value for key, value, _ in iterate(recorded)}
    learning = ("learner.device", "learner.precision")
    free = (*recorded.agent.changeable, *learning, *(f"task.{name}" for name in wanted.task.not_planned))
    for key, value, _ in iterate(wanted):
        if not key.startswith(free) and value != own.get(key):
            raise ConfigError(
                f"'{key}' is {value!r}, the run has {own.get(key)!r}; only these may differ: "
                f"{', '.join(name.rstrip('.') for name in free)}"
            )
    _check_judge(recorded, wanted)
    observations = [layout(settings) for settings in (recorded, wanted)]
    if observations[0] != observations[1]:
        raise ConfigError(
            f"task '{wanted.task.name}' observes {observations[1]}, "
            f"the run's networks were made for {observations[0]} of task '{recorded.task.name}'"
        )


def _check_judge(recorded: Settings, wanted: Settings) -> None:
    """What was learned from data cannot be set to something else."""
    if not recorded.agent.learns_task:
        return
    own = {key: value for key, value, _ in iterate(recorded) if key.startswith("task.")}
    free = [f"task.{name}" for name in wanted.task.not_planned]
    for key, value, _ in iterate(wanted):
        if key.startswith("task.") and key not in free and value != own.get(key):
            raise ConfigError(
                f"'{key}' is {value!r}, the run has {own.get(key)!r}; "
                "its reward or termination was learned from its data"
            )
