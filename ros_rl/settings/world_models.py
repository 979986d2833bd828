# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Settings of the agents that learn a latent world model."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from ros_rl.config import group, setting
from ros_rl.errors import ConfigError
from ros_rl.settings.agent import AgentSettings, ReturnSettings, SmoothSettings
from ros_rl.settings.replay import HOW_DRAWN

TARGETS = ("reconstruction", "embedding")
GRADIENTS = ("auto", "dynamics", "reinforce")


@dataclass(frozen=True)
class LatentSettings:
    """Sizes and weights of a recurrent state-space model."""

    memory: int = setting(128, "values of the recurrent state", low=1)
    hidden: int = setting(128, "units in each hidden layer", low=1)
    variables: int = setting(16, "latent variables that are drawn at each step", low=1)
    classes: int = setting(16, "classes of each of them", low=2)
    uniform: float = setting(0.01, "share of each distribution over classes that is uniform", low=0.0, high=0.5)
    channels: int = setting(16, "of the convolutions that see images", low=1)
    target: str = setting(
        "reconstruction",
        "what latents are learned to hold: what was seen, by decoders, or its embedding, without any",
        choices=TARGETS,
    )
    deviation: float = setting(
        0.1,
        "standard deviation that reconstructed values are taken to have, in deviations of each",
        low=1e-3,
        high=10.0,
    )
    pixel_deviation: float = setting(
        1.0,
        "standard deviation that reconstructed pixels are taken to have, in deviations of the images from their mean",
        low=1e-3,
        high=10.0,
    )
    free_nats: float = setting(1.0, "what the posterior may differ from the prior for nothing", unit="nat", low=0.0)
    learn_prior: float = setting(1.0, "weight of the prior's learning to foretell the posterior", low=0.0)
    learn_posterior: float = setting(0.1, "weight of the posterior's learning to be foretold", low=0.0)
    bins: int = setting(63, "bins of rewards and values; an odd number", low=3, high=255)
    largest: float = setting(8.0, "log(1 + |x|) of the largest reward or value x that bins can tell", low=1.0, high=20)
    learning_rate: float = setting(1e-3, "Adam's step size of the model", low=1e-7, high=1.0)

    def __post_init__(self) -> None:
        """Refuse bins of which none is zero."""
        if self.bins % 2 == 0:
            raise ConfigError(f"agent.model.bins is {self.bins}, allowed: an odd number, so that one bin is zero")


@dataclass(frozen=True)
class DreamerSettings(SmoothSettings, ReturnSettings):
    """A recurrent world model, and a policy that learns in what it imagines."""

    discrete: ClassVar[bool | None] = None
    imagines: ClassVar[bool] = True
    sees_images: ClassVar[bool] = True

    model: LatentSettings = group(LatentSettings, "the world model")
    hidden: int = setting(128, "units in each of the two hidden layers of policy and critic", low=1)
    learning_rate: float = setting(3e-4, "Adam's step size of policy and critic", low=1e-7, high=1.0)
    gamma: float = setting(0.99, "discount per step", low=0.0, high=1.0)
    smoothing: float = setting(0.0, "share of the last action in the next one", low=0.0, high=0.95)
    shift: bool = setting(
        True, "move the images of a replayed sequence by some pixels at random, all alike", before=False
    )
    sequence: int = setting(
        32,
        "observations in a row that the model learns from at once, in as many rows as learner.batch_size has room for",
        unit="steps",
        low=2,
    )
    burn_in: int = setting(3, "first observations of them from which nothing is imagined", unit="steps", low=0)
    horizon: int = setting(12, "steps that are imagined", unit="steps", low=1)
    imagined: int = setting(128, "latents of each update from which it imagines how things go on", low=1)
    trace: float = setting(0.95, "lambda of the imagined returns", low=0.0, high=1.0)
    entropy: float = setting(3e-4, "weight of the policy's entropy", low=0.0)
    gradient: str = setting(
        "auto",
        "of the policy: through imagined dynamics, or by likelihood ratios; auto: dynamics unless actions are choices",
        choices=GRADIENTS,
    )
    least_deviation: float = setting(
        0.1, "smallest standard deviation of the policy, in units of action", low=1e-3, high=1.0
    )
    tau: float = setting(0.02, "share of the critic in its average at each update", low=0.0, high=1.0)

    def unused_replay(self) -> tuple[str, ...]:
        """See `AgentSettings.unused_replay`: a model learns from single steps drawn alike."""
        return HOW_DRAWN

    def through_episodes(self) -> dict[str, int]:
        """See `AgentSettings.through_episodes`."""
        return {"agent.sequence": self.sequence}

    @classmethod
    def meaning(cls, agent: Mapping[str, Any]) -> dict[str, Any]:
        """See `AgentSettings.meaning`."""
        model = agent.get("model") or {}
        sizes = ("memory", "hidden", "variables", "classes", "channels", "target", "bins", "largest")
        return super().meaning(agent) | {"model": {name: model.get(name) for name in sizes}}


WORLD_MODEL_SETTINGS: dict[str, type[AgentSettings]] = {"dreamer": DreamerSettings}
