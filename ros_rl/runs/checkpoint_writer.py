# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Writes a run's checkpoints; the last two and the best are kept.

``scores.json`` beside them holds what evaluations made of them.
"""

from __future__ import annotations

import json
import os
import shutil
import threading
import zlib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from ros_rl.formats.arrays import write_arrays
from ros_rl.runs.checkpoints import FORMAT, MANIFEST, PARTIAL, Checkpoint, canonical, checkpoints
from ros_rl.runs.durable import ChecksummedFile, sync_folder, write_whole
from ros_rl.runs.write_ahead import segments

_SCORES = "scores.json"
_KEPT = 2


class CheckpointFiles:
    """Takes the files of a checkpoint that is being written.

    Args:
        folder: Of the checkpoint.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.written: dict[str, dict[str, int]] = {}
        """Size and checksum by name."""

    def arrays(self, name: str, arrays: Mapping[str, np.ndarray], about: Any = None) -> None:
        """Write arrays, and a note about them; see `write_arrays`."""
        with ChecksummedFile(self._folder / name) as file:
            write_arrays(file, arrays, about)
        self._note(name, file)

    def json(self, name: str, content: Any) -> None:
        """Write what JSON can hold."""
        with ChecksummedFile(self._folder / name) as file:
            file.write(json.dumps(content).encode())
        self._note(name, file)

    def _note(self, name: str, file: ChecksummedFile) -> None:
        self.written[name] = {"size": file.size, "crc32": file.checksum}


class Checkpoints:
    """Writes a run's checkpoints, and removes those that are no longer needed.

    Args:
        root: The run's ``checkpoint`` folder; it need not exist.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self._lock = threading.Lock()
        self._scores: dict[int, float] = _read_scores(root)
        self._judged: int | None = None  # the newest whose score is awaited
        self._distrusted: set[int] = set()

    @property
    def last_number(self) -> int:
        """The largest that is taken, by a checkpoint or by what came after one; 0 before the first."""
        return max([0, *(item.number for item in checkpoints(self.root)), *segments(self.root)])

    @property
    def recent(self) -> list[Checkpoint]:
        """The last two that can be trusted, the newest first."""
        return [item for item in checkpoints(self.root) if item.number not in self._distrusted][:_KEPT]

    def go_on_from(self, number: int) -> None:
        """Keep none of those that are newer than the one that a run went on from: they are damaged, or passed over."""
        self._distrusted.update(item.number for item in checkpoints(self.root) if item.number > number)

    def write(self, steps: int, fill: Callable[[CheckpointFiles], None], judged: bool = False) -> Checkpoint:
        """Write a checkpoint, and remove those that neither are among the last two nor the best.

        Args:
            steps: Environment steps so far.
            fill: Writes its files.
            judged: Whether an evaluation of it is on its way.

        Raises:
            OSError: The disk is full, or the folder cannot be written; nothing of the checkpoint stays.
        """
        self.root.mkdir(parents=True, exist_ok=True)
        number = self.last_number + 1
        partial = self.root / f"{PARTIAL}{number:05d}"
        checkpoint = Checkpoint(self.root / f"{number:05d}_at_{steps}", number, steps)
        self._remove_partial()
        try:
            partial.mkdir()
            files = CheckpointFiles(partial)
            fill(files)
            content = {"format": FORMAT, "env_steps": steps, "files": files.written}
            files.json(MANIFEST, {"crc32": zlib.crc32(canonical(content)), "content": content})
            sync_folder(partial)
            os.replace(partial, checkpoint.path)
            sync_folder(self.root)
        except BaseException:
            self._remove_partial()
            raise
        with self._lock:
            if judged:
                self._judged = number
            self._prune()
        return checkpoint

    def note_score(self, steps: int, score: float) -> None:
        """Take what an evaluation made of the checkpoint that was written when it was asked for."""
        with self._lock:
            for item in checkpoints(self.root):
                if item.steps == steps:
                    self._scores[item.number] = score
                    self._judged = None if self._judged == item.number else self._judged
                    write_whole(self.root / _SCORES, json.dumps(self._scores).encode())
                    return

    @property
    def best(self) -> int | None:
        """Number of the checkpoint with the largest score; None before the first score."""
        held = {item.number for item in checkpoints(self.root)} - self._distrusted
        return max((number for number in self._scores if number in held), key=self._scores.__getitem__, default=None)

    def _prune(self) -> None:
        kept = {item.number for item in self.recent} | {self.best, self._judged}
        for item in checkpoints(self.root):
            if item.number not in kept:
                gone = self.root / f"{PARTIAL}{item.path.name}"  # one that is half deleted must not look like one
                os.replace(item.path, gone)
                shutil.rmtree(gone, ignore_errors=True)
                self._scores.pop(item.number, None)

    def _remove_partial(self) -> None:
        for folder in self.root.glob(f"{PARTIAL}*"):
            shutil.rmtree(folder, ignore_errors=True)


def _read_scores(root: Path) -> dict[int, float]:
    """Scores by number; none if there is no such file, or it is damaged: they only choose what is kept."""
    try:
        content = json.loads((root / _SCORES).read_text())
        return {int(number): float(score) for number, score in content.items()}
    except (OSError, ValueError, TypeError, AttributeError):
        return {}
