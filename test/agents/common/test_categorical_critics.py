# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Critics of XQC: targets by hand, the slope by finite differences, weights of length 1, and what they learn."""

import numpy as np
import pytest
import torch
from torch import Tensor
from value_agents import agent_of, plain_layout, random_samples

from ros_rl.agents.common.critics import CategoricalCritics
from ros_rl.agents.common.samples import Samples
from ros_rl.networks.critics import CategoricalEnsemble
from ros_rl.networks.layers import BatchedBatchNorm, UnitLinear
from ros_rl.settings.critics import TargetRule

LAYOUT = plain_layout()
COST = torch.tensor([0.1, 0.7, -0.2, 0.3, 0.0, 1.0])


def critics_of(normalisation: str = "unit", rule: str = "polyak", counted: int = 0) -> CategoricalCritics:
    torch.manual_seed(0)

    def ensemble() -> CategoricalEnsemble:
        return CategoricalEnsemble(3, 5, 16, normalisation, 0.0, 11, 2.0)

    made = CategoricalCritics(ensemble, TargetRule(rule, tau=0.5), 1e-2, 0.9, counted)
    for network in {made.online, made.target}:
        for number, parameter in enumerate(network.net.parameters()):
            g = torch.Generator().manual_seed(number + 100 * (network is made.target))
            parameter.data += 0.3 * torch.randn(parameter.shape, generator=g)
    return made


def choose(obs: Tensor) -> tuple[Tensor, Tensor]:
    return torch.tanh(obs[:, :2]), COST


def projected(samples: Samples, row: int, probability: np.ndarray, bins: np.ndarray) -> np.ndarray:
    """The target of one transition, bin by bin, as Bellemare et al. 2017 write it (algorithm 1)."""
    found, width = np.zeros(len(bins)), bins[1] - bins[0]
    for place, mass in zip(bins, probability, strict=True):
        kept = float(samples.discount[row] * (1.0 - samples.terminated[row]))
        moved = float(samples.reward[row]) + kept * (place - float(COST[row]))
        b = min(max((moved - bins[0]) / width, 0.0), len(bins) - 1.0)
        low, high = int(np.floor(b)), int(np.ceil(b))
        if low == high:
            found[low] += mass
        else:
            found[low] += mass * (high - b)
            found[high] += mass * (b - low)
    return found


def output_by_torch(network: CategoricalEnsemble, member: int, rows: Tensor) -> Tensor:
    """What one critic gives, by torch's own functions; batch statistics are those of the rows."""
    x = rows
    for block in network.net.net:
        if isinstance(block, BatchedBatchNorm):
            scale = torch.sqrt(x.var(0, unbiased=False) + 1e-3)
            x = (x - x.mean(0)) / scale * block.gain[member] + block.offset[member]
        elif isinstance(block, UnitLinear):
            x = torch.nn.functional.linear(x, block.weight[member].T, block.bias[member, 0])
        else:
            x = x.relu()
    return x


