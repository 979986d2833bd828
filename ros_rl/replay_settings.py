# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Settings of what the learner draws from its replay buffer (`ros_rl/replay/`)."""

from __future__ import annotations

from dataclasses import dataclass

from ros_rl.config import setting

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
