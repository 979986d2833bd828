# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""What rewards are divided by, so that values are of size 1 whatever the task's rewards are."""

from __future__ import annotations

import torch
from torch import Tensor

from ros_rl.replay.buffer import ReplayBuffer

_GROWTH = 1.1
"""By so much has the data grown when the scale is found anew."""


class RewardScale:
    """The standard deviation of the discounted rewards that were collected so far in an episode, at all its steps.

    See `ros_rl.replay.collected.collected_rewards`; Palenicek et al. 2026 (XQC) divide by it. It is 1 as long as all of
    these are equal.
    """

    def __init__(self) -> None:
        self._state = torch.tensor([1.0, 0.0], dtype=torch.float64, device="cpu")  # the scale; transitions it is of

    @property
    def value(self) -> float:
        """In units of reward."""
        return float(self._state[0])

    def follow(self, replay: ReplayBuffer) -> None:
        """Find it anew if there is enough new data."""
        if replay.added >= _GROWTH * float(self._state[1]):
            deviation = float(replay.collected().std())
            self._state[0], self._state[1] = deviation or 1.0, replay.added

    def tensors(self) -> dict[str, Tensor]:
        """See `Agent.tensors`."""
        return {"reward_scale": self._state}
