# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Curves for TensorBoard, where it is installed."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any


class ScalarLog:
    """Writes event files; without a folder or TensorBoard it does nothing.

    Args:
        folder: Of the event files; None for none.
    """

    def __init__(self, folder: Path | None) -> None:
        self._writer: Any = None
        if folder is None:
            return
        try:
            from torch.utils.tensorboard import SummaryWriter
        except ImportError:
            return
        self._writer = SummaryWriter(log_dir=str(folder))

    def write(self, group: str, values: Mapping[str, float], step: int) -> None:
        """Write finite numbers at an environment step."""
        if self._writer is None:
            return
        for name, value in values.items():
            if math.isfinite(value):
                self._writer.add_scalar(f"{group}/{name}", value, step)

    def close(self) -> None:
        """Write what is left."""
        if self._writer is not None:
            self._writer.close()
