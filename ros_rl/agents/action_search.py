# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""The action of the largest value, by the cross-entropy method (Rubinstein and Kroese 2004), for a batch at once."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from ros_rl.agent_settings import SearchSettings

Value = Callable[[Tensor], Tensor]
"""Values, (batch, samples), of candidate actions, (batch, samples, actions)."""


def best_action(value: Value, noise: Tensor, batch: int, settings: SearchSettings) -> Tensor:
    """Search the box [-1, 1] for each row of a batch; every iteration values all its candidates in one call.

    An iteration draws around the mean of the last one's elites, with their deviation, and the mean itself is one of
    its candidates. The result is the best candidate of the last iteration.

    Args:
        value: To be maximised.
        noise: Standard normal, (iterations, samples, actions), the same for all rows.
        batch: Rows.
        settings: First deviation, smallest deviation and elites.

    Returns:
        (batch, actions)
    """
    iterations, samples, actions = noise.shape
    mean, std = noise.new_zeros(batch, 1, actions), noise.new_full((batch, 1, actions), settings.std_init)
    spread = torch.cat([torch.zeros_like(noise[:, :1]), noise[:, 1:]], 1)
    for iteration in range(iterations):
        candidates = (mean + std * spread[iteration]).clamp(-1.0, 1.0)
        values = value(candidates)
        count = 1 if iteration == iterations - 1 else settings.elites
        index = torch.topk(values, count, dim=1).indices
        elites = candidates.gather(1, index[..., None].expand(-1, -1, actions))
        mean = elites.mean(1, keepdim=True)
        std = ((elites - mean) ** 2).mean(1, keepdim=True).sqrt().clamp_min(settings.std_min)
    return mean[:, 0]
