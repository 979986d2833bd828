# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Data sets of transitions, and how they are split between members and held-out validation."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ros_rl.errors import DataError
from ros_rl.types import Array

FIELDS = ("state", "last_action", "action", "next_state")


@dataclass(frozen=True)
class TransitionData:
    """Transitions (x_k, u_{k-1}, u_k, x_{k+1}), oldest first.

    Raises:
        DataError: Shapes that do not fit each other, or a value that is not finite.
    """

    state: Array
    """(count, state)"""
    last_action: Array
    """(count, actions)"""
    action: Array
    """(count, actions)"""
    next_state: Array
    """(count, state)"""
    episode: np.ndarray | None = None
    """(count,): whole numbers from 0, never falling; rows of one episode follow each other without a gap. Known
    episodes are held out as a whole, and sequences stay within one."""

    def __post_init__(self) -> None:
        """Check shapes and values."""
        for name in FIELDS:
            array, like = getattr(self, name), self.state if name.endswith("state") else self.action
            if array.ndim != 2 or array.shape != (len(self.state), like.shape[-1]):
                raise DataError(
                    f"data '{name}' has shape {array.shape}, expected ({len(self.state)}, {like.shape[-1]})"
                )
            bad = ~np.isfinite(array).all(1)
            if bad.any():
                raise DataError(f"data '{name}' has a value that is not finite in row {int(bad.argmax())}")
        if self.episode is not None:
            _check_episodes(self.episode, len(self.state))

    def __len__(self) -> int:
        """Transitions."""
        return len(self.state)

    def groups(self) -> np.ndarray:
        """(count,): what is held out together, a whole number per transition."""
        return np.arange(len(self)) if self.episode is None else self.episode

    def starts(self, horizon: int) -> np.ndarray:
        """The rows from which `horizon` transitions follow each other within one episode.

        Raises:
            DataError: Sequences are asked for, and episodes are not known or all shorter.
        """
        if horizon == 1:
            return np.arange(len(self))
        if self.episode is None:
            raise DataError(f"fit.horizon {horizon} needs sequences, but the data has no 'episode' for its rows")
        last = np.arange(len(self) - horizon + 1)
        starts = last[self.episode[last] == self.episode[last + horizon - 1]]
        if not len(starts):
            raise DataError(f"fit.horizon {horizon} is longer than every episode of the data")
        return starts


def _check_episodes(episode: np.ndarray, count: int) -> None:
    if episode.shape != (count,) or not np.issubdtype(episode.dtype, np.integer):
        raise DataError(f"data 'episode' is {episode.dtype} of shape {episode.shape}, expected integers of ({count},)")
    if count and (episode[0] < 0 or (np.diff(episode) < 0).any()):
        raise DataError("data 'episode' must count up from 0 and never fall")


class Split:
    """Decides once for each transition whether it is held out, and how often each member sees it.

    What was decided stays when the data grows, so nothing that a member was trained on validates it later.

    Args:
        members: Ensemble members.
        validation: Share that is held out.
        bootstrap: Each member sees each transition Poisson(1) times, which is sampling with replacement one row at a
            time (Oza and Russell 2001); otherwise once.
        rng: Random numbers.
    """

    def __init__(self, members: int, validation: float, bootstrap: bool, rng: np.random.Generator) -> None:
        self.validation, self.bootstrap, self._rng = validation, bootstrap, rng
        self._held_out = np.zeros(0, bool)
        self._counts = np.zeros((members, 0), np.int64)

    def divide(self, data: TransitionData, horizon: int) -> tuple[list[np.ndarray], np.ndarray]:
        """First rows of the sequences that each member trains on, and of those that are held out.

        Raises:
            DataError: The data shrank, or is too small to be divided.
        """
        if len(data) < self._counts.shape[1]:
            raise DataError(
                f"the data shrank from {self._counts.shape[1]} transitions to {len(data)}; it may only grow"
            )
        starts, groups = data.starts(horizon), data.groups()
        self._grow(len(data), int(groups[-1]) + 1 if len(data) else 0)
        present = np.unique(groups[starts])
        what = "transitions" if data.episode is None else "episodes"
        if len(present) < 2:
            raise DataError(f"{len(present)} {what} are too few to hold some out for validation; at least 2 are needed")
        self._leave_some(present)
        held_out = self._held_out[groups[starts]]
        return self._shares(starts[~held_out]), starts[held_out]

    def _grow(self, count: int, groups: int) -> None:
        members, known = self._counts.shape
        new = (members, count - known)
        counts = self._rng.poisson(1.0, new) if self.bootstrap else np.ones(new, np.int64)
        self._counts = np.concatenate([self._counts, counts], 1)
        drawn = self._rng.random(groups - len(self._held_out)) < self.validation
        self._held_out = np.concatenate([self._held_out, drawn])

    def _leave_some(self, present: np.ndarray) -> None:
        """At least one group on either side, however small the data is."""
        if not self._held_out[present].any():
            self._held_out[present[-1]] = True
        if self._held_out[present].all():
            self._held_out[present[0]] = False

    def _shares(self, starts: np.ndarray) -> list[np.ndarray]:
        shares = [np.repeat(starts, counts[starts]) for counts in self._counts]
        return [share if len(share) else starts for share in shares]
