# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Settings of the agents that learn a dynamics model."""

from __future__ import annotations

from dataclasses import dataclass

from ros_rl.config import group, setting
from ros_rl.errors import ConfigError
from ros_rl.model_settings import MODEL_KINDS, STAYS_BEHIND, ModelSettings
from ros_rl.planner_settings import PlannerSettings


@dataclass(frozen=True)
class ModelBasedSettings:
    """What all agents with a dynamics model have."""

    model: ModelSettings = group(ModelSettings, "the dynamics ensemble")
    model_start: int = setting(600, "environment steps before generated transitions are used", unit="steps", low=0)
    smoothing: float = setting(0.3, "share of the last action in the next one", low=0.0, high=0.95)
    relabel_fraction: float = setting(
        0.5, "share of each batch that gets another transition's goal (tasks with goals)", low=0.0, high=1.0
    )
    mirror: bool = setting(True, "learn from left-right mirror images too, where robot and task are symmetric")

    def __post_init__(self) -> None:
        """Check what spans two settings."""
        if self.model.kind in STAYS_BEHIND:
            allowed = ", ".join(kind for kind in MODEL_KINDS if kind not in STAYS_BEHIND)
            raise ConfigError(
                f"agent.model.kind '{self.model.kind}' cannot act: {STAYS_BEHIND[self.model.kind]}; allowed: {allowed}"
            )


@dataclass(frozen=True)
class MpcLearnerSettings(ModelBasedSettings):
    """A planner, and what it is made of: dynamics ensemble, critics and policy."""

    planner: PlannerSettings = group(PlannerSettings, "the planner")
    hidden: int = setting(256, "units per hidden layer of policy and critics", low=8)
    critics: int = setting(2, "critics in the ensemble", low=1, high=20)
    layer_norm: bool = setting(True, "normalise the critics' hidden layers")
    gamma: float = setting(0.97, "discount per step", low=0.0, high=1.0)
    tau: float = setting(0.01, "Polyak averaging of the target critics", low=0.0, high=1.0)
    learning_rate: float = setting(1e-3, "Adam's step size of policy and critics", low=1e-7, high=1.0)
    alpha_learning_rate: float = setting(3e-4, "Adam's step size of the entropy coefficient", low=0.0, high=1.0)
    initial_alpha: float = setting(0.1, "entropy coefficient at the start", low=1e-6)
    target_entropy: float = setting(-0.5, "target entropy per action dimension", unit="nat")
    model_fraction: float = setting(0.5, "share of each batch that the model generates", low=0.0, high=0.95)
    imitation: float = setting(0.0, "weight that pulls the policy towards the executed actions", low=0.0)

    def __post_init__(self) -> None:
        """Check what spans two settings."""
        super().__post_init__()
        if self.planner.objective != "mean" and self.model.members == 1:
            raise ConfigError(
                f"agent.planner.objective '{self.planner.objective}' needs members that can disagree; "
                "agent.model.members is 1"
            )


@dataclass(frozen=True)
class MpcSettings(MpcLearnerSettings):
    """Planner, dynamics ensemble, critics and policy."""

    act: str = setting("planner", "what acts", choices=("planner", "policy"))
    planner_start: int = setting(500, "environment steps before the planner acts", unit="steps", low=0)
    exploration: float = setting(1.0, "executed noise, as a share of the plan's own deviation", low=0.0, high=10.0)


MODEL_BASED_SETTINGS: dict[str, type] = {"mpc": MpcSettings}
