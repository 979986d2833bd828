# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Behaviour cloning (Pomerleau 1989): a policy that does in each observation what was done in a log.

It learns before it acts, by mean squared error, and needs no robot, no reward and no model. It sees the whole
observation, pending actions too, and so clones whoever made the log, under the log's delay.
"""

from __future__ import annotations

from ros_rl.agents.agent import Agent, Stateful
from ros_rl.agents.common.policy_graph import DdpgGraph
from ros_rl.agents.common.samples import Inputs, Samples
from ros_rl.layout import Layout
from ros_rl.networks.optimisers import Adam, step
from ros_rl.networks.policies import DeterministicPolicy
from ros_rl.replay.buffer import ReplayBuffer
from ros_rl.settings.agent import BcSettings


class BcAgent(Agent):
    """See the module.

    Args:
        layout: What the agent sees and does.
        settings: Of the agent.
        batch_size: Transitions per update.
        updates_per_step: Of no effect: there are no environment steps to learn from.
    """

    def __init__(self, layout: Layout, settings: BcSettings, batch_size: int, updates_per_step: float) -> None:
        super().__init__(layout, batch_size, updates_per_step)
        self.offline_rounds = settings.updates
        self.inputs = Inputs(layout, settings.smoothing)
        self.policy = DeterministicPolicy(layout.size, layout.action_size, settings.hidden)
        self.graph = DdpgGraph(layout, self.inputs, self.policy, exploration=0.0)
        self._optimiser = Adam(self.policy.parameters(), settings.learning_rate)

    def train(self, replay: ReplayBuffer, env_steps: int) -> dict[str, float]:
        """One update."""
        self.updates += 1
        return {"imitation_loss": self.imitate(self.inputs.samples(replay.sample(self.batch_size)))}

    def imitate(self, samples: Samples) -> float:
        """One step on the squared distance of the actions that would act; returns its mean per action."""
        action = self.inputs.smooth(self.policy(samples.obs), samples.obs)
        return step(self._optimiser, ((action - samples.action) ** 2).mean())

    def parts(self) -> dict[str, Stateful]:
        """See `Agent.parts`."""
        return {"policy": self.policy, "optimiser": self._optimiser}
