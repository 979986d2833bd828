# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Asks a control graph before its export, as the control loop asks the exported one (torch)."""

from __future__ import annotations

import time

import numpy as np
import torch

from ros_rl.deploy.control_graph import ControlGraph
from ros_rl.errors import GraphError
from ros_rl.gym.spaces import Vector
from ros_rl.networks.mlp import evaluating
from ros_rl.runtime.control_loop import tick_noise
from ros_rl.runtime.durations import WARM_UP, Durations


class Actor:
    """A control graph with its memory and its random numbers, which (seed, tick) names.

    Args:
        graph: What acts.
        seed: Of its random numbers.
        explore: 0 to evaluate, 1 to behave.
    """

    def __init__(self, graph: ControlGraph, seed: int, explore: float) -> None:
        self._graph, self._seed = graph, seed
        self._device = next(iter(graph.state_dict().values())).device
        self._explore = torch.tensor([explore], device=self._device)
        self._decided = 0
        self.durations = Durations()
        """Of decisions, past the warm-up."""
        self.begin()

    def begin(self) -> None:
        """Forget: an episode begins."""
        self._carry = torch.tensor(self._graph.carry, device=self._device)

    def act(self, observation: Vector, tick: int) -> Vector:
        """Decide.

        Args:
            observation: Flat.
            tick: Names the random numbers.

        Returns:
            Action in [-1, 1], or an index; shape (actions,).

        Raises:
            GraphError: It is not finite.
        """
        started = time.perf_counter()
        drawn = tick_noise(self._seed, tick, self._graph.noise_shape)
        noise, obs = (torch.as_tensor(part, device=self._device) for part in (drawn, observation))
        with evaluating(self._graph):  # as the exported graph, without dropout
            action, self._carry, *_ = self._graph.act(obs, self._carry, noise, self._explore)
        self._decided += 1
        if self._decided > WARM_UP:
            self.durations.add(time.perf_counter() - started)
        chosen: Vector = action.cpu().numpy()
        if not np.isfinite(chosen).all():
            raise GraphError(f"the agent chose an action that is not finite: {chosen}")
        return chosen
