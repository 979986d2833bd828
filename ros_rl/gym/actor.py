# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""What decides in an environment: a control graph with its memory and random numbers, as a control loop asks it."""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from collections.abc import Callable

import numpy as np

from ros_rl.deploy.onnx_graph import OnnxGraph
from ros_rl.errors import GraphError
from ros_rl.gym.observations import Observed
from ros_rl.gym.spaces import Vector
from ros_rl.layout import Layout
from ros_rl.runtime.control_loop import tick_noise
from ros_rl.runtime.durations import WARM_UP, Durations


class Actor(ABC):
    """Base of what decides.

    Args:
        seed: Of its random numbers, which (seed, tick) names.
        noise_shape: Of these, for one decision.
    """

    def __init__(self, seed: int, noise_shape: list[int]) -> None:
        self._seed, self._noise_shape = seed, noise_shape
        self._decided = 0
        self.durations = Durations()
        """Of decisions, past the warm-up."""
        self.begin()

    @abstractmethod
    def begin(self) -> None:
        """Forget: an episode begins."""

    @abstractmethod
    def _decide(self, observation: Observed, noise: Vector) -> Vector:
        """The next action, which is remembered as far as the graph remembers."""

    def act(self, observation: Observed, tick: int) -> Vector:
        """Decide.

        Args:
            observation: Of the layout that the graph is for.
            tick: Names the random numbers.

        Returns:
            Action in [-1, 1], or an index; shape (actions,).

        Raises:
            GraphError: It is not finite.
        """
        started = time.perf_counter()
        chosen = self._decide(observation, tick_noise(self._seed, tick, self._noise_shape))
        self._decided += 1
        if self._decided > WARM_UP:
            self.durations.add(time.perf_counter() - started)
        if not np.isfinite(chosen).all():
            raise GraphError(f"the agent chose an action that is not finite: {chosen}")
        return chosen


MakeActor = Callable[[int], Actor]
"""Makes what decides, of the seed of its random numbers."""


class OnnxActor(Actor):
    """An exported control graph.

    Args:
        graph: It fits the environment.
        layout: Of the environment's observations.
        explore: 0 to evaluate, 1 to behave.
        seed: Of its random numbers.
    """

    def __init__(self, graph: OnnxGraph, layout: Layout, explore: float, seed: int) -> None:
        self._graph, self._layout, self._explore = graph, layout, explore
        super().__init__(seed, graph.contract.noise)

    def begin(self) -> None:
        """See `Actor.begin`."""
        self._carry = self._graph.initial_carry()

    def _decide(self, observation: Observed, noise: Vector) -> Vector:
        fields = self._layout.split(observation.flat) | dict(observation.images)
        output = self._graph.run(fields, self._carry, noise, self._explore)
        self._carry = output.carry
        return output.action
