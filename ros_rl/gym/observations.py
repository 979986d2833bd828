# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""The observations of an environment: flat and float32, pictures beside them; what cannot be is told with its place."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from gymnasium.spaces import Box, Dict, Discrete, MultiBinary, MultiDiscrete, Tuple

from ros_rl.errors import ConfigError, SimulationError
from ros_rl.gym.pictures import is_picture, picture_field
from ros_rl.gym.spaces import Vector
from ros_rl.layout import Field
from ros_rl.types import Image, Transition

_KINDS = "buif"
"""Of numbers, as numpy calls them; the last are no whole ones."""
_CHOICES = (Discrete, MultiDiscrete)
_SEEN = "observation"
"""What an observation is called in messages."""


@dataclass(frozen=True)
class Observed:
    """What is seen at one instant.

    Attributes:
        flat: All numbers, float32, shape (observation_size,).
        images: By name, uint8, (height, width, channels).
    """

    flat: Vector
    images: Mapping[str, Image] = field(default_factory=dict)

    def to(
        self, after: Observed, tick: int, episode: int, action: Vector, reward: float, terminated: bool, truncated: bool
    ) -> Transition:
        """The transition from here to what was seen next; see `Transition`."""
        seen, images = (self.flat, after.flat), (self.images, after.images)
        ends = terminated, truncated
        return Transition(
            tick, episode, seen[0], action, reward, seen[1], *ends, images=images[0], next_images=images[1]
        )


class ObservationSpace:
    """Values of a Box or MultiBinary stand one after the other, in C order; those of a Dict in the order of its keys.

    A number of a Discrete or MultiDiscrete becomes one value for each that it may be, of which one is 1.

    Args:
        name: Of the environment, for messages.
        space: Its own.
        sees_images: Whether pictures stay what they are; else they are flat numbers, too.

    Raises:
        ConfigError: It, or a part of it, is of another kind, or holds no value; or a picture is one that agents cannot
            see, or has another's name.
    """

    def __init__(self, name: str, space: Any, sees_images: bool = False) -> None:
        self._name, self._space = name, space
        self._pictures: dict[str, Field] = {}
        self.size = 0
        for at, keys, part in _leaves(space):
            if sees_images and is_picture(part):
                self._pictures[_SEEN + at] = picture_field(part, keys, f"observations{at} of '{name}'")
            else:
                self.size += _size(part, f"observations{at} of '{name}'")
        self.images = tuple(self._pictures.values())
        """Fields of the pictures."""
        names = [item.name for item in self.images]
        if len(set(names)) < len(names):
            raise ConfigError(f"pictures of '{name}' are {', '.join(names)}, allowed: each name once")
        if not self.size and not names:
            raise ConfigError(f"observations of '{name}' are {space}, allowed: at least one value")

    def see(self, observation: Any) -> Observed:
        """An observation as agents see it.

        Raises:
            SimulationError: It is not what the environment declares, or not finite.
        """
        flat, images = [np.zeros(0, np.float32)], {}
        for at, values in self._parts(self._space, observation, _SEEN):
            if at in self._pictures:
                images[self._pictures[at].name] = values
            else:
                flat.append(values)
        return Observed(np.concatenate(flat), images)

    def _parts(self, space: Any, given: Any, at: str) -> Iterator[tuple[str, np.ndarray[Any, Any]]]:
        """Place, as Python would write it, and values of each Box and its like inside: a picture, or flat ones."""
        if isinstance(space, Dict):
            if not isinstance(given, Mapping) or set(given) != set(space.spaces):
                raise self._error(at, _keys(given), f"a mapping with {_keys(space.spaces)}")
            for key, inner in space.spaces.items():
                yield from self._parts(inner, given[key], f"{at}[{key!r}]")
        elif isinstance(space, Tuple):
            if not isinstance(given, (tuple, list)) or len(given) != len(space.spaces):
                raise self._error(at, repr(given), f"a tuple of {len(space.spaces)}")
            for index, (inner, item) in enumerate(zip(space.spaces, given, strict=True)):
                yield from self._parts(inner, item, f"{at}[{index}]")
        else:
            array = self._array(space, given, at)
            if at in self._pictures:
                yield at, self._picture(array, at)
            else:
                yield at, self._one_hot(space, array, at) if isinstance(space, _CHOICES) else self._finite(array, at)

    def _array(self, space: Any, given: Any, at: str) -> np.ndarray[Any, Any]:
        """What was given, if it is of the declared shape and of numbers of the declared kind."""
        declared = f"{space.dtype} {space.shape}"
        try:
            array = np.asarray(given)
        except ValueError:  # rows of several lengths
            raise self._error(at, "no array", declared) from None
        kinds = _KINDS if space.dtype.kind == "f" else _KINDS[:3]
        if array.shape != space.shape or array.dtype.kind not in kinds:
            raise self._error(at, f"{array.dtype} {array.shape}", declared)
        return array

    def _picture(self, array: np.ndarray[Any, Any], at: str) -> Image:
        """A copy, since some environments draw into the same array again."""
        if array.dtype != np.uint8:
            raise self._error(at, f"{array.dtype} {array.shape}", f"uint8 {array.shape}")
        return array.copy()

    def _finite(self, array: np.ndarray[Any, Any], at: str) -> Vector:
        with np.errstate(over="ignore"):
            flat = array.astype(np.float32).reshape(-1)
        good = np.isfinite(flat)
        if not good.all():
            place = np.unravel_index(int(np.argmin(good)), array.shape)
            index = f"[{', '.join(str(part) for part in place)}]" if place else ""
            raise SimulationError(f"'{self._name}' gave {at}{index} = {array[place]}, which is not a finite float32,")
        return flat

    def _one_hot(self, space: Any, array: np.ndarray[Any, Any], at: str) -> Vector:
        counts, start = _choices(space)
        numbers = array.astype(np.int64).reshape(-1) - start
        if not ((0 <= numbers) & (numbers < counts)).all():
            raise self._error(at, str(array), str(space))
        flat = np.zeros(int(counts.sum()), np.float32)
        flat[np.cumsum(counts) - counts + numbers] = 1.0
        return flat

    def _error(self, at: str, given: str, declared: str) -> SimulationError:
        return SimulationError(f"'{self._name}' gave {at} as {given}, it declares {declared}")


