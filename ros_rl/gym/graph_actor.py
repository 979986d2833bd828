# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Asks a control graph before its export, as the control loop asks the exported one (torch)."""

from __future__ import annotations

import torch

from ros_rl.deploy.control_graph import ControlGraph
from ros_rl.gym.actor import Actor
from ros_rl.gym.observations import Observed
from ros_rl.gym.spaces import Vector
from ros_rl.networks.mlp import evaluating


class GraphActor(Actor):
    """A control graph that still learns.

    Args:
        graph: What acts.
        explore: 0 to evaluate, 1 to behave.
        seed: Of its random numbers.
    """

    def __init__(self, graph: ControlGraph, explore: float, seed: int) -> None:
        self._graph = graph
        self._device = next(iter(graph.state_dict().values())).device
        self._explore = torch.tensor([explore], device=self._device)
        super().__init__(seed, graph.noise_shape)

    def begin(self) -> None:
        """See `Actor.begin`."""
        self._carry = torch.tensor(self._graph.carry, device=self._device)

    def _decide(self, observation: Observed, noise: Vector) -> Vector:
        drawn, flat = (torch.as_tensor(part, device=self._device) for part in (noise, observation.flat))
        images = {name: torch.as_tensor(image, device=self._device) for name, image in observation.images.items()}
        with evaluating(self._graph):  # as the exported graph, without dropout
            action, self._carry, *_ = self._graph.act_on_images(flat, images, self._carry, drawn, self._explore)
        chosen: Vector = action.cpu().numpy()
        return chosen
