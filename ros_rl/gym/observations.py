# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""The observations of an environment, flat and float32; every value that cannot be is told with its place."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
from gymnasium.spaces import Box, Dict, Discrete, MultiBinary, MultiDiscrete, Tuple

from ros_rl.errors import ConfigError, SimulationError
from ros_rl.gym.spaces import Vector

_KINDS = "buif"
"""Of numbers, as numpy calls them; the last are no whole ones."""
_CHOICES = (Discrete, MultiDiscrete)


class ObservationSpace:
    """Values of a Box or MultiBinary stand one after the other, in C order; those of a Dict in the order of its keys.

    A number of a Discrete or MultiDiscrete becomes one value for each that it may be, of which one is 1.

    Args:
        name: Of the environment, for messages.
        space: Its own.

    Raises:
        ConfigError: It, or a part of it, is of another kind, or holds no value.
    """

    def __init__(self, name: str, space: Any) -> None:
        self._name, self._space = name, space
        self.size = _size(name, space, "observations")
        if not self.size:
            raise ConfigError(f"observations of '{name}' are {space}, allowed: at least one value")

    def flat(self, observation: Any) -> Vector:
        """An observation as agents see it, float32 (size,).

        Raises:
            SimulationError: It is not what the environment declares, or not finite.
        """
        parts = list(self._parts(self._space, observation, "observation"))
        return parts[0] if len(parts) == 1 else np.concatenate(parts)

    def _parts(self, space: Any, given: Any, at: str) -> Iterator[Vector]:
        """Flat values of each Box and its like inside, with the place of each as Python would write it."""
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
            yield self._one_hot(space, array, at) if isinstance(space, _CHOICES) else self._finite(array, at)

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


def _size(name: str, space: Any, of: str) -> int:
    """How many values a space has when it is flat."""
    if isinstance(space, Dict):
        return sum(_size(name, inner, f"{of}[{key!r}]") for key, inner in space.spaces.items())
    if isinstance(space, Tuple):
        return sum(_size(name, inner, f"{of}[{index}]") for index, inner in enumerate(space.spaces))
    if isinstance(space, _CHOICES):
        return int(_choices(space)[0].sum())
    if isinstance(space, (Box, MultiBinary)):
        return int(np.prod(space.shape))
    raise ConfigError(
        f"{of} of '{name}' are {type(space).__name__}, allowed: Box, Discrete, MultiBinary, MultiDiscrete, and Dict or "
        "Tuple of these (gymnasium.wrappers.TransformObservation makes others into one)"
    )


def _choices(space: Any) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    """How many numbers each of its values may be, and the first of them."""
    counts = np.reshape(space.n if isinstance(space, Discrete) else space.nvec, -1).astype(np.int64)
    return counts, np.broadcast_to(np.reshape(space.start, -1), counts.shape)


def _keys(given: Any) -> str:
    return f"keys {', '.join(sorted(map(str, given)))}" if isinstance(given, Mapping) else repr(given)
