"""Advantage-weighted regression: imitate what the replay holds, the more the better it was (Nair et al. 2020, AWAC)."""

import torch
from awr_settings import AwrSettings
from torch import Tensor

from ros_rl.agents.agent import Stateful
from ros_rl.agents.common.off_policy import OffPolicyAgent
from ros_rl.agents.common.policy_graph import DdpgGraph
from ros_rl.agents.common.samples import Samples
from ros_rl.layout import Layout
from ros_rl.networks.optimisers import Adam, step
from ros_rl.networks.policies import DeterministicPolicy

_LARGEST_WEIGHT = 20.0


class AwrAgent(OffPolicyAgent):
    """The critics, their targets, replay and control graph are there already; what is new is how the policy learns."""

    def __init__(self, layout: Layout, settings: AwrSettings, batch_size: int, updates_per_step: float) -> None:
        super().__init__(layout, settings, 1, batch_size, updates_per_step)
        self.temperature = settings.temperature
        self.policy = DeterministicPolicy(layout.size, layout.action_size, settings.hidden)
        self.graph = DdpgGraph(layout, self.inputs, self.policy, settings.exploration)
        self.optimiser = Adam(self.policy.parameters(), settings.learning_rate)

    def next_action(self, obs: Tensor) -> tuple[Tensor, float]:
        """See `OffPolicyAgent.next_action`: the policy's own."""
        return self.inputs.smooth(self.policy(obs), obs), 0.0

    def update_policy(self, samples: Samples) -> dict[str, float]:
        """One step towards the actions that were better than its own."""
        action = self.inputs.smooth(self.policy(samples.obs), samples.obs)
        with torch.no_grad():
            critics = self.critics.online
            advantage = (critics(samples.obs, samples.action) - critics(samples.obs, action)).amin(0)
            weight = (advantage / self.temperature).exp().clamp_max(_LARGEST_WEIGHT)
        error = ((action - samples.action) ** 2).sum(-1)
        return {"policy_loss": step(self.optimiser, (weight * error).mean())}

    def parts(self) -> dict[str, Stateful]:
        """See `Agent.parts`."""
        return super().parts() | {"policy": self.policy, "policy_optimiser": self.optimiser}
