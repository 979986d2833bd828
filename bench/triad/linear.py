# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""The two classic counter-examples to off-policy TD with linear values, and a watch on each.

Updates are expected ones (no sampling), all states weighted equally, so that nothing depends on luck. All rewards are
zero and the true values, too, can be represented: w = 0. The watch is told that rewards lie in [-1, 1].
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from ros_rl.settings.watch import WatchSettings
from ros_rl.watch.value_watch import ValueWatch

HUGE = 1e30  # where a diverging run ends
POINTS = 60  # of a curve


@dataclass(frozen=True)
class Problem:
    """Linear values of states and of what follows them under the target policy."""

    now: np.ndarray
    """Features, (states, weights)."""
    next: np.ndarray
    """Features of the next state, (states, weights)."""
    start: np.ndarray
    """First weights."""


def baird() -> Problem:
    """Seven states, of which all lead to the last (Baird 1995; Sutton and Barto 2018, example 11.1)."""
    now = np.zeros((7, 8))
    now[:6, :6], now[:6, 7] = 2.0 * np.eye(6), 1.0
    now[6, 6], now[6, 7] = 1.0, 2.0
    return Problem(now, np.tile(now[6], (7, 1)), np.array([1.0] * 6 + [10.0, 1.0]))


def w_2w() -> Problem:
    """Values w and 2 w; both states lead to the second (Tsitsiklis and Van Roy 1996, with epsilon 0)."""
    return Problem(np.array([[1.0], [2.0]]), np.array([[2.0], [2.0]]), np.array([1.0]))


PROBLEMS = {"Baird's star": baird, "w, 2w": w_2w}


class Learner:
    """One method on one problem.

    Args:
        problem: What to learn.
        method: td, hard (TD with targets copied every `period`), polyak (TD with targets averaged by 1 / `period`),
            residual (the gradient of the squared Bellman error, Baird 1995) or tdc (Sutton et al. 2009).
        gamma: Discount per step.
        step: Step size.
        period: Of the targets [updates].
    """

    def __init__(self, problem: Problem, method: str, gamma: float, step: float, period: int) -> None:
        self.problem, self.method, self.gamma, self.step, self.period = problem, method, gamma, step, period
        self.weights, self.frozen = problem.start.copy(), problem.start.copy()
        self.second = np.zeros_like(problem.start)
        self.updates = 0

    def values(self) -> tuple[np.ndarray, np.ndarray]:
        """Values of all states and their targets."""
        weights = self.frozen if self.method in ("hard", "polyak") else self.weights
        return self.problem.now @ self.weights, self.gamma * self.problem.next @ weights

    def update(self) -> None:
        """One expected update."""
        now, following, share = self.problem.now, self.problem.next, self.step / len(self.problem.now)
        q, target = self.values()
        error = target - q
        direction = now.T @ error
        if self.method == "residual":
            direction = (now - self.gamma * following).T @ error
        elif self.method == "tdc":
            estimate = now @ self.second
            self.second += 5.0 * share * (direction - now.T @ estimate)
            direction = direction - self.gamma * following.T @ estimate
        self.weights += share * direction
        self.updates += 1
        if self.method == "polyak":
            self.frozen += (self.weights - self.frozen) / self.period
        elif self.updates % self.period == 0:
            self.frozen = self.weights.copy()


def run(problem: str, method: str, period: int, updates: int, gamma: float, step: float) -> dict[str, Any]:
    """Learn until the end or until values are huge; returns what the values and the watch did."""
    learner = Learner(PROBLEMS[problem](), method, gamma, step, period)
    watch = ValueWatch(gamma, WatchSettings(reward_bound=1.0))
    largest, warned, said = [], 0, ""
    while learner.updates < updates:
        q, target = learner.values()
        watch.batch(torch.from_numpy(q), torch.from_numpy(target))
        largest.append(float(np.abs(q).max()))
        if not warned and watch.check.recent[-1]:
            said = next((text for text in watch.warnings() if "|Q|" in text), "")
            warned = watch.updates if said else 0
        if largest[-1] > HUGE:
            break
        learner.update()
    shown = np.unique(np.geomspace(1, len(largest), POINTS).astype(int))
    return {
        "problem": problem,
        "method": method,
        "period": period,
        "first_beyond": watch.check.first,
        "warned": warned,
        "warning": said,
        "final": largest[-1],
        "updates": shown.tolist(),
        "curve": [largest[update - 1] for update in shown],
    }
