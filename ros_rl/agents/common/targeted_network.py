# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Networks that value actions, with the slower copies that their targets come from."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from typing import Generic, TypeVar

import torch
from torch import Tensor, nn

from ros_rl.agents.agent import Stateful
from ros_rl.networks.critics import polyak
from ros_rl.networks.layers import BatchedBatchNorm, UnitLinear
from ros_rl.networks.mlp import share_rounding
from ros_rl.networks.optimisers import Adam, move, step
from ros_rl.networks.passes import GraphPass, Pass, plain_pass
from ros_rl.settings.critics import TargetRule

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

    clipped: Tensor | None = None
    """Share of the last targets' probability, (), that lay beyond the outermost bins; None: there are none."""

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
        self._units = [part for part in self.online.modules() if isinstance(part, UnitLinear)]
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
        for layer in self._units:
            layer.project()
        if (updates + 1) % self.rule.every == 0:
            self._follower.move()

    def smallest(self, q: Tensor) -> Tensor:
        """The smallest of the critics that count in a target, (batch,)."""
        return self.drawn(q).amin(0)

    def drawn(self, output: Tensor) -> Tensor:
        """Those critics of (critics, ...) that count in a target: all, or some at random (Chen et al. 2021, REDQ)."""
        if not self.counted:
            return output
        return output[torch.randperm(output.shape[0], device=output.device)[: self.counted]]


def _values(network: nn.Module) -> Iterator[Tensor]:
    """Parameters and running statistics."""
    yield from network.parameters()
    yield from network.buffers()
