# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Critics, their targets and their update, as all agents with Q functions share them."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from typing import Generic, TypeVar

import torch
from torch import Tensor, nn

from ros_rl.agents.agent import Stateful
from ros_rl.agents.common.samples import Samples
from ros_rl.networks.critics import CriticEnsemble, polyak
from ros_rl.networks.layers import BatchedBatchNorm
from ros_rl.networks.mlp import share_rounding
from ros_rl.networks.optimisers import Adam, move, step
from ros_rl.networks.passes import GraphPass, Pass, plain_pass
from ros_rl.settings.critics import CriticSettings, TargetRule

NextAction = Callable[[Tensor], "tuple[Tensor, Tensor | float]"]
"""The next action and what is taken from its value (the entropy term), (batch, actions) and (batch,)."""


M = TypeVar("M", bound=nn.Module)


class Follower:
    """Moves a target network; without target networks nothing moves.

    Args:
        target: Follows.
        source: Is followed.
        rule: How.
    """

    def __init__(self, target: nn.Module, source: nn.Module, rule: TargetRule) -> None:
        self.target, self.source, self.rule = target, source, rule
        self._parameters = list(target.parameters()), list(source.parameters())

    def move(self) -> None:
        """One move."""
        if self.rule.kind == "polyak":
            polyak(*self._parameters, self.rule.tau)
        elif self.rule.kind == "hard":
            self.target.load_state_dict(self.source.state_dict())


class TargetedNetwork(Generic[M]):
    """A network that values actions, a slower copy of it that its targets come from, and its optimiser.

    Args:
        make: Makes one such network.
        rule: How the copy follows.
        learning_rate: Adam's step size.
        beta1: Adam's decay of the gradient's mean.
        counted: How many critics of an ensemble, drawn anew for each update, count in a target; 0: all.
    """

    def __init__(
        self, make: Callable[[], M], rule: TargetRule, learning_rate: float, beta1: float = 0.9, counted: int = 0
    ) -> None:
        self.rule, self.counted = rule, counted
        self.online = make()
        self.target = self.online
        if rule.kind != "none":
            self.target = make().requires_grad_(False)
            self.target.load_state_dict(self.online.state_dict())
        self._follower = Follower(self.target, self.online, rule)
        self.by_batch = any(isinstance(part, BatchedBatchNorm) for part in self.online.modules())
        """Whether a batch's own statistics normalise it."""
        learned = [parameter for parameter in self.online.parameters() if parameter.requires_grad]
        self.optimiser = Adam(learned, learning_rate, beta1)
        plain = plain_pass(self.online)
        self.learning = plain or GraphPass(self.online)
        """Through the online network, and back to its parameters."""
        self.online_values: Callable[..., Tensor] = plain or self.online
        self.target_values: Callable[..., Tensor] = plain_pass(self.target) or self.target
        """The networks' values, to be asked for without gradient."""
        self._frozen: dict[int | None, M] = {}
        self._through: dict[int | None, Pass] = {} if plain is None else {None: plain}

    def frozen(self, members: int | None = None) -> M:
        """The online network as it is, seen so that no gradient reaches its weights: a policy is improved through it.

        It has the online network's own memory, in which all that moves or restores weights writes.

        Args:
            members: How many critics of an ensemble are asked; None: all.
        """
        if members not in self._frozen:
            frozen = copy.deepcopy(self.online).requires_grad_(False)
            for value, online in zip(_values(frozen), _values(self.online), strict=True):
                value.data = online.data[:members]
            share_rounding(frozen, self.online)
            self._frozen[members] = frozen.train(not self.by_batch)
        return self._frozen[members]

    def through(self, members: int | None = None) -> Pass:
        """The way through the critics as they are, and back to actions; see `frozen`."""
        if members not in self._through:
            self._through[members] = plain_pass(self.online, members) or GraphPass(self.frozen(members), learns=False)
        return self._through[members]

    def parts(self) -> dict[str, Stateful]:
        """What a checkpoint holds."""
        parts: dict[str, Stateful] = {"critics": self.online, "critic_optimiser": self.optimiser}
        return parts | ({} if self.target is self.online else {"target_critics": self.target})

    def descend(self, loss: Tensor, updates: int) -> None:
        """One step down a loss, and one of the targets.

        Args:
            loss: Of the network.
            updates: How many came before.
        """
        step(self.optimiser, loss)
        self._follow(updates)

    def follow_slope(self, slope: Tensor, updates: int) -> None:
        """As `descend`, from the loss's derivative after the values that `learning` gave."""
        self.learning.learn(slope)
        move(self.optimiser)
        self._follow(updates)

    def _follow(self, updates: int) -> None:
        if (updates + 1) % self.rule.every == 0:
            self._follower.move()

    def smallest(self, q: Tensor) -> Tensor:
        """The smallest of the critics, or of a random subset of them (Chen et al. 2021, REDQ), (batch,)."""
        if self.counted:
            q = q[torch.randperm(q.shape[0], device=q.device)[: self.counted]]
        return q.amin(0)


