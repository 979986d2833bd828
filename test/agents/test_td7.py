# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""TD7: its embeddings, whose embedding each network sees, its targets, and its graph."""

import copy
from pathlib import Path

import pytest
import torch
from value_agents import agent_of, check_resume, largest_difference, plain_layout, random_samples, settings_of

from ros_rl.agents.td7 import Td7Agent
from ros_rl.deploy.export import ExportedGraph
from ros_rl.errors import ConfigError
from ros_rl.networks.embedding import EmbeddedCritics, EmbeddedPolicy, Embedding, ScaledFirst, unit_mean
from ros_rl.networks.layers import BatchedLinear
from ros_rl.settings.loading import load_settings

LAYOUT = plain_layout()


def weights(network: torch.nn.Module) -> list[torch.Tensor]:
    return [value.clone() for value in network.state_dict().values()]


def same(network: torch.nn.Module, values: list[torch.Tensor]) -> bool:
    return all(torch.equal(a, b) for a, b in zip(network.state_dict().values(), values, strict=True))


def update(agent: Td7Agent, seed: int = 1) -> tuple[torch.Tensor, torch.Tensor]:
    """One update, as `Agent.train` makes it."""
    torch.manual_seed(seed)
    samples = random_samples(LAYOUT, seed=seed)
    found = agent.update_critics(samples)
    agent.updates += 1
    agent.improve(samples)
    return found


def by_hand(net: ScaledFirst, x: torch.Tensor, embedding: torch.Tensor) -> torch.Tensor:
    """The paper's layers, one network at a time: (members, batch, outputs)."""
    found = []
    layers = [module for module in net.net.modules() if isinstance(module, BatchedLinear)]
    for member in range(len(net.scaled.weight)):
        h = x @ net.scaled.weight[member] + net.scaled.bias[member]
        h = torch.cat([h / h.abs().mean(1, keepdim=True), embedding], 1)
        for layer in layers[:-1]:
            h = (h @ layer.weight[member] + layer.bias[member]).clamp_min(0.0)
        found.append(h @ layers[-1].weight[member] + layers[-1].bias[member])
    return torch.stack(found)


def test_unit_mean_divides_by_the_mean_of_absolute_values() -> None:
    given = torch.tensor([[1.0, -3.0, 2.0], [0.0, 0.0, 0.0]])
    torch.testing.assert_close(unit_mean(given), torch.tensor([[0.5, -1.5, 1.0], [0.0, 0.0, 0.0]]))


def test_embedding_learns_to_foretell_the_next_state() -> None:
    torch.manual_seed(0)
    embedding = Embedding(3, 2, 16, 4)
    optimiser = torch.optim.Adam(embedding.parameters(), 3e-3)
    obs, action = torch.randn(256, 3), 2 * torch.rand(256, 2) - 1
    next_embedding = obs + 0.5 * torch.cat([action, action[:, :1]], -1)
    for _ in range(300):
        optimiser.zero_grad()
        embedding.loss(obs, action, next_embedding).backward()
        optimiser.step()
    with torch.no_grad():
        z = embedding.of_state(obs)
        right = (embedding.of_pair(z, action) - embedding.of_state(next_embedding)).square().mean()
        other = (embedding.of_pair(z, action.roll(1, 0)) - embedding.of_state(next_embedding)).square().mean()
        still = (z - embedding.of_state(next_embedding)).square().mean()
    assert right < 0.25 * other and right < 0.25 * still  # it knows what the action does, and did not collapse
    assert embedding.of_state(next_embedding).std(0).mean() > 0.1


def test_no_gradient_goes_through_what_is_foretold() -> None:
    torch.manual_seed(0)
    embedding, samples = Embedding(3, 2, 8, 4), random_samples(LAYOUT)
    loss = embedding.loss(samples.obs, samples.action, samples.next_obs)
    found = torch.autograd.grad(loss, list(embedding.parameters()))
    wanted = embedding.of_state(samples.next_obs).detach()
    by_hand = (embedding.of_pair(embedding.of_state(samples.obs), samples.action) - wanted).pow(2).mean()
    for one, other in zip(found, torch.autograd.grad(by_hand, list(embedding.parameters())), strict=True):
        torch.testing.assert_close(one, other)


def test_target_is_the_smaller_of_both_critics_within_what_was_seen() -> None:
    agent, samples = agent_of(LAYOUT, "td7", target_noise=0.0), random_samples(LAYOUT)
    target = agent.critics.target
    with torch.no_grad():
        z = unit_mean(target.embedding.state(samples.next_obs[None])[0])
        action = torch.tanh(by_hand(agent.target_policy.net, samples.next_obs, z)[0])
        pair = target.embedding.pair(torch.cat([z, action], -1)[None])[0]
        q = by_hand(target.net, torch.cat([samples.next_obs, action], -1), torch.cat([pair, z], -1))[..., 0]
        value = torch.minimum(q[0], q[1])
    middle = float(value.median())
    for low, high in ((-1e9, 1e9), (middle, 1e9), (-1e9, middle)):
        agent.target_range.copy_(torch.tensor([low, high]))
        _, found = copy.deepcopy(agent).update_critics(samples)
        bounded = value.clip(low, high)
        torch.testing.assert_close(found, samples.reward + samples.discount * (1 - samples.terminated) * bounded)


