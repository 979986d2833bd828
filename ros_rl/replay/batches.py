# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Batches as they are read from the ring: single steps or sums over several, with the observations before them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from ros_rl.replay.batch import Batch
from ros_rl.replay.chunks import chunk_actions
from ros_rl.replay.n_step import n_step_sums
from ros_rl.replay.ring import Ring
from ros_rl.replay.sum_tree import Index


class Batches:
    """Reads them; which transitions are drawn, others say.

    Args:
        ring: What is held.
        gamma: Discount per step.
        n_step: Rewards in a sum, at most.
        frames: With how many observations each is given; see `ros_rl.replay.buffer.ReplayBuffer`.
        chunk: Actions of a decision; sums are then of as many rewards.
    """

    def __init__(self, ring: Ring, gamma: float, n_step: int, frames: int, chunk: int = 1) -> None:
        self._ring, self._gamma, self._frames, self._chunk = ring, gamma, frames, chunk
        self._steps = n_step if chunk == 1 else chunk
        self._powers = gamma ** np.arange(self._steps + 1, dtype=np.float64)

    def drawn(self, index: Index, weight: np.ndarray, rng: np.random.Generator) -> Batch:
        """As agents without a model learn from them: single steps, sums or chunks that begin at places, (batch,).

        Args:
            index: The places.
            weight: Of each, (batch,).
            rng: See `chunk_actions`.
        """
        batch = self.single(index, weight) if self._steps == 1 else self.sums(index, weight)
        return batch if self._chunk == 1 else replace(batch, action=chunk_actions(self._ring, index, self._chunk, rng))

    def single(self, index: Index, weight: np.ndarray | None = None) -> Batch:
        """The single steps at places of the ring, in any shape.

        Args:
            index: The places.
            weight: Of each, of the same shape; None: 1.
        """
        discount = np.full(index.shape, self._gamma, np.float32)
        weight = np.ones(index.shape, np.float32) if weight is None else weight
        return self._batch(index, index, self._ring.reward[index], discount, weight)

    def sums(self, index: Index, weight: np.ndarray) -> Batch:
        """Those that begin at places of the ring, (batch,), each with its weight."""
        reward, last, steps = n_step_sums(self._ring, index, self._powers[:-1])
        return self._batch(index, last, reward, self._powers[steps].astype(np.float32), weight)

    def _batch(self, index: Index, last: Index, reward: np.ndarray, discount: np.ndarray, weight: np.ndarray) -> Batch:
        ring = self._ring
        return Batch(
            ring.observation[index],
            ring.action[index],
            reward,
            ring.next_observation[last],
            ring.terminated[last],
            discount,
            weight,
            np.zeros(index.shape, np.float32),
            index,
            **(self._seen(index, last) if self._frames == 1 else self._seen_before(index, last)),
        )

    def _seen(self, index: Index, last: Index) -> dict[str, Any]:
        """Images beside the first and the last observations."""
        images = self._ring.images
        return {"images": images.at(index), "next_images": images.after(last, self._ring.successor)}

    def _seen_before(self, index: Index, last: Index) -> dict[str, Any]:
        """The same of all frames, and the observations of those before."""
        ring, history = self._ring, self._frames - 1
        before, before_next = ring.before(index, history), ring.before(last, history - 1)
        newest = ring.images.after(last, ring.successor)
        return {
            "images": ring.images.at(before),
            "next_images": {
                name: np.concatenate([column, newest[name][..., None, :, :, :]], -4)
                for name, column in ring.images.at(before_next).items()
            },
            "past": ring.observation[before[..., :-1]],
            "next_past": ring.observation[before_next],
        }
