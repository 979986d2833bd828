# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Matrix products in bfloat16, where the processor has them.

Processors with avx512_bf16 or AMX, and GPUs, make them at twice the rate of float32 or more. Only the products between
hidden layers are made so, forward and backward: they are most of the work. What a network sees and gives keeps float32,
since a bfloat16 has 8 bits (at 1 rad, steps of 0.008 rad), and so do weights, sums, activations, gradients of weights
and optimisers (mixed precision with master weights, Micikevicius et al. 2018; bfloat16 needs no scaling of the loss,
Kalamkar et al. 2019).
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable


def fast_bfloat16(device: torch.device) -> bool:
    """Whether products are faster in bfloat16 than in float32 there."""
    if device.type == "cuda":
        return torch.cuda.get_device_capability(device) >= (8, 0)
    known = torch.cpu.get_capabilities() if hasattr(torch.cpu, "get_capabilities") else {}
    return bool(known.get("avx512_bf16") or known.get("amx_bf16"))


class Rounded:
    """A lower-precision copy of weights, made anew when their version says that they have been written.

    Args:
        dtype: Of the copy.
        source: Whose version says so, where the weights are another tensor in its memory; None: their own.
    """

    def __init__(self, dtype: torch.dtype, source: Tensor | None = None) -> None:
        self.dtype, self._source = dtype, source
        self._of: tuple[int, int] | None = None
        self._copy = torch.empty(0)

    def __call__(self, weight: Tensor) -> Tensor:
        """The copy of a tensor's present values."""
        now = weight.data_ptr(), (weight if self._source is None else self._source)._version
        if now != self._of:
            self._of, self._copy = now, weight.detach().to(self.dtype)
        return self._copy

    def __deepcopy__(self, memo: Any) -> Rounded:
        """One of its own for the copied weights."""
        return Rounded(self.dtype)


class RoundedLinear(torch.autograd.Function):
    """x W + b whose products, forward and backward, are of rounded factors; all else is as exact as x."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, weight: Tensor, bias: Tensor, rounded: Tensor) -> Tensor:
        """(members, batch, out), from (members, batch, in), (members, in, out), (members, 1, out), and W rounded."""
        low = x.to(rounded.dtype)
        ctx.save_for_backward(low, rounded)
        return torch.bmm(low, rounded).to(x.dtype).add_(bias)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, *gradients: Tensor) -> Any:
        """Gradients of x, weight and bias, as far as they are asked for."""
        (gradient,), (low, rounded) = gradients, ctx.saved_tensors
        of_x, of_weight, of_bias, _ = ctx.needs_input_grad
        g = gradient.to(rounded.dtype)
        return (
            torch.bmm(g, rounded.mT).to(gradient.dtype) if of_x else None,
            torch.bmm(low.mT, g).to(gradient.dtype) if of_weight else None,
            gradient.sum(1, keepdim=True) if of_bias else None,
            None,
        )