def test_embeddings_move_on_only_with_the_copies() -> None:
    agent = agent_of(LAYOUT, "td7", copy_every=3)
    online, target = agent.critics.online, agent.critics.target
    first = weights(agent.embedding)
    assert same(online.embedding, first) and same(target.embedding, first)
    targets = [update(agent, seed)[1] for seed in (1, 2)]
    assert same(online.embedding, first) and not same(agent.embedding, first)
    assert agent.target_range[0] < -1e38 and agent.target_range[1] > 1e38  # none before the first copy
    critics = weights(target.net)
    assert same(target.net, critics)
    targets.append(update(agent, 3)[1])
    third = weights(agent.embedding)
    assert same(online.embedding, third) and same(target.embedding, first)  # the targets' is one copy behind
    assert same(target.net, weights(online.net)) and same(agent.target_policy, weights(agent.policy))
    every = torch.stack(targets)
    assert agent.target_range.tolist() == [float(every.min()), float(every.max())]
    for seed in (4, 5, 6):
        update(agent, seed)
    assert same(target.embedding, third) and same(online.embedding, weights(agent.embedding))


def test_critics_leave_their_embedding_alone_and_the_policy_leaves_the_critics() -> None:
    agent = agent_of(LAYOUT, "td7", policy_delay=1)
    samples = random_samples(LAYOUT)
    agent.update_critics(samples)
    embedding, critics = weights(agent.critics.online.embedding), weights(agent.critics.online)
    policy = weights(agent.policy)
    agent.updates += 1
    agent.improve(samples)
    assert same(agent.critics.online, critics) and not same(agent.policy, policy)
    for seed in range(5):
        update(agent, seed)
    assert same(agent.critics.online.embedding, embedding) and not same(agent.critics.online, critics)


def test_policy_climbs_the_mean_of_the_critics() -> None:
    agent, samples = agent_of(LAYOUT, "td7", policy_delay=1), random_samples(LAYOUT)
    z = agent.critics.online.embedding.of_state(samples.obs)
    wanted = -agent.critics.online(samples.obs, agent.policy(samples.obs, z)).mean()
    agent.updates = 1
    assert agent.improve(samples)["policy_loss"] == pytest.approx(float(wanted.detach()), rel=1e-5)


def test_state_and_action_are_seen_at_the_embeddings_scale() -> None:
    """Fujimoto et al. 2023, appendix A: q1(AvgL1Norm(Linear(o, u)), zsa, zs) and mu(AvgL1Norm(Linear(o)), zs)."""
    agent, samples = agent_of(LAYOUT, "td7"), random_samples(LAYOUT)
    critics, obs = agent.critics.online, samples.obs
    z = critics.embedding.of_state(obs)
    inputs = torch.cat([obs, samples.action], 1), torch.cat([critics.embedding.of_pair(z, samples.action), z], 1)
    wanted = by_hand(critics.net, *inputs)[..., 0], torch.tanh(by_hand(agent.policy.net, obs, z)[0])
    torch.testing.assert_close(critics(obs, samples.action), wanted[0])
    torch.testing.assert_close(agent.policy(obs, z), wanted[1])
    with torch.no_grad():  # however large what they see of it, its scale says nothing
        for scaled in (critics.net.scaled, agent.policy.net.scaled):
            scaled.weight.mul_(50.0)
            scaled.bias.mul_(50.0)
    torch.testing.assert_close(critics(obs, samples.action), wanted[0])
    torch.testing.assert_close(agent.policy(obs, z), wanted[1])


def test_known_embedding_gives_the_same_values() -> None:
    critics, samples = EmbeddedCritics(2, 3, 2, 8, Embedding(3, 2, 8, 4), 4), random_samples(LAYOUT)
    z = critics.embedding.of_state(samples.obs)
    torch.testing.assert_close(critics(samples.obs, samples.action, z), critics(samples.obs, samples.action))
    assert critics.features(samples.obs, samples.action).shape == (2, 6, 8)
    other = critics(samples.obs, samples.action, z + 1.0)
    assert (other - critics(samples.obs, samples.action)).abs().min() > 1e-4  # it is not made anew
    for net in (critics.net.net, EmbeddedPolicy(3, 2, 8, 4).net.net):
        count, size = (2, 1) if net is critics.net.net else (1, 2)
        layers = [tuple(layer.weight.shape) for layer in net.modules() if isinstance(layer, BatchedLinear)]
        assert layers[1:] == [(count, 8, 8), (count, 8, size)]


def test_graph_acts_as_policy_and_embedding_do() -> None:
    agent = agent_of(LAYOUT, "td7", copy_every=1, exploration=0.2)
    update(agent)
    obs = torch.randn(3)
    action, _ = agent.graph.act(obs, torch.zeros(0), torch.randn(2), torch.zeros(1))
    torch.testing.assert_close(action, agent.policy(obs[None], agent.embedding.of_state(obs[None]))[0])
    exported = ExportedGraph(agent.graph, "toy", 0.05)
    assert max(largest_difference(agent.graph, exported, explore) for explore in (0.0, 1.0)) < 1e-5


@pytest.mark.parametrize("copy_every", [3, 100])
def test_resume_makes_the_same_updates(tmp_path: Path, copy_every: int) -> None:
    check_resume(settings_of("td7", copy_every=copy_every), LAYOUT, tmp_path)


@pytest.mark.parametrize("setting", ["tau", "polyak_every", "targets", "normalisation", "dropout"])
def test_settings_it_has_no_use_for_do_not_exist(setting: str) -> None:
    with pytest.raises(ConfigError, match=rf"unknown setting 'agent\.{setting}'; valid in agent 'td7': .*copy_every"):
        load_settings("a1_walk", overrides=["agent.name=td7", f"agent.{setting}=0.1"])