def _leaves(space: Any, at: str = "", keys: tuple[Any, ...] = ()) -> Iterator[tuple[str, tuple[Any, ...], Any]]:
    """Place, keys and space of each part that is no Dict or Tuple."""
    inside: Mapping[Any, Any] = {}
    if isinstance(space, Dict):
        inside = space.spaces
    elif isinstance(space, Tuple):
        inside = dict(enumerate(space.spaces))
    else:
        yield at, keys, space
    for key, inner in inside.items():
        yield from _leaves(inner, f"{at}[{key!r}]", (*keys, key))


def _size(space: Any, what: str) -> int:
    """How many values a part has when it is flat."""
    if isinstance(space, _CHOICES):
        return int(_choices(space)[0].sum())
    if isinstance(space, (Box, MultiBinary)):
        return int(np.prod(space.shape))
    raise ConfigError(
        f"{what} are {type(space).__name__}, allowed: Box, Discrete, MultiBinary, MultiDiscrete, and Dict or "
        "Tuple of these (gymnasium.wrappers.TransformObservation makes others into one)"
    )


def _choices(space: Any) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    """How many numbers each of its values may be, and the first of them."""
    counts = np.reshape(space.n if isinstance(space, Discrete) else space.nvec, -1).astype(np.int64)
    return counts, np.broadcast_to(np.reshape(space.start, -1), counts.shape)


def _keys(given: Any) -> str:
    return f"keys {', '.join(sorted(map(str, given)))}" if isinstance(given, Mapping) else repr(given)
