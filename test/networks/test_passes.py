# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Passes by hand against autograd through the same networks, in double precision."""

import copy

import pytest
import torch
from torch import Tensor

from ros_rl.networks.critics import ActionValues, CriticEnsemble
from ros_rl.networks.layers import InPlaceReLU
from ros_rl.networks.mlp import BatchedMLP, round_products
from ros_rl.networks.passes import GraphPass, PlainPass, is_plain, plain_pass


@pytest.fixture(autouse=True)
def _double() -> object:
    torch.manual_seed(0)
    torch.set_default_dtype(torch.float64)
    yield
    torch.set_default_dtype(torch.float32)


def gradients(network: torch.nn.Module) -> list[Tensor]:
    return [parameter.grad.clone() for parameter in network.parameters()]


@pytest.mark.parametrize("normalisation", ["none", "layer"])
@pytest.mark.parametrize("members", [1, 2, 5])
@pytest.mark.parametrize("batch", [1, 7])
def test_critics_values_and_gradients_are_autograds(members: int, batch: int, normalisation: str) -> None:
    critics = CriticEnsemble(members, 5, 6, normalisation)
    with torch.no_grad():
        for parameter in critics.parameters():
            parameter.add_(0.1 * torch.randn_like(parameter))  # layer norms begin with ones and zeros
    by_hand, by_graph = plain_pass(critics), GraphPass(critics)
    for _ in range(2):  # memory is used again
        inputs, slope = (torch.randn(batch, 3), torch.randn(batch, 2)), torch.randn(members, batch)
        found = {}
        for name, each in (("hand", by_hand), ("graph", by_graph)):
            for parameter in critics.parameters():
                parameter.grad = None
            values = each(*inputs)
            assert values.shape == (members, batch) and not values.requires_grad
            each.learn(slope)
            found[name] = [values, *gradients(critics)]
        torch.testing.assert_close(found["hand"], found["graph"])


@pytest.mark.parametrize(
    ("case", "members"), [("all", 2), ("smallest", 2), ("smallest", 4), ("none of one", 3), ("all", 1), ("first", None)]
)
@pytest.mark.parametrize("normalisation", ["none", "layer"])
def test_slope_after_actions_is_autograds_whichever_critics_count(
    case: str, members: int | None, normalisation: str
) -> None:
    critics = CriticEnsemble(members or 3, 5, 6, normalisation).requires_grad_(False)
    asked = 1 if case == "first" else None
    own = plain_pass(critics, asked)
    obs, action = torch.randn(9, 3), torch.randn(9, 2, requires_grad=True)
    values = own(obs, action.detach())
    expected = critics(obs, action)[:asked]
    torch.testing.assert_close(values, expected.detach())
    slope = torch.randn_like(values)
    if case == "smallest":
        slope = torch.zeros_like(values).scatter_(0, values.argmin(0)[None], 0.3)
    elif case == "none of one":
        slope[0] = 0.0
        slope[1:, 4:] = 0.0
    (wanted,) = torch.autograd.grad(expected, action, slope)
    torch.testing.assert_close(own.input_slope(slope), wanted)


def test_values_of_all_discrete_actions_learn_as_by_autograd() -> None:
    network = ActionValues(2, 5, 6, 4)
    own, x, slope = plain_pass(network), torch.randn(7, 5), torch.randn(2, 7, 4)
    torch.testing.assert_close(own(x), network(x).detach())
    own.learn(slope)
    found = gradients(network)
    for parameter in network.parameters():
        parameter.grad = None
    network(x).backward(slope)
    torch.testing.assert_close(found, gradients(network))


def test_it_asks_the_weights_of_now() -> None:
    critics, other = CriticEnsemble(3, 5, 6, "none"), CriticEnsemble(3, 5, 6, "none")
    own, first = plain_pass(critics), plain_pass(critics, 1)
    x, u = torch.randn(4, 3), torch.randn(4, 2)
    own(x, u)
    critics.load_state_dict(other.state_dict())
    torch.testing.assert_close(own(x, u), other(x, u).detach())
    torch.testing.assert_close(first(x, u), other(x, u)[:1].detach())


def test_what_a_value_was_stays_when_others_are_asked() -> None:
    critics = CriticEnsemble(2, 5, 6, "none")
    own = plain_pass(critics)
    values = own(torch.randn(4, 3), torch.randn(4, 2))
    before = values.clone()
    own(torch.randn(4, 3), torch.randn(4, 2))
    own.learn(torch.randn(2, 4))
    assert torch.equal(values, before)


@pytest.mark.parametrize("kind", [{"normalisation": "batch"}, {"normalisation": "unit"}, {"dropout": 0.1}])
def test_only_linear_layers_layer_norms_and_relus_are_plain(kind: dict[str, object]) -> None:
    assert plain_pass(CriticEnsemble(2, 5, 6, **{"normalisation": "none", **kind})) is None
    assert not is_plain(BatchedMLP(1, 5, 6, 2, 1))  # of SiLUs
    assert plain_pass(torch.nn.Linear(2, 2)) is None


def test_a_graphs_way_back_leaves_the_parameters_alone() -> None:
    critics = CriticEnsemble(2, 5, 6, "layer")
    frozen = copy.deepcopy(critics).requires_grad_(False)
    own, obs, action = GraphPass(frozen, learns=False), torch.randn(4, 3), torch.randn(4, 2)
    own(obs, action)
    slope = torch.randn(2, 4)
    leaf = action.clone().requires_grad_()
    (wanted,) = torch.autograd.grad(critics(obs, leaf), leaf, slope)
    torch.testing.assert_close(own.input_slope(slope), wanted)
    assert all(parameter.grad is None for parameter in frozen.parameters())


def test_a_policys_network_has_a_pass_of_several_outputs_and_one_input() -> None:
    net = BatchedMLP(1, 5, 6, 2, 4, activation=InPlaceReLU)
    own, x, slope = PlainPass(net), torch.randn(3, 5), torch.randn(1, 3, 4)
    torch.testing.assert_close(own(x), net(x[None]).detach())
    own.learn(slope)
    found = gradients(net)
    for parameter in net.parameters():
        parameter.grad = None
    net(x[None]).backward(slope)
    torch.testing.assert_close(found, gradients(net))


@pytest.mark.parametrize("normalisation", ["none", "layer"])
def test_rounded_products_by_hand_are_those_of_autograd(normalisation: str) -> None:
    """And near the exact ones, of weights that have just been written."""
    torch.set_default_dtype(torch.float32)
    critics = CriticEnsemble(2, 20, 128, normalisation)
    exact = copy.deepcopy(critics)
    round_products(critics, torch.bfloat16)
    own, graph = plain_pass(critics), GraphPass(critics)
    for _ in range(2):
        with torch.no_grad():
            for parameter, same in zip(critics.parameters(), exact.parameters(), strict=True):
                same.copy_(parameter.add_(0.05 * torch.randn_like(parameter)))
        inputs, slope, found = (torch.randn(64, 14), torch.randn(64, 6)), torch.randn(2, 64), []
        for way, network in ((own, critics), (graph, critics), (GraphPass(exact), exact)):
            for parameter in network.parameters():
                parameter.grad = None
            found.append([way(*inputs), *(way.learn(slope), gradients(network))[1]])
        torch.testing.assert_close(found[0], found[1], rtol=1e-4, atol=1e-4)
        for rounded, true in zip(found[0], found[2], strict=True):
            assert (rounded - true).norm() < 0.1 * true.norm()  # ReLUs near zero turn over
        assert not torch.equal(found[0][0], found[2][0])
