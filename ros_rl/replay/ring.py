# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""The arrays behind the replay buffer: the newest transitions, and which of them follow each other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from ros_rl.errors import ConfigError
from ros_rl.layout import LARGEST_VALUE, Field
from ros_rl.replay.images import ImageColumns
from ros_rl.replay.sum_tree import Index
from ros_rl.types import Transition

_VALUES = ("observation", "action", "reward", "next_observation", "terminated", "truncated")
_CHAINS = ("source", "position", "span", "successor", "whole")
_PARTS = ("observation", "action", "next observation", "reward")
_MOST_SOURCES = int(np.iinfo(np.int16).max)


class _Newest(NamedTuple):
    """The newest transition of a source."""

    episode: int
    tick: int
    ended: bool
    """Whether the episode ended there."""
    number: int
    """Transitions of all sources that were added before."""


class Ring:
    """The newest `capacity` transitions, in the places 0 .. capacity - 1 of preallocated arrays.

    A chain is a run of transitions of one source and episode at consecutive ticks, none missing. The chains of several
    sources may be interleaved, so each transition knows how far away its chain goes on. These distances count places,
    so they stay right when the ring is rolled, or its oldest transitions are left out.

    Args:
        capacity: Transitions held.
        observation_size: Values per observation.
        action_size: Values per action.
        images: Fields of the images beside the observations.
    """

    def __init__(self, capacity: int, observation_size: int, action_size: int, images: Sequence[Field] = ()) -> None:
        self.capacity = capacity
        self.observation = np.zeros((capacity, observation_size), np.float32)
        self.action = np.zeros((capacity, action_size), np.float32)
        self.reward = np.zeros(capacity, np.float32)
        self.next_observation = np.zeros((capacity, observation_size), np.float32)
        self.terminated = np.zeros(capacity, np.float32)
        self.truncated = np.zeros(capacity, np.bool_)
        self.images = ImageColumns(capacity, images)
        self.source = np.zeros(capacity, np.int16)
        """Number of the source, in the order in which sources came."""
        self.position = np.zeros(capacity, np.int32)
        """Transitions of the chain before this one, overwritten ones counted too."""
        self.span = np.zeros(capacity, np.int32)
        """Places from the chain's first transition to this one."""
        self.successor = np.zeros(capacity, np.int32)
        """Places to the next transition of the chain; 0: none is known."""
        self.predecessor = np.zeros(capacity, np.int32)
        """Places back to the transition of the chain before; 0: none was held as this one came."""
        self.whole = np.zeros(capacity, np.bool_)
        """Whether the chain began with its episode."""
        self.added = 0
        """Transitions ever added."""
        self.held = 0
        """Transitions held now."""
        self.next = 0
        """The place that is written next."""
        self._sources: dict[str, int] = {}
        self._newest: dict[str, _Newest] = {}
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
            ConfigError: A part has another size than this ring's, a value is not finite or beyond `LARGEST_VALUE`, an
                image is not as its field says, or there are too many sources; nothing is stored.
        """
        t, place = transition, self.next
        values: tuple[Any, ...] = (t.observation, t.action, t.next_observation, t.reward)
        for name, part, value in zip(_PARTS, self._parts, values, strict=True):
            if np.shape(value) != part.shape:
                raise ConfigError(
                    f"transition at tick {t.tick} has {name} of shape {np.shape(value)}, this buffer {part.shape}"
                )
            part[...] = value
        if not np.abs(self._row).max() <= LARGEST_VALUE:
            raise ConfigError(f"transition at tick {t.tick} has a value that is not finite or beyond {LARGEST_VALUE:g}")
        if t.source not in self._sources and len(self._sources) >= _MOST_SOURCES:
            raise ConfigError(f"transition at tick {t.tick} is of one source more than {_MOST_SOURCES}: '{t.source}'")
        self.images.check(t)
        self.observation[place], self.action[place], self.next_observation[place], self.reward[place] = self._parts
        self.terminated[place], self.truncated[place] = t.terminated, t.truncated
        self.images.put(place, t)
        position = self._chain(t, place)
        self.added += 1
        self.held = min(self.held + 1, self.capacity)
        self.next = (place + 1) % self.capacity
        return position + 1

    def _chain(self, t: Transition, place: int) -> int:
        """Join a transition to the newest of its source if it follows; returns how many of its chain precede it."""
        newest = self._newest.get(t.source)
        starts = newest is None or newest.ended or newest.episode != t.episode
        position = span = 0
        whole = starts
        self.predecessor[place] = 0
        if newest is not None and not starts and newest.tick + 1 == t.tick:
            distance = self.added - newest.number
            if distance <= min(self.held, self.capacity - 1):  # not overwritten
                before = (place - distance) % self.capacity
                position, span = int(self.position[before]) + 1, int(self.span[before]) + distance
                whole = bool(self.whole[before])
                self.successor[before] = self.predecessor[place] = distance
                self.images.join(before)
        self.position[place], self.span[place], self.whole[place], self.successor[place] = position, span, whole, 0
        self.source[place] = self._sources.setdefault(t.source, len(self._sources))
        self._newest[t.source] = _Newest(t.episode, t.tick, t.terminated or t.truncated, self.added)
        return position

    def newest(self, count: int) -> Index:
        """Places of the `count` newest transitions, the oldest of them first."""
        return (self.next - count + np.arange(count)) % self.capacity

    def age(self, place: Index) -> Index:
        """How many newer transitions there are."""
        return (self.next - 1 - place) % self.capacity

    def before(self, place: Index, count: int) -> Index:
        """Places of the `count` transitions before each in its chain, the oldest first, and its own, (..., count + 1).

        The oldest that is held is repeated where there are fewer.
        """
        found = [place]
        for _ in range(count):
            newest = found[-1]
            distance = self.predecessor[newest]
            held = (distance > 0) & (self.age(newest) + distance < self.held)
            found.append(np.where(held, (newest - distance) % self.capacity, newest))
        return np.stack(found[::-1], -1)

    def windows(self, length: int) -> tuple[Index, Index]:
        """All runs of `length` transitions of one chain.

        Returns:
            Places of all transitions, source by source, each in order of age; and where among them a run ends.
        """
        place, before = self._by_source()
        return place, np.flatnonzero(np.minimum(self.position[place], before) >= length - 1)

    def rows(self, length: int) -> tuple[Index, Index]:
        """All runs of `length` transitions of one source, of whatever chains; see `windows`."""
        place, before = self._by_source()
        return place, np.flatnonzero(before >= length - 1)

    def _by_source(self) -> tuple[Index, Index]:
        """Places of all transitions, source by source, each in order of age; and how many of its source are older."""
        place, before = self.newest(self.held), np.arange(self.held)
        if len(self._sources) > 1:
            place = place[np.argsort(self.source[place], kind="stable")]
            counts = np.bincount(self.source[place])
            before -= np.repeat(np.cumsum(counts) - counts, counts)
        return place, before

    def episodes(self, newest: int) -> list[Index]:
        """Places of each whole, finished episode that ended within the `newest` transitions, the oldest first."""
        place = self.newest(min(newest, self.held))
        ended = (self.terminated[place] > 0) | self.truncated[place]
        place = place[ended & self.whole[place]]
        return [self._episode(end) for end in place[self.age(place) + self.span[place] < self.held]]

    def _episode(self, end: np.int64) -> Index:
        place = (end - np.arange(self.span[end], -1, -1)) % self.capacity
        return place[self.source[place] == self.source[end]]

    @property
    def sources(self) -> list[str]:
        """Names of the sources, in the order of their numbers."""
        return list(self._sources)

    def state(self) -> dict[str, np.ndarray]:
        """What `restore` takes, beside `sources`; views of what is held, not copies."""
        columns = {name: getattr(self, name)[: self.held] for name in _VALUES + _CHAINS}
        where = np.array([self.capacity, self.added, self.next], np.int64)
        newest = np.array([self._newest[name] for name in self._sources], np.int64).reshape(-1, len(_Newest._fields))
        return columns | {"where": where, "newest": newest} | self.images.state(self.held)

    def restore(self, state: Mapping[str, np.ndarray], sources: Sequence[str], path: Path) -> Index:
        """Take over what `state` gave, or the newest of it that this ring has places for.

        Args:
            state: The saved arrays.
            sources: Names of their sources.
            path: Where they come from, for messages.

        Returns:
            Where what is held now stood: in the same places, or in order of age if the other capacity was another.

        Raises:
            ConfigError: The sizes differ from this ring's; nothing is changed.
        """
        held = len(state["reward"])
        for name in ("observation", "action"):
            own, found = getattr(self, name).shape[1:], state[name].shape[1:]
            if found != own:
                raise ConfigError(f"{path} holds {name}s of {found} values; this buffer of {own} values")
        if difference := self.images.differs(state):
            raise ConfigError(f"{path} holds {difference}")
        capacity, added, place = state["where"].tolist()
        kept = np.arange(held)
        if capacity != self.capacity:
            kept = np.roll(kept, -place)[-self.capacity :]
            place = len(kept) % self.capacity
        self.added, self.held, self.next = added, len(kept), place
        for name in _VALUES + _CHAINS:
            getattr(self, name)[: self.held] = state[name][kept]
        self.images.restore(state, kept, held)
        follows = np.flatnonzero(self.successor[: self.held])
        self.predecessor[:] = 0
        self.predecessor[(follows + self.successor[follows]) % self.capacity] = self.successor[follows]
        self._sources = {name: number for number, name in enumerate(sources)}
        newest = (
            _Newest(episode, tick, bool(ended), number) for episode, tick, ended, number in state["newest"].tolist()
        )
        self._newest = dict(zip(sources, newest, strict=True))
        return kept
