# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Settings of the agents with Q functions, and of the clone of a log."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from ros_rl.config import setting
from ros_rl.errors import ConfigError
from ros_rl.settings.replay import HOW_DRAWN

NORMALISATIONS = ("none", "layer", "batch")
TARGETS = ("none", "hard", "polyak")
BOOTSTRAPS = ("same", "double", "inverse_double")


def check_gamma(gamma: float) -> None:
    """Refuse a discount of zero, which a range cannot leave out.

    Raises:
        ConfigError: It is zero.
    """
    if gamma == 0.0:
        raise ConfigError("agent.gamma is 0.0, allowed: above 0, to 1")


@dataclass(frozen=True)
class AgentSettings:
    """What all model-free agents have."""

    discrete: ClassVar[bool] = False
    """Whether it chooses among discrete actions, which no robot has."""

    smoothing: float = setting(0.3, "share of the last action in the next one", low=0.0, high=0.95)
    hidden: int = setting(256, "units in each of the two hidden layers", low=1)
    gamma: float = setting(0.99, "discount per step", low=0.0, high=1.0)
    learning_rate: float = setting(1e-3, "Adam's step size", low=1e-7, high=1.0)

    def __post_init__(self) -> None:
        """Check what the range cannot say."""
        check_gamma(self.gamma)

    def unused_replay(self) -> tuple[str, ...]:
        """Settings of `learner.replay` that would have no effect."""
        return ()

    def whole_episodes(self) -> int:
        """How many finished episodes an update needs at once."""
        return 0


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
class CriticSettings(AgentSettings):
    """What all agents with Q functions have."""

    critics: int = setting(2, "critics; of their targets the smallest counts", low=1, high=20)
    target_critics: int = setting(0, "critics, drawn anew for each update, whose smallest counts; 0: all", low=0)
    normalisation: str = setting("none", "of the critics' hidden layers", choices=NORMALISATIONS)
    dropout: float = setting(0.0, "share of the critics' hidden units dropped", low=0.0, high=0.9)
    targets: str = setting("polyak", "target critics: none, a copy now and then, an average", choices=TARGETS)
    tau: float = setting(0.005, "polyak: share of the critics in their average at each update", low=0.0, high=1.0)
    polyak_every: int = setting(1, "polyak: updates between moves of the average", unit="updates", low=1)
    copy_every: int = setting(1000, "hard: updates between copies", unit="updates", low=1)
    beta1: float = setting(0.9, "Adam's decay of the gradient's mean", low=0.0, high=0.999)
    relabel_fraction: float = setting(
        0.5, "share of each batch that gets another transition's goal (tasks with goals)", low=0.0, high=1.0
    )
    mirror: bool = setting(True, "learn from left-right mirror images too, where robot and task are symmetric")

    def __post_init__(self) -> None:
        """Check what spans two settings."""
        super().__post_init__()
        if self.target_critics > self.critics:
            raise ConfigError(f"agent.target_critics {self.target_critics} is above agent.critics {self.critics}")
        if self.normalisation == "batch" and self.targets != "none":
            raise ConfigError(
                f"agent.normalisation 'batch' needs agent.targets none, not '{self.targets}': "
                "target critics would be normalised by other batches than the critics"
            )

    @property
    def target_rule(self) -> TargetRule:
        """How target networks follow."""
        if self.targets == "polyak":
            return TargetRule("polyak", self.polyak_every, self.tau)
        return TargetRule(self.targets, self.copy_every)


@dataclass(frozen=True)
class SacSettings(CriticSettings):
    """Soft actor-critic."""

    initial_alpha: float = setting(1.0, "entropy coefficient at the start", low=1e-6)
    alpha_learning_rate: float = setting(1e-3, "Adam's step size of the entropy coefficient", low=0.0, high=1.0)
    target_entropy: float = setting(-1.0, "target entropy per action dimension", unit="nat")
    policy_delay: int = setting(1, "updates of the critics for each of the policy", low=1)
    policy_value: str = setting("smallest", "of the critics, that the policy follows", choices=("smallest", "mean"))
    policy_hidden: int = setting(0, "units in each of the policy's two hidden layers; 0: as agent.hidden", low=0)
    policy_tau: float = setting(
        1.0,
        "share of the policy, at each of its updates, in its average, which acts; 1: it acts itself",
        low=1e-6,
        high=1.0,
    )


@dataclass(frozen=True)
class DdpgSettings(CriticSettings):
    """Deep deterministic policy gradient: one critic, a deterministic policy."""

    critics: int = setting(1, "critics; of their targets the smallest counts", low=1, high=20)
    exploration: float = setting(0.1, "standard deviation of the executed noise, in units of action", low=0.0, high=2.0)
    target_noise: float = setting(0.0, "deviation of the noise on the target's action", low=0.0, high=2.0)
    target_noise_clip: float = setting(0.5, "largest noise on the target's action", low=0.0, high=2.0)
    policy_delay: int = setting(1, "updates of the critics for each of the policy", low=1)