class Critics(TargetedNetwork[CriticEnsemble]):
    """Q functions of continuous actions that follow the Bellman equation; see `TargetedNetwork`."""

    def update(self, samples: Samples, choose: NextAction, updates: int) -> tuple[Tensor, Tensor]:
        """One step on the weighted squared Bellman error, and one of the targets.

        Args:
            samples: The batch.
            choose: Gives next actions.
            updates: How many came before.

        Returns:
            Values (critics, batch) and their targets (batch,), without gradient.
        """
        if not self._joint:
            target = self.targets(samples, choose)
            return self.approach(samples, target, updates), target
        with torch.no_grad():
            action, cost = choose(samples.next_obs)
            # one pass over both, so that the statistics are those of the mixture (Bhatt et al. 2024, CrossQ)
            both = self.learning(torch.cat([samples.obs, samples.next_obs]), torch.cat([samples.action, action]))
            q, next_q = both.chunk(2, 1)
            target = samples.target(self.smallest(next_q) - cost)
            slope = _slope(q, target, samples.weight)
        self.follow_slope(torch.cat([slope, torch.zeros_like(slope)], 1), updates)
        return q, target

    @torch.no_grad()
    def targets(self, samples: Samples, choose: NextAction) -> Tensor:
        """Right sides of the Bellman equation, (batch,), by the target network; arguments as those of `update`."""
        action, cost = choose(samples.next_obs)
        return samples.target(self.smallest(self.target_values(samples.next_obs, action)) - cost)

    def approach(self, samples: Samples, target: Tensor, updates: int) -> Tensor:
        """One step towards targets, (batch,), and one of the target network; gives the values before, see `update`."""
        q = self.learning(samples.obs, samples.action)
        self.follow_slope(_slope(q, target, samples.weight), updates)
        return q

    @property
    def _joint(self) -> bool:
        return self.by_batch and self.target is self.online


def _slope(q: Tensor, target: Tensor, weight: Tensor) -> Tensor:
    """Of the weighted mean squared error, added up over the critics, after the values (critics, batch)."""
    return (2.0 / len(target)) * weight * (q - target)


def make_critics(size_in: int, action_size: int, settings: CriticSettings) -> Critics:
    """Critics for network inputs and actions of these sizes."""
    s = settings
    sizes = (s.critics, size_in + action_size, s.hidden, s.normalisation, s.dropout)
    return Critics(lambda: CriticEnsemble(*sizes), s.target_rule, s.learning_rate, s.beta1, s.target_critics)


def figures(q: Tensor, target: Tensor) -> dict[str, float]:
    """What is told of an update: values (critics, batch) and targets (batch,)."""
    return {"critic_loss": float(((q - target) ** 2).mean()), "q_mean": float(q.mean())}


def _values(network: nn.Module) -> Iterator[Tensor]:
    """Parameters and running statistics."""
    yield from network.parameters()
    yield from network.buffers()
