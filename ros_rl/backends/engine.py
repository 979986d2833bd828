# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""What a physics engine does for a simulated robot: all that differs from one engine to the other."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from ros_rl.backends.instant import Instant, Measure
from ros_rl.backends.starts import Place
from ros_rl.backends.world.conditions import Conditions
from ros_rl.backends.world.terrain import Terrain
from ros_rl.cameras.feed import Picture
from ros_rl.types import Array, Pose


@dataclass(frozen=True)
class Contacts:
    """Of a robot with what stands still around it.

    Attributes:
        others: How many there are other than by the feet or a fixed base.
        slips: Speed along the ground of each contact point of each foot that touches it [m/s].
    """

    others: int = 0
    slips: Sequence[Sequence[float]] = field(default_factory=list)

    @property
    def slip(self) -> float:
        """Mean speed of the feet along the ground [m/s]."""
        return float(np.mean([np.mean(values) for values in self.slips])) if self.slips else 0.0


class Engine(ABC):
    """A world with one robot in it, which stands still until it is told what to simulate.

    What asks it, and when, is in `ros_rl.backends.simulated_robot`.
    """

    measures: Mapping[str, Measure]
    """How each sensor is measured."""

    @abstractmethod
    def place(self, place: Place, passive: Array, conditions: Conditions, rng: np.random.Generator) -> None:
        """Begin an episode: the robot where it is put, at rest, nothing exerted.

        Args:
            place: Of the base, and of the commanded joints.
            passive: Of the passive joints, shape (passive,).
            conditions: Of the episode.
            rng: Draws where the scene's bodies are.
        """

    @abstractmethod
    def condition(self, conditions: Conditions) -> None:
        """Have other conditions from now on, but for what the robot carries and where its mass is; nothing moves."""

    @abstractmethod
    def follow(self, targets: Array) -> None:
        """Simulate a control period, or a part of it, towards commands, shape (substeps, joints)."""

    @abstractmethod
    def push(self, change: Array) -> None:
        """Change the velocity of a floating base and all that it carries, in the world [m/s], shape (3,)."""

    @abstractmethod
    def lay(self, terrain: Terrain | None) -> None:
        """Put the ground there, or the scene's own floor."""

    @abstractmethod
    def move_field(self, pose: Pose) -> None:
        """Put the field's middle somewhere."""

    @property
    @abstractmethod
    def foot_places(self) -> Array:
        """Where the feet are (x, y) [m], shape (feet, 2)."""

    @abstractmethod
    def grip(self, friction: Array) -> None:
        """Give each foot its friction, shape (feet,)."""

    @abstractmethod
    def be_safe(self, substeps: int) -> None:
        """Simulate a control period, or a part of it, of the safe action.

        Joints with velocity commands stop. The others are damped, or kept where the first safe period found them.
        """

    @abstractmethod
    def now(self, before: Instant | None) -> Instant:
        """The robot as it is.

        Args:
            before: See `Instant`.
        """

    @abstractmethod
    def contacts(self) -> Contacts:
        """What the robot touches."""

    @abstractmethod
    def look(self, name: str) -> Picture:
        """What a camera of the robot sees now.

        Args:
            name: Of one that looks.
        """

    @property
    @abstractmethod
    def entangled(self) -> bool:
        """Whether links that collide with each other overlap."""

    @property
    @abstractmethod
    def saturated(self) -> float:
        """Mean share of joints whose effort the limits cut when it was simulated last."""
