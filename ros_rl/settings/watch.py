# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Settings of the watch on the critics' values; `docs/watch.md` explains each figure."""

from __future__ import annotations

from dataclasses import dataclass

from ros_rl.config import setting


@dataclass(frozen=True)
class WatchSettings:
    """When values count as wrong, and how often that is looked at."""

    reward_bound: float = setting(0.0, "largest |reward| of a step; 0: the largest that was seen", low=0.0)
    window: int = setting(1000, "updates that recent figures are taken over", unit="updates", low=10)
    beyond_share: float = setting(0.005, "share of recent batches whose |Q| may be beyond its bound", low=0.0, high=1.0)
    bellman_share: float = setting(1.0, "largest recent Bellman error, as a share of the targets' size", low=0.0)
    clipped_share: float = setting(
        0.05, "largest recent share of the targets' probability beyond the outermost bins", low=0.0, high=1.0
    )
    rank_every: int = setting(2000, "updates between looks at the critics' effective rank", unit="updates", low=1)
    rank_share: float = setting(
        0.25, "smallest effective rank, as a share of the largest of this training", low=0.0, high=1.0
    )
    overestimation_share: float = setting(
        1.0, "largest mean of Q minus the return that followed, as a share of these returns' size", low=0.0
    )
    episodes: int = setting(10, "finished episodes that the overestimation is taken over", low=1)
    tail: float = setting(
        0.5, "truncated episodes: largest weight of the end's own Q in a return that counts", low=0.0, high=1.0
    )
