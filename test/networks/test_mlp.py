# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Batched networks against torch's own layers, one by one."""

import pytest
import torch
from torch import nn

from ros_rl.networks.layers import BatchedLayerNorm, BatchedLinear, InPlaceReLU
from ros_rl.networks.mlp import BatchedMLP
from ros_rl.networks.normaliser import Normaliser, RunningNormaliser


@pytest.fixture(autouse=True)
def seeded() -> None:
    torch.manual_seed(0)


def copy_of(batched: BatchedMLP, member: int, layer_norm: bool, activation: type[nn.Module]) -> nn.Sequential:
    """One member as torch's own layers, with the same weights."""
    layers: list[nn.Module] = []
    for block in batched.net:
        if isinstance(block, BatchedLinear):
            linear = nn.Linear(block.weight.shape[1], block.weight.shape[2])
            linear.weight.data = block.weight[member].detach().T.clone()
            linear.bias.data = block.bias[member, 0].detach().clone()
            layers.append(linear)
        elif isinstance(block, BatchedLayerNorm):
            norm = nn.LayerNorm(block.size)
            norm.weight.data, norm.bias.data = block.gain[member, 0].detach().clone(), block.offset[member, 0].detach()
            layers.append(norm)
        else:
            layers.append(activation())
    assert sum(isinstance(layer, nn.LayerNorm) for layer in layers) == (2 if layer_norm else 0)
    return nn.Sequential(*layers)


@pytest.mark.parametrize("layer_norm", [False, True])
@pytest.mark.parametrize(("activation", "reference"), [(nn.SiLU, nn.SiLU), (InPlaceReLU, nn.ReLU)])
@pytest.mark.parametrize("size_out", [1, 3])
@pytest.mark.parametrize("shared", [False, True])
def test_mlp_equals_torch_layers(
    layer_norm: bool, activation: type[nn.Module], reference: type[nn.Module], size_out: int, shared: bool
) -> None:
    members = 4
    mlp = BatchedMLP(members, 6, 16, 2, size_out, "layer" if layer_norm else "none", activation)
    for block in mlp.net:
        if isinstance(block, BatchedLayerNorm):
            nn.init.normal_(block.gain)
            nn.init.normal_(block.offset)
    x = torch.randn(1 if shared else members, 10, 6, requires_grad=True)
    y = mlp(x)
    assert y.shape == (members, 10, size_out)
    (gradient,) = torch.autograd.grad(y.square().sum(), x)
    wanted = torch.zeros_like(gradient)
    for member in range(members):
        single = copy_of(mlp, member, layer_norm, reference)
        own = x[0 if shared else member].detach().requires_grad_()
        expected = single(own)
        torch.testing.assert_close(y[member], expected)
        (part,) = torch.autograd.grad(expected.square().sum(), own)
        wanted[0 if shared else member] += part
    torch.testing.assert_close(gradient, wanted, rtol=1e-4, atol=1e-4)
    with torch.no_grad():
        torch.testing.assert_close(mlp(x), y.detach())


@pytest.mark.parametrize("size_out", [1, 3])
def test_gradients_of_the_weights_equal_torchs(size_out: int) -> None:
    mlp = BatchedMLP(2, 5, 8, 2, size_out, "layer", activation=InPlaceReLU)
    x = torch.randn(1, 12, 5)
    mlp(x).square().sum().backward()
    for member in range(2):
        single = copy_of(mlp, member, True, nn.ReLU)
        single(x[0]).square().sum().backward()
        for block, layer in zip(mlp.net, single, strict=True):
            if isinstance(block, BatchedLinear):
                torch.testing.assert_close(block.weight.grad[member], layer.weight.grad.T, rtol=1e-4, atol=1e-4)
                torch.testing.assert_close(block.bias.grad[member, 0], layer.bias.grad, rtol=1e-4, atol=1e-4)
            elif isinstance(block, BatchedLayerNorm):
                torch.testing.assert_close(block.gain.grad[member, 0], layer.weight.grad, rtol=1e-4, atol=1e-4)
                torch.testing.assert_close(block.offset.grad[member, 0], layer.bias.grad, rtol=1e-4, atol=1e-4)


