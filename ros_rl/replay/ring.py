# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""The arrays behind the replay buffer: the newest transitions, and which of them follow each other."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from ros_rl.errors import ConfigError
from ros_rl.replay.sum_tree import Index
from ros_rl.types import Transition

COLUMNS = ("observation", "action", "reward", "next_observation", "terminated", "truncated", "position", "whole")
_LARGEST = float(np.finfo(np.float32).max)


class Ring:
    """The newest `capacity` transitions, in the places 0 .. capacity - 1 of preallocated arrays.

    A chain is a run of transitions of one episode at consecutive ticks, none missing. The ring remembers how many of
    its chain precede a transition, so a chain never runs over the place that is written next.

    Args:
        capacity: Transitions held.
        observation_size: Values per observation.
        action_size: Values per action.
    """

    def __init__(self, capacity: int, observation_size: int, action_size: int) -> None:
        self.capacity = capacity
        self.observation = np.zeros((capacity, observation_size), np.float32)
        self.action = np.zeros((capacity, action_size), np.float32)
        self.reward = np.zeros(capacity, np.float32)
        self.next_observation = np.zeros((capacity, observation_size), np.float32)
        self.terminated = np.zeros(capacity, np.float32)
        self.truncated = np.zeros(capacity, np.bool_)
        self.position = np.zeros(capacity, np.int32)
        """Transitions of the chain before this one, overwritten ones counted too."""
        self.whole = np.zeros(capacity, np.bool_)
        """Whether the chain began with its episode."""
        self.added = 0
        """Transitions ever added."""
        self.held = 0
        """Transitions held now."""
        self.next = 0
        """The place that is written next."""
        self._last: tuple[int, int, bool] = (-1, -1, True)  # episode, tick, whether the episode ended there
        # one row, so that one look tells whether all is finite
        self._row = np.zeros(2 * observation_size + action_size + 1)
        ends = np.cumsum([observation_size, action_size, observation_size])
        observation, action, after, reward = np.split(self._row, ends)
        self._parts: tuple[np.ndarray, ...] = (observation, action, after, reward.reshape(()))

    def add(self, transition: Transition) -> int:
        """Store a transition, over the oldest one when full.

        Returns:
            Its length of chain so far.

        Raises:
            ConfigError: A value is not finite as a float32; nothing is stored.
        """
        t, place = transition, self.next
        for part, value in zip(self._parts, (t.observation, t.action, t.next_observation, t.reward), strict=True):
            part[...] = value
        if not np.abs(self._row).max() <= _LARGEST:
            raise ConfigError(f"transition at tick {t.tick} has a value that is not finite")
        self.observation[place], self.action[place], self.next_observation[place], self.reward[place] = self._parts
        self.terminated[place], self.truncated[place] = t.terminated, t.truncated
        position = self._chain(t, place)
        self.added += 1
        self.held = min(self.held + 1, self.capacity)
        self.next = (place + 1) % self.capacity
        return position + 1

    def _chain(self, t: Transition, place: int) -> int:
        """Join a transition to the newest one if it follows; returns how many of its chain precede it."""
        episode, tick, ended = self._last
        before = (place or self.capacity) - 1
        starts = ended or t.episode != episode
        follows = not starts and t.tick == tick + 1
        position = int(self.position[before]) + 1 if follows else 0
        self.position[place] = position
        self.whole[place] = starts or (follows and self.whole[before])
        self._last = (t.episode, t.tick, t.terminated or t.truncated)
        return position

    def newest(self, count: int) -> Index:
        """Places of the `count` newest transitions, the oldest of them first."""
        return (self.next - count + np.arange(count)) % self.capacity

    def age(self, place: Index) -> Index:
        """How many newer transitions there are."""
        return (self.next - 1 - place) % self.capacity

    def joined(self, place: Index) -> np.ndarray:
        """Whether the next place holds the next transition of the same chain."""
        following = (place + 1) % self.capacity
        return (self.position[following] > 0) & (following != self.next)

    def window_ends(self, length: int) -> Index:
        """Every place at which `length` transitions of one chain end."""
        place = np.flatnonzero(self.position[: self.held] >= length - 1)
        return place[self.age(place) + length <= self.held]

    def episodes(self, newest: int) -> list[Index]:
        """Places of each whole, finished episode that ended within the `newest` transitions, the oldest first."""
        place = self.newest(min(newest, self.held))
        ended = (self.terminated[place] > 0) | self.truncated[place]
        place = place[ended & self.whole[place]]
        place = place[self.age(place) + self.position[place] < self.held]
        return [(end - np.arange(self.position[end], -1, -1)) % self.capacity for end in place]

    def state(self) -> dict[str, np.ndarray]:
        """What `restore` takes."""
        columns = {name: getattr(self, name)[: self.held] for name in COLUMNS}
        where = np.array([self.capacity, self.added, self.next], np.int64)
        return columns | {"where": where, "last": np.array(self._last, np.int64)}

    def restore(self, state: dict[str, np.ndarray], path: Path) -> int:
        """Take over what `state` gave.

        Args:
            state: The saved arrays.
            path: Where they come from, for messages.

        Returns:
            By how many places the columns were rolled: a full ring that moves to a larger one is put in order of age.

        Raises:
            ConfigError: The sizes differ from this ring's; nothing is changed.
        """
        held = len(state["reward"])
        for name in ("observation", "action"):
            own, found = getattr(self, name).shape[1:], state[name].shape[1:]
            if found != own or held > self.capacity:
                raise ConfigError(
                    f"{path} holds {held} transitions, {name}s of {found} values; "
                    f"this buffer {self.capacity}, of {own} values"
                )
        capacity, added, place = state["where"].tolist()
        grows = held == capacity < self.capacity
        roll = -place if grows else 0
        for name in COLUMNS:
            getattr(self, name)[:held] = np.roll(state[name], roll, axis=0)
        self.added, self.held = added, held
        self.next = (held if grows else place) % self.capacity
        episode, tick, ended = state["last"].tolist()
        self._last = (episode, tick, bool(ended))
        return roll
