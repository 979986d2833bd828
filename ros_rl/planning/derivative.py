# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""The gradient of a function, also inside a control graph (torch).

The exporter knows no automatic differentiation. There the function is differentiated once into a sequence of plain
operations, forwards and backwards, and these are exported.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor
from torch._decomp import core_aten_decompositions
from torch.fx import Interpreter
from torch.fx.experimental.proxy_tensor import make_fx

Function = Callable[[Tensor], Tensor]
"""Maps a tensor to one number."""


def value_and_gradient(function: Function, x: Tensor) -> tuple[Tensor, Tensor]:
    """The value of function(x), (), and its derivative by x, of the shape of x; neither remembers its origin."""
    if torch._C._get_tracing_state() is not None:  # in this thread: another one may train
        return _plain(function, x)
    with torch.enable_grad():
        x = x.detach().requires_grad_(True)
        value = function(x)
        return value.detach(), torch.autograd.grad(value, x)[0]


def _plain(function: Function, x: Tensor) -> tuple[Tensor, Tensor]:
    derivative = torch.func.functionalize(torch.func.grad_and_value(function), remove="mutations")
    tracing = torch._C._get_tracing_state()
    # what finds the operations is no part of the control graph
    torch._C._set_tracing_state(None)  # type: ignore[attr-defined]
    try:
        module = make_fx(derivative, decomposition_table={**core_aten_decompositions(), **_BACKWARD})(x)
        module.graph.eliminate_dead_code()
    finally:
        torch._C._set_tracing_state(tracing)  # type: ignore[attr-defined]
    gradient, value = _Exportable(module).run(x)
    return value, gradient


class _Exportable(Interpreter):
    """Writes some operations in the way that the exporter knows."""

    def call_function(self, target: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """See `Interpreter.call_function`."""
        found = _WRITTEN.get(target)
        return found(*args, **kwargs) if found else super().call_function(target, args, kwargs)


def _placed(part: Tensor, size: int, dim: int, start: int) -> Tensor:
    """A part in the midst of zeros, which make it as long as `size` along a dimension."""

    def zeros(length: int) -> Tensor:
        return part.new_zeros([length if axis == dim else n for axis, n in enumerate(part.shape)])

    after = size - start - part.shape[dim]
    parts = [zeros(start)] * (start > 0) + [part] + [zeros(after)] * (after > 0)
    return torch.cat(parts, dim) if len(parts) > 1 else part


def _slice(gradient: Tensor, sizes: Sequence[int], dim: int, start: int, end: int, step: int) -> Tensor:
    dim %= len(sizes)
    return _placed(gradient, sizes[dim], dim, start % sizes[dim] if start < 0 else start)


def _select(gradient: Tensor, sizes: Sequence[int], dim: int, index: int) -> Tensor:
    dim %= len(sizes)
    return _placed(gradient.unsqueeze(dim), sizes[dim], dim, index % sizes[dim])


def _threshold(gradient: Tensor, x: Tensor, threshold: float) -> Tensor:
    return torch.where(x <= threshold, torch.zeros_like(gradient), gradient)


def _silu(gradient: Tensor, x: Tensor) -> Tensor:
    y = torch.sigmoid(x)
    return gradient * y * (1.0 + x * (1.0 - y))


_aten = torch.ops.aten
_BACKWARD: dict[Any, Callable[..., Any]] = {
    _aten.slice_backward.default: _slice,
    _aten.select_backward.default: _select,
    _aten.threshold_backward.default: _threshold,
    _aten.silu_backward.default: _silu,
}
_WRITTEN: dict[Any, Callable[..., Any]] = {
    _aten._to_copy.default: lambda x, dtype=None, **_: x.to(dtype),
    _aten.alias.default: lambda x: x,
    _aten.copy.default: lambda x, y, **_: y.expand(x.shape),
    _aten.bitwise_or.Tensor: torch.logical_or,
    _aten.sum.dim_IntList: lambda x, dim, keepdim=False, **_: torch.sum(x, dim, keepdim),
}