def test_members_start_different_and_within_torchs_bounds() -> None:
    layer = BatchedLinear(3, 25, 7)
    assert layer.weight.abs().max() <= 1 / 5
    assert layer.weight.abs().max() > 0.9 / 5
    assert layer.bias.abs().max() <= 1 / 5
    assert not torch.equal(layer.weight[0], layer.weight[1])


def test_normaliser_takes_mean_and_deviation() -> None:
    data = torch.tensor([[1.0, 10.0, 5.0], [3.0, 30.0, 5.0], [5.0, 50.0, 5.0]])
    normaliser = Normaliser(3)
    normaliser.fit(data)
    torch.testing.assert_close(normaliser.mean, torch.tensor([3.0, 30.0, 5.0]))
    torch.testing.assert_close(normaliser.std, torch.tensor([2.0, 20.0, 1e-3]))
    torch.testing.assert_close(normaliser.normalise(data)[:, :2], torch.tensor([[-1.0, -1], [0, 0], [1, 1]]))


def test_normaliser_leaves_a_constant_dimension_finite() -> None:
    normaliser = Normaliser(1, floor=0.5)
    normaliser.fit(torch.full((20, 1), 7.0))
    values = normaliser.normalise(torch.tensor([[7.0], [8.0]]))
    torch.testing.assert_close(values, torch.tensor([[0.0], [2.0]]))


def test_a_running_normaliser_follows_batches() -> None:
    """Of the first ones it takes the plain average, later ones count by what it does not keep."""
    normaliser = RunningNormaliser(2, 0.5, keeps=0.75)
    batches = [torch.tensor([[0.0, 1.0], [2.0, 1.0]]), torch.tensor([[4.0, 1.0], [6.0, 1.0]])]
    for batch in batches:
        normaliser.notice(batch)
    torch.testing.assert_close(normaliser.mean, torch.tensor([3.0, 1.0]))
    torch.testing.assert_close(normaliser.std, torch.tensor([5.0**0.5, 0.5]))  # of 0, 2, 4, 6; and the floor
    normaliser.batches += 100
    normaliser.notice(torch.full((1, 2), 7.0))
    torch.testing.assert_close(normaliser.mean, torch.tensor([4.0, 2.5]))


def test_normaliser_inverts() -> None:
    normaliser = Normaliser(4)
    normaliser.fit(torch.randn(50, 4) * 3 + 2)
    x = torch.randn(7, 4) * 10
    torch.testing.assert_close(normaliser.restore(normaliser.normalise(x)), x, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("members", [1, 3])
def test_the_first_outputs_are_those_of_the_whole(members: int) -> None:
    net, x = BatchedMLP(members, 4, 16, 2, 6), torch.randn(members, 10, 4)
    first = net.first(x, 2)
    torch.testing.assert_close(first, net(x)[..., :2], rtol=1e-6, atol=1e-6)
    first.sum().backward()
    weight = net.net[-1].weight.grad
    assert weight[..., :2].abs().min() > 0.0
    assert not weight[..., 2:].any()


@pytest.mark.parametrize("normalisation", ["none", "layer", "batch", "unit"])
@pytest.mark.parametrize("members", [1, 3])
@pytest.mark.parametrize("shared", [False, True])
def test_members_one_by_one_are_all_at_once(normalisation: str, members: int, shared: bool) -> None:
    """What a control graph computes is what torch does."""
    mlp = BatchedMLP(members, 4, 8, 2, 6, normalisation).eval()
    for own in mlp.state_dict().values():
        own.copy_(torch.rand_like(own))
    x = torch.randn(1 if shared else members, 10, 4)
    torch.testing.assert_close(mlp._one_by_one(x, None), mlp(x))
    torch.testing.assert_close(mlp._one_by_one(x, 2), mlp(x)[..., :2])
