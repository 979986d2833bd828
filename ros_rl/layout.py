# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""What an agent sees and does, without robots: named fields of a flat observation, and named actions."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ros_rl.errors import ConfigError, ContractError
from ros_rl.types import Array, Transition
from ros_rl.wire import first_beyond

LAST_ACTION = "last_action"
PENDING_ACTIONS = "pending_actions"

LARGEST_VALUE = 1e9
"""What no observation, action or reward may exceed. Learners square sums of hundreds of values times a thousand, and
their optimisers square the gradients of that: from 1e9 on, float32 (3.4e38) has no room left for it."""

IMAGE = "image"
_KINDS = ("state", "goal", "action", IMAGE)


@dataclass(frozen=True)
class Field:
    """One observation field.

    Attributes:
        name: Its name, also that of the control graph's input.
        shape: Of its values; (size,) for a vector, (height, width, channels) for an image, rows from the top.
        unit: SI unit.
        scale: Factor that brings its usual range near [-1, 1]; networks see value * scale.
        kind: ``state`` (dynamics models predict it), ``goal`` (constant while a plan lasts), ``action``, or ``image``
            (no part of the flat observation).
        dtype: ``uint8`` for an image, else ``float32``.

    Raises:
        ConfigError: Kind, shape and dtype do not go together.
    """

    name: str
    shape: tuple[int, ...]
    unit: str
    scale: float
    kind: str
    dtype: str = "float32"

    def __post_init__(self) -> None:
        """Check that it can be."""
        if self.kind not in _KINDS:
            raise ConfigError(f"observation field '{self.name}' is of kind '{self.kind}', allowed: {', '.join(_KINDS)}")
        dtype = "uint8" if self.kind == IMAGE else "float32"
        if self.dtype != dtype:
            raise ConfigError(
                f"observation field '{self.name}' of kind '{self.kind}' is {self.dtype}, allowed: {dtype}"
            )
        if self.kind == IMAGE and (len(self.shape) != 3 or min(self.shape) < 1):
            raise ConfigError(
                f"image '{self.name}' has shape {self.shape}, allowed: (height, width, channels), each at least 1"
            )

    @property
    def size(self) -> int:
        """Number of values."""
        return math.prod(self.shape)


class Layout:
    """What an agent sees and does: the fields of a flat observation, images beside it, and the names of its actions.

    Args:
        name: Of the robot or the environment.
        actions: Names of the actions.
        fields: In the order state, goal, last action, pending actions; the last two always present, perhaps empty.
            Images may stand anywhere among them.
        delay: Number of pending actions.
        choices: Number of discrete actions, of which one number names one; 0 for continuous actions in [-1, 1].
        coupling: By action and joint, how far action 1 moves each joint; empty where actions are joints.
        commands: Name and settings of the map from actions to a robot's joint commands; empty for its own actions.
    """

    def __init__(
        self,
        name: str,
        actions: Sequence[str],
        fields: Sequence[Field],
        delay: int = 0,
        choices: int = 0,
        coupling: Mapping[str, Mapping[str, float]] | None = None,
        commands: Mapping[str, Any] | None = None,
    ) -> None:
        self.name, self.actions, self.delay, self.choices = name, tuple(actions), delay, choices
        self.coupling, self.commands = coupling or {}, commands or {}
        self.fields = tuple(item for item in fields if item.kind != IMAGE)
        """Those of the flat observation, in its order."""
        self.images = tuple(item for item in fields if item.kind == IMAGE)
        """Those that stand beside it."""
        self.slices: dict[str, slice] = {}
        start = 0
        for item in self.fields:
            self.slices[item.name] = slice(start, start + item.size)
            start += item.size
        self.size = start
        self.state_size = sum(item.size for item in self.fields if item.kind == "state")
        self.goal_size = sum(item.size for item in self.fields if item.kind == "goal")
        self.action_size = len(self.actions)
        self.scale = np.concatenate([np.full(item.size, item.scale) for item in self.fields])

    @property
    def state(self) -> slice:
        """Where the state fields stand."""
        return slice(0, self.state_size)

    @property
    def goal(self) -> slice:
        """Where the goal fields stand."""
        return slice(self.state_size, self.state_size + self.goal_size)

    @property
    def knows_actions(self) -> bool:
        """Whether the observation holds the last action."""
        last = self.slices[LAST_ACTION]
        return last.stop > last.start

    def split(self, flat: Any) -> dict[str, Any]:
        """Views of each field in flat observations (numpy or torch), shapes (..., size).

        A shorter array, such as a state with its goal, gives the fields that it holds.
        """
        width = flat.shape[-1]
        return {
            name: flat[..., part]
            for name, part in self.slices.items()
            if part.stop <= width and part != slice(width, width)
        }

    def sent(self, flat: Any) -> Any:
        """What acted last and what is pending, (..., 1 + delay, actions), in flat observations that hold both."""
        return flat[..., self.state_size + self.goal_size :].reshape(*flat.shape[:-1], 1 + self.delay, self.action_size)

    def check(self, t: Transition) -> None:
        """Refuse a transition that is not of this layout; its images are the replay buffer's to check.

        Raises:
            ContractError: Naming what differs, with both sizes, or the value that nothing can be learned from.
        """
        vectors = (
            ("observation", t.observation, (self.size,)),
            ("action", t.action, (self.action_size,)),
            ("next observation", t.next_observation, (self.size,)),
            ("reward", np.asarray(t.reward), ()),
        )
        for what, value, shape in vectors:
            if value.shape != shape:
                raise ContractError(
                    f"transition at tick {t.tick} has {what} of shape {value.shape}, {self.name} has {shape}"
                )
            if not (np.abs(value) <= LARGEST_VALUE).all():
                raise ContractError(
                    f"transition at tick {t.tick} has {what} that is not finite or beyond {LARGEST_VALUE:g}: "
                    f"{first_beyond(value, LARGEST_VALUE)}"
                )
        if self.choices and not (float(t.action[0]).is_integer() and 0 <= t.action[0] < self.choices):
            raise ContractError(
                f"transition at tick {t.tick} chose {t.action[0]}, {self.name} has {self.choices} choices"
            )

    def mirror(self) -> tuple[list[int], Array] | None:
        """The left-right mirror image of flat observations: ``observation[..., index] * sign``.

        Returns:
            Index and sign, each of shape (size,); None if there is no such symmetry.
        """
        return None

    @property
    def mirrored_choices(self) -> tuple[int, ...]:
        """The mirror image of each choice, where observations have one; empty if actions are no choices."""
        return ()

    @property
    def inputs(self) -> tuple[Field, ...]:
        """What a control graph is given: the fields that are not empty, then the images."""
        return (*(item for item in self.fields if item.size), *self.images)

    def describe(self) -> list[dict[str, Any]]:
        """The `inputs` as plain data, for a control graph's metadata."""
        return [{"name": f.name, "shape": list(f.shape), "dtype": f.dtype, "unit": f.unit} for f in self.inputs]


Fields = Mapping[str, Any]
"""Observation fields by name; numpy arrays or torch tensors of shape (..., size)."""
