# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Settings of the agents without a model that replay."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from ros_rl.config import setting
from ros_rl.errors import ConfigError
from ros_rl.settings.agent import AgentSettings, AugmentedSettings, ReturnSettings, SmoothSettings
from ros_rl.settings.chunks import ChunkSettings
from ros_rl.settings.critics import (
    TARGETS,
    CategoricalSettings,
    CriticSettings,
    EnsembleSettings,
    TargetRule,
    TargetSettings,
    ValueSettings,
)

BOOTSTRAPS = ("same", "double", "inverse_double")


@dataclass(frozen=True)
class TemperatureSettings(AgentSettings):
    """Of agents whose policy's entropy is rewarded."""

    initial_alpha: float = setting(1.0, "entropy coefficient at the start", low=1e-6)
    alpha_learning_rate: float = setting(1e-3, "Adam's step size of the entropy coefficient", low=0.0, high=1.0)
    target_entropy: float = setting(-1.0, "target entropy per action dimension", unit="nat")


@dataclass(frozen=True)
class FallingEntropySettings(TemperatureSettings):
    """Of agents whose target entropy may fall on the way."""

    entropy_start: float = setting(
        0.0,
        "target entropy per action dimension at the start, where agent.entropy_steps is not 0; ln 2 is uniform",
        unit="nat",
        high=0.69,
    )
    entropy_steps: int = setting(
        0,
        "environment steps from agent.entropy_start to agent.target_entropy, linear; 0: the latter throughout",
        unit="steps",
        low=0,
    )

    def __post_init__(self) -> None:
        """Check what spans two settings."""
        super().__post_init__()
        if self.entropy_start and not self.entropy_steps:
            raise ConfigError(
                f"agent.entropy_start {self.entropy_start:g} has no effect while agent.entropy_steps is 0; say how many"
            )

    def target_entropy_at(self, env_steps: int) -> float:
        """Target entropy per action dimension [nat] after so many environment steps."""
        done = min(env_steps / self.entropy_steps, 1.0) if self.entropy_steps else 1.0
        return self.entropy_start + done * (self.target_entropy - self.entropy_start)


@dataclass(frozen=True)
class SoftCriticSettings(TemperatureSettings, CriticSettings):
    """Of agents that improve a policy by soft actor-critic."""

    policy_delay: int = setting(1, "updates of the critics for each of the policy", low=1)
    policy_value: str = setting("smallest", "of the critics, that the policy follows", choices=("smallest", "mean"))
    policy_hidden: int = setting(0, "units in each of the policy's two hidden layers; 0: as agent.hidden", low=0)

    @classmethod
    def meaning(cls, agent: Mapping[str, Any]) -> dict[str, Any]:
        """See `AgentSettings.meaning`."""
        return super().meaning(agent) | {"policy_hidden": agent.get("policy_hidden") or agent.get("hidden")}


@dataclass(frozen=True)
class SacSettings(ChunkSettings, FallingEntropySettings, SoftCriticSettings, CategoricalSettings):
    """Soft actor-critic."""

    policy_tau: float = setting(
        1.0,
        "share of the policy, at each of its updates, in its average, which acts; 1: it acts itself",
        low=1e-6,
        high=1.0,
    )


@dataclass(frozen=True)
class DeterministicSettings(AgentSettings):
    """Of agents with a deterministic policy, which explores by noise."""

    exploration: float = setting(0.1, "standard deviation of the executed noise, in units of action", low=0.0, high=2.0)
    target_noise: float = setting(0.0, "deviation of the noise on the target's action", low=0.0, high=2.0)
    target_noise_clip: float = setting(0.5, "largest noise on the target's action", low=0.0, high=2.0)
    policy_delay: int = setting(1, "updates of the critics for each of the policy", low=1)


@dataclass(frozen=True)
class DdpgSettings(DeterministicSettings, CriticSettings):
    """Deep deterministic policy gradient: one critic, a deterministic policy."""

    critics: int = setting(1, "critics; of their targets the smallest counts", low=1, high=20)


@dataclass(frozen=True)
class Td3Settings(DdpgSettings):
    """Twin delayed DDPG."""

    critics: int = setting(2, "critics; of their targets the smallest counts", low=1, high=20)
    target_noise: float = setting(0.2, "deviation of the noise on the target's action", low=0.0, high=2.0)
    polyak_every: int = setting(2, "polyak: updates between moves of the average", unit="updates", low=1)
    policy_delay: int = setting(2, "updates of the critics for each of the policy", low=1)


@dataclass(frozen=True)
class Td7Settings(DeterministicSettings, SmoothSettings, EnsembleSettings, ReturnSettings, AugmentedSettings):
    """TD3 on state-action embeddings."""

    beta1: float = setting(0.9, "Adam's decay of the gradient's mean", low=0.0, high=0.999)
    target_noise: float = setting(0.2, "deviation of the noise on the target's action", low=0.0, high=2.0)
    policy_delay: int = setting(2, "updates of the critics for each of the policy", low=1)
    copy_every: int = setting(250, "updates between copies into targets and inputs", unit="updates", low=1)
    embedding: int = setting(64, "values of an embedding", low=1)
    embedding_hidden: int = setting(128, "units in each of the two hidden layers of an embedding", low=1)

    @property
    def target_rule(self) -> TargetRule:
        """How target networks follow: they are copies."""
        return TargetRule("hard", self.copy_every)


