# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""What the nodes of a run told last."""

from __future__ import annotations

import logging
import math
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ros_rl.runs.evaluations import append_evaluation, read_evaluations
from ros_rl.runs.totals import TICKS, TOTALS, Totals, number, read_totals


@dataclass
class RunState:
    """The newest of what the nodes told.

    Attributes:
        progress: Figures by name, from the learner (or, without one, from the transitions).
        evaluations: Results in the order of their steps, the final one among them.
        status: Level and message of each node's diagnostics, by node.
        figures: Values of each node's diagnostics, by node.
        heard: When each node was heard last, by its diagnostics or at first by its coming up [s of `time.monotonic`].
        folder: Of the run, where evaluations and totals are kept; None: nowhere.
        earlier: What processes told that are gone: nodes that were started again, and the parts of a run before it
            went on.
    """

    progress: dict[str, float] = field(default_factory=dict)
    evaluations: list[dict[str, Any]] = field(default_factory=list)
    status: dict[str, tuple[int, str]] = field(default_factory=dict)
    figures: dict[str, dict[str, str]] = field(default_factory=dict)
    heard: dict[str, float] = field(default_factory=dict)
    folder: Path | None = None
    earlier: Totals = field(default_factory=Totals)
    _began: float = field(default_factory=time.monotonic)
    _kept: float = -math.inf

    def go_on(self, folder: Path, earlier: Path | None = None) -> None:
        """Keep evaluations and totals in a folder from here on, after those of it, or of the run that goes on in it.

        Args:
            folder: Of the run.
            earlier: Folder of the run that goes on, where that is another one.
        """
        if earlier is not None and earlier.resolve() != folder.resolve() and not read_evaluations(folder):
            for result in read_evaluations(earlier):
                append_evaluation(folder, result)
        self.earlier = read_totals(folder if earlier is None or (folder / TOTALS).exists() else earlier)
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

    def hear(self, node: str, level: int, message: str, figures: dict[str, str]) -> None:
        """Take a node's diagnostics."""
        before = self.number(node, TICKS)
        self.status[node], heard = (level, message), {node: figures}
        self.heard[node] = time.monotonic()
        if number(heard, node, TICKS) < before:
            self._fold(node)
        self.figures |= heard

    def come_up(self, node: str) -> None:
        """A node has answered that it is up: one that then hangs before its first diagnostics is silent from here."""
        self.heard.setdefault(node, time.monotonic())

    def forget(self, node: str) -> None:
        """What a node told before its process was a new one holds no longer, but for what it counted."""
        self._fold(node)
        self.status.pop(node, None)
        self.figures.pop(node, None)
        self.heard.pop(node, None)

    def silence(self, node: str, now: float) -> float:
        """For how long a node has told nothing [s]; 0 before it is up."""
        return now - self.heard.get(node, now)

    def _fold(self, node: str) -> None:
        self.earlier = self.earlier.plus(Totals.of({node: self.figures.get(node, {})}))

    @property
    def totals(self) -> Totals:
        """Of all processes and parts of the run so far."""
        return self.earlier.plus(Totals.of(self.figures, (time.monotonic() - self._began) / 60))

    def keep_totals(self, every: float = 0.0) -> None:
        """Write the totals to the folder, if they are older there than this [s]."""
        now = time.monotonic()
        if self.folder is None or now - self._kept < every:
            return
        self._kept = now
        try:
            self.totals.write(self.folder)
        except OSError as error:
            logging.getLogger(__name__).warning("the totals are not kept: %s", error.strerror)

    def number(self, node: str, name: str) -> float:
        """A figure of a node's diagnostics; nan if it gave none."""
        return number(self.figures, node, name)
