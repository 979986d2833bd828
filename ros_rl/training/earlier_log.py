# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""What was done earlier, as transitions to learn from: out of a run's checkpoint, or out of an MCAP log."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path

import numpy as np

from ros_rl.errors import ConfigError, ContractError, DataError, RunFolderError, one_line
from ros_rl.features import ObservationSpec
from ros_rl.layout import Layout
from ros_rl.replay.buffer import ReplayBuffer
from ros_rl.robot import Robot
from ros_rl.runs.checkpoints import REPLAY, has_checkpoint, newest_whole
from ros_rl.runs.run_folder import CHECKPOINT
from ros_rl.runtime.transition_builder import TransitionBuilder
from ros_rl.settings.tree import Settings
from ros_rl.tasks.gym_task import GymTask
from ros_rl.training.earlier_run import check_layout
from ros_rl.types import Tick, Transition

TickReader = Callable[[Path, Robot], Iterable[Tick]]
"""Reads the ticks of an MCAP log: `ros_rl.nodes.log_reader.read_ticks`, which needs ROS."""

_KEY = "agent.log"
_RATE_TOLERANCE = 0.05  # of the period; ticks by the clock jitter, the median of their distances hardly


def take_log(
    replay: ReplayBuffer, path: str, settings: Settings, layout: Layout, read_ticks: TickReader | None = None
) -> None:
    """Fill a replay buffer with what was done earlier.

    Args:
        replay: Empty; it keeps the newest transitions that it can hold.
        path: ``agent.log``: an MCAP file, a folder of them, or a run's folder. Of a run its checkpoint is read, and
            its MCAP log if it has left no checkpoint, as ``ros-rl run`` does.
        settings: Of the training that begins.
        layout: What its agent sees and does.
        read_ticks: Reads MCAP logs; None where there is no ROS.

    Raises:
        ConfigError: No path, or what was recorded does not fit this training, is not finite or holds no transitions.
        RunFolderError: There is no such run, or it left no transitions.
    """
    if not path:
        raise ConfigError(f"{_KEY} is '', allowed: the folder of a run whose actions are cloned, or an MCAP log")
    log = _mcap_log(Path(path))
    if log is None:
        _take_checkpoint(replay, Path(path), settings, layout)
    elif not isinstance(layout, ObservationSpec):
        raise ConfigError(
            f"{_KEY} {path} is an MCAP log, which robots leave; this run is of environment '{layout.name}'"
        )
    elif read_ticks is None:
        raise ConfigError(
            f"{_KEY} {path} is an MCAP log, which cannot be read without ROS; allowed: a run's checkpoint"
        )
    else:
        _take_ticks(replay, log, settings, layout, read_ticks)


def _mcap_log(path: Path) -> Path | None:
    """The MCAP log that a path means; None if it is that of a run with a checkpoint, or of nothing."""
    if path.suffix == ".mcap" or any(path.glob("*.mcap")):
        return path
    return path / "log" if not has_checkpoint(path / CHECKPOINT) and any(path.glob("log/*.mcap")) else None


def _take_checkpoint(replay: ReplayBuffer, path: Path, settings: Settings, layout: Layout) -> None:
    recorded = check_layout(_KEY, path, settings)
    if not has_checkpoint(path / CHECKPOINT):
        raise RunFolderError(f"{_KEY} {path} holds no transitions ({CHECKPOINT}/, or log/*.mcap)")
    log = _read(path / CHECKPOINT, recorded, layout)
    count = min(len(log), replay.capacity)
    if not count:
        raise RunFolderError(f"{_KEY} {path} holds no transitions: its checkpoint is empty")
    b = log.newest(count)
    seen = slice(0, layout.size)
    rows = zip(b.observation[:, seen], b.action, b.reward, b.next_observation[:, seen], b.terminated, strict=True)
    for tick, (before, action, reward, after, terminated) in enumerate(rows):
        replay.add(Transition(tick, 0, before, action, float(reward), after, bool(terminated), False))


def _read(root: Path, recorded: Settings, layout: Layout) -> ReplayBuffer:
    remembers = isinstance(recorded.task, GymTask) and recorded.agent.learns_model
    size = layout.size + (layout.action_size if remembers and not layout.knows_actions else 0)
    log = ReplayBuffer(recorded.learner.replay_capacity, size, layout.action_size)
    try:
        log.load(newest_whole(root).path / REPLAY)
    except (ConfigError, RunFolderError) as error:
        raise RunFolderError(f"{_KEY}: {error}") from None
    return log


def _take_ticks(
    replay: ReplayBuffer, path: Path, settings: Settings, spec: ObservationSpec, read_ticks: TickReader
) -> None:
    """Transitions of a log's ticks, made as the collector makes them, for this training's task."""
    builder = TransitionBuilder(spec, settings.task, settings.control.period)
    last: Tick | None = None
    distances: list[int] = []
    try:
        for tick in read_ticks(path, spec.robot):
            if last is not None and (tick.episode, tick.index) == (last.episode, last.index + 1):
                distances.append(tick.stamp - last.stamp)
            last = tick
            _take_tick(replay, builder, tick, spec)
    except (DataError, ContractError) as error:
        raise ConfigError(f"{_KEY}: {error}") from None
    except ConfigError as error:
        where = f"tick {last.index}: " if last is not None else ""
        raise ConfigError(f"{_KEY} {path}: {where}{one_line(error)}") from None
    if not len(replay):
        raise ConfigError(
            f"{_KEY} {path} holds no transitions: {builder.counts.ticks} ticks, no two in a row that acted"
        )
    _check_rate(path, float(np.median(distances)) * 1e-9, settings.control.period)


def _take_tick(replay: ReplayBuffer, builder: TransitionBuilder, tick: Tick, spec: ObservationSpec) -> None:
    delay = len(tick.pending_commands)
    if delay != spec.delay:
        raise ConfigError(f"control.delay was {delay}, this run's is {spec.delay}")
    _, transition = builder.add(tick)
    if transition is not None:
        replay.add(transition)


def _check_rate(path: Path, found: float, period: float) -> None:
    """Refuse a log of another control period [s]."""
    if abs(found - period) > _RATE_TOLERANCE * period:
        raise ConfigError(
            f"{_KEY} {path} was recorded at {1 / found:.4g} Hz, this run's control.rate_hz is {1 / period:g}"
        )