@dataclass(frozen=True)
class DqnSettings(EnsembleSettings, TargetSettings, ValueSettings, AugmentedSettings):
    """Deep Q-learning, for discrete actions."""

    discrete: ClassVar[bool] = True

    critics: int = setting(1, "critics; of their targets the smallest counts", low=1, high=20)
    targets: str = setting("hard", "target critics: none, a copy now and then, an average", choices=TARGETS)
    bootstrap: str = setting(
        "double",
        "next action and its value by the same critics (the target ones), or by online and target ones (double), or "
        "by target and online ones (inverse_double)",
        choices=BOOTSTRAPS,
    )
    loss: str = setting("squared", "of the Bellman error", choices=("squared", "huber"))
    margin: float = setting(
        0.0, "by which the value of an action that was shown is to be above all others; 0: no such loss", low=0.0
    )
    temperature: float = setting(
        0.0,
        "actions are drawn in proportion to exp(value / this), evaluated or not, so that nothing goes round in "
        "circles; 0: the best one",
        low=0.0,
    )
    epsilon_start: float = setting(1.0, "share of random actions at the start", low=0.0, high=1.0)
    epsilon_end: float = setting(0.05, "share of random actions in the end", low=0.0, high=1.0)
    epsilon_steps: int = setting(10_000, "environment steps from start to end, linear", unit="steps", low=1)
    epsilon_persists: float = setting(
        0.0,
        "chance that a random action is taken once more at the next step, and so on; epsilon is that one begins",
        low=0.0,
        high=0.99,
    )

    def __post_init__(self) -> None:
        """Check what spans two settings."""
        super().__post_init__()
        if self.bootstrap != "same" and self.targets == "none":
            raise ConfigError(
                f"agent.bootstrap '{self.bootstrap}' needs target critics; agent.targets is none, which allows: same"
            )

    def without_remedy(self) -> frozenset[str]:
        """See `AgentSettings.without_remedy`."""
        done = {"bootstrap"} if self.bootstrap == "double" or self.targets == "none" else set()
        return super().without_remedy() | done

    def epsilon_at(self, env_steps: int) -> float:
        """Share of random actions after so many environment steps."""
        done = min(env_steps / self.epsilon_steps, 1.0)
        return self.epsilon_start + done * (self.epsilon_end - self.epsilon_start)


@dataclass(frozen=True)
class NafSettings(SmoothSettings, TargetSettings, ValueSettings, AugmentedSettings):
    """Normalised advantage functions."""

    exploration: float = setting(0.2, "standard deviation of the executed noise, in units of action", low=0.0, high=2.0)


@dataclass(frozen=True)
class SearchSettings(AgentSettings):
    """The search for the action of the largest value, by the cross-entropy method."""

    samples: int = setting(64, "candidate actions per iteration", low=2)
    elites: int = setting(6, "best candidates, around which the next iteration draws", low=1)
    iterations: int = setting(2, "iterations of the search", low=1, high=20)
    std_init: float = setting(0.5, "standard deviation of the first candidates, in units of action", low=0.01, high=5.0)
    std_min: float = setting(0.02, "smallest standard deviation of candidates, in units of action", low=0.0, high=1.0)

    def __post_init__(self) -> None:
        """Check what spans two settings."""
        super().__post_init__()
        if self.elites > self.samples:
            raise ConfigError(f"agent.elites {self.elites} is above agent.samples {self.samples}")


@dataclass(frozen=True)
class QtOptSettings(SearchSettings, SmoothSettings, EnsembleSettings, TargetSettings, ValueSettings, AugmentedSettings):
    """QT-Opt: critics whose best action is searched."""

    critics: int = setting(1, "critics; of their targets the smallest counts", low=1, high=20)
    lag: int = setting(
        1000,
        "updates between copies of the target critics into the second ones; 0: no second ones",
        unit="updates",
        low=0,
    )
    loss: str = setting(
        "squared",
        "of the Bellman error; cross_entropy: where returns lie in [0, 1]",
        choices=("squared", "cross_entropy"),
    )
    exploration: float = setting(0.2, "standard deviation of the executed noise, in units of action", low=0.0, high=2.0)

    @classmethod
    def meaning(cls, agent: Mapping[str, Any]) -> dict[str, Any]:
        """See `AgentSettings.meaning`."""
        return super().meaning(agent) | {"loss": agent.get("loss") == "cross_entropy"}


CRITIC_SETTINGS: dict[str, type[AgentSettings]] = {
    "sac": SacSettings,
    "td3": Td3Settings,
    "td7": Td7Settings,
    "ddpg": DdpgSettings,
    "dqn": DqnSettings,
    "naf": NafSettings,
    "qt_opt": QtOptSettings,
}
