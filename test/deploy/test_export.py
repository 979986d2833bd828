# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""The exported graph, run by onnxruntime, against the torch module that it was made from."""

from typing import Any

import numpy as np
import onnx
import psutil
import pytest
import torch
from learners import random_transition, small_settings
from onnx.numpy_helper import to_array
from plans import assert_same_plan, run_torch

from ros_rl.agents.random import RandomGraph
from ros_rl.backends import make_backend
from ros_rl.deploy import onnx_file
from ros_rl.deploy.contract import METADATA_KEY
from ros_rl.deploy.control_graph import ControlGraph
from ros_rl.deploy.export import ExportedGraph
from ros_rl.deploy.onnx_graph import GraphOutput, OnnxGraph
from ros_rl.errors import ContractError, GraphError
from ros_rl.runtime.control_loop import ControlLoop
from ros_rl.runtime.making import make_driver_loop
from ros_rl.settings.loading import load_settings
from ros_rl.settings.tree import Settings
from ros_rl.training.training_loop import TrainingLoop

TASKS = ("mock_point", "xarm_reach", "a1_walk")
PLANS = {"agent": {"planner_start": 0, "planner": {"horizon": 2}}}


class Pair:
    """A learner with its graph in torch, and what onnxruntime makes of the exported one."""

    def __init__(self, settings: Settings) -> None:
        self.training = TrainingLoop(settings)
        rng = np.random.default_rng(0)
        for index in range(100):
            self.training.add(random_transition(self.training.spec, rng, index))
        self.rng = np.random.default_rng(1)

    @property
    def torch_graph(self) -> ControlGraph:
        return self.training.agent.graph

    def train(self, rounds: int, optimise: bool = True) -> OnnxGraph:
        for _ in range(rounds):
            self.training.train()
        return OnnxGraph(self.training.graph(), optimise=optimise)

    def inputs(self) -> list[np.ndarray]:
        spec, graph = self.training.spec, self.torch_graph
        fields = [self.rng.normal(size=f.size) for f in spec.fields if f.size]
        carry = self.rng.integers(0, 2, len(graph.carry))
        values = [*fields, carry, self.rng.normal(size=graph.noise_shape), self.rng.integers(0, 2, 1)]
        return [np.asarray(value, dtype=np.float32) for value in values]


def run_onnx(graph: OnnxGraph, inputs: list[np.ndarray]) -> GraphOutput:
    names = [item["name"] for item in graph.contract.fields]
    *fields, carry, noise, explore = inputs
    return graph.run(dict(zip(names, fields, strict=True)), carry, noise, float(explore[0]))


@pytest.fixture(scope="module", params=TASKS)
def planning(request: pytest.FixtureRequest) -> Pair:
    torch.set_num_threads(1)
    return Pair(small_settings(request.param, PLANS))


@pytest.fixture(scope="module")
def point() -> Pair:
    return Pair(small_settings("mock_point", PLANS))


@pytest.fixture(scope="module", params=TASKS)
def acting(request: pytest.FixtureRequest) -> Pair:
    return Pair(small_settings(request.param, {"agent": {"act": "policy"}}))


def random_training(task: str, *overrides: dict[str, Any]) -> TrainingLoop:
    """A learner whose only graph is the random one."""
    return TrainingLoop(load_settings(task, overrides=[{"agent": {"name": "random", "smoothing": 0.25}}, *overrides]))


def test_planner_equals_torch_also_after_learning(planning: Pair) -> None:
    versions = []
    for optimise in (True, False):  # the second time with other weights in the same structure, too
        graph, sure = planning.train(8, optimise), 0
        versions.append(graph)
        for _ in range(25):
            inputs = planning.inputs()
            theirs = run_onnx(graph, inputs)
            for name, values in theirs.telemetry.items():
                assert values.shape == tuple(graph.contract.telemetry[name])
            sure += assert_same_plan(planning.torch_graph, inputs, theirs)
        assert sure >= 5  # or nothing much was compared
    inputs = planning.inputs()
    assert np.abs(run_onnx(versions[0], inputs).action - run_onnx(versions[1], inputs).action).max() > 1e-4