@pytest.mark.parametrize("rule", ["polyak", "none"])
def test_target_is_the_moved_distribution_of_the_critic_with_the_smallest_mean(rule: str) -> None:
    """Values and targets of a pass over now and next together, whose statistics normalise both."""
    critics, samples = critics_of(rule=rule), random_samples(LAYOUT)
    action, _ = choose(samples.next_obs)
    both = torch.cat([torch.cat([samples.obs, samples.action], -1), torch.cat([samples.next_obs, action], -1)])
    with torch.no_grad():
        now = [output_by_torch(critics.online, member, both)[:6].softmax(-1) for member in range(3)]
        following = [output_by_torch(critics.target, member, both)[6:].softmax(-1) for member in range(3)]
    bins = np.linspace(-2.0, 2.0, 11)
    means = np.array([probability.numpy() @ bins for probability in following])
    expected = [projected(samples, row, following[int(means[:, row].argmin())][row].numpy(), bins) for row in range(6)]
    q, target = critics.update(samples, choose, 0)
    np.testing.assert_allclose(q, np.array([probability.numpy() @ bins for probability in now]), rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(target, np.array(expected) @ bins, rtol=1e-4, atol=1e-5)
    assert len(set(means.argmin(0))) > 1 and not q.requires_grad and not target.requires_grad


def test_what_lies_beyond_the_bins_is_told() -> None:
    """Of the next action's distribution, whose values are moved one by one."""
    critics, samples = critics_of("layer"), random_samples(LAYOUT)
    with torch.no_grad():
        following = critics.target.logits(samples.next_obs, choose(samples.next_obs)[0]).softmax(-1).numpy()
    bins = np.linspace(-2.0, 2.0, 11)
    beyond = 0.0
    for row, which in enumerate((following @ bins).argmin(0)):
        kept = float(samples.discount[row] * (1.0 - samples.terminated[row]))
        moved = [float(samples.reward[row]) + kept * (place - float(COST[row])) for place in bins]
        beyond += sum(mass for place, mass in zip(moved, following[which, row], strict=True) if abs(place) > 2.0) / 6
    critics.targets(samples, choose)
    assert beyond > 0.05 and float(critics.clipped) == pytest.approx(beyond, rel=1e-4)


def test_without_batch_norm_now_and_next_are_apart() -> None:
    critics, samples = critics_of("layer"), random_samples(LAYOUT)
    with torch.no_grad():
        action, _ = choose(samples.next_obs)
        following = critics.target.logits(samples.next_obs, action).softmax(-1).numpy()
    bins = np.linspace(-2.0, 2.0, 11)
    which = (following @ bins).argmin(0)
    expected = [projected(samples, row, following[which[row], row], bins) for row in range(6)]
    np.testing.assert_allclose(critics.targets(samples, choose), expected, rtol=1e-4, atol=1e-5)


def test_step_is_down_the_weighted_cross_entropy() -> None:
    """The gradient of every kind of parameter by finite differences, in doubles."""
    critics, samples = critics_of(), random_samples(LAYOUT)
    network = critics.online.double()
    samples = Samples(*(value.double() for value in vars(samples).values()))
    target = torch.softmax(torch.randn(6, 11, dtype=torch.float64), -1)
    critics.learning(samples.obs, samples.action)

    def loss() -> float:
        with torch.no_grad():
            log_probability = network.logits(samples.obs, samples.action).log_softmax(-1)
            return float(-(samples.weight * (target * log_probability).sum(-1)).mean(1).sum())

    with torch.no_grad():
        slope = critics.slope(network.logits(samples.obs, samples.action), target, samples.weight)
    critics.learning.learn(slope)
    learned = [parameter for parameter in network.parameters() if parameter.requires_grad]
    assert len(learned) == 2 + 3 + 3 + 2  # gain and offset of the inputs; of both layers, a weight too; the last's
    for parameter in learned:
        place = int(parameter.grad.abs().argmax())
        values, step = parameter.data.view(-1), 1e-6
        found = []
        for sign in (1.0, -1.0):
            values[place] += sign * step
            found.append(loss())
            values[place] -= sign * step
        assert float(parameter.grad.view(-1)[place]) == pytest.approx((found[0] - found[1]) / (2.0 * step), rel=1e-4)


def test_weights_keep_their_length_and_the_targets_average_them() -> None:
    torch.manual_seed(0)
    critics = CategoricalCritics(
        lambda: CategoricalEnsemble(2, 5, 16, "unit", 0.0, 11, 2.0), TargetRule("polyak", tau=0.25), 1e-2
    )
    layers = [block for block in critics.online.net.net if isinstance(block, UnitLinear)]
    assert len(layers) == 3
    before = [layer.weight.clone() for layer in layers]
    averages = [block.weight.clone() for block in critics.target.net.net if isinstance(block, UnitLinear)]
    for updates in range(3):
        critics.update(random_samples(LAYOUT, seed=updates), choose, updates)
        averages = [0.75 * one + 0.25 * layer.weight.detach() for one, layer in zip(averages, layers, strict=True)]
    for layer, weight in zip(layers, before, strict=True):
        np.testing.assert_allclose(np.linalg.norm(weight.detach(), axis=1), 1.0, rtol=1e-5)
        np.testing.assert_allclose(np.linalg.norm(layer.weight.detach(), axis=1), 1.0, rtol=1e-5)
        assert float((layer.weight - weight).detach().abs().max()) > 1e-3
    assert [bool(layer.bias.detach().any()) for layer in layers] == [False, False, True]
    followers = [block.weight for block in critics.target.net.net if isinstance(block, UnitLinear)]
    for average, found in zip(averages, followers, strict=True):
        torch.testing.assert_close(found, average)


def test_values_of_a_subset_count() -> None:
    critics, samples = critics_of("layer", counted=1), random_samples(LAYOUT)
    torch.manual_seed(0)
    seen = {tuple(np.round(critics.mean(critics.targets(samples, choose)).tolist(), 5)) for _ in range(40)}
    assert len(seen) == 3


def test_a_distribution_is_learned_not_its_mean_alone() -> None:
    """Rewards of +-1 by the toss of a coin, after which it ends: two bins hold all, and the value is 0."""
    torch.manual_seed(0)
    critics = CategoricalCritics(lambda: CategoricalEnsemble(2, 5, 32, "unit", 0.0, 11, 2.0), TargetRule("none"), 3e-3)
    for updates in range(300):
        samples = random_samples(LAYOUT, 64, seed=updates)
        samples.reward = torch.randint(2, (64,)).float() * 2.0 - 1.0
        samples.terminated = torch.ones(64)
        critics.update(samples, lambda obs: (torch.tanh(obs[:, :2]), 0.0), updates)
    critics.online.eval()
    with torch.no_grad():
        probability = critics.online.logits(samples.obs, samples.action).softmax(-1).mean(1)
        value = critics.online(samples.obs, samples.action)
    two = probability[:, [2, 3, 7, 8]].sum(-1)  # +-1 lie between bins of 0.4: at -1.2, -0.8, 0.8, 1.2
    assert bool((two > 0.95).all()) and float(value.mean().abs()) < 0.1


def test_policy_follows_the_expected_value() -> None:
    """The slope after an action that a policy's step gets, by finite differences."""
    agent = agent_of(LAYOUT, "sac", normalisation="unit", loss="categorical", reward_scale="returns")
    agent.update_critics(random_samples(LAYOUT))
    samples, through = random_samples(LAYOUT, seed=4), agent.critics.through()
    action = samples.action.clone()
    through(samples.obs, action)
    slope = through.input_slope(torch.tensor([[1.0], [0.0]]).expand(2, 6).contiguous())
    network = agent.critics.frozen()
    assert not network.training
    for column in range(2):
        step = torch.zeros(2)
        step[column] = 1e-2
        with torch.no_grad():
            difference = network(samples.obs, action + step)[0] - network(samples.obs, action - step)[0]
        torch.testing.assert_close(slope[:, column], difference / 2e-2, rtol=2e-2, atol=2e-3)
