# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""What a checkpoint's weights must be like to be kept, and to go on from (torch)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import torch

from ros_rl.errors import GraphError, RunFolderError

_MEANING: dict[str, Callable[[Mapping[str, Any]], Any]] = {
    "hidden": lambda agent: agent.get("hidden"),
    "policy_hidden": lambda agent: agent.get("policy_hidden") or agent.get("hidden"),
    "critics": lambda agent: agent.get("critics"),
    "normalisation": lambda agent: agent.get("normalisation"),
    "layer_norm": lambda agent: agent.get("layer_norm"),
    "dropout": lambda agent: agent.get("dropout", 0.0) > 0.0,
    "targets": lambda agent: agent.get("targets") == "none",
    "loss": lambda agent: agent.get("loss") == "cross_entropy",
    "baseline": lambda agent: agent.get("baseline"),
}
"""By setting of an agent, what of it decides what its weights are and mean: a checkpoint goes on only with the same."""


def check_same(folder: Path, then: Mapping[str, Any], now: Mapping[str, Any]) -> None:
    """Check that an agent's weights mean what they meant.

    Args:
        folder: Of the checkpoint, for messages.
        then: The agent's settings when it was written; empty if it does not say.
        now: Those of now.

    Raises:
        RunFolderError: They do not; it names the setting.
    """
    for name, meaning in _MEANING.items():
        if then and meaning(then) != meaning(now):
            raise RunFolderError(
                f"{folder} does not fit this agent: agent.{name} was {then.get(name)}, this run's is {now.get(name)}"
            )


def check_finite(state: Mapping[str, Any], folder: Path) -> None:
    """Refuse to keep weights, or an optimiser's moments, from which nothing can be learned any more.

    Raises:
        GraphError: A number is not finite.
    """
    for name, part in state.items():
        if not _finite(part):
            raise GraphError(
                f"'{name}' is not finite, no checkpoint is written: go on from the last one in {folder}, if there is "
                "one, with a smaller agent.learning_rate or what docs/watch.md advises"
            )


def _finite(part: Any) -> bool:
    if isinstance(part, torch.Tensor):
        return bool(torch.isfinite(part).all())
    return not isinstance(part, Mapping) or all(_finite(value) for value in part.values())
