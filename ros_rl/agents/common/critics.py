# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Critics of continuous actions and their update, as all agents with such critics share them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from ros_rl.agents.common.samples import Samples
from ros_rl.agents.common.targeted_network import M, TargetedNetwork
from ros_rl.networks.bins import on_bins
from ros_rl.networks.critics import CategoricalEnsemble, CriticEnsemble
from ros_rl.networks.passes import GraphPass
from ros_rl.networks.seeing import SeeingCategoricalCritics
from ros_rl.settings.critics import CriticSettings, TargetRule

NextAction = Callable[[Tensor], "tuple[Tensor, Tensor | float]"]
"""The next action and what is taken from its value (the entropy term), (batch, actions) and (batch,)."""
CategoricalNetwork = CategoricalEnsemble | SeeingCategoricalCritics


class Critics(TargetedNetwork[M]):
    """Q functions of continuous actions that follow the Bellman equation, by its squared error; see `TargetedNetwork`.

    Another error is another `value`, `make_target`, `mean` and `slope`, of what the network gives.
    """

    def update(self, samples: Samples, choose: NextAction, updates: int) -> tuple[Tensor, Tensor]:
        """One step on the weighted error of the Bellman equation, and one of the targets.

        Args:
            samples: The batch.
            choose: Gives next actions.
            updates: How many came before.

        Returns:
            Values (critics, batch) and their targets (batch,), without gradient.
        """
        if not self.by_batch:
            target = self.targets(samples, choose)
            return self.approach(samples, target, updates), self.mean(target)
        with torch.no_grad():
            action, cost = choose(samples.next_obs)
            # one pass over both, so that the statistics are those of the mixture (Bhatt et al. 2024, CrossQ)
            both = torch.cat([samples.obs, samples.next_obs]), torch.cat([samples.action, action])
            output, following = self.learning(*both).chunk(2, 1)
            if self.target is not self.online:
                following = self.target_values(*both).chunk(2, 1)[1]
            target = self.make_target(samples, following, cost)
            slope = self.slope(output, target, samples.weight)
        self.follow_slope(torch.cat([slope, torch.zeros_like(slope)], 1), updates)
        return self.value(output), self.mean(target)

    @torch.no_grad()
    def targets(self, samples: Samples, choose: NextAction) -> Tensor:
        """Right sides of the Bellman equation, (batch, ...), by the target network; arguments as those of `update`."""
        action, cost = choose(samples.next_obs)
        return self.make_target(samples, self.target_values(samples.next_obs, action), cost)

    def approach(self, samples: Samples, target: Tensor, updates: int) -> Tensor:
        """One step towards targets, (batch, ...), and one of the target network; gives the values before."""
        output = self.learning(samples.obs, samples.action)
        self.follow_slope(self.slope(output, target, samples.weight), updates)
        return self.value(output)

    def value(self, output: Tensor) -> Tensor:
        """Values, (critics, batch), of what the network gives, (critics, batch, ...)."""
        return output

    def make_target(self, samples: Samples, following: Tensor, cost: Tensor | float) -> Tensor:
        """A target, (batch, ...), from what the network gives for the next action; `cost` is taken from its value."""
        return samples.target(self.smallest(following) - cost)

    def mean(self, target: Tensor) -> Tensor:
        """Values, (batch,), of targets."""
        return target

    def slope(self, output: Tensor, target: Tensor, weight: Tensor) -> Tensor:
        """Of the error's weighted mean over the batch, added up over the critics, after what the network gives."""
        return (2.0 / len(target)) * weight * (output - target)


class CategoricalCritics(Critics[CategoricalNetwork]):
    """Critics that foretell the return's distribution over bins, by cross-entropy; see `Critics`.

    The target is the distribution of the critic whose mean is the smallest, moved by the Bellman equation and brought
    onto the bins again (Bellemare et al. 2017, C51; of two critics Palenicek et al. 2026, XQC). Arguments are those of
    `TargetedNetwork`.
    """

    def __init__(
        self,
        make: Callable[[], CategoricalNetwork],
        rule: TargetRule,
        learning_rate: float,
        beta1: float = 0.9,
        counted: int = 0,
    ) -> None:
        super().__init__(make, rule, learning_rate, beta1, counted)
        self.learning, self.target_values = GraphPass(self.online, values=self.online.logits), self.target.logits

    def value(self, output: Tensor) -> Tensor:
        """See `Critics.value`."""
        return self.mean(torch.softmax(output, -1))

    def make_target(self, samples: Samples, following: Tensor, cost: Tensor | float) -> Tensor:
        """See `Critics.make_target`; probabilities (batch, bins)."""
        probability = torch.softmax(self.drawn(following), -1)
        smallest = self.mean(probability).argmin(0)[None, :, None]
        chosen = torch.take_along_dim(probability, smallest, 0)[0]
        moved = samples.target(self._bins[:, None] - cost)
        self.clipped = (chosen * (moved.T.abs() > self._bins[-1])).sum(-1).mean()
        return on_bins(self._bins, moved.T, chosen)

    def mean(self, target: Tensor) -> Tensor:
        """See `Critics.mean`."""
        return target @ self._bins

    def slope(self, output: Tensor, target: Tensor, weight: Tensor) -> Tensor:
        """See `Critics.slope`."""
        return (weight / len(target))[:, None] * (torch.softmax(output, -1) - target)

    @property
    def _bins(self) -> Tensor:
        return self.online.bins[0]


def make_critics(size_in: int, action_size: int, settings: CriticSettings) -> Critics[Any]:
    """Critics for network inputs and actions of these sizes."""
    return targeted(lambda: make_network(size_in + action_size, settings), settings)


def make_network(size_in: int, settings: CriticSettings) -> CriticEnsemble | CategoricalEnsemble:
    """The critics' network, or what stands behind their encoder.

    Args:
        size_in: Inputs, action included.
        settings: Of the agent.
    """
    s = settings
    sizes = (s.critics, size_in, s.hidden, s.normalisation, s.dropout)
    return CategoricalEnsemble(*sizes, *s.value_bins) if s.value_bins else CriticEnsemble(*sizes)


def targeted(make: Callable[[], Any], settings: CriticSettings) -> Critics[Any]:
    """Critics of such networks, which learn as the settings say."""
    s, kind = settings, CategoricalCritics if settings.value_bins else Critics
    return kind(make, s.target_rule, s.learning_rate, s.beta1, s.target_critics)


def figures(q: Tensor, target: Tensor) -> dict[str, float]:
    """What is told of an update: values (critics, batch) and targets (batch,)."""
    return {"critic_loss": float(((q - target) ** 2).mean()), "q_mean": float(q.mean())}
