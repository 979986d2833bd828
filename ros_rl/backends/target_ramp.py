# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""How the target of the joints moves to a new command within a control period."""

from __future__ import annotations

import numpy as np

from ros_rl.types import Array


class TargetRamp:
    """Moves the target linearly from one command to the next over a share of the period, late by a latency.

    Args:
        share: Of the control period that the way takes.
        latency: Time from a command to the first of its motion, below a period [s].
        rate: Physics steps per second [Hz].
        substeps: Physics steps in a control period.
        rest: The command that holds at first, shape (joints,).
    """

    def __init__(self, share: float, latency: float, rate: float, substeps: int, rest: Array) -> None:
        self.substeps = substeps
        self._ramp, self._latency, self._rate = max(share * substeps, 1e-9), latency, rate
        self._rest = self._older = rest
        self.delay(0.0)

    def delay(self, more: float) -> None:
        """Be later than the latency by this, from the next period on [s]; together they are below a period."""
        elapsed = np.arange(1, self.substeps + 1) - (self._latency + more) * self._rate
        self._share = np.clip(elapsed / self._ramp, 0.0, 1.0)[:, None]
        self._late = int(np.count_nonzero(elapsed <= 0.0))
        self._late_share = np.clip((elapsed[: self._late] + self.substeps) / self._ramp, 0.0, 1.0)[:, None]

    def reset(self) -> None:
        """Begin at rest."""
        self._older = self._rest

    def targets(self, previous: Array, command: Array) -> Array:
        """The targets of one period, shape (substeps, joints).

        Args:
            previous: The command of the period before, shape (joints,).
            command: That of this period, shape (joints,).
        """
        targets = previous + self._share * (command - previous)
        if self._late:
            targets[: self._late] = self._older + self._late_share * (previous - self._older)
        self._older = previous
        return targets
