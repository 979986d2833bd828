# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""What a task is: observation fields, reward, termination, episode, inputs and metrics.

Rewards and terminations are batched and use only what numpy arrays and torch tensors share, so that the same code
judges a transition on the robot and a planner's prediction inside the control graph.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any, ClassVar, Protocol

import numpy as np

from ros_rl.features import FEATURES, Bounds
from ros_rl.layout import Fields
from ros_rl.robot import Robot
from ros_rl.tasks.measures import Measure
from ros_rl.tasks.milestone import SUCCEEDS, Milestone
from ros_rl.types import Array, Measurement, Start


class Judge(Protocol):
    """Reward and termination: what planners and generated data need of a task; see `Task` for the methods."""

    def reward(self, before: Fields, last_action: Any, action: Any, after: Fields) -> Any:
        """r(x_k, u_{k-1}, u_k, x_{k+1}) for a batch."""

    def terminated(self, after: Fields) -> Any:
        """Whether the task ends in these states."""


class Task(ABC):
    """Base of all tasks. Subclasses are frozen dataclasses whose fields are the task's settings."""

    name: ClassVar[str]
    """The task's name on the command line."""
    robot: ClassVar[str]
    """The robot it is made for."""
    scene: ClassVar[str] = "plane"
    """The simulated world around the robot (``sim/scenes``)."""
    start: ClassVar[Start] = Start.HOME
    """How a simulated robot begins an episode. A real one goes home for `Start.HOME`, else it stays where it lies."""
    objects: ClassVar[tuple[str, ...]] = ()
    """Movable bodies of the scene that it observes, in the order of the fields ``object_*``."""
    cameras: ClassVar[tuple[str, ...]] = ()
    """Cameras of the robot whose pictures it observes."""
    observation: ClassVar[tuple[str, ...]]
    """State and goal fields, by their names in `ros_rl.features.FEATURES`."""
    measures: ClassVar[tuple[Measure, ...]] = ()
    """What an evaluation reports about it besides return and terminations (`ros_rl.tasks.measures`)."""
    milestone: ClassVar[Milestone] = SUCCEEDS
    """From when on a learner can do it; told where evaluations hold the figure that it names."""
    memory: ClassVar[tuple[str, ...]] = ()
    """Inputs in which it remembers what one tick does not show, see `remember`; nobody else asks for them."""
    symmetric: ClassVar[bool] = False
    """Whether reward and termination stay the same in the left-right mirror image."""
    not_planned: ClassVar[tuple[str, ...]] = ("episode_seconds",)
    """Settings that neither reward nor termination reads, so that they may change without a new control graph."""
    former: ClassVar[Mapping[str, str]] = {"resets": "it is driver.resets, for every task"}
    """Settings that somebody may look for here, and what to take in their place."""
    episode_seconds: float
    """Time limit of an episode [s]; reaching it is not a termination."""

    @property
    def title(self) -> str:
        """What a user calls it."""
        return self.name

    def fitted(self, robot: Robot) -> Robot:
        """The robot as the task uses it, whose action map and guards may differ from those of its file."""
        return robot

    def check(self, robot: Robot) -> None:
        """Refuse a robot that cannot do it; none, unless a task says so.

        Args:
            robot: As the task uses it.

        Raises:
            ConfigError: With what would be right.
        """
        return

    @abstractmethod
    def reward(self, before: Fields, last_action: Any, action: Any, after: Fields) -> Any:
        """r(x_k, u_{k-1}, u_k, x_{k+1}) for a batch, shape (...,).

        Args:
            before: State and goal fields at k, each of shape (..., size).
            last_action: u_{k-1}, shape (..., actions).
            action: u_k, shape (..., actions).
            after: State and goal fields at k + 1.
        """

    def terminated(self, after: Fields) -> Any:
        """Whether the task ends in these states, bool of shape (...,); never, unless a task says so."""
        first = next(iter(after.values()))
        return first[..., 0] != first[..., 0]

    def succeeded(self, after: Fields) -> Any:
        """Whether these states are what the task wants, bool of shape (...,); None: it knows of no success.

        An episode succeeds if its last state does. Nothing is learned from it: it is for evaluations, for
        ``info["is_success"]`` and to end a training early.
        """
        return None

    @property
    def inputs(self) -> tuple[str, ...]:
        """Names of what it may be asked for (`ros_rl.sensors.inputs`): what its observation shows of that.

        What it remembers is among them.
        """
        features = (FEATURES[name] for name in self.observation if name in FEATURES)
        return tuple(dict.fromkeys([*(feature.input for feature in features if feature.input), *self.memory]))

    @property
    def asked(self) -> tuple[str, ...]:
        """Those of `inputs` that others ask for: all but what it remembers."""
        return tuple(name for name in self.inputs if name not in self.memory)

    def draw_inputs(self, rng: np.random.Generator) -> dict[str, Array]:
        """A value for each of `inputs` at the start of an episode."""
        return {}

    def input_bounds(self) -> dict[str, Bounds]:
        """Smallest and largest values that each of `inputs` is drawn from and changed to, where they are known.

        What is asked for from outside is clamped to them, but for rotations.
        """
        return {}

    def change_inputs(
        self, inputs: dict[str, Array], step: int, period: float, rng: np.random.Generator
    ) -> dict[str, Array]:
        """What they are at a later tick of the episode; unchanged, unless a task says otherwise.

        Args:
            inputs: Those of the tick before.
            step: Of this one, from 1.
            period: From one to the next, the control period [s].
            rng: For what is drawn.
        """
        return inputs

    def remember(
        self, inputs: Mapping[str, Array], measurement: Measurement, command: Array, robot: Robot
    ) -> dict[str, Array]:
        """Each of `memory` at a tick, which travels in the tick as all inputs do, in simulation and on a robot.

        Args:
            inputs: Those of the tick before, or those that were drawn for the first one of an episode.
            measurement: Of this tick.
            command: That acted in the period that ends with it, shape (joints,).
            robot: As the task uses it.
        """
        return {name: inputs[name] for name in self.memory}

    def score(self, evaluation: Mapping[str, Any]) -> float:
        """How good an evaluation is, larger for better, by its figures: the mean return, unless a task says otherwise.

        The best controller of a run, and the checkpoint of it, are chosen by it; nan: by no means.
        """
        return float(evaluation.get("return_mean", np.nan))

    def metrics(self, observation: Fields) -> dict[str, float]:
        """What matters about one observation besides reward, for curves and progress lines."""
        return {}
