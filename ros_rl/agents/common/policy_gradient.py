# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""What policy gradients on new data share: whole episodes and their returns."""

from __future__ import annotations

import torch
from torch import Tensor

from ros_rl.agents.common.samples import Samples
from ros_rl.errors import ConfigError
from ros_rl.replay.batch import Batch
from ros_rl.replay.buffer import ReplayBuffer


class NewData:
    """Gives what the policy did since the last update, each transition at most once.

    What came before the first call was random, and so was the beginning of every episode that ran then: both are left
    out. Ignored: the graph that acts follows the policy some steps late (`learner.publish_every` and transport), so the
    first actions after an update may be the older policy's, and no ratio of probabilities corrects that.
    """

    def __init__(self) -> None:
        self.mark = torch.tensor([-1, -1], device="cpu")
        """Transitions ever added at the last update, and one more than at the first call; -1: there was none yet."""

    def episodes(self, replay: ReplayBuffer, count: int) -> list[Batch]:
        """All whole episodes that finished since; none as long as there are fewer than `count`.

        Raises:
            ConfigError: The buffer is full of what came since, and does not hold as many.
        """
        since, first = self._state(replay)
        found = replay.episodes_since(since, first)
        if len(found) < count:
            if replay.added - since > replay.capacity:
                raise ConfigError(
                    f"learner.replay_capacity {replay.capacity} does not hold {count} whole episodes (agent.episodes): "
                    f"{len(found)} finished in it; use a larger one, or fewer episodes per update"
                )
            return []
        self.mark[0] = replay.added
        return found

    def steps(self, replay: ReplayBuffer) -> Batch | None:
        """All transitions since, those of unfinished episodes too; None if there is none."""
        since, _ = self._state(replay)
        if replay.added == since:
            return None
        self.mark[0] = replay.added
        return replay.newest(replay.added - since)

    def _state(self, replay: ReplayBuffer) -> tuple[int, int]:
        if self.mark[0] < 0:  # the next action may have been chosen already: one more
            self.mark[0], self.mark[1] = replay.added, replay.added + 1
        return int(self.mark[0]), int(self.mark[1])


def discounted_sums(values: Tensor, discount: float, tail: float = 0.0) -> Tensor:
    """sum_j discount^j values[k + j] for each k, (steps,); `tail` stands for the sum after the last step."""
    sums, total = [], tail
    for value in reversed(values.tolist()):
        total = value + discount * total
        sums.append(total)
    return values.new_tensor(sums[::-1])


def mean_of_others(sums: list[Tensor]) -> list[Tensor]:
    """For each episode the mean of the other episodes' values at the same step; past its end an episode has 0.

    Independent of the episode's own actions, so it does not change a gradient's mean.

    Args:
        sums: (steps,) each, of at least two episodes.
    """
    padded = torch.nn.utils.rnn.pad_sequence(sums, batch_first=True)
    mean = (padded.sum(0) - padded) / (len(sums) - 1)
    return [row[: len(own)] for row, own in zip(mean, sums, strict=True)]


def joined(parts: list[Samples]) -> Samples:
    """Several batches as one."""
    return Samples(*(torch.cat(tensors) for tensors in zip(*(vars(part).values() for part in parts), strict=True)))


def minibatches(samples: Samples, size: int) -> list[Samples]:
    """All samples in random order, `size` at a time; the last batch may be smaller."""
    order = torch.randperm(len(samples.reward), device=samples.reward.device)
    return [Samples(*(tensor[part] for tensor in vars(samples).values())) for part in order.split(size)]
