# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Uniform random actions: what acts before anything is learned, and the agent that leaves it at that."""

from __future__ import annotations

import torch
from torch import Tensor

from ros_rl.agents.agent import Agent, Stateful
from ros_rl.agents.common.chance import threshold
from ros_rl.deploy.control_graph import ControlGraph
from ros_rl.layout import Layout
from ros_rl.networks.spaces import Spaces
from ros_rl.replay.buffer import ReplayBuffer
from ros_rl.settings.agent import RandomSettings


class Held:
    """Actions of which each part is -1 or 1, and is drawn anew once in so many steps on average.

    Args:
        steps: Below 1 it is 1.
    """

    def __init__(self, steps: float) -> None:
        self.steps = max(steps, 1.0)
        self._threshold = threshold(1.0 / self.steps)

    def draw(self, noise: Tensor, last: Tensor) -> Tensor:
        """The next action, (actions,), from normal numbers (2, actions) and the last one, 0 where there is none."""
        anew = (noise[1] > self._threshold) | (last == 0.0)
        return torch.where(anew, torch.where(noise[0] > 0.0, 1.0, -1.0), last)


class RandomGraph(ControlGraph):
    """Uniform in [-1, 1], smoothed; zero when evaluated. Of discrete actions any; one in the middle when evaluated.

    Args:
        spec: Layout of observations.
        smoothing: Share of the last action in the next one.
        hold: Steps, on average, for which each part of a continuous action stays at one end of its range or the other
            (Seyde et al. 2021: what is at its ends moves a body the most); 0: uniform actions, drawn anew at each step.
    """

    def __init__(self, spec: Layout, smoothing: float, hold: float = 0.0) -> None:
        super().__init__(spec)
        self.spaces = Spaces(spec, smoothing if spec.knows_actions else 0.0)
        self.held = Held(hold) if hold and not spec.choices else None
        if self.held:
            self.carry = (0.0,) * spec.action_size

    @property
    def noise_shape(self) -> list[int]:
        """One number per action, and where actions are held another one, that says whether it changes."""
        return [2, self.spec.action_size] if self.held else [self.spec.action_size]

    def act(self, observation: Tensor, carry: Tensor, noise: Tensor, explore: Tensor) -> tuple[Tensor, ...]:
        """Map normal noise to uniform by its distribution function, or hold the ends of actions."""
        if self.spec.choices:
            return uniform_index(explore * noise, self.spec.choices), carry
        if self.held:
            carry = self.held.draw(noise, carry)
        action = explore * (carry if self.held else torch.erf(noise * 0.5**0.5))
        if not self.spaces.smoothing:
            return action, carry
        return self.spaces.smooth(action, newest_action(observation, self.spec)), carry


class RandomAgent(Agent):
    """Learns nothing; arguments as those of `ros_rl.agents.factory.make_agent`."""

    def __init__(self, layout: Layout, settings: RandomSettings, batch_size: int, updates_per_step: float) -> None:
        super().__init__(layout, batch_size, updates_per_step)
        self.graph = RandomGraph(layout, settings.smoothing)

    def train(self, replay: ReplayBuffer, env_steps: int) -> dict[str, float]:
        """See `Agent.train`: nothing to do."""
        return {}

    def parts(self) -> dict[str, Stateful]:
        """See `Agent.parts`."""
        return {}


def uniform_index(noise: Tensor, choices: int) -> Tensor:
    """Indices 0 to choices - 1, all alike, from standard normal numbers by their distribution function; as floats."""
    return (normal_share(noise) * choices).floor().clamp(0.0, choices - 1.0)


def normal_share(noise: Tensor) -> Tensor:
    """The standard normal distribution function."""
    return 0.5 + 0.5 * torch.erf(noise * 0.5**0.5)


def newest_action(observation: Tensor, spec: Layout) -> Tensor:
    """The action decided last, u_{k+d-1}, (actions,): it stands at the observation's end."""
    return observation[..., spec.size - spec.action_size :]
