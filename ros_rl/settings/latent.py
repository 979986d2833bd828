# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Settings of the agents that learn an encoder of what they see."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from ros_rl.config import group, setting
from ros_rl.errors import ConfigError
from ros_rl.settings.agent import AgentSettings, ReturnSettings
from ros_rl.settings.chunks import ChunkSettings
from ros_rl.settings.critics import NORMALISATIONS, CategoricalSettings, TargetRule
from ros_rl.settings.off_policy import DqnSettings, SoftCriticSettings, TemperatureSettings
from ros_rl.settings.planner import PlannerSettings
from ros_rl.settings.replay import HOW_DRAWN


@dataclass(frozen=True)
class EncoderSettings(AgentSettings):
    """How images and what was seen before reach the networks."""

    sees_images: ClassVar[bool] = True

    frames: int = setting(3, "observations that it sees at once: the newest and those before it", low=1, high=8)
    channels: int = setting(16, "of each convolution", low=4, high=64)
    embedding: int = setting(64, "values into which images are encoded", low=8, high=512)
    shift: bool = setting(True, "move replayed images by some pixels at random (DrQ)")

    def __post_init__(self) -> None:
        """Refuse what would turn or judge anew the newest frame alone."""
        super().__post_init__()
        for name in ("mirror", "relabel_fraction"):
            if getattr(self, name):
                raise ConfigError(
                    f"agent.{name} is {getattr(self, name)}, but images and several frames can be neither turned nor "
                    f"judged anew: use {'false' if name == 'mirror' else 0}"
                )

    @classmethod
    def meaning(cls, agent: Mapping[str, Any]) -> dict[str, Any]:
        """See `AgentSettings.meaning`."""
        return super().meaning(agent) | {name: agent.get(name) for name in ("frames", "channels", "embedding")}


@dataclass(frozen=True)
class UnaugmentedSettings(EncoderSettings):
    """Of agents that could learn by mirror images and other goals if they saw one frame of numbers."""

    relabel_fraction: float = setting(0.0, "share of each batch that gets another transition's goal; 0", low=0.0)
    mirror: bool = setting(False, "learn from left-right mirror images too; false")


_PLANNER = PlannerSettings(horizon=3, samples=96, proposals=24, iterations=3, elites=16, std_init=1.0, warm_start=True)


@dataclass(frozen=True)
class LatentMpcSettings(EncoderSettings, TemperatureSettings, ReturnSettings):
    """A planner in the latent state of a learned encoder, whose dynamics, rewards and values are learned with it."""

    plans: ClassVar[bool] = True
    foresees: ClassVar[bool] = True
    changeable: ClassVar[tuple[str, ...]] = ("agent.planner.", "agent.act", "agent.exploration")

    planner: PlannerSettings = group(PlannerSettings, "the planner", _PLANNER)
    latent: int = setting(64, "values of the latent state, in simplices of 8", low=8, high=512)
    members: int = setting(2, "models of the latent dynamics, rewards and ends", low=1, high=10)
    critics: int = setting(2, "critics", low=1, high=20)
    hidden: int = setting(192, "units in each of the two hidden layers", low=8)
    length: int = setting(3, "steps that a prediction is trained over", unit="steps", low=1, high=50)
    decay: float = setting(0.5, "weight of a predicted step, of that before it", low=0.01, high=1.0)
    consistency: float = setting(2.0, "weight of the latent state's prediction", low=0.0)
    reward_weight: float = setting(0.5, "weight of the reward's", low=0.0)
    value_weight: float = setting(0.1, "weight of the value's", low=0.0)
    gamma: float = setting(0.97, "discount per step", low=0.0, high=1.0)
    tau: float = setting(0.01, "share of the critics in their average at each update", low=0.0, high=1.0)
    initial_alpha: float = setting(0.01, "entropy coefficient at the start", low=1e-6)
    alpha_learning_rate: float = setting(3e-4, "Adam's step size of the entropy coefficient", low=0.0, high=1.0)
    target_entropy: float = setting(-1.0, "target entropy per action dimension", unit="nat")
    act: str = setting("planner", "what acts", choices=("planner", "policy"))
    exploration: float = setting(1.0, "executed noise, as a share of the plan's own deviation", low=0.0, high=10.0)

    def __post_init__(self) -> None:
        """Check what spans two settings."""
        super().__post_init__()
        if self.latent % 8:
            raise ConfigError(f"agent.latent is {self.latent}, allowed: a multiple of 8")
        usual = PlannerSettings()
        for name in ("propagation", "aleatoric", "precision"):
            value, only = getattr(self.planner, name), getattr(usual, name)
            if value != only:
                raise ConfigError(
                    f"agent.planner.{name} is {value}, which has no effect in a latent state: its members are "
                    f"followed one by one; use {only}"
                )
        if self.planner.objective != "mean" and self.members == 1:
            raise ConfigError(
                f"agent.planner.objective '{self.planner.objective}' needs members that can disagree; "
                "agent.members is 1"
            )

    @property
    def target_rule(self) -> TargetRule:
        """How target networks follow."""
        return TargetRule("polyak", tau=self.tau)

    @property
    def learns_task(self) -> bool:
        """See `AgentSettings.learns_task`: reward and end."""
        return True

    def unused_replay(self) -> tuple[str, ...]:
        """See `AgentSettings.unused_replay`: it learns from sequences, all drawn alike."""
        return HOW_DRAWN

    def within_episode(self) -> dict[str, int]:
        """See `AgentSettings.within_episode`."""
        return {"agent.length": self.length}

    @classmethod
    def meaning(cls, agent: Mapping[str, Any]) -> dict[str, Any]:
        """See `AgentSettings.meaning`."""
        return super().meaning(agent) | {name: agent.get(name) for name in ("latent", "members", "critics")}


@dataclass(frozen=True)
class DrqDqnSettings(UnaugmentedSettings, DqnSettings):
    """Deep Q-learning from images."""

    dueling: bool = setting(True, "value and advantages are outputs of their own")

    @classmethod
    def meaning(cls, agent: Mapping[str, Any]) -> dict[str, Any]:
        """See `AgentSettings.meaning`."""
        return super().meaning(agent) | {"dueling": agent.get("dueling")}


@dataclass(frozen=True)
class DrqSacSettings(UnaugmentedSettings, ChunkSettings, SoftCriticSettings, CategoricalSettings):
    """Soft actor-critic from images."""

    smoothing: float = setting(0.0, "share of the last action in the next one", low=0.0, high=0.95)
    initial_alpha: float = setting(0.1, "entropy coefficient at the start", low=1e-6)
    tau: float = setting(0.01, "polyak: share of the critics in their average at each update", low=0.0, high=1.0)
    normalisation: str = setting("layer", "of the critics' hidden layers", choices=NORMALISATIONS)


LATENT_SETTINGS: dict[str, type[AgentSettings]] = {
    "latent_mpc": LatentMpcSettings,
    "drq_dqn": DrqDqnSettings,
    "drq_sac": DrqSacSettings,
}
"""By name."""
