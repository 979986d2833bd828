# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Policies on latents: continuous actions in [-1, 1] or one of several choices."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod

import torch
from torch import Tensor, nn
from torch.nn import functional

from ros_rl.layout import Layout
from ros_rl.world_models.categorical import log_mixed, mixed, one_of, uniform_of
from ros_rl.world_models.layers import Perceptron

_LOG_ROOT = 0.5 * math.log(2.0 * math.pi)
_STARTS = 0.01
"""Factor of the last layer's first weights: actions are alike at first (Hafner et al. 2023)."""


class Actor(nn.Module, ABC):
    """A policy. A *code* is an action as a world model sees it."""

    code_size: int
    """Values of a code."""
    noise_size: int
    """Standard normal numbers that draw an action."""

    @abstractmethod
    def draw(self, features: Tensor, noise: Tensor) -> Tensor:
        """Codes (..., code_size), differentiable, from features and standard normal numbers (..., noise_size).

        Zero noise gives the most probable action.
        """

    @abstractmethod
    def judge(self, features: Tensor, code: Tensor) -> tuple[Tensor, Tensor]:
        """Log-probability of codes that were drawn, and the policy's entropy [nat], each (...,)."""

    @abstractmethod
    def code(self, action: Tensor) -> Tensor:
        """Codes of actions, as they are replayed."""

    @abstractmethod
    def action(self, code: Tensor) -> Tensor:
        """The action of a code: the inverse of `code`."""


class ContinuousActor(Actor):
    """A Gaussian with its mean in (-1, 1) (DreamerV3's bounded normal). What it draws beyond +-1 is clipped later.

    Args:
        features: Values of a latent.
        hidden: Units of hidden layers.
        action_size: Actions.
        least: Smallest standard deviation, in units of action.
    """

    def __init__(self, features: int, hidden: int, action_size: int, least: float) -> None:
        super().__init__()
        self.code_size = self.noise_size = action_size
        self.least = least
        self.net = Perceptron(features, hidden, 2 * action_size, _STARTS)

    def _gaussian(self, features: Tensor) -> tuple[Tensor, Tensor]:
        mean, width = self.net(features).chunk(2, -1)
        return torch.tanh(mean), self.least + (1.0 - self.least) * torch.sigmoid(width + 2.0)

    def draw(self, features: Tensor, noise: Tensor) -> Tensor:
        """See `Actor.draw`."""
        mean, deviation = self._gaussian(features)
        return mean + deviation * noise

    def judge(self, features: Tensor, code: Tensor) -> tuple[Tensor, Tensor]:
        """See `Actor.judge`."""
        mean, deviation = self._gaussian(features)
        log_deviation = deviation.log()
        density = -0.5 * ((code - mean) / deviation).square() - log_deviation - _LOG_ROOT
        return density.sum(-1), (log_deviation + (0.5 + _LOG_ROOT)).sum(-1)

    def code(self, action: Tensor) -> Tensor:
        """See `Actor.code`: the action itself."""
        return action

    def action(self, code: Tensor) -> Tensor:
        """See `Actor.action`."""
        return code


class ChoiceActor(Actor):
    """Probabilities of choices, a small share of them alike; a code is 1 for the choice among zeros.

    Args:
        features: Values of a latent.
        hidden: Units of hidden layers.
        choices: How many.
        uniform: Share of the probabilities that is uniform.
    """

    def __init__(self, features: int, hidden: int, choices: int, uniform: float) -> None:
        super().__init__()
        self.code_size = self.noise_size = choices
        self.uniform = uniform
        self.net = Perceptron(features, hidden, choices, _STARTS)

    def draw(self, features: Tensor, noise: Tensor) -> Tensor:
        """See `Actor.draw`."""
        probability = mixed(self.net(features), self.uniform)
        # the largest per standard exponential number is drawn in proportion to the probabilities
        return one_of(probability, (probability / -uniform_of(noise).log()).argmax(-1, keepdim=True))

    def judge(self, features: Tensor, code: Tensor) -> tuple[Tensor, Tensor]:
        """See `Actor.judge`."""
        log = log_mixed(self.net(features), self.uniform)
        return (log * code).sum(-1), -(log.exp() * log).sum(-1)

    def code(self, action: Tensor) -> Tensor:
        """See `Actor.code`."""
        return functional.one_hot(action[..., 0].long(), self.code_size).to(action.dtype)

    def action(self, code: Tensor) -> Tensor:
        """See `Actor.action`."""
        return code.argmax(-1, keepdim=True).to(code.dtype)


def make_actor(layout: Layout, features: int, hidden: int, least: float, uniform: float) -> Actor:
    """The policy for a layout's actions; the arguments are those of the two kinds."""
    if layout.choices:
        return ChoiceActor(features, hidden, layout.choices, uniform)
    return ContinuousActor(features, hidden, layout.action_size, least)
