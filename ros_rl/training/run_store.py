# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""What a training leaves to go on from: checkpoints, and what came since the last of them."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from ros_rl.runs.checkpoint_writer import CheckpointFiles, Checkpoints
from ros_rl.runs.checkpoints import PARTIAL, Checkpoint
from ros_rl.runs.durable import sync_folder
from ros_rl.runs.records import Record
from ros_rl.runs.write_ahead import WriteAhead, segment, segments


class RunStore:
    """Writes both. Of what came since, as much is kept as the older of the last two checkpoints needs.

    Args:
        root: The run's ``checkpoint`` folder.
        resumed: Where the training went on, if it did.

    Raises:
        OSError: What it goes on from cannot be taken over from another folder.
    """

    def __init__(self, root: Path, resumed: ResumedFrom | None = None) -> None:
        self._root, self._checkpoints = root, Checkpoints(root)
        self._ahead: WriteAhead | None = None
        self._base = 0  # number of the file that is appended to
        self.complete = resumed is None or resumed.newest
        """Whether what is here leads to where the training is; if not, a checkpoint is needed first."""
        self._passed_over = not self.complete  # what came after the checkpoint that was named is of another story
        if resumed is None:
            return
        if self.complete and resumed.root.resolve() != root.resolve():
            _copy(resumed, root)
        if resumed.newest or resumed.root.parent.resolve() == root.resolve():
            self._checkpoints.go_on_from(resumed.number)
        self._base = max([resumed.number, *segments(root)])

    def write_down(self, record: Record) -> str:
        """Write down what came or was done; gives a word, once, when that fails.

        After that nothing is written down until the next checkpoint, since there would be a gap.
        """
        if not self.complete:
            return ""
        try:
            if self._ahead is None:
                self._ahead = WriteAhead(segment(self._root, self._base))
            self._ahead.append(record)
        except OSError as error:
            self.complete = False
            return (
                f"{segment(self._root, self._base)}: {error.strerror}; training goes on, what comes until the next "
                "checkpoint would be lost in a crash"
            )
        return ""

    def checkpoint(self, steps: int, fill: Callable[[CheckpointFiles], None], judged: bool) -> None:
        """Write a checkpoint; what came before it is no longer needed, but by the one before.

        Args:
            steps: Environment steps so far.
            fill: Writes its files.
            judged: Whether an evaluation of it is on its way.

        Raises:
            OSError: The disk is full, or the folder cannot be written; nothing half-written stays.
        """
        written = self._checkpoints.write(steps, fill, judged)
        self.close()
        recent = self._checkpoints.recent
        oldest = written.number if self._passed_over else recent[-1].number if len(recent) > 1 else 0
        self._base, self.complete, self._passed_over = written.number, True, False
        for number, file in segments(self._root).items():
            if number < oldest:
                file.unlink()

    def note_score(self, steps: int, score: float) -> str:
        """Take what an evaluation made of a checkpoint; gives a word when it cannot be written."""
        try:
            self._checkpoints.note_score(steps, score)
        except OSError as error:
            return f"the score of the checkpoint at {steps} steps is not written: {error.strerror}"
        return ""

    def close(self) -> None:
        """Bring all to the disk."""
        if self._ahead is not None:
            self._ahead.close()
            self._ahead = None


@dataclass(frozen=True)
class ResumedFrom:
    """Where a training went on.

    Attributes:
        root: The folder that was named.
        checkpoint: The checkpoint there; None: the run ended before its first.
        newest: Whether what came since is part of it; not if one checkpoint was named.
        elsewhere: Whether it was in another world, whose evaluations say nothing about this one.
    """

    root: Path
    checkpoint: Checkpoint | None
    newest: bool
    elsewhere: bool = False

    @property
    def number(self) -> int:
        """Of the checkpoint; 0 before the first."""
        return self.checkpoint.number if self.checkpoint is not None else 0


def _copy(resumed: ResumedFrom, root: Path) -> None:
    """Bring what a training went on from into another run's folder."""
    root.mkdir(parents=True, exist_ok=True)
    for number, file in segments(resumed.root).items():
        if number >= resumed.number:
            shutil.copy(file, segment(root, number))
    if resumed.checkpoint is not None:  # last: what came since means nothing without it, but with it all is here
        partial = root / f"{PARTIAL}copy"
        shutil.rmtree(partial, ignore_errors=True)
        shutil.copytree(resumed.checkpoint.path, partial)
        os.replace(partial, root / resumed.checkpoint.path.name)
        sync_folder(root)
