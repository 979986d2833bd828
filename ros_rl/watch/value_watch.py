# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""A watch on the deadly triad: it says when critics begin to lie, by which figure, and what helps."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from numpy.typing import ArrayLike
from torch import Tensor

from ros_rl.errors import ConfigError
from ros_rl.settings.watch import WatchSettings
from ros_rl.types import Transition
from ros_rl.watch.bound_check import BoundCheck
from ros_rl.watch.remedies import REMEDIES
from ros_rl.watch.value_measures import effective_rank, followed_returns

_AGAINST_DIVERGENCE = (
    "agent.targets",
    "agent.tau",
    "agent.copy_every",
    "agent.critics",
    "agent.bootstrap",
    "learner.replay.n_step",
    "learner.replay.alpha",
    "agent.normalisation",
    "agent.layer_norm",
    "agent.learning_rate",
)
_ON_RESUME = (
    "agent.learning_rate",
    "agent.tau",
    "agent.copy_every",
    "learner.replay.n_step",
    "learner.replay.alpha",
    "learner.updates_per_step",
)
"""What may be changed in the middle; the rest changes what weights mean."""
_AGAINST_ERROR = ("agent.learning_rate", "agent.tau", "agent.copy_every", "learner.batch_size")
_AGAINST_LOW_RANK = (
    "learner.updates_per_step",
    "learner.replay.n_step",
    "agent.normalisation",
    "agent.layer_norm",
)
_AGAINST_CLIPPING = ("agent.largest_value", "agent.reward_scale")
_AGAINST_OVERESTIMATION = ("agent.critics", "learner.updates_per_step", "learner.replay.n_step")


