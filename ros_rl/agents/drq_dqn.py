# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Deep Q-learning from images (Mnih et al. 2015): `ros_rl.agents.dqn` with an encoder and random shifts (DrQ).

Kostrikov et al. 2021 move replayed images by some pixels, each time anew, in what is valued and in its target: an
encoder that overfits to what it saw is what keeps Q-learning from pictures from working. Double, dueling, prioritised
and n-step are settings; so is the temperature of a Boltzmann policy.
"""

from __future__ import annotations

from collections.abc import Mapping

from torch import Tensor

from ros_rl.agents.common.seen import SeenInputs
from ros_rl.agents.dqn import DqnAgent, DqnGraph
from ros_rl.layout import Layout
from ros_rl.networks.images import FrameMemory, ObservationEncoder
from ros_rl.networks.seeing import SeeingActionValues
from ros_rl.settings.latent import DrqDqnSettings


class DrqDqnGraph(DqnGraph):
    """See `DqnGraph`; sees several frames.

    Args:
        layout: Of observations.
        inputs: Pack what is seen.
        values: Of packed observations.
        settings: Of the agent.
    """

    def __init__(
        self, layout: Layout, inputs: SeenInputs, values: SeeingActionValues, settings: DrqDqnSettings
    ) -> None:
        super().__init__(layout, inputs, values, settings.epsilon_start, settings.temperature)
        self.memory, self.packing = FrameMemory(layout, settings.frames), inputs.sight.packing
        self.carry = (0.0,) * self.memory.carry_size

    def act(self, observation: Tensor, carry: Tensor, noise: Tensor, explore: Tensor) -> tuple[Tensor, ...]:
        """See `ControlGraph.act`."""
        return self.act_on_images(observation, {}, carry, noise, explore)

    def act_on_images(
        self, observation: Tensor, images: Mapping[str, Tensor], carry: Tensor, noise: Tensor, explore: Tensor
    ) -> tuple[Tensor, ...]:
        """See `ControlGraph.act_on_images`."""
        flat, pictures, seen = self.memory.see(observation, images, carry)
        return self.explore(self.packing.pack(flat, pictures), noise, explore), seen


class DrqDqnAgent(DqnAgent):
    """See the module; arguments as those of `ros_rl.agents.factory.make_agent`."""

    settings: DrqDqnSettings
    inputs: SeenInputs

    def make_inputs(self, layout: Layout, smoothing: float) -> SeenInputs:
        """See `ReplayAgent.make_inputs`."""
        return SeenInputs(layout, smoothing, self.settings.frames, self.settings.shift)

    def make_values(self) -> SeeingActionValues:
        """See `DqnAgent.make_values`."""
        s = self.settings
        encoder = ObservationEncoder(self.layout, s.frames, s.channels, s.embedding)
        return SeeingActionValues(
            encoder, s.critics, s.hidden, self.layout.choices, s.normalisation, s.dropout, s.dueling
        )

    def make_graph(self) -> DrqDqnGraph:
        """See `DqnAgent.make_graph`."""
        return DrqDqnGraph(self.layout, self.inputs, self.critics.online, self.settings)
