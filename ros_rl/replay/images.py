# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""The images of the newest transitions, each stored once though two transitions of a chain show it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from ros_rl.errors import ConfigError
from ros_rl.layout import Field
from ros_rl.replay.sum_tree import Index
from ros_rl.types import Image, Transition


class ImageColumns:
    """Images of o_k, one place per transition. Those of o_{k+1} stand in the place of the next transition of the chain.

    Only the newest transition of a chain has its o_{k+1} kept by itself.

    Args:
        capacity: Transitions held.
        fields: Of the images.
    """

    def __init__(self, capacity: int, fields: Sequence[Field] = ()) -> None:
        self._capacity = capacity
        self._columns = {item.name: np.zeros((capacity, *item.shape), np.uint8) for item in fields}
        self._last: dict[int, Mapping[str, Image]] = {}
        """By place, the images of o_{k+1} of the transitions without a successor."""

    def check(self, transition: Transition) -> None:
        """Refuse images other than the fields say.

        Raises:
            ConfigError: One is missing, too much, or has another shape or dtype.
        """
        for images in (transition.images, transition.next_images):
            if images.keys() != self._columns.keys():
                found, own = (", ".join(names) or "no images" for names in (images, self._columns))
                raise ConfigError(f"transition at tick {transition.tick} has {found}, expected {own}")
            for name, image in images.items():
                shape = self._columns[name].shape[1:]
                if image.shape != shape or image.dtype != np.uint8:
                    raise ConfigError(
                        f"image '{name}' at tick {transition.tick} is {image.dtype} {image.shape}, "
                        f"expected uint8 {shape}"
                    )

    def put(self, place: int, transition: Transition) -> None:
        """Store those of a checked transition that has no successor yet."""
        if self._columns:
            for name, image in transition.images.items():
                self._columns[name][place] = image
            self._last[place] = {name: image.copy() for name, image in transition.next_images.items()}

    def join(self, place: int) -> None:
        """The transition at this place has a successor now, which shows the images after it."""
        self._last.pop(place, None)

    def at(self, place: Index) -> dict[str, np.ndarray]:
        """Images of o_k, (..., height, width, channels), uint8."""
        return {name: column[place] for name, column in self._columns.items()}

    def after(self, place: Index, successor: np.ndarray) -> dict[str, np.ndarray]:
        """Images of o_{k+1}.

        Args:
            place: Of the transitions, in any shape.
            successor: Of every place, how many further the next transition of its chain stands; 0: there is none.
        """
        if not self._columns:
            return {}
        distance = successor[place]
        found = self.at((place + distance) % self._capacity)
        for where in map(tuple, np.argwhere(distance == 0)):
            for name, image in self._last[int(place[where])].items():
                found[name][where] = image
        return found

    def state(self, held: int) -> dict[str, np.ndarray]:
        """What `restore` takes; empty without images."""
        if not self._columns:
            return {}
        state = {f"image.{name}": column[:held] for name, column in self._columns.items()}
        for name, column in self._columns.items():
            last = [images[name] for images in self._last.values()]
            state[f"last_image.{name}"] = np.array(last, np.uint8).reshape(-1, *column.shape[1:])
        return state | {"last_image": np.array(list(self._last), np.int64)}

    def differs(self, state: Mapping[str, np.ndarray]) -> str:
        """What a saved state holds, if it is other than the fields say; else empty."""
        found = {name[len("image.") :]: column.shape[1:] for name, column in state.items() if name.startswith("image.")}
        own = {name: column.shape[1:] for name, column in self._columns.items()}
        return "" if found == own else f"images {found}; this buffer has {own}"

    def restore(self, state: Mapping[str, np.ndarray], kept: Index, held: int) -> None:
        """Take over what `state` gave.

        Args:
            state: The saved arrays.
            kept: Places in them of what is taken over, one after the other; from the last to the first it goes on.
            held: How many are in them.
        """
        for name, column in self._columns.items():
            column[: len(kept)] = state[f"image.{name}"][kept]
        self._last = {
            now: {name: state[f"last_image.{name}"][row] for name in self._columns}
            for row, place in enumerate(state.get("last_image", ()))
            if (now := int(place - kept[0]) % held) < len(kept)
        }