def test_policy_equals_torch_also_after_learning(acting: Pair) -> None:
    for _ in range(2):
        graph = acting.train(8)
        for _ in range(20):
            inputs = acting.inputs()
            ours, theirs = run_torch(acting.torch_graph, inputs), run_onnx(graph, inputs)
            np.testing.assert_allclose(ours.action, theirs.action, rtol=0.0, atol=1e-5)


@pytest.mark.parametrize("task", TASKS)
def test_random_graph_is_uniform_smoothed_and_quiet_when_evaluated(task: str) -> None:
    training = random_training(task)
    graph, spec = OnnxGraph(training.graph()), training.spec
    rng = np.random.default_rng(0)
    fields = {f.name: rng.normal(size=f.size) for f in spec.fields if f.size}
    newest = fields["pending_actions"][-spec.action_size :]
    drawn = []
    for _ in range(1000):
        noise = rng.normal(size=graph.contract.noise).astype(np.float32)
        drawn.append((graph.run(fields, graph.initial_carry(), noise, 1.0).action - 0.25 * newest) / 0.75)
    values = np.sort(np.concatenate(drawn))
    expected = (np.arange(len(values)) + 0.5) / len(values) * 2 - 1
    assert np.abs(values - expected).max() < 2 * 1.95 / len(values) ** 0.5  # Kolmogorov-Smirnov, 0.1 %
    np.testing.assert_allclose(graph.run(fields, graph.initial_carry(), noise, 0.0).action, 0.25 * newest, atol=1e-6)


def test_evaluation_adds_no_noise_to_the_policy(acting: Pair) -> None:
    graph, pair = acting.train(1), acting
    actions = {}
    for explore in (0.0, 1.0):
        inputs = pair.inputs()
        inputs[-1][:] = explore
        inputs[-3][:] = 1.0  # a burst of exploration, if there is such a thing
        results = []
        for _ in range(3):
            inputs[-2][:] = 0.5 * pair.rng.normal(size=inputs[-2].shape)
            results.append(run_onnx(graph, inputs).action)
        actions[explore] = np.ptp(results, axis=0).max()
    assert actions[0.0] == 0.0
    assert actions[1.0] > 1e-3


def test_same_seed_and_tick_same_action(point: Pair) -> None:
    settings, graph = point.training.settings, point.train(1)
    driver = make_driver_loop(settings, settings.load_robot(), make_backend(settings), auto_recover=True)
    tick = driver.start()

    def decide(seed: int) -> np.ndarray:
        loop = ControlLoop(point.training.spec, "mock_point", settings.control.period, seed, 1.0)
        loop.use(graph)
        return loop.step(tick).command.value

    one, two, other = decide(3), decide(3), decide(4)
    np.testing.assert_array_equal(one, two)
    assert (one != other).any()
    driver.advance()
    tick = driver.tick
    assert (decide(3) != one).any()


def test_every_weight_that_is_used_can_be_replaced(point: Pair) -> None:
    """Change each weight of the torch module in turn: the exported graph follows whenever torch's output moves."""
    exported = ExportedGraph(point.torch_graph, "mock_point", 0.05)
    inputs = point.inputs()
    inputs[-1][:] = 1.0
    followed = 0
    state = point.torch_graph.state_dict()
    before = run_torch(point.torch_graph, inputs)
    for name, value in state.items():
        kept = value.clone()
        value.mul_(0.5).add_(0.37)
        changed = run_torch(point.torch_graph, inputs)
        if not np.array_equal(changed.telemetry["candidate_returns"], before.telemetry["candidate_returns"]):
            theirs = run_onnx(OnnxGraph(exported.serialise({})), inputs)
            ours = changed.telemetry["candidate_returns"]
            np.testing.assert_allclose(
                theirs.telemetry["candidate_returns"], ours, rtol=0, atol=1e-4 * np.abs(ours).max(), err_msg=name
            )
            followed += 1
        value.copy_(kept)
    assert followed >= 20


def test_weights_stand_where_onnx_writes_them(point: Pair) -> None:
    exported = ExportedGraph(point.torch_graph, "mock_point", 0.05)
    for version in range(2):
        point.train(1)
        model = exported.serialise({"version": version})
        parsed = onnx.load_from_string(model)
        onnx.checker.check_model(parsed)
        assert parsed.SerializeToString() == model
        assert [item.key for item in parsed.metadata_props] == [METADATA_KEY]
        assert OnnxGraph(model).contract.provenance == {"version": version}
        state = point.torch_graph.state_dict()
        written = {item.name: to_array(item) for item in parsed.graph.initializer if item.name in state}
        assert len(written) >= 20
        for name, value in written.items():
            np.testing.assert_array_equal(value, state[name].numpy(), err_msg=name)


