# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Settings of what the learner draws from its replay buffer (`ros_rl/replay/`)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from ros_rl.config import setting
from ros_rl.errors import ConfigError

HOW_DRAWN = ("priority", "n_step")
"""Settings of which many agents have no use, as they learn from single steps drawn alike."""
PRIORITIES = ("uniform", "td_error", "target")


@dataclass(frozen=True)
class ReplaySettings:
    """Which transitions are drawn, and how many steps of reward each brings. Defaults: Schaul et al. 2016, table 3."""

    priority: str = setting(
        "uniform",
        "what a transition is drawn by: nothing, the critic's TD error, or the target network's Bellman error",
        choices=PRIORITIES,
    )
    alpha: float = setting(0.6, "exponent of the priorities; 0: uniform", low=0.0, high=2.0)
    beta_start: float = setting(0.4, "exponent of the importance weights at the start; 1: no bias", low=0.0, high=1.0)
    beta_steps: int = setting(100_000, "transitions added until that exponent is 1", unit="steps", low=1)
    epsilon: float = setting(1e-6, "added to each priority, so that nothing is never drawn again", low=1e-12)
    n_step: int = setting(1, "steps of reward before the value of the state then reached", unit="steps", low=1)

    def refuse(self, unused: Iterable[str], why: str, otherwise: str = "") -> None:
        """Check that settings of which there is no use are as they come.

        Args:
            unused: Their names.
            why: What is said after name and value.
            otherwise: What else would be right.

        Raises:
            ConfigError: One of them is set.
        """
        default = ReplaySettings()
        for name in unused:
            value, only = getattr(self, name), getattr(default, name)
            if value != only:
                choice = f"{only}, or {otherwise}" if otherwise else only
                raise ConfigError(f"learner.replay.{name} is {value}, {why}: use {choice}")
