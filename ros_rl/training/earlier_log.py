# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""What was done earlier, as transitions to learn from: out of a run's checkpoint, or out of an MCAP log."""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from ros_rl.errors import ConfigError, ContractError, DataError, RunFolderError, one_line
from ros_rl.features import ObservationSpec
from ros_rl.layout import LAST_ACTION, Layout
from ros_rl.replay.buffer import ReplayBuffer
from ros_rl.replay.mixture import MixedReplay
from ros_rl.robot import Robot
from ros_rl.runs.checkpoints import REPLAY, has_checkpoint, newest_whole
from ros_rl.runs.run_folder import CHECKPOINT, CONFIG, LOG
from ros_rl.runtime.transition_builder import TransitionBuilder
from ros_rl.settings.loading import override_of
from ros_rl.settings.tree import Settings
from ros_rl.tasks.gym_task import GymTask
from ros_rl.training.earlier_run import check_actions, check_layout, check_measured, run_settings
from ros_rl.types import Tick, Transition

TickReader = Callable[[Path, Robot, Collection[str]], Iterable[Tick]]
"""Reads the ticks of an MCAP log: `ros_rl.nodes.log_reader.read_ticks`, which needs ROS."""

_LOG, _SHOWN = "agent.log", "learner.demonstrations"
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
        raise ConfigError(f"{_LOG} is '', allowed: the folder of a run whose actions are cloned, or an MCAP log")
    for transition in _Earlier(_LOG, Path(path), settings, layout, replay.capacity).transitions(read_ticks):
        replay.add(transition)


def take_demonstrations(
    replay: MixedReplay, settings: Settings, layout: Layout, read_ticks: TickReader | None = None
) -> None:
    """Fill the demonstrations of a replay buffer with what ``learner.demonstrations`` name, each a source of its own.

    Args:
        replay: Takes them.
        settings: Of the training that begins, whose task judges what was shown.
        layout: What its agent sees and does.
        read_ticks: Reads MCAP logs; None where there is no ROS.

    Raises:
        ConfigError: See `take_log`; or there are more of them than the buffer holds.
        RunFolderError: See `take_log`.
    """
    shown = replay.demonstrations
    for path in settings.learner.demonstrations or ():
        for transition in _Earlier(_SHOWN, Path(path), settings, layout).transitions(read_ticks):
            shown.add(replace(transition, source=f"{path} {transition.source}".rstrip()))
    if shown.added > shown.capacity:
        raise ConfigError(
            f"{_SHOWN} hold {shown.added} transitions, learner.replay_capacity is {shown.capacity}; "
            f"allowed: at least {shown.added}"
        )


