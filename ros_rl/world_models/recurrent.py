# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""The recurrent state-space model (Hafner et al. 2019, PlaNet; with categorical latents as in DreamerV2).

    h_k = f(h_{k-1}, z_{k-1}, u_{k-1}),   prior p(z_k given h_k),   posterior q(z_k given h_k, e_k)

h is what is remembered, z what is drawn anew at each step, e what is seen, u the decision.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor, nn

from ros_rl.world_models.categorical import draw, log_mixed, mixed
from ros_rl.world_models.layers import Dense, RecurrentCell


class Latent(NamedTuple):
    """A belief about the world."""

    memory: Tensor
    """h, (..., memory)"""
    drawn: Tensor
    """z, (..., variables * classes): a 1 for each variable"""

    @property
    def features(self) -> Tensor:
        """What heads and policies see."""
        return torch.cat(self, -1)

    def rows(self, index: Tensor) -> Latent:
        """Some of them, of (count, ...)."""
        return Latent(self.memory[index], self.drawn[index])


class RecurrentModel(nn.Module):
    """See the module.

    Args:
        action_size: Values of an action, as the model sees it.
        embedding_size: Values of what is seen.
        memory: Values of h.
        hidden: Units of hidden layers.
        variables: Latent variables.
        classes: Of each of them.
        uniform: Share of every belief that is uniform.
    """

    def __init__(
        self,
        action_size: int,
        embedding_size: int,
        memory: int,
        hidden: int,
        variables: int,
        classes: int,
        uniform: float,
    ) -> None:
        super().__init__()
        self.memory, self.shape, self.uniform = memory, (variables, classes), uniform
        self.drawn = variables * classes
        self.of_action = nn.Linear(action_size, hidden, bias=False)
        self.of_embedding = nn.Linear(embedding_size, hidden, bias=False)
        self.input = Dense(self.drawn, hidden)
        self.cell = RecurrentCell(hidden, memory)
        self.foretell = nn.Sequential(Dense(memory, hidden), nn.Linear(hidden, self.drawn))
        self.see = Dense(memory, hidden)
        self.seen = nn.Linear(hidden, self.drawn)

    @property
    def size(self) -> int:
        """Values of a latent's features."""
        return self.memory + self.drawn

    def start(self, like: Tensor, *batch: int) -> Latent:
        """The latent before anything was seen or done: zeros, of the tensor's type, where it is."""
        return Latent(like.new_zeros(*batch, self.memory), like.new_zeros(*batch, self.drawn))

    def advance(self, last: Latent, action: Tensor) -> Tensor:
        """h_k, (batch, memory), from the latent before and the action between (batch, action_size)."""
        return self._advance(last, self.of_action(action))

    def _advance(self, last: Latent, by_action: Tensor) -> Tensor:
        found: Tensor = self.cell(self.input(last.drawn, by_action), last.memory)
        return found

    def prior(self, memory: Tensor) -> Tensor:
        """p(z given h): logits (..., variables, classes); see `log_probability`."""
        return self._belief(self.foretell(memory))

    def posterior(self, memory: Tensor, embedding: Tensor) -> Tensor:
        """q(z given h, e): logits (..., variables, classes)."""
        return self._posterior(memory, self.of_embedding(embedding))

    def _posterior(self, memory: Tensor, by_embedding: Tensor) -> Tensor:
        return self._belief(self.seen(self.see(memory, by_embedding)))

    def _belief(self, logits: Tensor) -> Tensor:
        return logits.unflatten(-1, self.shape)

    def log_probability(self, belief: Tensor) -> Tensor:
        """Log-probabilities of a belief's classes, (..., variables, classes)."""
        return log_mixed(belief, self.uniform)

    def draw(self, memory: Tensor, belief: Tensor, uniform: Tensor) -> Latent:
        """The latent of a belief; see `categorical.draw`, `uniform` is (..., variables)."""
        return Latent(memory, draw(mixed(belief, self.uniform), uniform).flatten(-2))

    def imagine(self, last: Latent, action: Tensor) -> Latent:
        """A latent that may follow, with nothing seen."""
        memory = self.advance(last, action)
        belief = self.prior(memory)
        return self.draw(memory, belief, torch.rand_like(belief[..., 0]))

    def observe(self, embedding: Tensor, action: Tensor, first: Tensor) -> tuple[Latent, Tensor]:
        """Latents of what was seen, one after the other.

        Args:
            embedding: (length, batch, embedding_size)
            action: The decisions before each, (length, batch, action_size).
            first: (length, batch), 1 where a new episode begins: what was before is forgotten there.

        Returns:
            Latents and posteriors, each (length, batch, ...).
        """
        length, batch = first.shape
        keep = (1.0 - first)[..., None]
        # all that does not depend on the latents is computed at once
        by_action, by_embedding = self.of_action(action * keep), self.of_embedding(embedding)
        chance = torch.rand((length, batch, self.shape[0]), device=first.device)
        memory, drawn = self.start(embedding, batch)
        memories, draws, beliefs = [], [], []
        anew = first.any(-1).tolist()
        for k in range(length):
            if anew[k]:
                memory, drawn = memory * keep[k], drawn * keep[k]
            memory = self._advance(Latent(memory, drawn), by_action[k])
            belief = self._posterior(memory, by_embedding[k])
            drawn = self.draw(memory, belief, chance[k]).drawn
            memories.append(memory)
            draws.append(drawn)
            beliefs.append(belief)
        return Latent(torch.stack(memories), torch.stack(draws)), torch.stack(beliefs)
