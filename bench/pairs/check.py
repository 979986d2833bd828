# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Whether both sides of a pair compute the same update: from the same weights, batch and noise.

In double precision, where only mathematics can make a difference. In single precision the first step of Adam, which is
nearly the sign of a gradient, shows the rounding of those gradients that are next to nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any
from unittest import mock

import numpy as np
import torch
from pairs import ours
from pairs import stable_baselines as stable
from pairs.pairs import Pair, transitions
from stable_baselines3.common.off_policy_algorithm import OffPolicyAlgorithm
from stable_baselines3.common.type_aliases import ReplayBufferSamples
from torch import Tensor, nn
from torch.nn.functional import smooth_l1_loss

from ros_rl.networks.layers import BatchedLinear
from ros_rl.networks.mlp import BatchedMLP
from ros_rl.replay.batch import Batch

CHECKED_TAU = 0.5
"""Large, so that targets move by more than the tolerance."""
Twins = list[tuple[str, Tensor, Tensor]]
"""Name, our parameter in the shape of theirs, their parameter."""


class _Seen:
    """Takes the place of our watch: keeps values and targets of the last update of critics."""

    def batch(self, q: Tensor, target: Tensor, entropy_bonus: float) -> None:
        """See `ros_rl.watch.value_watch.ValueWatch.batch`."""
        self.q, self.target = q, target


@contextmanager
def precision(dtype: torch.dtype) -> Iterator[None]:
    """Networks, noise and what Stable-Baselines3 makes of observations (`Tensor.float`) are of this type inside."""
    usual = torch.get_default_dtype()
    torch.set_default_dtype(dtype)
    try:
        with mock.patch.object(Tensor, "float", lambda tensor: tensor.to(dtype)):
            yield
    finally:
        torch.set_default_dtype(usual)


def check(pair: Pair, dtype: torch.dtype = torch.float64) -> dict[str, float]:
    """Largest differences of losses and parameters, and how far the least moved array of parameters moved.

    Args:
        pair: Of agents.
        dtype: Of all numbers.
    """
    with precision(dtype):
        return _check(pair, dtype)


def _check(pair: Pair, dtype: torch.dtype) -> dict[str, float]:
    torch.manual_seed(0)
    agent, model = ours.make(pair, CHECKED_TAU, 1, 1), stable.make(pair, CHECKED_TAU, 1)
    if pair.name == "sac":  # our loss is twice theirs: Adam's step is the same with twice its epsilon
        agent.parts()["critic_optimiser"].param_groups[0]["eps"] *= 2  # type: ignore[attr-defined]
    seen = agent.watch = _Seen()  # type: ignore[assignment]
    same = list(_twins(agent, model))
    before = _start_alike(same)
    replay = ours.replay_of(pair)
    ours.fill(replay, transitions(pair, 2000, seed=1))
    found: dict[str, float] = {}
    for update in range(pair.checked_updates):
        batch = _as(dtype, replay.sample(pair.batch))
        losses = _stable_update(pair, model, batch, update)
        own = _our_update(pair, agent, batch, update) | {"critic_loss": critic_loss(pair, seen.q, seen.target)}
        for name, value in losses.items():
            found[name] = max(found.get(name, 0.0), abs(value - own[name]))
    if pair.name == "sac":
        found["log_alpha"] = abs(float(agent.tensors()["log_alpha"].detach()) - float(model.log_ent_coef.detach()))  # type: ignore[attr-defined]
    for kind in ("parameter", "target_parameter"):
        rows = [(a, b, old) for (name, a, b), old in zip(same, before, strict=True) if name == kind]
        found[kind] = max(float((a - b).abs().max()) for a, b, _ in rows)
        found[f"{kind} moved by"] = min(float((a - old).abs().max()) for a, _, old in rows)
    return found


def _as(dtype: torch.dtype, batch: Batch) -> Batch:
    arrays = {name: value for name, value in vars(batch).items() if isinstance(value, np.ndarray)}
    floats = {name: value for name, value in arrays.items() if value.dtype == np.float32}
    return replace(batch, **{name: torch.from_numpy(value).to(dtype).numpy() for name, value in floats.items()})