@dataclass(frozen=True)
class _Earlier:
    """What somebody did earlier, for a training that begins.

    Attributes:
        key: Setting that names it, for messages.
        path: See `take_log`.
        settings: Of the training.
        layout: What its agent sees and does.
        most: Of a checkpoint's transitions only the newest so many are read; None: all.
    """

    key: str
    path: Path
    settings: Settings
    layout: Layout
    most: int | None = None

    def transitions(self, read_ticks: TickReader | None) -> Iterator[Transition]:
        """All of them, judged by this training's task."""
        log, told = self._mcap_log(), f"{self.key} {self.path}"
        if log is None:
            yield from self._of_checkpoint()
        elif not isinstance(self.layout, ObservationSpec):
            raise ConfigError(
                f"{told} is an MCAP log, which robots leave; this run is of environment '{self.layout.name}'"
            )
        elif read_ticks is None:
            raise ConfigError(f"{told} is an MCAP log, which cannot be read without ROS; allowed: a run's checkpoint")
        else:
            self._check_recorder(log)
            yield from self._of_ticks(log, self.layout, read_ticks)

    def _mcap_log(self) -> Path | None:
        """The MCAP log that the path means; None if it is that of a run with a checkpoint, or of nothing."""
        path = self.path
        if path.suffix == ".mcap" or any(path.glob("*.mcap")):
            return path
        if not path.exists() or (path.is_dir() and not any(path.iterdir())):
            why = "it is empty" if path.exists() else "it is not there"
            raise RunFolderError(f"{self.key}: {path} holds no run ({CONFIG}) and no log (*.mcap): {why}")
        return path / LOG if not has_checkpoint(path / CHECKPOINT) and any((path / LOG).glob("*.mcap")) else None

    def _check_recorder(self, log: Path) -> None:
        """Refuse a log whose run says that its actions were others, or that it measured less; an old one may not."""
        folder = log if log.is_dir() else log.parent
        if folder.name != LOG or not (folder.parent / CONFIG).is_file():
            return
        try:
            recorded = run_settings(folder.parent)
        except ConfigError as error:
            logging.getLogger(__name__).warning("%s %s: only its log says what it is of: %s", self.key, log, error)
            return
        check_actions(self.key, self.path, recorded, self.settings)
        check_measured(self.key, self.path, recorded, self.settings)

    def _of_checkpoint(self) -> Iterator[Transition]:
        recorded = check_layout(self.key, self.path, self.settings)
        if not has_checkpoint(self.path / CHECKPOINT):
            raise RunFolderError(f"{self.key} {self.path} holds no transitions ({CHECKPOINT}/, or log/*.mcap)")
        log = self._replay_of(recorded)
        if not len(log):
            raise RunFolderError(f"{self.key} {self.path} holds no transitions: its checkpoint is empty")
        judges = isinstance(self.layout, ObservationSpec) and recorded.task != self.settings.task
        if judges and self.layout is not self.layout.judged:  # type: ignore[attr-defined]
            raise ConfigError(
                f"{self.key} {self.path} was judged by other settings of task '{self.settings.task.name}', and what "
                "its agent saw does not suffice to judge it anew; allowed: the same settings, or a log (*.mcap)"
            )
        for made in log.transitions(self.most):
            seen = slice(0, self.layout.size)
            found = replace(made, observation=made.observation[seen], next_observation=made.next_observation[seen])
            yield self._judged(found) if judges else found

    def _replay_of(self, recorded: Settings) -> ReplayBuffer:
        layout = self.layout
        remembers = isinstance(recorded.task, GymTask) and recorded.agent.learns_model
        size = layout.size + (layout.action_size if remembers and not layout.knows_actions else 0)
        log = ReplayBuffer(recorded.learner.replay_capacity, size, layout.action_size, images=layout.images)
        try:
            log.load(newest_whole(self.path / CHECKPOINT).path / REPLAY)
        except (ConfigError, RunFolderError) as error:
            raise RunFolderError(f"{self.key}: {error}") from None
        return log

    def _judged(self, made: Transition) -> Transition:
        """The same with the reward and the end that this training's task gives it."""
        layout, task = self.layout, self.settings.task
        before, after = layout.split(made.observation), layout.split(made.next_observation)
        goals = {item.name: before[item.name] for item in layout.fields if item.kind == "goal"}
        reward = task.reward(before, before[LAST_ACTION], after[LAST_ACTION], {**after, **goals})
        ended = bool(task.terminated(after))
        return replace(made, reward=float(reward), terminated=ended, truncated=made.truncated and not ended)

    def _of_ticks(self, log: Path, spec: ObservationSpec, read_ticks: TickReader) -> Iterator[Transition]:
        """Made of a log's ticks as the collector makes them."""
        period = self.settings.control.period
        builder = TransitionBuilder(spec, self.settings.task, period)
        last: Tick | None = None
        distances: list[int] = []
        try:
            for tick in read_ticks(log, spec.robot, self.settings.looks):
                if last is not None and (tick.episode, tick.index) == (last.episode, last.index + 1):
                    distances.append(tick.stamp - last.stamp)
                last = tick
                if len(tick.pending_commands) != spec.delay:
                    was = len(tick.pending_commands)
                    raise ConfigError(
                        f"control.delay was {was}, this run's is {spec.delay}: use {override_of('control.delay', was)}"
                    )
                _, transition = builder.add(tick)
                if transition is not None:
                    yield transition
        except (DataError, ContractError) as error:
            raise ConfigError(f"{self.key}: {error}") from None
        except ConfigError as error:
            where = f"tick {last.index}: " if last is not None else ""
            raise ConfigError(f"{self.key} {log}: {where}{one_line(error)}") from None
        if not builder.counts.transitions:
            raise ConfigError(
                f"{self.key} {log} holds no transitions: {builder.counts.ticks} ticks, no two in a row that acted"
            )
        found = float(np.median(distances)) * 1e-9
        if abs(found - period) > _RATE_TOLERANCE * period:
            raise ConfigError(
                f"{self.key} {log} was recorded at {1 / found:.4g} Hz, this run's control.rate_hz is {1 / period:g}: "
                f"use {override_of('control.rate_hz', float(f'{1 / found:.6g}'))}"
            )
