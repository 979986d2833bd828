# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Settings of the planners (`ros_rl/planning/`), and which of their combinations have no meaning."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from ros_rl.config import setting
from ros_rl.errors import ConfigError

METHODS = ("mppi", "cem", "shooting", "softmax_shooting", "gradient")
EXECUTIONS = ("receding", "open_loop")
PROPAGATIONS = ("fixed_member", "random_member", "expectation", "shared_members")
PRECISIONS = ("float32", "int8")
DEPTHS = ("last", "all")
OBJECTIVES = ("mean", "mean_std", "state_variance", "cvar")
DISAGREEMENTS = ("mean_std", "state_variance")
"""Objectives that penalise disagreement across members, and so need each member's own prediction."""


@dataclass(frozen=True)
class PlannerSettings:
    """The planner over a short horizon, inside the control graph."""

    method: str = setting("mppi", "how candidates become a plan", choices=METHODS)
    execution: str = setting("receding", "plan anew at every step, or execute each plan to its end", choices=EXECUTIONS)
    horizon: int = setting(3, "steps that candidates are rolled out through the model", unit="steps", low=1, high=100)
    samples: int = setting(128, "candidates per iteration, policy proposals included", low=2, high=10_000)
    proposals: int = setting(32, "candidates that follow the policy, the first one without noise; 0: none", low=0)
    iterations: int = setting(
        2, "refinements of the sampling distribution (gradient: steps; shooting: shares of one draw)", low=1, high=100
    )
    elites: int = setting(24, "mppi, cem: best candidates that re-weight the distribution", low=1)
    temperature: float = setting(0.5, "mppi, softmax_shooting: of the softmax over standardised returns", low=1e-3)
    momentum: float = setting(0.1, "cem: share of the old mean and variance in the refitted", low=0.0, high=0.99)
    gradient_rate: float = setting(0.05, "gradient: Adam's step size, in actions of [-1, 1]", low=1e-5, high=1.0)
    std_init: float = setting(0.3, "standard deviation of the first samples", low=1e-3, high=2.0)
    std_min: float = setting(0.05, "smallest standard deviation after refinement", low=0.0, high=2.0)
    noise_beta: float = setting(
        0.0, "samples' noise has the power spectrum 1 / frequency^beta over the horizon; 0: white", low=0.0, high=4.0
    )
    warm_start: bool = setting(False, "samples start around the last plan's rest, not around the policy's sequence")
    terminal_value: bool = setting(True, "close returns with the critics' value of the last state")
    depths: str = setting(
        "last",
        "where values close returns: after the last step, or after each, of which the mean counts",
        choices=DEPTHS,
    )
    propagation: str = setting(
        "fixed_member",
        "particles follow one member each, a random one per step, or are one mean; or each candidate its own member",
        choices=PROPAGATIONS,
    )
    aleatoric: bool = setting(False, "draw next states from the members' distributions instead of their means")
    precision: str = setting(
        "float32", "of products between hidden layers of model and critics, in the control graph", choices=PRECISIONS
    )
    objective: str = setting("mean", "what of the particles' returns is maximised", choices=OBJECTIVES)
    pessimism: float = setting(
        0.0, "mean_std, state_variance: weight of the disagreement that is subtracted from the mean return", low=0.0
    )
    cvar_share: float = setting(0.4, "cvar: share of the particles that counts, the worst ones", low=0.01, high=1.0)

    def __post_init__(self) -> None:
        """Refuse what does not fit together.

        Raises:
            ConfigError: The first such pair of settings, with both values and the reason.
        """
        for refused in (*self._wrong_sizes(), *self._meaningless()):
            raise ConfigError(refused)

    def _wrong_sizes(self) -> Iterator[str]:
        if self.elites > self.samples:
            yield f"agent.planner.elites {self.elites} exceeds agent.planner.samples {self.samples}"
        if self.proposals >= self.samples:
            yield f"agent.planner.proposals {self.proposals} must be fewer than agent.planner.samples {self.samples}"
        if self.std_min > self.std_init:
            yield f"agent.planner.std_min {self.std_min} exceeds agent.planner.std_init {self.std_init}"

    def _meaningless(self) -> Iterator[str]:
        aim, by = f"agent.planner.objective '{self.objective}'", f"agent.planner.propagation '{self.propagation}'"
        if self.objective in DISAGREEMENTS and self.propagation == "random_member":
            yield f"{aim} needs {by} to be fixed_member: a particle that changes members is no member's own"
        if self.objective in DISAGREEMENTS and self.propagation == "expectation":
            yield f"{aim} needs {by} to be fixed_member: the mean over members shows none of their disagreement"
        if self.objective in DISAGREEMENTS and self.propagation == "shared_members":
            yield f"{aim} needs {by} to be fixed_member: a candidate that one member predicts shows no disagreement"
        if self.method == "gradient" and self.propagation == "shared_members":
            yield f"agent.planner.method 'gradient' has one candidate, and {by} would give it one member"
        if self.objective == "cvar" and self.propagation in ("expectation", "shared_members"):
            yield f"{aim} needs several particles, and {by} has one: it has no worst share"
        if self.aleatoric and self.propagation == "expectation":
            yield f"agent.planner.aleatoric true has no meaning under {by}: it follows the mean, not draws"
        if self.objective in DISAGREEMENTS and self.pessimism == 0.0:
            yield f"{aim} needs agent.planner.pessimism above 0, its weight"
        if self.objective not in DISAGREEMENTS and self.pessimism > 0.0:
            yield (
                f"agent.planner.pessimism {self.pessimism} is the weight in objectives {' and '.join(DISAGREEMENTS)}; "
                f"{aim} reads none"
            )
        if self.depths == "all" and not self.terminal_value:
            yield "agent.planner.depths 'all' has no meaning under agent.planner.terminal_value false: it has no values"
        if self.warm_start and self.execution == "open_loop":
            yield (
                "agent.planner.warm_start true has no meaning under agent.planner.execution 'open_loop': "
                "a plan is used up when the next one is made"
            )