@dataclass(frozen=True)
class Td3Settings(DdpgSettings):
    """Twin delayed DDPG."""

    critics: int = setting(2, "critics; of their targets the smallest counts", low=1, high=20)
    target_noise: float = setting(0.2, "deviation of the noise on the target's action", low=0.0, high=2.0)
    polyak_every: int = setting(2, "polyak: updates between moves of the average", unit="updates", low=1)
    policy_delay: int = setting(2, "updates of the critics for each of the policy", low=1)


@dataclass(frozen=True)
class Td7Settings(Td3Settings):
    """TD3 on state-action embeddings."""

    normalisation: str = setting("none", "of the critics' hidden layers", choices=("none",))
    dropout: float = setting(0.0, "none of the critics' hidden units is dropped", low=0.0, high=0.0)
    targets: str = setting("hard", "target critics: copies now and then, of the embedding too", choices=("hard",))
    tau: float = setting(0.005, "without use: targets are copies", low=0.005, high=0.005)
    polyak_every: int = setting(2, "without use: targets are copies", unit="updates", low=2, high=2)
    copy_every: int = setting(250, "updates between copies", unit="updates", low=1)
    embedding: int = setting(64, "values of an embedding", low=1)
    embedding_hidden: int = setting(128, "units in each of the two hidden layers of an embedding", low=1)


@dataclass(frozen=True)
class BcSettings:
    """Behaviour cloning from a log."""

    log: str = setting("", "folder of the run whose actions are cloned, or MCAP file or folder")
    updates: int = setting(5000, "updates before it acts", low=1)
    hidden: int = setting(256, "units in each of the two hidden layers", low=1)
    learning_rate: float = setting(1e-3, "Adam's step size", low=1e-7, high=1.0)
    smoothing: float = setting(0.0, "share of the last action in the next one", low=0.0, high=0.95)

    def unused_replay(self) -> tuple[str, ...]:
        """See `AgentSettings.unused_replay`: an action is cloned whatever it brought."""
        return HOW_DRAWN


@dataclass(frozen=True)
class DqnSettings(CriticSettings):
    """Deep Q-learning, for discrete actions."""

    discrete: ClassVar[bool] = True

    smoothing: float = setting(0.0, "none: the index of an action cannot be smoothed", low=0.0, high=0.0)
    critics: int = setting(1, "critics; of their targets the smallest counts", low=1, high=20)
    normalisation: str = setting("none", "of the critics' hidden layers", choices=("none", "layer"))
    targets: str = setting("hard", "target critics: none, a copy now and then, an average", choices=TARGETS)
    bootstrap: str = setting(
        "double",
        "next action and its value by the same critics (the target ones), or by online and target ones (double), or "
        "by target and online ones (inverse_double)",
        choices=BOOTSTRAPS,
    )
    loss: str = setting("squared", "of the Bellman error", choices=("squared", "huber"))
    epsilon_start: float = setting(1.0, "share of random actions at the start", low=0.0, high=1.0)
    epsilon_end: float = setting(0.05, "share of random actions in the end", low=0.0, high=1.0)
    epsilon_steps: int = setting(10_000, "environment steps from start to end, linear", unit="steps", low=1)

    def __post_init__(self) -> None:
        """Check what spans two settings."""
        super().__post_init__()
        if self.bootstrap != "same" and self.targets == "none":
            raise ConfigError(
                f"agent.bootstrap '{self.bootstrap}' needs target critics; agent.targets is none, which allows: same"
            )

    def epsilon_at(self, env_steps: int) -> float:
        """Share of random actions after so many environment steps."""
        done = min(env_steps / self.epsilon_steps, 1.0)
        return self.epsilon_start + done * (self.epsilon_end - self.epsilon_start)


@dataclass(frozen=True)
class NafSettings(CriticSettings):
    """Normalised advantage functions."""

    critics: int = setting(1, "one: the policy is part of it", low=1, high=1)
    normalisation: str = setting("none", "of the hidden layers", choices=("none", "layer"))
    exploration: float = setting(0.2, "standard deviation of the executed noise, in units of action", low=0.0, high=2.0)


@dataclass(frozen=True)
class SearchSettings(CriticSettings):
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
class QtOptSettings(SearchSettings):
    """QT-Opt: critics whose best action is searched."""

    critics: int = setting(1, "critics; of their targets the smallest counts", low=1, high=20)
    normalisation: str = setting("none", "of the critics' hidden layers", choices=("none", "layer"))
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


CRITIC_SETTINGS: dict[str, type] = {
    "sac": SacSettings,
    "td3": Td3Settings,
    "td7": Td7Settings,
    "ddpg": DdpgSettings,
    "dqn": DqnSettings,
    "naf": NafSettings,
    "qt_opt": QtOptSettings,
}
