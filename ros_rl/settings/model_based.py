# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Settings of the agents that learn a dynamics model."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from ros_rl.config import group, setting
from ros_rl.errors import ConfigError
from ros_rl.settings.agent import AgentSettings, AugmentedSettings, ReturnSettings, SmoothSettings
from ros_rl.settings.critics import NORMALISATIONS, TargetRule
from ros_rl.settings.dynamics import ModelSettings
from ros_rl.settings.off_policy import FallingEntropySettings, SoftCriticSettings, TemperatureSettings
from ros_rl.settings.planner import PlannerSettings
from ros_rl.settings.replay import HOW_DRAWN

ALL, DYNAMICS = ADAPTS = ("all", "dynamics")


@dataclass(frozen=True)
class ModelBasedSettings(SmoothSettings, AugmentedSettings):
    """What all agents with a dynamics model have."""

    learns_model: ClassVar[bool] = True

    model: ModelSettings = group(ModelSettings, "the dynamics ensemble")
    model_start: int = setting(600, "environment steps before generated transitions are used", unit="steps", low=0)
    burst_seconds: float = setting(
        1.0, "mean time until it is drawn anew whether the agent explores or not", unit="s", low=1e-3
    )

    def unused_replay(self) -> tuple[str, ...]:
        """See `AgentSettings.unused_replay`: a model learns from single steps drawn alike."""
        return HOW_DRAWN

    @property
    def learns_task(self) -> bool:
        """See `AgentSettings.learns_task`."""
        return "learned" in (self.model.reward, self.model.termination)

    @property
    def judges_by_task(self) -> bool:
        """See `AgentSettings.judges_by_task`."""
        return {self.model.reward, self.model.termination} != {"learned"}


@dataclass(frozen=True)
class MpcLearnerSettings(ModelBasedSettings, TemperatureSettings, ReturnSettings):
    """A planner, and what it is made of: dynamics ensemble, critics and policy."""

    plans: ClassVar[bool] = True

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

    @property
    def target_rule(self) -> TargetRule:
        """How target networks follow."""
        return TargetRule("polyak", tau=self.tau)

    def without_remedy(self) -> frozenset[str]:
        """See `AgentSettings.without_remedy`."""
        done = {"layer_norm"} if self.layer_norm else set()
        return super().without_remedy() | done

    @classmethod
    def meaning(cls, agent: Mapping[str, Any]) -> dict[str, Any]:
        """See `AgentSettings.meaning`."""
        return super().meaning(agent) | {name: agent.get(name) for name in ("critics", "layer_norm")}


@dataclass(frozen=True)
class MpcSettings(MpcLearnerSettings, FallingEntropySettings):
    """Planner, dynamics ensemble, critics and policy."""

    changeable: ClassVar[tuple[str, ...]] = ("task.", "agent.planner.", "agent.act", "agent.exploration", "agent.late")

    act: str = setting("planner", "what acts", choices=("planner", "policy"))
    late: int = setting(
        0,
        "control periods by which commands act late at most, beyond control.delay: how late they are is counted",
        unit="control periods",
        low=0,
        high=10,
    )
    planner_start: int = setting(500, "environment steps before the planner acts", unit="steps", low=0)
    exploration: float = setting(1.0, "executed noise, as a share of the plan's own deviation", low=0.0, high=10.0)
    adapt: str = setting(
        "all",
        "what learns: all, or the dynamics alone, from a new world's transitions (ros-rl train --adapt)",
        choices=ADAPTS,
    )

    def __post_init__(self) -> None:
        """Check what spans two settings."""
        super().__post_init__()
        if self.adapts and self.act != "planner":
            raise ConfigError(
                f"agent.adapt '{self.adapt}' needs agent.act planner, not '{self.act}', which does not change"
            )
        if self.late and self.planner.propagation in ("expectation", "shared_members"):
            raise ConfigError(
                f"agent.late {self.late} needs agent.planner.propagation fixed_member or random_member, not "
                f"'{self.planner.propagation}': one particle has one order in which commands come"
            )

    @property
    def adapts(self) -> bool:
        """See `AgentSettings.adapts`."""
        return self.adapt == DYNAMICS


