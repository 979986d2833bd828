# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""What a latent model foresees from one look on, beside what its encoder makes of what was then seen.

z_0 = h(o_0), z_{k+1} = d(z_k, u_k) under the actions that were taken, each member by itself; what comes true is
h(o_{k+1}) and the reward r_k.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from ros_rl.agents.latent_mpc import LatentMpcAgent, first_of
from ros_rl.errors import DataError
from ros_rl.replay.buffer import ReplayBuffer
from ros_rl.types import Array


@dataclass(frozen=True)
class Foreseen:
    """Windows of K steps, one row each.

    Attributes:
        begin: h(o_0), (count, latent).
        state: z_1 .. z_K of each member, (members, count, K, latent).
        true_state: h(o_1) .. h(o_K), (count, K, latent).
        reward: R(z_0, u_0) .. of each member, (members, count, K).
        true_reward: As received, (count, K).
        value: Of z_1 .. z_K, as a planner closes a sequence by it, mean of the members, (count, K).
        true_value: Of h(o_1) .. h(o_K), (count, K).
        begin_value: Of h(o_0), (count,).
    """

    begin: Array
    state: Array
    true_state: Array
    reward: Array
    true_reward: Array
    value: Array
    true_value: Array
    begin_value: Array


@torch.no_grad()
def foresee(agent: LatentMpcAgent, replay: ReplayBuffer, count: int, steps: int) -> Foreseen:
    """Let an agent's model look once, and foresee what the actions that were taken lead to.

    Args:
        agent: Holds the model.
        replay: Holds the episodes, with as many frames as the agent sees at once.
        count: Windows to draw.
        steps: K.

    Raises:
        DataError: No episode is as long.
    """
    if not replay.holds(steps):
        raise DataError(f"no episode has {steps} steps; use a smaller horizon")
    model, world = agent.latent_model, agent.planner.world
    windows = replay.sequences(count, steps)
    begin = model.encode(agent.sight.before(first_of(windows), learns=False))
    following = model.encode(agent.sight.after(windows, learns=False)).unflatten(0, (count, steps))
    state, states, rewards = begin.expand(model.members, -1, -1), [], []
    for action in torch.as_tensor(windows.action).unbind(1):
        found = model(state, action)
        state = found.state
        states.append(state)
        rewards.append(found.reward)
    foreseen = torch.stack(states, 2)

    def value(latent: Tensor) -> Array:
        """(count, K), of states (members, count, K, latent)."""
        return _numbers(world.value(latent.flatten(1, 2)).mean(0).unflatten(0, latent.shape[1:3]))

    return Foreseen(
        begin=_numbers(begin),
        state=_numbers(foreseen),
        true_state=_numbers(following),
        reward=_numbers(torch.stack(rewards, 2)),
        true_reward=windows.reward,
        value=value(foreseen),
        true_value=value(following[None]),
        begin_value=value(begin[None, :, None])[:, 0],
    )


def errors(seen: Foreseen) -> dict[str, Any]:
    """How wrong it was k steps after its look, k = 1, 2, ..., as lists; rewards are those of the k-th step.

    Args:
        seen: What was foreseen.

    Returns:
        ``state``: RMS error of the members' mean, of who says that nothing changes and of who says the mean of all
        (``stays_rmse``, ``mean_rmse``), and the members' standard deviation (``spread``). ``reward`` and ``value``:
        mean absolute error, and that of the mean reward (``mean_mae``) or the first value (``stays_mae``).
    """
    told, truth = seen.state.mean(0), seen.true_state
    mean = truth.mean((0, 1))
    return {
        "state": {
            "rmse": _rms(told - truth),
            "stays_rmse": _rms(seen.begin[:, None] - truth),
            "mean_rmse": _rms(mean - truth),
            "spread": _rms(seen.state.std(0)),
        },
        "reward": {
            "mae": _mae(seen.reward.mean(0) - seen.true_reward),
            "mean_mae": _mae(seen.true_reward.mean() - seen.true_reward),
        },
        "value": {
            "mae": _mae(seen.value - seen.true_value),
            "stays_mae": _mae(seen.begin_value[:, None] - seen.true_value),
        },
    }


def _rms(error: Array) -> list[float]:
    """For each k, of (count, K, latent)."""
    return np.sqrt((error**2).mean((0, 2))).tolist()


def _mae(error: Array) -> list[float]:
    """For each k, of (count, K)."""
    return np.abs(error).mean(0).tolist()


def _numbers(values: Tensor) -> Array:
    return values.numpy().astype(np.float64)
