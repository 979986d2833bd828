# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Settings of the agents whose stochastic policy learns from its own newest data, or can."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ros_rl.config import setting
from ros_rl.errors import ConfigError
from ros_rl.settings.agent import AgentSettings, ReturnSettings, SmoothSettings
from ros_rl.settings.critics import CriticSettings
from ros_rl.settings.replay import HOW_DRAWN

ESTIMATORS = ("trajectory", "return_to_go")
BASELINES = ("none", "mean", "q")
DATA = ("on_policy", "off_policy")
GRADIENTS = ("likelihood_ratio", "pathwise")
BATCHES = ("episodes", "online")


@dataclass(frozen=True)
class PolicyGradientSettings(SmoothSettings, ReturnSettings):
    """What agents with a stochastic policy that learns from its own newest data have."""

    initial_std: float = setting(0.5, "deviation of the policy before learning, in units of action", low=0.01, high=2.0)
    entropy: float = setting(0.001, "reward of a nat of the policy's entropy, at each step", low=0.0)
    episodes: int = setting(4, "finished episodes per update", low=1)
    epochs: int = setting(10, "passes of the critic or the baseline over the new data", low=1)
    value_samples: int = setting(8, "actions of the policy whose mean Q is a state's value", low=2)

    @property
    def replays(self) -> bool:
        """See `AgentSettings.replays`: its newest data are what it learns from."""
        return False

    def unused_replay(self) -> tuple[str, ...]:
        """See `AgentSettings.unused_replay`: nothing is drawn."""
        return HOW_DRAWN

    def whole_episodes(self) -> int:
        """See `AgentSettings.whole_episodes`."""
        return self.episodes


@dataclass(frozen=True)
class ReinforceSettings(PolicyGradientSettings):
    """Score-function policy gradient."""

    learning_rate: float = setting(3e-3, "Adam's step size", low=1e-7, high=1.0)
    estimator: str = setting("return_to_go", "return that weighs an action: all, or what follows", choices=ESTIMATORS)
    baseline: str = setting("q", "what is taken from it: nothing, other episodes' mean, learned Q", choices=BASELINES)
    baseline_learning_rate: float = setting(1e-3, "Adam's step size of the learned baseline", low=1e-7, high=1.0)
    discount_states: bool = setting(False, "weigh step k by gamma^k, as the discounted return's exact gradient does")

    def __post_init__(self) -> None:
        """Check what spans two settings."""
        super().__post_init__()
        if self.baseline == "mean" and self.episodes < 2:
            raise ConfigError("agent.baseline 'mean' needs agent.episodes of at least 2, not 1")

    @classmethod
    def meaning(cls, agent: Mapping[str, Any]) -> dict[str, Any]:
        """See `AgentSettings.meaning`."""
        return super().meaning(agent) | {"baseline": agent.get("baseline")}


@dataclass(frozen=True)
class ActorCriticSettings(PolicyGradientSettings, CriticSettings):
    """Actor-critic."""

    tau: float = setting(0.02, "polyak: share of the critics in their average at each update", low=0.0, high=1.0)
    policy_learning_rate: float = setting(1e-3, "Adam's step size of the policy", low=1e-7, high=1.0)
    learning_rate: float = setting(1e-3, "Adam's step size of the critics", low=1e-7, high=1.0)
    data: str = setting("on_policy", "learns from the newest data once, or from the replay buffer", choices=DATA)
    gradient: str = setting("likelihood_ratio", "that improves the policy", choices=GRADIENTS)
    batch: str = setting("episodes", "updates after finished episodes, or at every step", choices=BATCHES)
    trace: float = setting(
        0.9, "lambda of the advantage; on_policy, likelihood_ratio, episodes; 0: one step", low=0.0, high=1.0
    )

    @property
    def replays(self) -> bool:
        """See `AgentSettings.replays`."""
        return self.data == "off_policy"

    def unused_replay(self) -> tuple[str, ...]:
        """See `AgentSettings.unused_replay`: replayed or not, there are no errors to draw by."""
        return ("priority",) if self.replays else HOW_DRAWN

    def whole_episodes(self) -> int:
        """See `AgentSettings.whole_episodes`."""
        return self.episodes if self.batch == "episodes" else 0


POLICY_GRADIENT_SETTINGS: dict[str, type[AgentSettings]] = {
    "reinforce": ReinforceSettings,
    "actor_critic": ActorCriticSettings,
}
