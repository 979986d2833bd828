# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""What agents make up themselves and learn from for a while: rows of tensors, of which the newest are kept."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor


class TensorRing:
    """Holds the newest `capacity` rows.

    Args:
        capacity: Rows held.
        sizes: Values per row of each tensor, by name; None for a single number, without an axis of its own.
    """

    def __init__(self, capacity: int, sizes: Mapping[str, int | None]) -> None:
        self.capacity = capacity
        self._rows = {n: torch.zeros(capacity) if s is None else torch.zeros(capacity, s) for n, s in sizes.items()}
        self._added = torch.zeros((), dtype=torch.int64, device="cpu")
        self._device = next(iter(self._rows.values())).device

    def __len__(self) -> int:
        """Rows held now."""
        return min(int(self._added), self.capacity)

    def add(self, rows: Mapping[str, Tensor]) -> None:
        """Store rows, over the oldest ones when full."""
        count = len(next(iter(rows.values())))
        index = (self._added + torch.arange(count, device=self._device))[-self.capacity :] % self.capacity
        for name, value in rows.items():
            self._rows[name][index] = value[-self.capacity :]
        self._added += count

    def sample(self, count: int, newest: int | None = None) -> dict[str, Tensor]:
        """Rows drawn with replacement from the `newest` ones, or from all; there must be some."""
        held = min(len(self), newest or self.capacity)
        index = (self._added - 1 - torch.randint(held, (count,), device=self._device)) % self.capacity
        return {name: value[index] for name, value in self._rows.items()}

    def tensors(self, prefix: str) -> dict[str, Tensor]:
        """All of it, for a checkpoint."""
        return {f"{prefix}.{name}": value for name, value in self._rows.items()} | {f"{prefix}.added": self._added}
