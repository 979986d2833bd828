# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Looks into checkpoints, and makes some that hold only what a test needs."""

from pathlib import Path
from typing import Any

from ros_rl.formats.arrays import read_arrays
from ros_rl.replay.buffer import ReplayBuffer
from ros_rl.runs.checkpoint_writer import Checkpoints
from ros_rl.runs.checkpoints import LEARNER, REPLAY, checkpoints
from ros_rl.training.state_tree import pack_state, unpack_state


def newest(root: Path) -> Path:
    """Folder of the newest checkpoint."""
    return checkpoints(root)[0].path


def learner_state(root: Path) -> dict[str, Any]:
    """What the newest checkpoint holds of the learner."""
    return unpack_state(*read_arrays(newest(root) / LEARNER))


def write_state(root: Path, state: dict[str, Any]) -> None:
    """A newer checkpoint that differs in the learner's state."""
    replay = read_arrays(newest(root) / REPLAY)

    def fill(files: Any) -> None:
        files.arrays(LEARNER, *pack_state(state))
        files.arrays(REPLAY, *replay)
        files.json("so_far.json", None)

    Checkpoints(root).write(state["env_steps"], fill)


def save_replay(root: Path, replay: ReplayBuffer) -> None:
    """A checkpoint with nothing but transitions."""
    Checkpoints(root).write(len(replay), lambda files: files.arrays(REPLAY, *replay.state()))


def contents(folder: Path) -> dict[str, bytes]:
    """All files below a folder, by their paths."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
