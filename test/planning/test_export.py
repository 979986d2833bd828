# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Every planner that may go into a control graph decides there as in torch, and executes its plans as it should."""

from typing import Any

import numpy as np
import pytest
import torch
from learners import make_agent, small_settings
from plans import assert_same_plan, run_torch
from torch import Tensor

from ros_rl.agents.mpc import MpcGraph
from ros_rl.deploy.control_graph import ControlGraph
from ros_rl.deploy.export import ExportedGraph
from ros_rl.deploy.onnx_graph import OnnxGraph
from ros_rl.planning.plan import Carried, Plan
from ros_rl.planning.planner import Planner
from ros_rl.planning.world import ParticleState, StateWorld

METHODS = ("mppi", "cem", "shooting", "softmax_shooting")
WAYS = (
    *(("fixed_member", objective) for objective in ("mean", "mean_std", "state_variance", "cvar")),
    ("random_member", "mean"),
    ("random_member", "cvar"),
    ("expectation", "mean"),
    ("shared_members", "mean"),
)
WHOLE: tuple[dict[str, Any], ...] = (
    {"method": "mppi", "warm_start": True, "noise_beta": 2.0, "iterations": 2},
    {"method": "cem", "execution": "open_loop", "propagation": "random_member", "aleatoric": True},
    {"method": "shooting", "warm_start": True, "proposals": 0, "objective": "cvar", "aleatoric": True},
    {"method": "softmax_shooting", "execution": "open_loop", "propagation": "expectation", "noise_beta": 1.0},
    {"method": "mppi", "late": 2},
    {"method": "cem", "late": 1, "propagation": "random_member"},
)
"""Planners whose whole control graph is tried, with what it carries and tells."""
HORIZON = 3


def graph_of(smoothing: float = 0.3, model: dict[str, Any] | None = None, late: int = 0, **planner: Any) -> MpcGraph:
    values = {"horizon": HORIZON, "samples": 10, "elites": 4, "proposals": 3, "iterations": 1, **planner}
    networks = {"members": 3, "hidden": 8, "layers": 1, **(model or {})}
    agent = {"hidden": 8, "smoothing": smoothing, "late": late, "model": networks, "planner": values}
    torch.manual_seed(0)
    return make_agent(small_settings("mock_point", {"agent": agent})).graph.requires_grad_(False)


def inputs_of(graph: ControlGraph, rng: np.random.Generator) -> list[np.ndarray]:
    """Random inputs near zero: far away returns hardly differ, and standardising them makes rounding large."""
    fields = [rng.normal(scale=0.3, size=f.size) for f in graph.spec.fields if f.size]
    carry = np.concatenate([rng.integers(0, 2, 1), rng.integers(0, HORIZON, 1), rng.uniform(0, 1, len(graph.carry))])
    values = [*fields, carry[: len(graph.carry)], rng.normal(size=graph.noise_shape), rng.integers(0, 2, 1)]
    return [np.asarray(value, dtype=np.float32) for value in values]


class PlanGraph(ControlGraph):
    """Nothing but the plan."""

    telemetry_names = ("std", "candidate_returns")

    def __init__(self, whole: MpcGraph) -> None:
        super().__init__(whole.spec)
        self.whole = whole

    @property
    def planner(self) -> Planner[StateWorld]:
        return self.whole.planner

    @property
    def noise_shape(self) -> list[int]:
        return self.whole.planner.noise_shape

    def act(self, observation: Tensor, carry: Tensor, noise: Tensor, explore: Tensor) -> tuple[Tensor, ...]:
        plan = self.whole.planner.plan(self.whole.planner.world.start(observation), noise)
        return plan.mean[-1], carry, plan.std, plan.candidate_returns


