# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""What the nodes of a run told last."""

from __future__ import annotations

import logging
import math
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ros_rl.runs.evaluations import append_evaluation, read_evaluations


@dataclass
class RunState:
    """The newest of what the nodes told.

    Attributes:
        progress: Figures by name, from the learner (or, without one, from the transitions).
        evaluations: Results in the order of their steps, the final one among them.
        status: Level and message of each node's diagnostics, by node.
        figures: Values of each node's diagnostics, by node.
        folder: Of the run, where evaluations are kept; None: nowhere.
    """

    progress: dict[str, float] = field(default_factory=dict)
    evaluations: list[dict[str, Any]] = field(default_factory=list)
    status: dict[str, tuple[int, str]] = field(default_factory=dict)
    figures: dict[str, dict[str, str]] = field(default_factory=dict)
    folder: Path | None = None

    def go_on(self, folder: Path, earlier: Path | None = None) -> None:
        """Keep evaluations in a folder from here on, after those that it, or the run that goes on in it, has already.

        Args:
            folder: Of the run.
            earlier: Folder of the run that goes on, where that is another one.
        """
        if earlier is not None and earlier.resolve() != folder.resolve() and not read_evaluations(folder):
            for result in read_evaluations(earlier):
                append_evaluation(folder, result)
        self.evaluations = sorted(read_evaluations(folder), key=lambda item: float(item["env_steps"]))
        self.folder = folder

    def add_evaluation(self, result: dict[str, Any]) -> bool:
        """Take a result; False if it is known already."""
        key = (result["env_steps"], result["final"])
        if any((item["env_steps"], item["final"]) == key for item in self.evaluations):
            return False
        if self.folder is not None:
            try:
                append_evaluation(self.folder, result)
            except OSError as error:
                logging.getLogger(__name__).warning("an evaluation is not kept: %s", error.strerror)
        self.evaluations.append(result)
        self.evaluations.sort(key=lambda item: (item["env_steps"], item["final"]))
        return True

    @property
    def final_evaluation(self) -> dict[str, Any] | None:
        """The evaluation at the end, once it is there; of a run that went on after its end, the newest."""
        return next((item for item in reversed(self.evaluations) if item["final"]), None)

    def number(self, node: str, name: str) -> float:
        """A figure of a node's diagnostics; nan if it gave none."""
        try:
            return float(self.figures.get(node, {}).get(name, "nan"))
        except ValueError:
            return math.nan