class ValueWatch:
    """Compares critics with what their values can be; it is fed with what agents compute anyway.

    Args:
        gamma: Discount per step.
        settings: Thresholds.
        horizon: Steps after which a time limit ends the return for good; None where time limits truncate.
        remedies: What may be advised, by the setting to change.
    """

    def __init__(
        self,
        gamma: float,
        settings: WatchSettings,
        horizon: int | None = None,
        remedies: Mapping[str, str] = REMEDIES,
    ) -> None:
        self.gamma, self.settings, self._remedies = gamma, settings, remedies
        self.check = BoundCheck(gamma, horizon, settings.reward_bound, settings.window)
        self._bonus = 0.0
        self._not_finite = 0  # the last update with such a value
        self._sizes: deque[tuple[float, float, float]] = deque(maxlen=settings.window)
        self._clipped: deque[float] = deque(maxlen=settings.window)
        self._rank = self._largest_rank = 0
        self._rank_at = -settings.rank_every
        self._episodes: deque[tuple[float, float]] = deque(maxlen=settings.episodes)

    @property
    def updates(self) -> int:
        """Batches seen."""
        return self.check.batches

    def reward(self, reward: float) -> None:
        """Take the reward of a step.

        Raises:
            ConfigError: It is not finite.
        """
        if not math.isfinite(reward):
            raise ConfigError(f"reward is {reward}, expected a finite number")
        self.check.reward(abs(reward))

    def transition(self, transition: Transition) -> None:
        """Take the reward of a transition.

        Raises:
            ConfigError: It is not finite.
        """
        self.reward(transition.reward)

    @torch.no_grad()
    def batch(self, q: Tensor, target: Tensor, entropy_bonus: float = 0.0, clipped: Tensor | None = None) -> None:
        """Take what an update computed.

        Args:
            q: Values of any shape.
            target: Their targets; its shape broadcasts to that of `q`.
            entropy_bonus: Soft agents: alpha times the policy's mean entropy in the batch, in units of reward.
            clipped: Critics of bins: share of the targets' probability beyond the outermost ones, ().
        """
        largest = float(torch.linalg.vector_norm(q, math.inf))
        error = float(torch.linalg.vector_norm(q - target)) / math.sqrt(q.numel())
        size = float(torch.linalg.vector_norm(target)) / math.sqrt(target.numel())
        self._bonus = entropy_bonus
        self.check.batch(largest, entropy_bonus)
        if math.isfinite(largest) and math.isfinite(error):
            self._sizes.append((largest, error, size))
            self._clipped += [] if clipped is None else [float(clipped)]
        else:
            self._not_finite = self.updates

    @property
    def rank_due(self) -> bool:
        """Whether it is time for `features`."""
        return self.updates - self._rank_at >= self.settings.rank_every

    def features(self, features: Tensor) -> None:
        """Take the critics' last hidden layer, (batch, units) or (critics, batch, units); the lowest rank counts."""
        self._rank_at = self.updates
        if not bool(torch.isfinite(features).all()):
            self._not_finite = max(self.updates, 1)
            return
        members = features.reshape(-1, *features.shape[-2:])
        self._rank = min(effective_rank(member) for member in members)
        self._largest_rank = max(self._largest_rank, self._rank)

    def episode(self, q_values: ArrayLike, rewards: ArrayLike, terminated: bool) -> None:
        """Take a finished episode, without a gap; `followed_returns` says how it is compared.

        Episodes that end within the first window of updates do not count: all values are wrong then.

        Args:
            q_values: Q(s_t, u_t) by the critics of now, (steps,).
            rewards: (steps,).
            terminated: Whether it ended by termination, and not by a cut.
        """
        q, r = np.asarray(q_values, float), np.asarray(rewards, float)
        if not np.isfinite(q).all():
            self._not_finite = max(self.updates, 1)
        elif self.updates >= self.settings.window:
            returns = followed_returns(q, r, self.gamma, terminated, self.settings.tail, self._bonus)
            if len(returns):
                over = (q[: len(returns)] - returns).mean()
                self._episodes.append((float(over), float(np.abs(returns).mean())))

    def figures(self) -> dict[str, float]:
        """All figures by name; those that nothing is known of yet are missing."""
        found = self.check.figures()
        if self._sizes:
            sizes = np.array(self._sizes)
            error, size = np.sqrt((sizes[:, 1:] ** 2).mean(0))
            found["q_largest"] = float(sizes[:, 0].max())
            found |= {"bellman_error": float(error), "bellman_relative": _share(error, size)}
        if self._clipped:
            found["clipped_share"] = float(np.mean(self._clipped))
        if self._largest_rank:
            found["effective_rank"] = float(self._rank)
        if self._episodes:
            over, size = np.mean(self._episodes, 0)
            found |= {"overestimation": float(over), "overestimation_relative": _share(over, size)}
        return found

    def warnings(self) -> list[str]:
        """What is wrong now, the worst first: one sentence each, with value, threshold and remedy."""
        s, found, told = self.settings, self.figures(), []
        if self._not_finite and self.updates - self._not_finite < s.window:
            told.append(
                f"values are not finite at update {self._not_finite} (allowed: none); go back to the last checkpoint "
                f"and {self._advice(*_ON_RESUME)}; or begin anew and {self._advice(*_AGAINST_DIVERGENCE)}"
            )
        count, seen = sum(self.check.recent), len(self.check.recent)
        if count and count >= s.beyond_share * s.window:
            told.append(
                f"|Q| is beyond its bound {self.check.bound:.4g} in {100 * count / seen:.1f} % of the last {seen} "
                f"batches (allowed: below {s.beyond_share * s.window:g} batches), at most "
                f"{found.get('q_largest', math.nan):.4g}, first at update {self.check.first}; "
                f"{self._advice(*_AGAINST_DIVERGENCE)}"
            )
        return told + (self._slow_warnings(found) if seen == s.window else [])

    def _slow_warnings(self, found: dict[str, float]) -> list[str]:
        """Of figures that are bad in every beginning."""
        s, told = self.settings, []
        relative = found.get("bellman_relative", 0.0)
        if relative > s.bellman_share:
            told.append(
                f"the Bellman error is {100 * relative:.0f} % of the targets' size (allowed: "
                f"{100 * s.bellman_share:g} %); {self._advice(*_AGAINST_ERROR)}"
            )
        clipped = found.get("clipped_share", 0.0)
        if clipped > s.clipped_share:
            told.append(
                f"{100 * clipped:.0f} % of the targets' probability is beyond the outermost bins and taken for theirs "
                f"(allowed: {100 * s.clipped_share:g} %); {self._advice(*_AGAINST_CLIPPING)}"
            )
        if self._rank < s.rank_share * self._largest_rank:
            told.append(
                f"the critics' effective rank fell from {self._largest_rank} to {self._rank} (allowed: "
                f"{100 * s.rank_share:g} % of the largest); {self._advice(*_AGAINST_LOW_RANK)}"
            )
        over = found.get("overestimation_relative", 0.0)
        if over > s.overestimation_share:
            told.append(
                f"Q exceeds the returns of finished episodes by {found['overestimation']:.4g}, {100 * over:.0f} % of "
                f"their size (allowed: {100 * s.overestimation_share:g} %); {self._advice(*_AGAINST_OVERESTIMATION)}"
            )
        return told

    def _advice(self, *keys: str) -> str:
        """What to change, as far as it can be changed."""
        found = [self._remedies[key] for key in keys if key in self._remedies] or ["another agent"]
        return "use " + " or ".join(part for part in (", ".join(found[:-1]), found[-1]) if part)

    def state_dict(self) -> dict[str, Any]:
        """What a resume needs; windows begin anew."""
        return {"check": self.check.state_dict(), "largest_rank": self._largest_rank}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Take over what `state_dict` gave."""
        self.check.load_state_dict(state["check"])
        self._rank = self._largest_rank = state["largest_rank"]


def _share(value: float, size: float) -> float:
    return float(value / size) if size else 0.0
