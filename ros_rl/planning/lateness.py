# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""How old the command is that acts: a Markov chain, whose steps are counted as they happen (torch, exportable).

Each command comes l = 0 .. `most` periods late, and of those that came the one sent last acts. Its age is L_k. Where
all l are alike, L_k = min(l, L_{k-1} + 1) with l drawn anew: all that were sent after what acted at k - 1 had not come
by then, so one of age j <= L_{k-1} comes at k with probability 1 / (most - j + 1); that it does and no newer one has
probability 1 / (most + 1), whatever j. If none comes, what acted is a period older. A link that is always two periods
late has another chain, and so has one that is always in time: that is why steps are counted.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor

UNKNOWN, STAYS = 1.0, 3.0
"""Steps that each age is believed to have taken before any was counted: as if all l were alike; as if it stayed. With
them, commands in time are planned for as in time with 0.83 at the first decision, 0.99 after some seconds."""
KEPT = 0.98
"""Share of a count that is left after a period: at 20 Hz what was seen 2.5 s ago counts for 1 / e."""


class Lateness:
    """The chain of ages, and what was counted of it.

    Args:
        most: The age of the oldest command that may act.
    """

    def __init__(self, most: int) -> None:
        self.ages = most + 1

    @property
    def alike(self) -> Tensor:
        """Probabilities of the next age (column) after each (row), where all numbers of periods are alike."""
        chain = torch.full((self.ages, self.ages), 1.0 / self.ages).tril()
        older = torch.arange(self.ages).add(1).clamp(max=self.ages - 1)
        chain[torch.arange(self.ages), older] += 1.0 - chain.sum(1)
        return chain

    def chain(self, counts: Tensor) -> Tensor:
        """Probabilities of the next age (column) after each (row), by steps that were counted, (ages, ages)."""
        found = counts + (UNKNOWN * self.alike + STAYS * torch.eye(self.ages)).to(counts)
        return found / found.sum(1, keepdim=True)

    def counted(self, counts: Tensor, before: Tensor, now: Tensor) -> Tensor:
        """Counts after one more step, (ages, ages), from an age to the next one, each (ages,), 1 where it is."""
        return KEPT * counts + before[:, None] * now

    def draw(self, chain: Tensor, age: Tensor, noise: Tensor, members: int) -> Tensor:
        """Ages in the periods to come, for each member; their draws are spread evenly (systematic sampling).

        Args:
            chain: See `chain`.
            age: That of what acts now, (ages,), 1 where it is.
            noise: Standard normal, (steps,).
            members: How many.

        Returns:
            (steps, members, ages), 1 where it is and 0 elsewhere.
        """
        ages = torch.arange(self.ages, device=noise.device)
        uniform = 0.5 + 0.5 * torch.erf(noise / math.sqrt(2.0))
        share = uniform[:, None] + torch.arange(members, device=noise.device) / members
        below, found = chain.cumsum(1)[:, :-1], []
        now = age.expand(members, -1)
        for drawn in share - share.floor():
            index = (drawn[:, None] >= now @ below).to(noise.dtype).sum(1, keepdim=True)
            now = (index == ages).to(noise.dtype)
            found.append(now)
        return torch.stack(found)
