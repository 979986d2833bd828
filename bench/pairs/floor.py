# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""The matrix products that one update of a pair of `learner_speed.py` cannot do without: a floor of its time."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator

import torch
from pairs.pairs import Pair

Product = tuple[torch.Tensor, torch.Tensor, torch.Tensor]
"""Two factors and where the product goes."""


def products(pair: Pair) -> Iterator[tuple[float, list[Product]]]:
    """How often in an update, and the products of one network's passes."""
    if pair.choices:
        yield 1.0, list(_passes(pair, 1, pair.inputs, pair.choices))  # target
        yield 1.0, list(_passes(pair, 1, pair.inputs, pair.choices, weights=True))
        return
    soft, critics = pair.name == "sac", 1 if pair.name == "ddpg" else 2
    followed, share = (critics, 1.0) if soft else (1, 0.5 if pair.name == "td3" else 1.0)
    both = pair.inputs + pair.actions
    outputs = 2 * pair.actions if soft else pair.actions
    yield 1.0, list(_passes(pair, 1, pair.inputs, outputs))  # next action
    yield 1.0, list(_passes(pair, critics, both, 1))  # its value
    yield 1.0, list(_passes(pair, critics, both, 1, weights=True))
    yield share, list(_passes(pair, 1, pair.inputs, outputs, weights=True))
    yield share, list(_passes(pair, followed, both, 1, inputs=True))  # through which the policy learns


def _passes(
    pair: Pair, members: int, size_in: int, size_out: int, weights: bool = False, inputs: bool = False
) -> Iterator[Product]:
    """Forward through two hidden layers, and back to the weights or to the inputs."""
    sizes = (size_in, pair.hidden, pair.hidden, size_out)
    for layer, (before, after) in enumerate(zip(sizes, sizes[1:], strict=False)):
        x, weight = torch.randn(members, pair.batch, before), torch.randn(members, before, after)
        y = torch.randn(members, pair.batch, after)
        if after > 1:  # one column is no matter of products: both sides' sums take less
            yield x, weight, torch.empty_like(y)
            if weights:
                yield x.mT, y, torch.empty_like(weight)
            if inputs or (weights and layer):
                yield y, weight.mT, torch.empty_like(x)


def floor(pair: Pair) -> Callable[[], object]:
    """What makes the products of one update, by the routine that both libraries call."""
    work, calls = list(products(pair)), itertools.count()

    def run() -> None:
        call = next(calls)
        for share, each in work:
            if share * call % 1 == 0:
                for left, right, out in each:
                    torch.bmm(left, right, out=out)

    return run
