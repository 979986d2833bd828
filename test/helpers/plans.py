# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Plans of an exported graph held against torch's, where rounding may rank equal candidates in another order."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain, combinations
from typing import Any

import numpy as np
import torch

from ros_rl.deploy.control_graph import ControlGraph
from ros_rl.deploy.onnx_graph import GraphOutput

_ROUNDING = 1e-6
"""Returns of torch and onnxruntime differ by less, relative to the largest."""


@torch.no_grad()
def run_torch(graph: ControlGraph, inputs: list[np.ndarray]) -> GraphOutput:
    action, carry, *rest = (value.numpy() for value in graph(*(torch.from_numpy(value) for value in inputs)))
    return GraphOutput(action, carry, dict(zip(graph.telemetry_names, rest, strict=True)))


@dataclass
class Ranked:
    """One plan of torch's, how it was found, and how surely."""

    output: GraphOutput
    gaps: list[float]
    """How far the last elite is from the first that is none, relative to the returns, in each iteration."""
    tolerance: float
    """Of an action: what the softmax over the elites makes of the returns' rounding."""


def ranked(graph: Any, inputs: list[np.ndarray], swaps: Sequence[int] = ()) -> Ranked:
    """Plan with the last elite and the first that is none exchanged in some of the iterations.

    Args:
        graph: Has a `planner` that samples.
        inputs: Of the graph.
        swaps: Those iterations.
    """
    planner, gaps, magnified = graph.planner, [], 0.0
    settings, refit = planner.settings, planner._refit
    elites = 1 if settings.method == "shooting" else settings.elites

    def watched(candidates: torch.Tensor, returns: torch.Tensor, *distribution: torch.Tensor) -> Any:
        nonlocal magnified
        places = returns.argsort(descending=True)
        inside, outside = places[elites - 1], places[elites]
        size = float(returns.abs().max())
        if len(gaps) in swaps:
            returns = returns.clone()
            returns[inside], returns[outside] = returns[outside].clone(), returns[inside].clone()
        gaps.append(abs(float(returns[inside] - returns[outside])) / size)
        if settings.method in ("mppi", "softmax_shooting"):
            weighed = returns.topk(elites).values if settings.method == "mppi" else returns
            magnified = max(magnified, _ROUNDING * size / (settings.temperature * float(weighed.std())))
        return refit(candidates, returns, *distribution)

    planner._refit = watched
    try:
        output = run_torch(graph, inputs)
    finally:
        del planner._refit
    return Ranked(output, gaps, 3e-5 + 0.3 * magnified)


def assert_same_plan(graph: Any, inputs: list[np.ndarray], theirs: GraphOutput) -> bool:
    """What onnxruntime answers is a plan of torch's, by the ranking found or another of equal returns.

    Returns:
        Whether rounding could hardly have changed the plan.
    """
    iterations, found = range(graph.planner.rounds), []
    for swaps in chain.from_iterable(combinations(iterations, count) for count in range(len(iterations) + 1)):
        plan = ranked(graph, inputs, swaps)
        if any(plan.gaps[iteration] > 2.0 * _ROUNDING for iteration in swaps):
            continue  # no tie
        found.append(float(np.abs(plan.output.action - theirs.action).max()) / plan.tolerance)
        if found[-1] <= 1.0:
            break
    assert found[-1] <= 1.0, f"none of {len(found)} plans of equal returns: {found} tolerances away"
    near = max(1e-4, plan.tolerance)
    np.testing.assert_allclose(theirs.carry, plan.output.carry, rtol=0.0, atol=near)
    for name in graph.telemetry_names:
        one, two = plan.output.telemetry[name], theirs.telemetry[name]
        assert one.shape == two.shape
        is_return = name in ("plan_return", "plan_disagreement", "candidate_returns")
        scale = np.abs(plan.output.telemetry["candidate_returns"] if is_return else one).max()
        np.testing.assert_allclose(one, two, rtol=0.0, atol=near * scale, err_msg=name)
    return plan.tolerance < 1e-3
