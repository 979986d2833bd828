# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""The rest of a decision for several control periods, kept in a control graph's carry (torch)."""

from __future__ import annotations

import torch
from torch import Tensor


class ChunkQueue:
    """Carries out a chunk's actions one after the other, and then takes the next chunk.

    The carry is how many actions are left, and behind it these, the next one first; zeros mean that nothing is left.

    Args:
        length: Actions of a chunk, one for each control period; with 1 nothing is carried.
        action_size: Values per action.
    """

    def __init__(self, length: int, action_size: int) -> None:
        self.length, self.action_size = length, action_size
        self.carry = (0.0,) * (1 + (length - 1) * action_size if length > 1 else 0)
        """The initial carry."""

    def next(self, fresh: Tensor, kept: Tensor) -> tuple[Tensor, Tensor]:
        """The action that is due, (actions,), and the next carry.

        Args:
            fresh: The chunk decided now, (length * actions,): taken if nothing is left of the last one.
            kept: The carry.
        """
        if self.length == 1:
            return fresh, kept
        left, rest = kept[:1], torch.cat([kept[1:], kept.new_zeros(self.action_size)])
        going = left > 0.5
        chunk = torch.where(going, rest, fresh)
        left = torch.where(going, left, torch.full_like(left, self.length)) - 1.0
        return chunk[: self.action_size], torch.cat([left, chunk[self.action_size :]])
