# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Products in 8 bits, as onnxruntime finds them, against the same arithmetic in numpy."""

import io
import warnings

import numpy as np
import onnxruntime
import pytest
import torch
from torch import Tensor, nn

from ros_rl.networks.exporting import exporting
from ros_rl.networks.int8 import product
from ros_rl.networks.mlp import BatchedMLP


class Product(nn.Module):
    def __init__(self, weight: Tensor, bias: Tensor) -> None:
        super().__init__()
        self.weight, self.bias = nn.Parameter(weight), nn.Parameter(bias)

    def forward(self, x: Tensor) -> Tensor:
        return product(x, self.weight, self.bias)


def exported(module: nn.Module, x: Tensor) -> onnxruntime.InferenceSession:
    buffer = io.BytesIO()
    with exporting(), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.onnx.export(module, (x,), buffer, input_names=["x"], opset_version=18, dynamo=False)
    return onnxruntime.InferenceSession(buffer.getvalue(), providers=["CPUExecutionProvider"])


def run(session: onnxruntime.InferenceSession, x: Tensor) -> np.ndarray:
    found: np.ndarray = session.run(None, {"x": x.numpy()})[0]
    return found


def by_hand(x: np.ndarray, weight: np.ndarray, bias: np.ndarray) -> np.ndarray:
    low, high = min(0.0, x.min()), max(0.0, x.max())
    step = (high - low) / 255.0
    shift = np.clip(np.round(-low / step), 0, 255)
    whole = np.clip(np.round(x / step) + shift, 0, 255) - shift
    scale = np.abs(weight).max(0) / 63.0
    return whole @ np.round(weight / scale) * step * scale + bias


@pytest.mark.parametrize("positive", [False, True])
def test_a_product_is_that_of_whole_numbers(positive: bool) -> None:
    generator = torch.Generator().manual_seed(0)
    x, weight = torch.randn(7, 40, generator=generator), torch.randn(40, 24, generator=generator)
    x = x.abs() if positive else x
    module = Product(weight * torch.logspace(-2, 1, 24), torch.randn(24, generator=generator))
    wanted = by_hand(x.numpy(), module.weight.detach().numpy(), module.bias.detach().numpy())
    np.testing.assert_allclose(run(exported(module, x), x), wanted, rtol=1e-3, atol=2e-3)
    exact = module(x).detach().numpy()
    assert 1e-4 < (np.abs(wanted - exact).max(0) / exact.std(0)).max() < 0.1


def test_extreme_numbers_do_not_saturate() -> None:
    """The largest sums of two products that processors without VNNI keep in 16 bits."""
    x, weight = torch.full((3, 64), 5.0), torch.full((64, 16), 2.0)
    np.testing.assert_allclose(run(exported(Product(weight, torch.zeros(16)), x), x), 640.0, rtol=1e-5)


def test_an_output_without_weights_is_its_bias() -> None:
    weight = torch.cat([torch.zeros(8, 1), torch.ones(8, 15)], 1)
    found = run(exported(Product(weight, torch.arange(16.0)), torch.ones(2, 8)), torch.ones(2, 8))
    np.testing.assert_allclose(found, [[0.0, *range(9, 24)]] * 2, rtol=1e-5)


@pytest.mark.parametrize("bad", [float("nan"), float("inf"), -float("inf")])
def test_what_is_not_finite_stays_so(bad: float) -> None:
    torch.manual_seed(0)
    mlp, x = BatchedMLP(2, 5, 16, 2, 3, "layer").requires_grad_(False), torch.randn(2, 8, 5)
    mlp.use_int8()
    session = exported(mlp, x)
    np.testing.assert_allclose(run(session, x), mlp(x), atol=0.05)
    x[1, 4, 2] = bad
    assert not np.isfinite(run(session, x)[1, 4]).any()