def compare(graph: ControlGraph) -> None:
    """Twenty random inputs through torch and onnxruntime: one of the plans of equal returns is the other's."""
    exported = OnnxGraph(ExportedGraph(graph, "mock_point", 0.05).serialise({}))
    names = [item["name"] for item in exported.contract.fields]
    rng, sure = np.random.default_rng(0), 0
    for _ in range(20):
        inputs = inputs_of(graph, rng)
        *fields, carry, noise, explore = inputs
        theirs = exported.run(dict(zip(names, fields, strict=True)), carry, noise, float(explore[0]))
        for name, values in theirs.telemetry.items():
            assert values.shape == tuple(exported.contract.telemetry[name])
        sure += assert_same_plan(graph, inputs, theirs)
    assert sure >= 10  # or nothing much was compared


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize(("propagation", "objective"), WAYS)
def test_every_planner_plans_in_onnxruntime_as_in_torch(method: str, propagation: str, objective: str) -> None:
    values = {"method": method, "propagation": propagation, "objective": objective}
    values |= {"horizon": 2, "proposals": 0, "terminal_value": False}
    values["aleatoric"] = propagation != "expectation" and objective in ("mean", "cvar")
    values["pessimism"] = 0.5 if objective in ("mean_std", "state_variance") else 0.0
    compare(PlanGraph(graph_of(**values)))


@pytest.mark.parametrize("method", METHODS)
def test_values_of_all_depths_close_returns_in_onnxruntime_as_in_torch(method: str) -> None:
    compare(PlanGraph(graph_of(method=method, depths="all", horizon=3, proposals=0)))


@pytest.mark.parametrize("values", WHOLE)
def test_the_whole_graph_decides_as_torch_does(values: dict[str, Any]) -> None:
    compare(graph_of(**{"horizon": 2, **values}))


@pytest.mark.parametrize("termination", ["known", "learned", "never"])
@pytest.mark.parametrize("propagation", ["fixed_member", "expectation"])
def test_a_learned_reward_plans_in_onnxruntime_as_in_torch(termination: str, propagation: str) -> None:
    compare(graph_of(model={"reward": "learned", "termination": termination}, propagation=propagation))


def decide(graph: MpcGraph, carry: Tensor, seed: int) -> tuple[Tensor, Tensor, Plan]:
    """Action and carry of one decision in a state of its own, and the plan that was made in it."""
    generator = torch.Generator().manual_seed(seed)
    observation = torch.randn(graph.spec.size, generator=generator)
    noise = torch.randn(graph.noise_shape, generator=generator)
    made: list[Plan] = []
    plan = graph.planner.plan
    graph.planner.plan = lambda *arguments: made.append(plan(*arguments)) or made[-1]
    try:
        action, following, *_ = graph.act(observation, carry, noise, torch.zeros(1))
    finally:
        del graph.planner.plan
    return action, following, made[0]


def test_an_open_loop_plan_is_executed_to_its_end() -> None:
    graph = graph_of(smoothing=0.0, execution="open_loop")
    carry = torch.tensor(graph.carry)
    assert not carry.any()
    executed: list[Plan] = []
    for first in (0, HORIZON):
        for step in range(HORIZON):
            action, carry, plan = decide(graph, carry, first + step)
            executed = [*executed, plan] if step == 0 else executed
            torch.testing.assert_close(action, executed[-1].mean[step])
            assert carry[1] == HORIZON - 1 - step
            assert step == 0 or not torch.allclose(action, plan.mean[0])
    decide(graph, carry, 9)
    action, _, plan = decide(graph, torch.tensor(graph.carry), 10)  # a new episode in the midst of a plan
    torch.testing.assert_close(action, plan.mean[0])


def test_a_warm_start_begins_at_the_last_plans_rest() -> None:
    graph = graph_of(smoothing=0.0, warm_start=True)
    begun: list[Tensor] = []
    optimise = graph.planner.optimise
    graph.planner.optimise = lambda start, mean, *rest: (begun.append(mean), optimise(start, mean, *rest))[1]
    _, carry, first = decide(graph, torch.tensor(graph.carry), 0)
    _, carry, second = decide(graph, carry, 1)
    decide(graph, carry, 2)
    assert not torch.equal(begun[0], torch.zeros(HORIZON, 2))  # the policy's, as there was no plan
    for mean, plan in ((begun[1], first.mean), (begun[2], second.mean)):
        assert torch.equal(mean, torch.stack([plan[1], plan[2], plan[2]]))


