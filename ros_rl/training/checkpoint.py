# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""What a checkpoint holds of a training, and what must be so that another can go on from it (torch)."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import torch

from ros_rl.config import completed, to_mapping, variant_name
from ros_rl.errors import ConfigError, GraphError, RunFolderError, one_line
from ros_rl.formats.arrays import read_arrays
from ros_rl.replay.buffer import ReplayBuffer
from ros_rl.runs.checkpoint_writer import CheckpointFiles
from ros_rl.runs.checkpoints import LEARNER, REPLAY, SO_FAR, Checkpoint, checkpoints, newest_whole
from ros_rl.runs.write_ahead import segments
from ros_rl.settings.agent import AgentSettings
from ros_rl.settings.registry import AGENT_SETTINGS
from ros_rl.training.state_tree import pack_state, unpack_state


class Resumed(NamedTuple):
    """Where a training went on."""

    checkpoint: Checkpoint | None
    """None: at its beginning."""
    about: Any
    """What `write_state` was given beside it."""
    elsewhere: bool = False
    """Whether what came before was of another world, and says nothing about this one."""


def write_state(
    files: CheckpointFiles, state: Mapping[str, Any], agent: AgentSettings, replay: ReplayBuffer, about: Any
) -> None:
    """Write the files of a checkpoint.

    Args:
        files: Takes them.
        state: What `read_state` is to give; its ``agent`` holds all weights and moments.
        agent: The agent's settings.
        replay: What was learned from.
        about: What else a resumed run needs, as JSON can hold it.

    Raises:
        GraphError: A weight is not finite; nothing is written.
    """
    _check_finite(state["agent"])
    meaning = {"name": variant_name(AGENT_SETTINGS, agent), "settings": to_mapping(agent)}
    files.arrays(LEARNER, *pack_state({**state, **meaning, **_random_state()}))
    files.arrays(REPLAY, *replay.state())
    files.json(SO_FAR, about)


def find_checkpoint(root: Path) -> Checkpoint | None:
    """The newest that is whole; None where all can be done again from the beginning instead.

    Args:
        root: The run's ``checkpoint`` folder, or that of one checkpoint.

    Raises:
        RunFolderError: There is neither.
    """
    try:
        return newest_whole(root)
    except RunFolderError as error:
        if 0 not in segments(root):
            raise
        if checkpoints(root):
            logging.getLogger(__name__).warning("%s; all is done again from the beginning", error)
        return None


def read_state(folder: Path, agent: AgentSettings) -> dict[str, Any]:
    """What `write_state` was given, and the agent's ``settings`` of then.

    Args:
        folder: Of a checkpoint.
        agent: The agent's settings of now.

    Raises:
        RunFolderError: It is of another agent, or its weights mean something else.
    """
    state: dict[str, Any] = unpack_state(*read_arrays(folder / LEARNER))
    own, other = variant_name(AGENT_SETTINGS, agent), state["name"]
    if other != own:
        raise RunFolderError(f"{folder} is a checkpoint of another agent ({other}), this run's is {own}")
    _check_same(folder, state["settings"], agent)
    return state


def read_replay(folder: Path, replay: ReplayBuffer) -> None:
    """Give a replay buffer what a checkpoint holds.

    Raises:
        RunFolderError: The sizes differ.
    """
    try:
        replay.restore(*read_arrays(folder / REPLAY), folder / REPLAY)
    except ConfigError as error:
        raise RunFolderError(str(error)) from None


def read_about(folder: Path) -> Any:
    """What else `write_state` was given."""
    return json.loads((folder / SO_FAR).read_text())


@contextmanager
def fitting(folder: Path, state: Mapping[str, Any]) -> Iterator[None]:
    """While the parts of a state are given to whom they belong; then random numbers go on, too.

    Raises:
        RunFolderError: A part is missing, or has another size.
    """
    try:
        yield
        _take_random_state(state)
    except KeyError as error:
        raise RunFolderError(f"{folder} does not fit this agent: it holds no {error}") from None
    except (RuntimeError, ValueError) as error:
        raise RunFolderError(f"{folder} does not fit this agent: {one_line(error)}") from None


def _check_same(folder: Path, then: Mapping[str, Any], agent: AgentSettings) -> None:
    """Check that an agent's weights mean what they meant.

    Args:
        folder: Of the checkpoint, for messages.
        then: The agent's settings when it was written.
        agent: Those of now.

    Raises:
        RunFolderError: They do not; it names the setting.
    """
    now, then = to_mapping(agent), completed(type(agent), then)
    meaning = agent.meaning(then)
    for name, wanted in agent.meaning(now).items():
        if meaning[name] != wanted:
            raise RunFolderError(
                f"{folder} does not fit this agent: agent.{name} was {then.get(name)}, this run's is {now.get(name)}"
            )


def _check_finite(state: Mapping[str, Any]) -> None:
    """Refuse to keep weights, or an optimiser's moments, from which nothing can be learned any more.

    Raises:
        GraphError: A number is not finite.
    """
    for name, part in state.items():
        if not _finite(part):
            raise GraphError(
                f"'{name}' is not finite, no checkpoint is written: go on from the last one, if there is one, with "
                "--resume and a smaller agent.learning_rate, or what docs/watch.md advises"
            )


def _random_state() -> dict[str, torch.Tensor]:
    """Where torch's random numbers stand: the processor's, and those of the GPU where one is in use."""
    state = {"rng": torch.get_rng_state()}
    return state | ({"rng_cuda": torch.cuda.get_rng_state()} if torch.cuda.is_initialized() else {})


def _take_random_state(state: Mapping[str, Any]) -> None:
    """Go on from what `_random_state` gave, perhaps on a machine without that GPU."""
    torch.set_rng_state(state["rng"])
    if "rng_cuda" in state and torch.cuda.is_initialized():
        torch.cuda.set_rng_state(state["rng_cuda"])


def _finite(part: Any) -> bool:
    if isinstance(part, torch.Tensor):
        return bool(torch.isfinite(part).all())
    return not isinstance(part, Mapping) or all(_finite(value) for value in part.values())
