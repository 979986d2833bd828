# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Which loggers there are for the curves of a training, those of other packages included."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterable

from ros_rl.errors import MissingDependencyError
from ros_rl.plugins import LOGGERS_GROUP, find_plugins, load_plugin

TENSORBOARD, WANDB = "tensorboard", "wandb"
LOGGER_NAMES = (TENSORBOARD, WANDB, *find_plugins(LOGGERS_GROUP))


def check_loggers(names: Iterable[str]) -> None:
    """See to it that what loggers write with is installed. TensorBoard may be missing: it is asked for by default.

    Raises:
        MissingDependencyError: A package is not installed.
        ConfigError: A logger of another package cannot be imported.
    """
    others = find_plugins(LOGGERS_GROUP)
    for name in names:
        if name == WANDB and importlib.util.find_spec(WANDB) is None:
            raise MissingDependencyError(WANDB, WANDB)
        if name in others:
            load_plugin(others[name])
