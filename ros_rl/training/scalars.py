# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Curves for TensorBoard, where it is installed."""

from __future__ import annotations

import logging
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any


class ScalarLog:
    """Writes event files; without a folder or TensorBoard, or once the disk is full, it does nothing.

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
        try:
            self._writer = SummaryWriter(log_dir=str(folder))
        except OSError as error:
            self._give_up(error)

    def write(self, group: str, values: Mapping[str, float], step: int) -> None:
        """Write finite numbers at an environment step."""
        if self._writer is None:
            return
        try:
            for name, value in values.items():
                if math.isfinite(value):
                    self._writer.add_scalar(f"{group}/{name}", value, step)
        except OSError as error:  # of an earlier one, too: a thread of TensorBoard's writes them
            self._give_up(error)

    def close(self) -> None:
        """Write what is left."""
        if self._writer is not None:
            try:
                self._writer.close()
            except OSError as error:
                self._give_up(error)

    def _give_up(self, error: OSError) -> None:
        self._writer = None
        logging.getLogger(__name__).warning("no more curves are written for TensorBoard: %s", error.strerror)