@dataclass(frozen=True)
class MbpoSettings(ModelBasedSettings, SoftCriticSettings):
    """A policy optimised on short rollouts inside the model."""

    gamma: float = setting(0.97, "discount per step", low=0.0, high=1.0)
    alpha_learning_rate: float = setting(3e-4, "Adam's step size of the entropy coefficient", low=0.0, high=1.0)
    normalisation: str = setting("layer", "of the critics' hidden layers", choices=NORMALISATIONS)
    tau: float = setting(0.01, "polyak: share of the critics in their average at each update", low=0.0, high=1.0)
    initial_alpha: float = setting(0.1, "entropy coefficient at the start", low=1e-6)
    target_entropy: float = setting(-0.5, "target entropy per action dimension", unit="nat")
    improve: str = setting(
        "sac",
        "how the policy is improved: sac on imagined and real transitions, or the on-policy gradient in the model",
        choices=("sac", "policy_gradient"),
    )
    real_ratio: float = setting(0.1, "sac: share of each batch that is replayed, not imagined", low=0.0, high=1.0)
    rollouts_per_step: int = setting(40, "sac: rollouts begun at each environment step", low=1)
    retained_steps: int = setting(400, "sac: environment steps for which imagined transitions are kept", low=1)
    length_from: int = setting(1, "length of rollouts at first", unit="steps", low=1, high=200)
    length_to: int = setting(5, "length of rollouts in the end", unit="steps", low=1, high=200)
    rollout_from: int = setting(1000, "environment step from which on rollouts get longer", unit="steps", low=0)
    rollout_to: int = setting(4000, "environment step from which on they are as long as they get", unit="steps", low=1)

    def __post_init__(self) -> None:
        """Check what spans two settings."""
        super().__post_init__()
        if self.length_from > self.length_to:
            raise ConfigError(f"agent.length_from {self.length_from} is above agent.length_to {self.length_to}")
        if self.rollout_from >= self.rollout_to:
            raise ConfigError(f"agent.rollout_from {self.rollout_from} is not below agent.rollout_to {self.rollout_to}")
        if self.improve == "sac" and self.rollouts_per_step % self.model.members:
            raise ConfigError(
                f"agent.rollouts_per_step {self.rollouts_per_step} is not a multiple of "
                f"agent.model.members {self.model.members}"
            )

    def rollout_length(self, env_steps: int) -> int:
        """Steps of a rollout: linear between the two lengths (Janner et al. 2019, appendix C)."""
        share = (env_steps - self.rollout_from) / (self.rollout_to - self.rollout_from)
        return int(self.length_from + min(max(share, 0.0), 1.0) * (self.length_to - self.length_from))

    def retained(self, length: int) -> int:
        """Imagined transitions that are kept while rollouts have this length."""
        return self.retained_steps * self.rollouts_per_step * length


@dataclass(frozen=True)
class DistilSettings(MpcLearnerSettings):
    """A planner, and a policy that imitates it and acts."""

    teacher: str = setting(
        "", "folder of a run whose planner answers and learns no more; empty: it learns alongside", path=True
    )
    planner_start: int = setting(500, "environment steps before the planner answers", unit="steps", low=0)
    planner_calls: float = setting(
        4.0, "replayed states per environment step in which the planner answers", low=0.0, high=1000.0
    )
    answers_kept: int = setting(10_000, "newest answers that the policy learns from", low=1)
    imitation_updates: float = setting(3.0, "updates of the policy per environment step", low=0.0, high=100.0)
    exploration: float = setting(0.3, "standard deviation of the executed noise, in units of action", low=0.0, high=2.0)

    def __post_init__(self) -> None:
        """Check what spans two settings."""
        super().__post_init__()
        if self.planner.execution != "receding" or self.planner.warm_start:
            raise ConfigError(
                f"agent 'distil' needs agent.planner.execution receding and agent.planner.warm_start false, not "
                f"'{self.planner.execution}' and {self.planner.warm_start}: replayed states have no last plan"
            )


MODEL_BASED_SETTINGS: dict[str, type[AgentSettings]] = {
    "mpc": MpcSettings,
    "mbpo": MbpoSettings,
    "distil": DistilSettings,
}
