# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""What a checkpoint's weights must be like to be kept, and to go on from (torch)."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch

from ros_rl.config import to_mapping
from ros_rl.errors import GraphError, RunFolderError
from ros_rl.settings.agent import AgentSettings


def check_same(folder: Path, then: Mapping[str, Any], agent: AgentSettings) -> None:
    """Check that an agent's weights mean what they meant.

    Args:
        folder: Of the checkpoint, for messages.
        then: The agent's settings when it was written.
        agent: Those of now.

    Raises:
        RunFolderError: They do not; it names the setting.
    """
    now = to_mapping(agent)
    meaning = agent.meaning(then)
    for name, wanted in agent.meaning(now).items():
        if meaning[name] != wanted:
            raise RunFolderError(
                f"{folder} does not fit this agent: agent.{name} was {then.get(name)}, this run's is {now.get(name)}"
            )


def check_finite(state: Mapping[str, Any]) -> None:
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


def random_state() -> dict[str, torch.Tensor]:
    """Where torch's random numbers stand: the processor's, and those of the GPU where one is in use."""
    state = {"rng": torch.get_rng_state()}
    return state | ({"rng_cuda": torch.cuda.get_rng_state()} if torch.cuda.is_initialized() else {})


def take_random_state(state: Mapping[str, Any]) -> None:
    """Go on from what `random_state` gave, perhaps on a machine without that GPU."""
    torch.set_rng_state(state["rng"])
    if "rng_cuda" in state and torch.cuda.is_initialized():
        torch.cuda.set_rng_state(state["rng_cuda"])


def _finite(part: Any) -> bool:
    if isinstance(part, torch.Tensor):
        return bool(torch.isfinite(part).all())
    return not isinstance(part, Mapping) or all(_finite(value) for value in part.values())
