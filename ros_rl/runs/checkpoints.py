# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""The checkpoints of a run: a folder each, written, synced and renamed as one. The last two and the best are kept.

``checkpoint/00003_at_2000/`` is the third, after 2000 environment steps. Its ``manifest.json`` holds size and CRC-32 of
every file in it. `ros_rl.runs.checkpoint_writer` writes them.
"""

from __future__ import annotations

import json
import logging
import re
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ros_rl.errors import RunFolderError
from ros_rl.runs.durable import checksum_of
from ros_rl.runs.records import Stepped, Taken
from ros_rl.runs.write_ahead import read_since, segments

FORMAT = 1
LEARNER, REPLAY, SO_FAR = "learner.safetensors", "replay.safetensors", "so_far.json"
"""Files of a checkpoint."""
MANIFEST = "manifest.json"
_NAME = re.compile(r"(\d{5,})_at_(\d+)")
PARTIAL = "partial_"
"""The name of a folder that is being written or removed begins so."""
_OLD = "learner.pt"


@dataclass(frozen=True)
class Checkpoint:
    """A checkpoint's folder.

    Attributes:
        path: The folder.
        number: Running number within the run; it grows also where the environment steps do not.
        steps: Environment steps before it.
    """

    path: Path
    number: int
    steps: int


def checkpoints(root: Path) -> list[Checkpoint]:
    """The checkpoints below a folder, or the one that the folder is; the newest first, whole or not."""
    here = _read_name(root)
    folders = [root] if here and (root / MANIFEST).is_file() else root.iterdir() if root.is_dir() else ()
    found = [item for folder in folders if (item := _read_name(folder)) is not None]
    return sorted(found, key=lambda item: -item.number)


def _read_name(folder: Path) -> Checkpoint | None:
    match = _NAME.fullmatch(folder.name)
    return Checkpoint(folder, int(match[1]), int(match[2])) if match and folder.is_dir() else None


def newest_whole(root: Path) -> Checkpoint:
    """The newest checkpoint whose files are as they were written; each newer one is named with what is wrong with it.

    Args:
        root: The run's ``checkpoint`` folder, or that of one checkpoint.

    Raises:
        RunFolderError: There is none.
    """
    if (root / _OLD).is_file():
        raise RunFolderError(
            f"{root} is of an earlier version ({_OLD}) and not read any more: train anew, or let its agent.onnx act"
        )
    reasons: list[str] = []
    for item in checkpoints(root):
        reason = damage(item)
        if not reason:
            for problem in reasons:
                logging.getLogger(__name__).warning("damaged checkpoint %s; %s is used", problem, item.path)
            return item
        reasons.append(f"{item.path.name}: {reason}")
    raise RunFolderError(
        f"{root} holds no whole checkpoint: {'; '.join(reasons)}" if reasons else f"{root} holds no checkpoint"
    )


def has_checkpoint(root: Path) -> bool:
    """Whether a folder holds a checkpoint, whole or not, of this version or not."""
    return bool(checkpoints(root)) or (root / _OLD).is_file()


def resumable(root: Path) -> bool:
    """Whether a run can go on from its ``checkpoint`` folder: from a checkpoint, or from what came before the first."""
    return has_checkpoint(root) or 0 in segments(root)


@dataclass(frozen=True)
class Beginning:
    """Where a run goes on.

    Attributes:
        steps: Environment steps that it has come to.
        source: What it reads first, in words.
        came: Transitions that were written down since.
    """

    steps: int
    source: str
    came: int

    def __str__(self) -> str:
        return f"goes on at step {self.steps}: {self.source}, and {self.came} transitions written down since"


def beginning(root: Path) -> Beginning:
    """Where a run goes on.

    Args:
        root: The run's ``checkpoint`` folder, or that of one checkpoint.
    """
    whole = next((item for item in checkpoints(root) if not damage(item)), None)
    number, steps = (whole.number, whole.steps) if whole is not None else (0, 0)
    named = whole is not None and whole.path == root
    records = [] if named else read_since(root, number)
    came = sum(isinstance(record, Taken) for record in records)
    reached = max([steps, *(record.env_steps for record in records if isinstance(record, Stepped))])
    source = f"checkpoint {whole.path.name}" if whole is not None else "what came before the first checkpoint"
    return Beginning(reached, source, came)


def damage(checkpoint: Checkpoint) -> str:
    """What is wrong with a checkpoint's files; empty if they are as they were written."""
    try:
        manifest = json.loads((checkpoint.path / MANIFEST).read_text())
        content = manifest["content"]
        if zlib.crc32(canonical(content)) != manifest["crc32"]:
            return f"{MANIFEST} is not as it was written"
        if content["format"] != FORMAT:
            return f"its format is {content['format']}, this version reads {FORMAT}"
        for name, wanted in content["files"].items():
            size, checksum = checksum_of(checkpoint.path / name)
            if size != wanted["size"]:
                return f"{name} has {size} bytes, written were {wanted['size']}"
            if checksum != wanted["crc32"]:
                return f"{name} is not as it was written (CRC-32)"
    except OSError as error:
        return f"{Path(error.filename or checkpoint.path).name}: {error.strerror}"
    except (ValueError, KeyError, TypeError, AttributeError):
        return f"{MANIFEST} cannot be read"
    return ""


def canonical(content: Any) -> bytes:
    """The bytes that a manifest's own checksum is of."""
    return json.dumps(content, sort_keys=True).encode()