def test_a_cold_start_begins_at_the_policys_sequence_or_at_zero() -> None:
    start = ParticleState(torch.zeros(3, 1, 4), torch.zeros(1, 2), torch.zeros(0))
    begun: list[Tensor] = []
    for proposals, warm in ((2, False), (0, False), (0, True)):
        planner = graph_of(proposals=proposals, warm_start=warm).planner
        optimise = planner.optimise
        planner.optimise = lambda start, mean, *rest, run=optimise: (begun.append(mean), run(start, mean, *rest))[1]
        noise = torch.randn(planner.noise_shape)
        planner.plan(start, noise, Carried(torch.ones(HORIZON, 2), torch.zeros(1)))
        expected = planner.world.propose(start, noise[:2])[0] if proposals else torch.zeros(HORIZON, 2)
        assert torch.equal(begun[-1], expected)


def test_by_default_nothing_of_the_plan_is_carried() -> None:
    assert graph_of().carry == (0.0,)


def test_no_finite_candidate_no_action() -> None:
    for values in ({}, {"execution": "open_loop"}, {"method": "cem", "warm_start": True}, {"method": "shooting"}):
        graph = graph_of(**values)
        graph.planner.world.model.residuals.std.fill_(3e38)
        action, _, _ = decide(graph, torch.tensor(graph.carry), 0)
        assert torch.isnan(action).all()


@pytest.mark.parametrize("objective", ["mean", "mean_std"])
@pytest.mark.parametrize("reward", ["known", "learned"])
def test_gradients_are_climbed_in_onnxruntime_as_in_torch(objective: str, reward: str) -> None:
    values = {"method": "gradient", "objective": objective, "pessimism": 0.5 * (objective == "mean_std")}
    graph = graph_of(**values, iterations=3, gradient_rate=0.1, proposals=1, model={"reward": reward, "layers": 2})
    exported, rng, moved = (
        OnnxGraph(ExportedGraph(graph, "mock_point", 0.05).serialise({})),
        np.random.default_rng(0),
        0,
    )
    names = [item["name"] for item in exported.contract.fields]
    for _ in range(20):
        inputs = inputs_of(graph, rng)
        *fields, carry, noise, explore = inputs
        theirs, ours = (
            exported.run(dict(zip(names, fields, strict=True)), carry, noise, float(explore[0])),
            run_torch(graph, inputs),
        )
        np.testing.assert_allclose(theirs.action, ours.action, atol=2e-3)
        for name, values_ in theirs.telemetry.items():
            np.testing.assert_allclose(values_, ours.telemetry[name], rtol=1e-2, atol=2e-3, err_msg=name)
        moved += int(ours.telemetry["candidate_returns"].argmax() > 0)
    assert moved > 10


def test_a_graph_in_eight_bits_finds_nearly_the_same_returns() -> None:
    graph = graph_of(precision="int8", model={"hidden": 32, "layers": 2})
    model = ExportedGraph(graph, "mock_point", 0.05).serialise({})
    assert b"MatMulInteger" in model
    exported, rng = OnnxGraph(model), np.random.default_rng(0)
    names = [item["name"] for item in exported.contract.fields]
    for _ in range(10):
        inputs = inputs_of(graph, rng)
        *fields, carry, noise, explore = inputs
        theirs = exported.run(dict(zip(names, fields, strict=True)), carry, noise, float(explore[0]))
        ours = run_torch(graph, inputs).telemetry["candidate_returns"]
        off = np.abs(theirs.telemetry["candidate_returns"] - ours).max()
        assert 0.0 < off < 0.05 * np.abs(ours).max()
