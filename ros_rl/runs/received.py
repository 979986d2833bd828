# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""What a learner has received so far, kept beside its checkpoint so that a resumed run goes on counting."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from ros_rl.runs.progress import EpisodeStatistics
from ros_rl.runs.senders import SequenceCheck, StepCounter

_FILE = "received.json"


def save_received(folder: Path, check: SequenceCheck, steps: StepCounter, episodes: EpisodeStatistics) -> None:
    """Write what `load_received` reads."""
    content = {
        "transitions": {"newest": check.newest, "received": check.received, "lost": check.lost},
        "steps": vars(steps),
        "episodes": {"episodes": episodes.episodes, "terminations": episodes.terminations},
    }
    (folder / _FILE).write_text(json.dumps(content))


def load_received(folder: Path, source: str, env_steps: int) -> tuple[SequenceCheck, StepCounter, EpisodeStatistics]:
    """What had been received.

    Args:
        folder: Of the checkpoint.
        source: Whom files are about that name no source: those of one robot, written before there could be several.
        env_steps: Steps of the training, where there is no such file.
    """
    file = folder / _FILE
    if not file.is_file():
        return SequenceCheck(), StepCounter(env_steps), EpisodeStatistics()
    content = json.loads(file.read_text())
    if "session" in content["steps"]:
        content |= _named(content, source)
    return (
        SequenceCheck(**_pairs(content["transitions"], "newest")),
        StepCounter(**_pairs(content["steps"], "drivers")),
        EpisodeStatistics(**content["episodes"]),
    )


def _named(content: dict[str, Any], source: str) -> dict[str, Any]:
    packets, steps = content["transitions"], content["steps"]
    newest = {source: (packets["session"], packets["sequence"])}
    return {
        "transitions": {"newest": newest, "received": packets["received"], "lost": packets["lost"]},
        "steps": {"earlier": steps["offset"], "drivers": {source: (steps["session"], steps["last"])}},
    }


def _pairs(values: dict[str, Any], key: str) -> dict[str, Any]:
    """JSON's lists as pairs again."""
    return values | {key: {source: tuple(pair) for source, pair in values[key].items()}}
