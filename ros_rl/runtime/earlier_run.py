# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""What a training takes over from an earlier run: its transitions, or its planner."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import torch

from ros_rl.agents.distil import DistilAgent
from ros_rl.config import variant_name
from ros_rl.errors import ConfigError, RunFolderError
from ros_rl.features import ObservationSpec
from ros_rl.model_based_settings import MpcLearnerSettings
from ros_rl.replay.buffer import ReplayBuffer
from ros_rl.runtime.run_folder import CHECKPOINT, CONFIG
from ros_rl.settings import AGENT_SETTINGS, Settings, load_settings
from ros_rl.types import Transition


def run_settings(path: Path) -> Settings:
    """The settings of a run.

    Raises:
        RunFolderError: The folder holds none.
        ConfigError: They cannot be read.
    """
    if not (path / CONFIG).is_file():
        raise RunFolderError(f"{path} holds no run ({CONFIG})")
    return load_settings(None, path / CONFIG)


def layout(settings: Settings) -> str:
    """The observation of a run in words: robot, fields and their sizes, delay."""
    spec = ObservationSpec(settings.load_robot(), settings.task.observation, settings.control.delay)
    fields = ", ".join(f"{field.name}[{field.size}]" for field in spec.fields)
    return f"{fields} of robot '{spec.robot.name}'"


def take_log(replay: ReplayBuffer, path: str, settings: Settings) -> None:
    """Fill a replay buffer with what a run did.

    Args:
        replay: Empty; it takes the newest transitions that it can hold.
        path: ``agent.log``: the run's folder.
        settings: Of the training that begins.

    Raises:
        ConfigError: No path, or the run's observations are others.
        RunFolderError: There is no such run, or it left no transitions.
    """
    if not path:
        raise ConfigError("agent.log is '', allowed: the folder of the run whose actions are cloned")
    recorded = _check_layout("agent.log", Path(path), settings)
    file = Path(path) / CHECKPOINT / "replay.npz"
    if not file.is_file():
        raise RunFolderError(f"agent.log {path} holds no transitions ({CHECKPOINT}/{file.name})")
    log = _read(file, recorded)
    count = min(len(log), replay.capacity)
    if not count:
        raise RunFolderError(f"agent.log {path} holds no transitions: {file.name} is empty")
    b = log.at((log.added - count + np.arange(count)) % log.capacity)
    rows = zip(b.observation, b.action, b.reward, b.next_observation, b.terminated, strict=True)
    for tick, (before, action, reward, after, terminated) in enumerate(rows):
        replay.add(Transition(tick, 0, before, action, float(reward), after, bool(terminated), False))


def _read(file: Path, recorded: Settings) -> ReplayBuffer:
    spec = ObservationSpec(recorded.load_robot(), recorded.task.observation, recorded.control.delay)
    log = ReplayBuffer(recorded.learner.replay_capacity, spec.size, spec.action_size)
    try:
        log.load(file)
    except Exception as error:  # zip, pickle and numpy have no common error for a broken file
        raise RunFolderError(f"{file} is broken: {error}") from None
    return log


def take_teacher(agent: DistilAgent, path: str, settings: Settings) -> None:
    """Give a `distil` agent the planner of a finished run.

    Args:
        agent: The agent.
        path: ``agent.teacher``: the run's folder.
        settings: Of the training that begins.

    Raises:
        ConfigError: The run's observations are others.
        RunFolderError: There is no such run, it has no planner, or its networks are of other sizes.
    """
    recorded = _check_layout("agent.teacher", Path(path), settings)
    if not isinstance(recorded.agent, MpcLearnerSettings):
        name = variant_name(AGENT_SETTINGS, recorded.agent)
        raise RunFolderError(f"agent.teacher {path} is a run of agent '{name}', which has no planner")
    file = Path(path) / CHECKPOINT / "learner.pt"
    if not file.is_file():
        raise RunFolderError(f"agent.teacher {path} holds no checkpoint ({CHECKPOINT}/{file.name})")
    state: dict[str, Any] = torch.load(file, weights_only=True)
    try:
        agent.take_teacher(state["agent"])
    except (RuntimeError, KeyError) as error:
        line = (str(error).splitlines() or [""])[-1].strip()
        raise RunFolderError(
            f"agent.teacher {path} does not fit agent.hidden, agent.critics, agent.layer_norm or agent.model: {line}"
        ) from None


def _check_layout(key: str, path: Path, settings: Settings) -> Settings:
    recorded = run_settings(path)
    observations = layout(recorded), layout(settings)
    if observations[0] != observations[1] or recorded.control.rate_hz != settings.control.rate_hz:
        raise ConfigError(
            f"{key} {path} observes {observations[0]} at {recorded.control.rate_hz:g} Hz, "
            f"this run {observations[1]} at {settings.control.rate_hz:g} Hz"
        )
    return recorded
