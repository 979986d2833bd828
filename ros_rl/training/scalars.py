# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""The curves of a training, for whoever is to show them: TensorBoard unless told otherwise."""

from __future__ import annotations

import logging
import math
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Protocol

from ros_rl.errors import MissingDependencyError, one_line
from ros_rl.plugins import LOGGERS_GROUP, find_plugins, load_plugin
from ros_rl.settings.loggers import TENSORBOARD, WANDB
from ros_rl.settings.tree import Settings

_LOG = logging.getLogger(__name__)


class Logger(Protocol):
    """Takes a run's numbers somewhere. It is made in the process that learns, with the run's folder and settings.

    Another package names its class by an entry point of the group ``ros_rl.loggers``. Whatever it raises ends its part
    and not the training.
    """

    def write(self, values: Mapping[str, float], step: int) -> None:
        """Take finite numbers by their names (``group/name``) at an environment step; steps may come out of order."""

    def close(self) -> None:
        """Write what is left: the run has ended, or goes on later."""


class ScalarLog:
    """Gives numbers to the loggers of a run's settings; one that fails, as on a full disk, is given no more.

    Args:
        folder: Of the run; None: nothing is kept.
        settings: Of the run.

    Raises:
        MissingDependencyError: What a logger writes with is not installed; where TensorBoard is not, it has no part.
        ConfigError: A logger of another package cannot be imported.
    """

    def __init__(self, folder: Path | None, settings: Settings) -> None:
        self._loggers: dict[str, Logger] = {}
        if folder is None:
            return
        for name in settings.learner.loggers:
            kind = _kind(name)
            if kind is not None:
                self._try(name, partial(self._begin, name, kind, folder, settings))

    def write(self, group: str, values: Mapping[str, float], step: int) -> None:
        """Write finite numbers at an environment step."""
        finite = {f"{group}/{name}": value for name, value in values.items() if math.isfinite(value)}
        for name, logger in list(self._loggers.items()):
            self._try(name, partial(logger.write, finite, step))

    def close(self) -> None:
        """Write what is left."""
        for name, logger in list(self._loggers.items()):
            self._try(name, logger.close)

    def _begin(self, name: str, kind: Callable[[Path, Settings], Logger], folder: Path, settings: Settings) -> None:
        self._loggers[name] = kind(folder, settings)

    def _try(self, name: str, call: Callable[[], None]) -> None:
        try:
            call()
        except Exception as error:  # each writes with libraries of its own, which fail in their own ways
            self._loggers.pop(name, None)
            reason = error.strerror if isinstance(error, OSError) and error.strerror else one_line(error)
            _LOG.warning("no more curves are written for %s: %s", name, reason)


def _kind(name: str) -> Callable[[Path, Settings], Logger] | None:
    """What makes a logger; None where TensorBoard is not installed."""
    if name == TENSORBOARD:
        try:
            from ros_rl.training.tensorboard_logger import TensorBoardLogger
        except MissingDependencyError:
            return None
        return TensorBoardLogger
    if name == WANDB:
        from ros_rl.training.wandb_logger import WandbLogger

        return WandbLogger
    kind: Callable[[Path, Settings], Logger] = load_plugin(find_plugins(LOGGERS_GROUP)[name])
    return kind