def critic_loss(pair: Pair, q: Tensor, target: Tensor) -> float:
    """As Stable-Baselines3 defines it."""
    if pair.choices:
        return float(smooth_l1_loss(q[0], target))
    return float(((q - target) ** 2).mean(1).sum()) * (0.5 if pair.name == "sac" else 1.0)


def _start_alike(twins: Twins) -> list[Tensor]:
    """Their weights for both, targets unlike what they are targets of; a copy of each."""
    for name, own, theirs in twins:
        if name == "target_parameter":
            theirs += 0.01 * torch.randn_like(theirs)
        own.copy_(theirs)
    return [own.clone() for _, own, _ in twins]


def _stable_update(pair: Pair, model: Any, batch: Batch, seed: int) -> dict[str, float]:
    action = torch.from_numpy(batch.action)
    data = ReplayBufferSamples(
        torch.from_numpy(batch.observation),
        action.long() if pair.choices else action,
        torch.from_numpy(batch.next_observation),
        torch.from_numpy(batch.terminated)[:, None],
        torch.from_numpy(batch.reward)[:, None],
    )
    model.replay_buffer.sample = lambda *_, **__: data
    if pair.name == "sac":
        # 1e-6 inside log(1 - tanh^2) would change the sign of a few gradients near zero, and with it Adam's first step
        model.actor.action_dist.epsilon = 0.0
    torch.manual_seed(seed)
    model.logger.name_to_value.clear()
    model.train(1, pair.batch)
    if pair.choices:
        model._on_step()  # copies the target network
    names = {"train/critic_loss": "critic_loss", "train/loss": "critic_loss", "train/actor_loss": "policy_loss"}
    logged = model.logger.name_to_value
    return {name: float(logged[key]) for key, name in names.items() if key in logged}


def _our_update(pair: Pair, agent: Any, batch: Batch, seed: int) -> dict[str, float]:
    replay = ours.replay_of(pair)
    replay.sample = lambda size: batch  # type: ignore[method-assign]
    torch.manual_seed(seed)
    if pair.name != "sac":
        return dict(agent.train(replay, 0))
    # they draw the policy's noise first, we the target's
    policy_noise, target_noise = (torch.randn(pair.batch, pair.actions) for _ in range(2))
    noises, squashed = iter((target_noise, policy_noise)), agent.policy.squashed
    agent.policy.squashed = lambda output, _: squashed(output, next(noises))
    metrics = dict(agent.train(replay, 0))
    del agent.policy.squashed
    return metrics


def _twins(agent: Any, model: Any) -> Iterator[tuple[str, Tensor, Tensor]]:
    """Every parameter of both sides; those of target networks have a name of their own."""
    if isinstance(model, OffPolicyAlgorithm) and hasattr(model, "q_net"):
        yield from _network("parameter", agent.critics.online.net, 0, _layers(model.q_net))
        yield from _network("target_parameter", agent.critics.target.net, 0, _layers(model.q_net_target))
        return
    for name, own, theirs in (
        ("parameter", agent.critics.online.net, model.critic),
        ("target_parameter", agent.critics.target.net, model.critic_target),
    ):
        for member, network in enumerate(theirs.q_networks):
            yield from _network(name, own, member, _layers(network))
    if hasattr(model.actor, "log_std"):
        heads = (model.actor.mu, model.actor.log_std)
        yield from _network("parameter", agent.policy.net, 0, [*_layers(model.actor.latent_pi), heads])
        return
    yield from _network("parameter", agent.policy.net, 0, _layers(model.actor.mu))
    yield from _network("target_parameter", agent.target_policy.net, 0, _layers(model.actor_target.mu))


def _layers(network: nn.Module) -> list[tuple[nn.Linear, ...]]:
    return [(layer,) for layer in network.modules() if isinstance(layer, nn.Linear)]


def _network(
    name: str, net: BatchedMLP, member: int, layers: Iterable[tuple[nn.Linear, ...]]
) -> Iterator[tuple[str, Tensor, Tensor]]:
    """One of our networks beside theirs, whose last layer may be several side by side."""
    blocks = [block for block in net.net if isinstance(block, BatchedLinear)]
    for block, heads in zip(blocks, layers, strict=True):
        start = 0
        for head in heads:
            part = slice(start, start + head.out_features)
            yield name, block.weight.data[member][:, part].T, head.weight.data
            yield name, block.bias.data[member, 0][part], head.bias.data
            start = part.stop
