# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Deep Q-learning from images (Mnih et al. 2015): `ros_rl.agents.dqn` with an encoder and random shifts (DrQ).

Kostrikov et al. 2021 move replayed images by some pixels, each time anew, in what is valued and in its target: an
encoder that overfits to what it saw is what keeps Q-learning from pictures from working. Double, dueling, prioritised
and n-step are settings; so is the temperature of a Boltzmann policy.
"""

from __future__ import annotations

from torch import Tensor

from ros_rl.agents.common.seen import SeeingGraph, SeenInputs
from ros_rl.agents.dqn import DqnAgent, DqnGraph
from ros_rl.layout import Layout
from ros_rl.networks.images import ObservationEncoder
from ros_rl.networks.seeing import SeeingActionValues
from ros_rl.settings.latent import DrqDqnSettings


class DrqDqnGraph(SeeingGraph, DqnGraph):
    """See `DqnGraph`; sees several frames."""

    def decide(self, packed: Tensor, kept: Tensor, noise: Tensor, explore: Tensor) -> tuple[Tensor, Tensor]:
        """See `SeeingGraph.decide`."""
        return self.explore(packed, kept, noise, explore)


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
        s = self.settings
        graph = DrqDqnGraph(
            self.layout, self.inputs, self.critics.online, s.epsilon_start, s.temperature, s.epsilon_persists
        )
        graph.see_frames(s.frames)
        return graph
