# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Curves and settings for Weights & Biases, for who asks for it."""

from __future__ import annotations

import os
import secrets
from collections.abc import Mapping
from pathlib import Path

from ros_rl.config import iterate
from ros_rl.errors import MissingDependencyError
from ros_rl.settings.loggers import WANDB
from ros_rl.settings.tree import Settings

try:
    import wandb
except ImportError as error:
    raise MissingDependencyError(WANDB, WANDB) from error

_STEPS = "env_steps"
_RUN = "run_id"


class WandbLogger:
    """A run of W&B for a run, `ros_rl.training.scalars.Logger`; a run that goes on goes on there, too.

    What W&B itself reads from the environment holds: ``WANDB_PROJECT`` (default: ros_rl), ``WANDB_MODE=offline``, ...

    Args:
        folder: Of the run; W&B's own files go into its folder ``wandb``.
        settings: Of the run.
    """

    def __init__(self, folder: Path, settings: Settings) -> None:
        own = folder / WANDB
        own.mkdir(exist_ok=True)
        file = own / _RUN
        run_id = file.read_text() if file.is_file() else secrets.token_hex(4)
        file.write_text(run_id)
        self._run = wandb.init(
            project=os.environ.get("WANDB_PROJECT", "ros_rl"),
            name=folder.name,
            id=run_id,
            resume="allow",
            dir=str(folder),
            config={key: value for key, value, _ in iterate(settings)},
        )
        # evaluations come later than the steps that they are of, which W&B's own count of steps does not take
        self._run.define_metric(_STEPS)
        self._run.define_metric("*", step_metric=_STEPS)

    def write(self, values: Mapping[str, float], step: int) -> None:
        """Add numbers at an environment step."""
        self._run.log({**values, _STEPS: step})

    def close(self) -> None:
        """Hand over what is left."""
        self._run.finish()
