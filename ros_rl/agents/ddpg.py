# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Deep deterministic policy gradient (Lillicrap et al. 2016) and TD3 (Fujimoto et al. 2018).

The policy follows the gradient of the first critic through its action. TD3 is DDPG with two critics, of whose targets
the smaller counts, noise on the target's action, and a policy that moves at every second update.
"""

from __future__ import annotations

import torch
from torch import Tensor

from ros_rl.agents.agent import Stateful
from ros_rl.agents.common.off_policy import OffPolicyAgent
from ros_rl.agents.common.policy_graph import DdpgGraph
from ros_rl.agents.common.samples import Samples
from ros_rl.agents.common.targeted_network import Follower
from ros_rl.layout import Layout
from ros_rl.networks.optimisers import Adam, move
from ros_rl.networks.passes import PlainPass
from ros_rl.networks.policies import DeterministicPolicy
from ros_rl.settings.off_policy import DdpgSettings, DeterministicSettings


def target_noise(action: Tensor, s: DeterministicSettings) -> Tensor:
    """Actions of a target with clipped noise, as long as it is set (Fujimoto et al. 2018, TD3)."""
    if not s.target_noise:
        return action
    noise = (s.target_noise * torch.randn_like(action)).clamp(-s.target_noise_clip, s.target_noise_clip)
    return (action + noise).clamp(-1.0, 1.0)


class DdpgAgent(OffPolicyAgent):
    """See the module; arguments as those of `ros_rl.agents.factory.make_agent`."""

    def __init__(self, layout: Layout, settings: DdpgSettings, batch_size: int, updates_per_step: float) -> None:
        super().__init__(layout, settings, settings.policy_delay, batch_size, updates_per_step)
        s = self.settings = settings
        sizes = (layout.size, layout.action_size, s.hidden)
        self.policy = self.target_policy = DeterministicPolicy(*sizes)
        if s.target_rule.kind != "none":
            self.target_policy = DeterministicPolicy(*sizes).requires_grad_(False)
            self.target_policy.load_state_dict(self.policy.state_dict())
        self._follower = Follower(self.target_policy, self.policy, s.target_rule)
        self.graph = DdpgGraph(layout, self.inputs, self.policy, s.exploration)
        self._learning, self._target_pass = PlainPass(self.policy.net), PlainPass(self.target_policy.net)
        self._policy_optimiser = Adam(self.policy.parameters(), s.learning_rate, s.beta1)

    def next_action(self, obs: Tensor) -> tuple[Tensor, float]:
        """See `OffPolicyAgent.next_action`: the target policy's, with noise as long as it is set."""
        action = torch.tanh(self._target_pass(obs)[0])
        return self.inputs.smooth(target_noise(action, self.settings), obs), 0.0

    def update_policy(self, samples: Samples) -> dict[str, float]:
        """One step up the first critic, and one of the target policy."""
        output = self._learning(samples.obs)[0].requires_grad_()
        action = self.inputs.smooth(torch.tanh(output), samples.obs)
        critic = self.critics.through(1)
        q = critic(samples.obs, action.detach())
        slope = critic.input_slope(torch.full_like(q, -1.0 / q.numel()))
        (slope_of_output,) = torch.autograd.grad(action, output, slope)
        self._learning.learn(slope_of_output[None])
        move(self._policy_optimiser)
        if self.updates % self._follower.rule.every < self.policy_delay:
            self._follower.move()
        return {"policy_loss": -float(q.mean())}

    def parts(self) -> dict[str, Stateful]:
        """See `Agent.parts`."""
        own: dict[str, Stateful] = {"policy": self.policy, "policy_optimiser": self._policy_optimiser}
        if self.target_policy is not self.policy:
            own["target_policy"] = self.target_policy
        return super().parts() | own
