# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Settings of agents whose decisions may be for several control periods."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ros_rl.config import setting
from ros_rl.settings.agent import AgentSettings
from ros_rl.settings.replay import HOW_DRAWN


@dataclass(frozen=True)
class ChunkSettings(AgentSettings):
    """Of agents that may decide several actions at once."""

    chunk: int = setting(
        1, "control periods that a decision is for, an action for each; 1: it is made anew at each", low=1, high=50
    )

    def unused_replay(self) -> tuple[str, ...]:
        """See `AgentSettings.unused_replay`: chunks are sums of as many steps, drawn alike."""
        return super().unused_replay() + (() if self.chunk == 1 else HOW_DRAWN)

    def within_episode(self) -> dict[str, int]:
        """See `AgentSettings.within_episode`."""
        return super().within_episode() | ({} if self.chunk == 1 else {"agent.chunk": self.chunk})

    @classmethod
    def meaning(cls, agent: Mapping[str, Any]) -> dict[str, Any]:
        """See `AgentSettings.meaning`."""
        return super().meaning(agent) | {"chunk": agent.get("chunk", 1)}
