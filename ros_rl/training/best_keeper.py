# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Keeps the control graph that did best in an evaluation."""

from __future__ import annotations

import math
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ros_rl.deploy.export import with_provenance
from ros_rl.runs.best import JUDGED, SCORE, best_controller
from ros_rl.runs.durable import write_whole
from ros_rl.runs.run_folder import BEST

_WAITING = 4  # evaluations that are not answered yet; the graphs of older ones are let go


class BestKeeper:
    """Remembers what is being evaluated, and writes the best of it into the run's folder.

    Args:
        folder: Of the run.
        earlier: Folder of the run that goes on, where that is another one; its best is the best so far.

    Raises:
        OSError: The best so far cannot be taken over.
    """

    def __init__(self, folder: Path, earlier: Path | None = None) -> None:
        self._folder = folder
        self._waiting: dict[int, bytes] = {}
        if earlier is not None and (earlier / BEST).is_file() and not (folder / BEST).exists():
            shutil.copy(earlier / BEST, folder / BEST)
        best = best_controller(folder)
        self._score = -math.inf if best is None else float(best[SCORE])

    def asked(self, env_steps: int, graph: bytes) -> None:
        """An evaluation of a control graph (ONNX) was asked for, after so many environment steps."""
        self._waiting[env_steps] = graph
        while len(self._waiting) > _WAITING:
            del self._waiting[min(self._waiting)]

    def answered(self, env_steps: int, result: Mapping[str, Any], score: float) -> None:
        """Take what an evaluation found; of two that are equally good, the later one is kept.

        Args:
            env_steps: After which it was asked for.
            result: What it found.
            score: What it is chosen by; not finite: it failed.

        Raises:
            OSError: The disk is full, or the folder cannot be written; the best so far stays.
        """
        graph = self._waiting.pop(env_steps, b"")
        if not graph or not math.isfinite(score) or score < self._score:
            return
        numbers = {name: value for name, value in result.items() if isinstance(value, (int, float))}
        marked = with_provenance(graph, {SCORE: score, JUDGED: {**numbers, "env_steps": env_steps}})
        write_whole(self._folder / BEST, marked)
        self._score = score
