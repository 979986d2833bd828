# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""A matrix product that a control graph computes in 8 bits (ONNX's own operators, which onnxruntime fuses into one).

The inputs of a product are quantised over all of its rows when it is computed; the weights for each output when a graph
is loaded, to -63 .. 63: then two products of theirs fit into 16 bits, which is what processors without VNNI add them up
in, so all processors find the same.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

_LARGEST = 63.0
_TINY = 1e-20
"""In the place of a column's largest weight if all of them are zero."""


class _Int8Product(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
        return torch.addmm(bias, x, weight)

    @staticmethod
    def symbolic(g: Any, x: Any, weight: Any, bias: Any) -> Any:
        axis = g.op("Constant", value_t=torch.tensor([0]))
        tiny, steps = (g.op("Constant", value_t=torch.tensor(value)) for value in (_TINY, _LARGEST))
        largest = g.op("Max", g.op("ReduceMax", g.op("Abs", weight), axis, keepdims_i=0), tiny)
        scale = g.op("Div", largest, steps)
        weights = g.op("Cast", g.op("Round", g.op("Div", weight, scale)), to_i=3)
        whole, size, shift = g.op("DynamicQuantizeLinear", x, outputs=3)
        product = g.op("Cast", g.op("MatMulInteger", whole, weights, shift), to_i=1)
        return g.op("Add", g.op("Mul", product, g.op("Mul", size, scale)), bias)


def product(x: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
    """The sum of x @ weight and bias, (batch, out); in torch as precise as ever."""
    found: Tensor = _Int8Product.apply(x, weight, bias)
    return found
