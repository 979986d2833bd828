# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""The smallest tasks for policy gradients, with gradients in closed form."""

import math
from typing import Any

import numpy as np
import torch
from torch import Tensor

from ros_rl.agents.common.samples import Samples
from ros_rl.layout import Field, Layout
from ros_rl.networks.policies import ClippedGaussianPolicy
from ros_rl.types import Transition


def layout(size: int = 1, actions: int = 1) -> Layout:
    """Observations of `size` values that hold no actions."""
    state = Field("observation", (size,), "1", 1.0, "state")
    fields = (state, Field("last_action", (0,), "1", 1.0, "action"), Field("pending_actions", (0,), "1", 1.0, "action"))
    return Layout("bandit", [f"action_{i}" for i in range(actions)], fields)


def set_policy(policy: ClippedGaussianPolicy, mean: float, std: float) -> None:
    """The same Gaussian (one action) whatever is seen."""
    last = policy.net.net[-1]
    with torch.no_grad():
        last.weight.zero_()
        last.bias[0, 0, 0] = math.atanh(mean)
        last.bias[0, 0, 1] = math.log(std) - policy.initial_log_std


def bias_gradient(policy: ClippedGaussianPolicy, loss: Tensor) -> Tensor:
    """Minus the loss's gradient by the two outputs' biases: d/d(atanh mean) and d/d(log std), (2,)."""
    return -torch.autograd.grad(loss, policy.net.net[-1].bias)[0][0, 0]


def steps(obs: Tensor, action: Tensor, reward: Tensor, ends: float = 1.0, gamma: float = 1.0) -> Samples:
    """One episode; `ends`: 1 if the last step terminates, 0 if the episode is cut there."""
    terminated = torch.zeros(len(reward))
    terminated[-1] = ends
    discount, weight = torch.full((len(reward),), gamma), torch.ones(len(reward))
    return Samples(obs, action, reward, obs.roll(-1, 0), terminated, discount, weight, torch.zeros(len(reward)))


def one_step(index: int, rng: np.random.Generator, action: Any = None) -> Transition:
    """An episode of one step: x in [-1, 1] is seen, the best action is 0.7 x."""
    x = rng.uniform(-1, 1, 1)
    action = rng.uniform(-1, 1, 1) if action is None else action(x)
    reward = -float((action[0] - 0.7 * x[0]) ** 2)
    return Transition(index, index, x, action, reward, x, True, False)
