# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Replayed transitions with other goals: each teaches about more than the goal that it was made for."""

from __future__ import annotations

import dataclasses

import torch

from ros_rl.layout import LAST_ACTION, Layout
from ros_rl.replay.batch import Batch
from ros_rl.tasks.task import Judge


class GoalRelabeller:
    """Gives a share of a batch the goals of other transitions of it, and the reward that these would have brought.

    The robot would have moved alike with another goal in sight, so the transition is as true (Andrychowicz et al. 2017,
    "Hindsight Experience Replay"; its strategy "random", as dense rewards need no goals that were reached).

    Torch's random numbers choose, which a checkpoint holds.

    Args:
        layout: Of the observations.
        judge: Rewards and ends.
        fraction: Share of a batch that is changed, anywhere in it: prioritised batches are ordered by age.
    """

    def __init__(self, layout: Layout, judge: Judge, fraction: float) -> None:
        self._layout, self._judge, self._fraction = layout, judge, fraction

    def __call__(self, batch: Batch) -> Batch:
        """A changed copy of a batch of single steps."""
        layout, count = self._layout, int(self._fraction * batch.index.size)
        rows, givers = (torch.randperm(batch.index.size, device="cpu")[:count].numpy() for _ in range(2))
        observation, next_observation = batch.observation.copy(), batch.next_observation.copy()
        reward, terminated = batch.reward.copy(), batch.terminated.copy()
        goal, last = batch.observation[givers, layout.goal], layout.slices[LAST_ACTION]
        for part in (observation, next_observation):
            part[rows, layout.goal] = goal
        earlier, later = observation[rows], next_observation[rows]
        after = layout.split(later)
        reward[rows] = self._judge.reward(layout.split(earlier), earlier[:, last], later[:, last], after)
        terminated[rows] = self._judge.terminated(after)
        return dataclasses.replace(
            batch, observation=observation, next_observation=next_observation, reward=reward, terminated=terminated
        )
