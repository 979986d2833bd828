# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""The agent's setting of the dynamics model: every kind that is a choice learns, plans and exports."""

import numpy as np
import pytest
import torch
from learners import make_agent, random_transition, small_settings

from ros_rl.deploy.onnx_graph import OnnxGraph
from ros_rl.errors import ConfigError
from ros_rl.replay.buffer import ReplayBuffer
from ros_rl.settings.dynamics import MODEL_KINDS
from ros_rl.training.training_loop import TrainingLoop


@pytest.mark.parametrize("kind", MODEL_KINDS)
def test_the_agent_trains_and_plans_with_the_kind_that_is_set(kind: str) -> None:
    torch.manual_seed(0)
    settings = small_settings("mock_point", {"agent": {"model": {"kind": kind}, "model_start": 1, "planner_start": 1}})
    agent = make_agent(settings)
    replay, rng = ReplayBuffer(100, agent.spec.size, agent.spec.action_size), np.random.default_rng(0)
    for index in range(60):
        replay.add(random_transition(agent.spec, rng, index))
    weights = [parameter.detach().clone() for parameter in agent.model.parameters()]
    for step in range(1, 4):
        metrics = agent.train(replay, step)
        assert all(np.isfinite(value) for value in metrics.values())
    assert any(not torch.equal(old, new) for old, new in zip(weights, agent.model.parameters(), strict=True))
    observation = torch.zeros(agent.spec.size)
    with torch.no_grad():
        action, *_ = agent.graph.act(observation, torch.zeros(1), torch.randn(agent.graph.noise_shape), torch.ones(1))
    assert torch.isfinite(action).all() and (action.abs() <= 1.0).all()


@pytest.mark.parametrize("kind", MODEL_KINDS)
def test_the_exported_graph_predicts_as_torch_does_also_after_learning(kind: str) -> None:
    torch.manual_seed(0)
    training = TrainingLoop(small_settings("mock_point", {"agent": {"model": {"kind": kind}, "act": "policy"}}))
    rng = np.random.default_rng(0)
    for index in range(60):
        training.add(random_transition(training.spec, rng, index))
    graph = training.agent.graph
    for _ in range(2):  # the second time with other weights in the same structure
        training.train()
        exported = OnnxGraph(training.graph())
        fields = [rng.normal(size=f.size).astype(np.float32) for f in training.spec.fields if f.size]
        noise = rng.normal(size=graph.noise_shape).astype(np.float32)
        names = [item["name"] for item in exported.contract.fields]
        got = exported.run(dict(zip(names, fields, strict=True)), np.ones(1, np.float32), noise, 1.0)
        with torch.no_grad():
            values = (*fields, np.ones(1, np.float32), noise, np.ones(1, np.float32))
            action, _, predicted = graph(*(torch.from_numpy(value) for value in values))
        np.testing.assert_allclose(got.telemetry["predicted_state"], predicted, rtol=1e-4, atol=1e-4)
        np.testing.assert_allclose(got.action, action, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("kind", ["energy", "diffusion", "transformer"])
def test_a_kind_that_no_control_graph_can_hold_is_no_choice(kind: str) -> None:
    with pytest.raises(
        ConfigError, match=rf"agent\.model\.kind' is '{kind}', not a choice: .*{', '.join(MODEL_KINDS)}"
    ):
        small_settings("mock_point", {"agent": {"model": {"kind": kind}}})
