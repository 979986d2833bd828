# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Settings of the scripted expert that stands in a person's place."""

from __future__ import annotations

from dataclasses import dataclass

from ros_rl.config import setting
from ros_rl.errors import ConfigError
from ros_rl.experts import check_expert


@dataclass(frozen=True)
class ExpertSettings:
    """Who shows the task, or corrects the agent while it explores."""

    name: str = setting("", "a scripted expert, see 'ros-rl list experts'; empty: nobody corrects the agent")
    share: float = setting(
        0.1, "share of the time in which it acts in the agent's place; 1: always, without an agent", low=0.0, high=1.0
    )
    patience: float = setting(
        0.0,
        "it takes over when the task has not gone on for so long, until it does, as far as its share lets it; 0: at "
        "times that chance chooses",
        unit="s",
        low=0.0,
    )
    seconds: float = setting(1.0, "how long it acts at a time, at most", unit="s", low=0.01)

    def __post_init__(self) -> None:
        """Refuse an expert that does not exist, and the patience of nobody."""
        if self.name:
            check_expert(self.name)
        elif self.patience:
            raise ConfigError(f"expert.patience is {self.patience:g} s, but expert.name names nobody who could help")

    @property
    def acts_alone(self) -> bool:
        """Whether it always acts, so that there need not be an agent."""
        return bool(self.name) and self.share >= 1.0 and not self.patience
