# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""What the evaluations of a training found: when it has succeeded, and which of its controllers did best."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ros_rl.runs.evaluations import in_a_row, read_evaluations
from ros_rl.settings.tree import Settings
from ros_rl.training.best_keeper import BestKeeper


class Judgements:
    """Follows the evaluations of a training, those of the run that it goes on among them.

    Args:
        settings: Of the run.
        folder: Of the run; None: no controller is kept.
        earlier: Folder of the run that goes on, where that is another one.

    Raises:
        OSError: The best controller so far cannot be taken over.
    """

    def __init__(self, settings: Settings, folder: Path | None, earlier: Path | None = None) -> None:
        self._task, self._wanted = settings.task, settings.learner.stop_at_success
        before = read_evaluations(folder) if folder is not None else []
        self._results: dict[int, Mapping[str, Any]] = {int(result["env_steps"]): result for result in before}
        self._best = BestKeeper(folder, earlier) if folder is not None else None
        self.newest = -1
        """Environment steps of the newest one that was answered here; -1: none."""
        self.succeeded = self._enough()
        """Whether as many in a row succeeded as are to end the training before its time."""

    @property
    def keeps_best(self) -> bool:
        """Whether the graphs that are judged are wanted."""
        return self._best is not None

    def asked(self, env_steps: int, graph: bytes) -> None:
        """A control graph (ONNX) is to be judged, after so many environment steps."""
        if self._best is not None:
            self._best.asked(env_steps, graph)

    def score(self, result: Mapping[str, Any]) -> float:
        """What a controller is chosen by; nan if its evaluation failed."""
        return math.nan if "error" in result else self._task.score(result)

    def answered(self, env_steps: int, result: Mapping[str, Any]) -> None:
        """Take what an evaluation found, and keep what it judged if that is the best so far.

        Args:
            env_steps: After which it was asked for.
            result: What it found.

        Raises:
            OSError: The best controller is not written; all else is done.
        """
        self._results[env_steps] = {**result, "env_steps": env_steps}
        self.succeeded = self.succeeded or self._enough()
        try:
            if self._best is not None:
                self._best.answered(env_steps, result, self.score(result))
        finally:
            self.newest = max(self.newest, env_steps)

    def _enough(self) -> bool:
        return 0 < self._wanted <= in_a_row(self._results.values())