def test_a_weight_that_is_not_finite_is_not_published(point: Pair) -> None:
    point.train(1)
    bias = point.training.agent.policy.net.net[0].bias.data
    bias[0, 0, 0], kept = float("nan"), bias[0, 0, 0].item()
    with pytest.raises(GraphError, match=r"policy\.net\.net\.0\.bias is not finite"):
        point.training.graph()
    bias[0, 0, 0] = kept
    point.training.graph()


def test_plans_that_overflow_give_no_action(point: Pair) -> None:
    graph, inputs = point.train(1), point.inputs()
    assert np.isfinite(run_onnx(graph, inputs).action).all()
    std = point.training.agent.model.residuals.std
    kept = std.clone()
    std.fill_(3e38)
    graph = OnnxGraph(point.training.graph())
    assert not np.isfinite(run_torch(point.torch_graph, inputs).action).any()
    with pytest.raises(GraphError, match="non-finite"):
        run_onnx(graph, inputs)
    std.copy_(kept)


@pytest.mark.parametrize(
    ("task", "overrides", "words"),
    [
        ("xarm_reach", {}, ["robot mock", "xarm6"]),
        ("mock_point", {"control": {"rate_hz": 50.0}}, ["0.05 s", "0.02 s"]),
        ("mock_point", {"control": {"delay": 0}}, ["delay 1", "has 0"]),
        ("mock_point", {"control": {"delay": 2}}, ["delay 1", "has 2"]),
    ],
)
def test_a_graph_for_something_else_is_refused(
    point: Pair, task: str, overrides: dict[str, Any], words: list[str]
) -> None:
    training = random_training(task, overrides)
    loop = ControlLoop(training.spec, task, training.settings.control.period, 0, 1.0)
    own = OnnxGraph(training.graph())
    loop.use(own)
    with pytest.raises(ContractError) as caught:
        loop.use(OnnxGraph(point.training.graph()))
    assert all(word in str(caught.value) for word in words)
    assert loop.graph is own


def test_a_graph_that_is_too_large_is_refused(point: Pair, monkeypatch: pytest.MonkeyPatch) -> None:
    model = point.training.graph()
    monkeypatch.setattr(onnx_file, "MAX_BYTES", len(model) - 1)
    with pytest.raises(GraphError, match=f"has {len(model)} bytes, the limit is {len(model) - 1}"):
        OnnxGraph(model)


def test_the_contract_says_where_a_graph_comes_from(point: Pair) -> None:
    point.training.note_steps(120)
    provenance = OnnxGraph(point.training.graph(score=0.7)).contract.provenance
    assert provenance["score"] == 0.7 and provenance["seed"] == 0
    assert provenance["robot_minutes"] == pytest.approx(120 / 20 / 60)
    assert provenance["version"] == point.training.version
    assert provenance["config"]["task"]["name"] == "mock_point"


def test_memory_does_not_grow_with_the_graphs_that_were_made() -> None:
    """What protobuf replaces in a message it keeps: of 40 graphs of 5 MB there would be 200 MB."""
    settings = load_settings("mock_point", overrides=["agent.name=sac", "agent.hidden=1024"])
    training = TrainingLoop(settings)
    training.rounds = 1  # from then on the agent's own graph
    size = len(training.graph())
    assert size > 4e6
    memory = psutil.Process().memory_info
    before = memory().rss
    for _ in range(40):
        training.graph()
    assert memory().rss - before < 10 * size


def test_export_leaves_the_module_as_it_was(point: Pair) -> None:
    graph = point.torch_graph
    before = {name: value.clone() for name, value in graph.state_dict().items()}
    ExportedGraph(graph, "mock_point", 0.05)
    assert all(torch.equal(value, before[name]) for name, value in graph.state_dict().items())
    random = RandomGraph(point.training.spec, 0.3)
    exported = OnnxGraph(ExportedGraph(random, "mock_point", 0.05).serialise({}))
    assert exported.contract.noise == random.noise_shape == [2]
