# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Four tiny tasks with rewards in [-1, 1], of which many copies run side by side.

Observations are padded to `OBSERVATION` values of about unit size, actions to `ACTIONS`. All tasks are truncated after
`LIMIT` steps, which is no termination. Cartpole and mountain car are those of Barto et al. 1983 and Moore 1990 with
the usual constants; the car has three times its power, so that random actions reach the goal at times.
"""

from __future__ import annotations

from abc import ABC, abstractmethod

import numpy as np

OBSERVATION, ACTIONS, LIMIT = 4, 3, 200


class Task(ABC):
    """Copies of one task.

    Args:
        copies: How many.
        rng: Of the starts.
    """

    actions = 3

    def __init__(self, copies: int, rng: np.random.Generator) -> None:
        self.copies, self.rng = copies, rng
        self.steps = np.zeros(copies, int)
        self.state = self.start(copies)

    def step(self, action: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        """Act; returns rewards, next observations, whether terminated and whether ended. What ended starts anew."""
        reward, terminated = self.advance(action)
        following = self.observation()
        self.steps += 1
        ended = terminated | (self.steps >= LIMIT)
        if ended.any():
            self.state[ended] = self.start(int(ended.sum()))
            self.steps[ended] = 0
        return reward, following, terminated, ended

    def observation(self) -> np.ndarray:
        """(copies, OBSERVATION)."""
        seen = self.see()
        return np.pad(seen, ((0, 0), (0, OBSERVATION - seen.shape[1]))).astype(np.float32)

    @abstractmethod
    def start(self, count: int) -> np.ndarray:
        """First states, (count, values)."""

    @abstractmethod
    def see(self) -> np.ndarray:
        """What is seen of the state."""

    @abstractmethod
    def advance(self, action: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Move the state; returns rewards and whether terminated."""


class CartPole(Task):
    """-1 when the pole falls or the cart leaves, else 0."""

    actions = 2

    def start(self, count: int) -> np.ndarray:
        """Near upright."""
        return self.rng.uniform(-0.05, 0.05, (count, 4))

    def see(self) -> np.ndarray:
        """Scaled to their limits."""
        return self.state / np.array([2.4, 2.0, 0.21, 2.0])

    def advance(self, action: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Euler, 20 ms."""
        x, v, angle, rate = self.state.T
        sin, cos = np.sin(angle), np.cos(angle)
        push = (np.where(action == 1, 10.0, -10.0) + 0.05 * rate**2 * sin) / 1.1
        turn = (9.8 * sin - cos * push) / (0.5 * (4.0 / 3.0 - 0.1 * cos**2 / 1.1))
        pull = push - 0.05 * turn * cos / 1.1
        self.state = self.state + 0.02 * np.stack([v, pull, rate, turn], -1)
        fallen = (np.abs(self.state[:, 0]) > 2.4) | (np.abs(self.state[:, 2]) > 0.2095)
        return -fallen.astype(float), fallen


class MountainCar(Task):
    """1 at the goal, else 0."""

    def start(self, count: int) -> np.ndarray:
        """In the valley, at rest."""
        return np.stack([self.rng.uniform(-0.6, -0.4, count), np.zeros(count)], -1)

    def see(self) -> np.ndarray:
        """Position and velocity, scaled."""
        return np.stack([(self.state[:, 0] + 0.3) / 0.9, self.state[:, 1] / 0.07], -1)

    def advance(self, action: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """One step of the car."""
        x, v = self.state.T
        v = np.clip(v + 0.003 * (action - 1) - 0.0025 * np.cos(3.0 * x), -0.07, 0.07)
        x = np.clip(x + v, -1.2, 0.6)
        self.state = np.stack([x, np.where((x <= -1.2) & (v < 0.0), 0.0, v)], -1)
        there = x >= 0.5
        return there.astype(float), there


class Catch(Task):
    """A ball falls ten rows over five columns: 1 if the paddle is below it at the end, else -1."""

    def start(self, count: int) -> np.ndarray:
        """Ball's column and height, paddle's column."""
        columns = self.rng.integers(0, 5, (2, count)).astype(float)
        return np.stack([columns[0], np.full(count, 9.0), columns[1]], -1)

    def see(self) -> np.ndarray:
        """Scaled to [-1, 1]."""
        return self.state / np.array([2.0, 4.5, 2.0]) - 1.0

    def advance(self, action: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Move the paddle, then the ball."""
        ball, height, paddle = self.state.T
        paddle = np.clip(paddle + action - 1, 0, 4)
        self.state = np.stack([ball, height - 1.0, paddle], -1)
        down = self.state[:, 1] <= 0.0
        return down * np.where(ball == paddle, 1.0, -1.0), down


class Pendulum(Task):
    """Swing up by a weak motor; the reward is the cosine of the angle, and nothing terminates."""

    def start(self, count: int) -> np.ndarray:
        """Any angle."""
        return np.stack([self.rng.uniform(-np.pi, np.pi, count), self.rng.uniform(-1.0, 1.0, count)], -1)

    def see(self) -> np.ndarray:
        """Cosine, sine, scaled rate."""
        return np.stack([np.cos(self.state[:, 0]), np.sin(self.state[:, 0]), self.state[:, 1] / 8.0], -1)

    def advance(self, action: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Gravity 10, mass 1, length 1, torque 2, 50 ms."""
        angle, rate = self.state.T
        rate = np.clip(rate + 0.05 * (15.0 * np.sin(angle) + 6.0 * (action - 1)), -8.0, 8.0)
        angle = angle + 0.05 * rate
        self.state = np.stack([angle, rate], -1)
        return np.cos(angle), np.zeros(len(angle), bool)


TASKS: dict[str, type[Task]] = {
    "cartpole": CartPole,
    "mountain car": MountainCar,
    "catch": Catch,
    "pendulum": Pendulum,
}
