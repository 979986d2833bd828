# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Critics, their targets and their update, as all agents with Q functions share them."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from ros_rl.actor_critic import CriticEnsemble, polyak
from ros_rl.agent_settings import CriticSettings
from ros_rl.agents.agent import Stateful
from ros_rl.agents.samples import Samples

NextAction = Callable[[Tensor], "tuple[Tensor, Tensor | float]"]
"""The next action and what is taken from its value (the entropy term), (batch, actions) and (batch,)."""


class Critics:
    """Q functions that follow the Bellman equation.

    Args:
        size_in: Values of a network input.
        action_size: Values of an action.
        settings: How many, of which size, and which targets.
    """

    def __init__(self, size_in: int, action_size: int, settings: CriticSettings) -> None:
        self.settings = s = settings
        sizes = (s.critics, size_in + action_size, s.hidden, s.normalisation, s.dropout)
        self.online = CriticEnsemble(*sizes)
        self.target = self.online
        if s.targets != "none":
            self.target = CriticEnsemble(*sizes).requires_grad_(False)
            self.target.load_state_dict(self.online.state_dict())
            self.target.train(s.dropout > 0.0)
        self.optimiser = torch.optim.Adam(self.online.parameters(), s.learning_rate, betas=(s.beta1, 0.999), fused=True)

    def parts(self) -> dict[str, Stateful]:
        """What a checkpoint holds."""
        parts: dict[str, Stateful] = {"critics": self.online, "critic_optimiser": self.optimiser}
        return parts | ({} if self.target is self.online else {"target_critics": self.target})

    def update(self, samples: Samples, choose: NextAction, updates: int) -> tuple[Tensor, Tensor]:
        """One step on the weighted squared Bellman error, and one of the targets.

        Args:
            samples: The batch.
            choose: Gives next actions.
            updates: How many came before.

        Returns:
            Values (critics, batch) and their targets (batch,), without gradient.
        """
        q, target = self._values(samples, choose)
        loss = (samples.weight * (q - target) ** 2).mean(1).sum()
        self.optimiser.zero_grad()
        loss.backward()
        self.optimiser.step()
        self._follow(updates + 1)
        return q.detach(), target

    def _values(self, samples: Samples, choose: NextAction) -> tuple[Tensor, Tensor]:
        joint = self.settings.normalisation == "batch" and self.target is self.online
        with torch.no_grad():
            action, cost = choose(samples.next_seen)
            following = None if joint else self.target(samples.next_seen, action)
        if following is not None:
            q = self.online(samples.seen, samples.action)
        else:
            # one pass over both, so that the statistics are those of the mixture (Bhatt et al. 2024, CrossQ)
            both = self.online(torch.cat([samples.seen, samples.next_seen]), torch.cat([samples.action, action]))
            q, following = both.chunk(2, 1)
            following = following.detach()
        value = self.smallest(following) - cost
        return q, samples.reward + samples.discount * (1.0 - samples.terminated) * value

    def smallest(self, q: Tensor) -> Tensor:
        """The smallest of the critics, or of a random subset of them (Chen et al. 2021, REDQ), (batch,)."""
        count = self.settings.target_critics
        return (q[torch.randperm(q.shape[0])[:count]] if count else q).amin(0)

    def of_policy(self, seen: Tensor, action: Tensor) -> Tensor:
        """Values through which a policy is improved, (critics, batch): no gradient reaches the critics' weights."""
        self.online.requires_grad_(False)
        training = self.online.training
        self.online.train(training and self.settings.normalisation != "batch")
        q = self.online(seen, action)
        self.online.train(training)
        self.online.requires_grad_(True)
        return q

    def _follow(self, updates: int) -> None:
        s = self.settings
        if s.targets == "polyak":
            polyak(self.target, self.online, s.tau)
        elif s.targets == "hard" and updates % s.copy_every == 0:
            self.target.load_state_dict(self.online.state_dict())
