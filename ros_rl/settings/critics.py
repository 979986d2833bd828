# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Settings of critics and of the target networks that their targets come from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ros_rl.config import setting
from ros_rl.errors import ConfigError
from ros_rl.settings.agent import AgentSettings, AugmentedSettings, ReturnSettings, SmoothSettings

NORMALISATIONS = ("none", "layer", "batch", "unit")
TARGETS = ("none", "hard", "polyak")


@dataclass(frozen=True)
class TargetRule:
    """How a target network follows the network that it is a slower copy of."""

    kind: str
    """``none``: there is no copy; ``hard``: it is made anew; ``polyak``: it is an average."""
    every: int = 1
    """Updates between moves."""
    tau: float = 1.0
    """polyak: share of the network in its average at each move."""


@dataclass(frozen=True)
class TargetSettings(AgentSettings):
    """Of agents with a choice of target networks."""

    targets: str = setting("polyak", "target critics: none, a copy now and then, an average", choices=TARGETS)
    tau: float = setting(0.005, "polyak: share of the critics in their average at each update", low=0.0, high=1.0)
    polyak_every: int = setting(1, "polyak: updates between moves of the average", unit="updates", low=1)
    copy_every: int = setting(1000, "hard: updates between copies", unit="updates", low=1)

    @property
    def target_rule(self) -> TargetRule:
        """How target networks follow."""
        if self.targets == "polyak":
            return TargetRule("polyak", self.polyak_every, self.tau)
        return TargetRule(self.targets, self.copy_every)

    def without_remedy(self) -> frozenset[str]:
        """See `AgentSettings.without_remedy`."""
        useless = {"polyak": {"targets", "copy_every"}, "hard": {"tau"}, "none": {"tau", "copy_every"}}
        return super().without_remedy() | useless[self.targets]

    @classmethod
    def meaning(cls, agent: Mapping[str, Any]) -> dict[str, Any]:
        """See `AgentSettings.meaning`."""
        return super().meaning(agent) | {"targets": agent.get("targets") == "none"}


@dataclass(frozen=True)
class ValueSettings(ReturnSettings):
    """Of agents with Q functions of plain networks."""

    normalisation: str = setting("none", "of the critics' hidden layers", choices=("none", "layer"))
    dropout: float = setting(0.0, "share of the critics' hidden units dropped", low=0.0, high=0.9)
    beta1: float = setting(0.9, "Adam's decay of the gradient's mean", low=0.0, high=0.999)

    def without_remedy(self) -> frozenset[str]:
        """See `AgentSettings.without_remedy`."""
        done = {"normalisation"} if self.normalisation != "none" else set()
        return super().without_remedy() | done

    @classmethod
    def meaning(cls, agent: Mapping[str, Any]) -> dict[str, Any]:
        """See `AgentSettings.meaning`."""
        own = {"normalisation": agent.get("normalisation"), "dropout": agent.get("dropout", 0.0) > 0.0}
        return super().meaning(agent) | own


@dataclass(frozen=True)
class EnsembleSettings(AgentSettings):
    """Of agents with several critics."""

    critics: int = setting(2, "critics; of their targets the smallest counts", low=1, high=20)
    target_critics: int = setting(0, "critics, drawn anew for each update, whose smallest counts; 0: all", low=0)

    def __post_init__(self) -> None:
        """Check what spans two settings."""
        super().__post_init__()
        if self.target_critics > self.critics:
            raise ConfigError(f"agent.target_critics {self.target_critics} is above agent.critics {self.critics}")

    @classmethod
    def meaning(cls, agent: Mapping[str, Any]) -> dict[str, Any]:
        """See `AgentSettings.meaning`."""
        return super().meaning(agent) | {"critics": agent.get("critics")}


@dataclass(frozen=True)
class CriticSettings(SmoothSettings, EnsembleSettings, TargetSettings, ValueSettings, AugmentedSettings):
    """Of agents with critics of continuous actions, all choices open."""

    normalisation: str = setting("none", "of the critics' hidden layers", choices=NORMALISATIONS)

    @property
    def value_bins(self) -> tuple[int, float] | None:
        """How many bins their values are distributions over, and where the last one is; None: values are numbers."""
        return None


@dataclass(frozen=True)
class CategoricalSettings(CriticSettings):
    """Of agents whose critics may foretell the return's distribution."""

    loss: str = setting(
        "squared",
        "of the Bellman error; categorical: cross-entropy of the return's distribution over bins",
        choices=("squared", "categorical"),
    )
    bins: int = setting(101, "categorical: bins of a value", low=2, high=1001)
    largest_value: float = setting(
        5.0, "categorical: value of the last bin, and minus that of the first; what is beyond counts as these", low=1e-6
    )
    reward_scale: str = setting(
        "none",
        "what rewards are divided by for the critics; returns: the standard deviation of discounted returns so far",
        choices=("none", "returns"),
    )

    def __post_init__(self) -> None:
        """Check what spans two settings."""
        super().__post_init__()
        for name in ("bins", "largest_value"):
            value, only = getattr(self, name), getattr(type(self), name)
            if self.loss != "categorical" and value != only:
                raise ConfigError(
                    f"agent.{name} is {value}, which has no effect with agent.loss '{self.loss}': use {only}, or "
                    "agent.loss categorical"
                )

    @property
    def value_bins(self) -> tuple[int, float] | None:
        """See `CriticSettings.value_bins`."""
        return (self.bins, self.largest_value) if self.loss == "categorical" else None

    def without_remedy(self) -> frozenset[str]:
        """See `AgentSettings.without_remedy`."""
        useless = {"reward_scale"} if self.reward_scale == "returns" else set()
        return super().without_remedy() | (useless if self.value_bins else {"largest_value", "reward_scale"})

    @classmethod
    def meaning(cls, agent: Mapping[str, Any]) -> dict[str, Any]:
        """See `AgentSettings.meaning`."""
        categorical = agent.get("loss") == "categorical"
        bins = {name: agent.get(name) if categorical else None for name in ("bins", "largest_value")}
        scaled = agent.get("reward_scale") == "returns"
        return super().meaning(agent) | {"loss": categorical, "reward_scale": scaled, **bins}
