# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""What acts by a plan in a latent state."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor

from ros_rl.deploy.control_graph import ControlGraph
from ros_rl.layout import Layout
from ros_rl.networks.images import FrameMemory
from ros_rl.planning.execution import Execution
from ros_rl.planning.plan import WORST, Start
from ros_rl.planning.planner import Planner
from ros_rl.settings.latent import LatentMpcSettings
from ros_rl.world_models.latent import LatentWorld


class LatentMpcGraph(ControlGraph):
    """Encodes what it sees, then plans there, or asks the policy.

    Args:
        layout: Of observations.
        planner: Its world holds model, policy and critics.
        settings: Of the agent.
    """

    def __init__(self, layout: Layout, planner: Planner[LatentWorld], settings: LatentMpcSettings) -> None:
        super().__init__(layout)
        self.planner, self.plans, self.exploration = planner, settings.act == "planner", settings.exploration
        self.memory = FrameMemory(layout, settings.frames)
        self.execution = Execution(settings.planner, layout.action_size)
        kept = self.execution.carry_size if self.plans else 0
        self.carry = (0.0,) * (self.memory.carry_size + kept)
        self.telemetry_names = ("plan_return", "plan_disagreement", "candidate_returns") if self.plans else ()

    @property
    def noise_shape(self) -> list[int]:
        """The planner's noise, and a row for what the executed action adds."""
        rows, horizon, actions = self.planner.noise_shape
        return [rows + 1, horizon, actions] if self.plans else [1, 1, actions]

    def act(self, observation: Tensor, carry: Tensor, noise: Tensor, explore: Tensor) -> tuple[Tensor, ...]:
        """See `ControlGraph.act`."""
        return self.act_on_images(observation, {}, carry, noise, explore)

    def act_on_images(
        self, observation: Tensor, images: Mapping[str, Tensor], carry: Tensor, noise: Tensor, explore: Tensor
    ) -> tuple[Tensor, ...]:
        """See `ControlGraph.act_on_images`."""
        world, split = self.planner.world, self.memory.carry_size
        flat, pictures, seen = self.memory.see(observation, images, carry[:split])
        state = world.start(world.model.encode(world.model.encoder.packing.pack(flat, pictures))[0])
        executed = noise[-1, 0] * explore
        if not self.plans:
            return world.decide(state, executed[None])[0], seen
        last = self.execution.read(carry[split:])
        plan = self.planner.plan(state, noise[:-1], last)
        actions, kept = self.execution.choose(plan.mean, last)
        action = (actions[0] + self.exploration * plan.std[0] * executed).clamp(-1.0, 1.0)
        # every candidate non-finite: no action either, so that the driver's safe behaviour takes over
        usable = (plan.candidate_returns.amax() > WORST).to(action.dtype)
        returns = self.planner.rollout(Start(state), actions[None]).returns[:, 0]
        told = (returns.mean(), returns.std(correction=0), plan.candidate_returns)
        return action * (usable / usable), torch.cat([seen, kept]), *told
