# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""A uniform ring buffer of transitions."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ros_rl.errors import ConfigError
from ros_rl.types import Transition


@dataclass(frozen=True)
class Batch:
    """Transitions as float32 arrays; see `ros_rl.types.Transition`. Truncation is no termination."""

    observation: np.ndarray
    """(batch, observation_size)"""
    action: np.ndarray
    """(batch, actions)"""
    reward: np.ndarray
    """(batch,)"""
    next_observation: np.ndarray
    """(batch, observation_size)"""
    terminated: np.ndarray
    """(batch,), 0 or 1"""
    discount: np.ndarray
    """(batch,)"""
    weight: np.ndarray
    """(batch,)"""
    index: np.ndarray
    """(batch,), int64"""


class ReplayBuffer:
    """Holds the newest `capacity` transitions and samples them uniformly, with replacement.

    Args:
        capacity: Transitions held.
        observation_size: Values per observation.
        action_size: Values per action.
        seed: Of the sampling.
    """

    def __init__(
        self, capacity: int, observation_size: int, action_size: int, seed: int = 0, gamma: float = 0.99
    ) -> None:
        self.capacity, self.gamma = capacity, gamma
        self._observation = np.zeros((capacity, observation_size), np.float32)
        self._action = np.zeros((capacity, action_size), np.float32)
        self._reward = np.zeros(capacity, np.float32)
        self._next_observation = np.zeros((capacity, observation_size), np.float32)
        self._terminated = np.zeros(capacity, np.float32)
        self._episode = np.zeros(capacity, np.int64)
        self._ended = np.zeros(capacity, np.bool_)
        self._rng = np.random.default_rng([seed, 0xBEEF])
        self.added = 0
        """Transitions ever added."""

    def __len__(self) -> int:
        """Transitions held now."""
        return min(self.added, self.capacity)

    def add(self, transition: Transition) -> None:
        """Store a transition, over the oldest one when full.

        Raises:
            ConfigError: A value is not finite; nothing is stored.
        """
        t = transition
        if not (
            np.isfinite(t.observation).all()
            and np.isfinite(t.action).all()
            and np.isfinite(t.reward)
            and np.isfinite(t.next_observation).all()
        ):
            raise ConfigError(f"transition at tick {t.tick} has a value that is not finite")
        index = self.added % self.capacity
        self._observation[index] = t.observation
        self._action[index] = t.action
        self._reward[index] = t.reward
        self._next_observation[index] = t.next_observation
        self._terminated[index] = t.terminated
        self._episode[index], self._ended[index] = t.episode, t.terminated or t.truncated
        self.added += 1

    def sample(self, size: int) -> Batch:
        """Draw `size` transitions.

        Raises:
            ConfigError: The buffer is empty.
        """
        if not len(self):
            raise ConfigError("the replay buffer is empty")
        return self.at(self._rng.integers(0, len(self), size))

    def at(self, index: np.ndarray) -> Batch:
        """The transitions at these places of the ring."""
        return Batch(
            self._observation[index],
            self._action[index],
            self._reward[index],
            self._next_observation[index],
            self._terminated[index],
            np.full(len(index), self.gamma, np.float32),
            np.ones(len(index), np.float32),
            index,
        )

    def newest(self, count: int) -> Batch:
        """The newest `count` transitions, or all if fewer are held, the oldest of them first."""
        return self.at(np.arange(self.added - min(count, len(self)), self.added) % self.capacity)

    def episodes_since(self, added: int) -> list[Batch]:
        """Every episode held from its first step to its end that ended after `added` transitions had been added."""
        oldest = self.added - len(self)
        numbers = np.arange(max(added, oldest), self.added)
        ends = numbers[self._ended[numbers % self.capacity]]
        starts = [self._start(int(end), oldest) for end in ends]
        found = [(start, end) for start, end in zip(starts, ends, strict=True) if start > oldest or start == 0]
        return [self.at(np.arange(start, end + 1) % self.capacity) for start, end in found]

    def _start(self, number: int, oldest: int) -> int:
        """The number of the first transition in a row of one episode with this one."""
        episode = self._episode[number % self.capacity]
        while number > oldest:
            before = (number - 1) % self.capacity
            if self._ended[before] or self._episode[before] != episode:
                break
            number -= 1
        return number

    def save(self, path: Path) -> None:
        """Write all that is held, as an npz file, and where the sampling stands."""
        n = len(self)
        np.savez(
            path,
            observation=self._observation[:n],
            action=self._action[:n],
            reward=self._reward[:n],
            next_observation=self._next_observation[:n],
            terminated=self._terminated[:n],
            episode=self._episode[:n],
            ended=self._ended[:n],
            added=self.added,
            rng=json.dumps(self._rng.bit_generator.state),
        )

    def load(self, path: Path) -> None:
        """Read what `save` wrote.

        Raises:
            ConfigError: The sizes differ from this buffer's.
        """
        with np.load(path) as data:
            n = len(data["reward"])
            if data["observation"].shape[1:] != self._observation.shape[1:] or n > self.capacity:
                raise ConfigError(
                    f"{path} holds {n} transitions of {data['observation'].shape[1:]} values, "
                    f"this buffer {self.capacity} of {self._observation.shape[1:]}"
                )
            self._observation[:n], self._action[:n] = data["observation"], data["action"]
            self._reward[:n], self._next_observation[:n] = data["reward"], data["next_observation"]
            self._terminated[:n] = data["terminated"]
            self._episode[:n], self._ended[:n] = data["episode"], data["ended"]
            self.added = int(data["added"])
            self._rng.bit_generator.state = json.loads(str(data["rng"]))
        if n < len(self):
            self._unroll(n)

    def _unroll(self, n: int) -> None:
        """Bring `n` transitions of a full, smaller ring into the order of their age."""
        values = (self._observation, self._action, self._reward, self._next_observation, self._terminated)
        for array in (*values, self._episode, self._ended):
            array[:n] = np.roll(array[:n], -(self.added % n), axis=0)
        self.added = n
