# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""A control graph that sees an image: torch against onnxruntime, its contract, and what does not fit is refused."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from onnx import TensorProto, helper
from torch import Tensor

from ros_rl.agents.random import RandomGraph
from ros_rl.deploy.contract import METADATA_KEY, Contract
from ros_rl.deploy.control_graph import ControlGraph
from ros_rl.deploy.export import ExportedGraph
from ros_rl.deploy.onnx_graph import OnnxGraph
from ros_rl.errors import ContractError, GraphError
from ros_rl.layout import Field, Layout
from ros_rl.resources import share_path

FRONT = Field("front", (4, 6, 3), "1", 1 / 255, "image", "uint8")
FIELDS = (
    Field("grid", (2, 3), "m", 1.0, "state"),
    FRONT,
    Field("last_action", (1,), "1", 1.0, "action"),
    Field("pending_actions", (0,), "1", 1.0, "action"),
)
LAYOUT = Layout("seer", ["joint"], FIELDS)


class Brightness(ControlGraph):
    """The mean brightness, brought to [-1, 1], and the sum of the flat observation as telemetry."""

    telemetry_names = ("total",)

    @property
    def noise_shape(self) -> list[int]:
        """No noise."""
        return [0]

    def act_on_images(
        self, observation: Tensor, images: Mapping[str, Tensor], carry: Tensor, noise: Tensor, explore: Tensor
    ) -> tuple[Tensor, ...]:
        """See the class."""
        return images["front"].float().mean(0).mean().reshape(1) / 127.5 - 1.0, carry, observation.sum().reshape(1)


def inputs(rng: np.random.Generator) -> dict[str, np.ndarray]:
    return {
        "grid": rng.normal(size=(2, 3)),
        "last_action": rng.normal(size=1),
        "front": rng.integers(0, 256, FRONT.shape, np.uint8),
    }


@pytest.fixture(scope="module")
def model() -> bytes:
    return ExportedGraph(Brightness(LAYOUT), "look", 0.05).serialise({"score": 1.0})


def run(graph: OnnxGraph, fields: dict[str, np.ndarray]) -> Any:
    return graph.run(fields, graph.initial_carry(), np.zeros(0, np.float32), 0.0)


def test_onnxruntime_acts_as_torch_and_as_numpy(model: bytes) -> None:
    rng, graph = np.random.default_rng(0), OnnxGraph(model)
    for _ in range(20):
        fields = inputs(rng)
        output = run(graph, fields)
        flat = [torch.from_numpy(fields[name]).float() for name in ("grid", "last_action")]
        ours, *_ = Brightness(LAYOUT)(
            *flat, torch.from_numpy(fields["front"]), torch.zeros(0), torch.zeros(0), torch.zeros(1)
        )
        np.testing.assert_allclose(output.action, ours.numpy(), rtol=0, atol=1e-6)
        np.testing.assert_allclose(output.action, [fields["front"].mean() / 127.5 - 1], rtol=0, atol=1e-6)
        total = fields["grid"].sum() + fields["last_action"].sum()
        np.testing.assert_allclose(output.telemetry["total"], [total], rtol=0, atol=1e-5)


def test_the_contract_says_shape_and_dtype_and_survives_the_file(model: bytes) -> None:
    contract = OnnxGraph(model).contract
    assert contract.fields == [
        {"name": "grid", "shape": [2, 3], "dtype": "float32", "unit": "m"},
        {"name": "last_action", "shape": [1], "dtype": "float32", "unit": "1"},
        {"name": "front", "shape": [4, 6, 3], "dtype": "uint8", "unit": "1"},
    ]
    assert Contract.from_json(contract.to_json()) == contract
    contract.check(LAYOUT, "look", 0.05)


@pytest.mark.parametrize("shape", [(4, 6, 1), (6, 4, 3)])
def test_a_controller_with_another_image_refuses_the_graph(model: bytes, shape: tuple[int, ...]) -> None:
    other = Layout("seer", ["joint"], [replace(item, shape=shape) if item is FRONT else item for item in FIELDS])
    with pytest.raises(ContractError, match="observation fields"):
        OnnxGraph(model).contract.check(other, "look", 0.05)
    with pytest.raises(ContractError, match="observation fields"):
        OnnxGraph(model).contract.check(Layout("seer", ["joint"], LAYOUT.fields), "look", 0.05)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"front": np.zeros((4, 6, 3))}, r"'front' is float64 \(4, 6, 3\), expected uint8"),
        ({"front": np.zeros((4, 6, 3), np.int64)}, "'front' is int64"),
        ({"front": np.zeros((6, 4, 3), np.uint8)}, r"expected uint8 \(4, 6, 3\)"),
        ({"grid": np.zeros(6)}, r"'grid' is float64 \(6,\), expected float32 \(2, 3\)"),
    ],
)
def test_inputs_of_another_shape_or_dtype_are_refused(model: bytes, change: dict, words: str) -> None:
    with pytest.raises(GraphError, match=words):
        run(OnnxGraph(model), inputs(np.random.default_rng(0)) | change)


def test_a_graph_without_its_image_says_so(model: bytes) -> None:
    fields = inputs(np.random.default_rng(0))
    del fields["front"]
    with pytest.raises(GraphError, match="front"):
        run(OnnxGraph(model), fields)


def test_a_graph_that_sees_no_image_acts_where_there_is_one() -> None:
    graph = OnnxGraph(ExportedGraph(RandomGraph(LAYOUT, 0.0), "look", 0.05).serialise({}))
    graph.contract.check(LAYOUT, "look", 0.05)
    fields = inputs(np.random.default_rng(0))
    noise = np.ones(graph.contract.noise, np.float32)
    assert graph.run(fields, graph.initial_carry(), noise, 1.0).action.shape == (1,)


@pytest.mark.parametrize(
    ("kind", "shape", "words"),
    [
        (TensorProto.FLOAT, [4, 6, 3], r"tensor\(float\)"),
        (TensorProto.UINT8, [6, 4, 3], "contract says uint8"),
        (TensorProto.UINT8, ["height", "width", 3], "height"),
    ],
)
def test_a_model_that_is_not_what_its_contract_says_is_refused(kind: int, shape: list[Any], words: str) -> None:
    nodes = [helper.make_node("Cast", ["front"], ["wide"], to=TensorProto.FLOAT),
             helper.make_node("ReduceMean", ["wide"], ["action"], keepdims=0)]  # fmt: skip
    contract = Contract("seer", "look", ["joint"], LAYOUT.describe(), 0.05, 0, [], [], {})
    seen = helper.make_tensor_value_info("front", kind, shape)
    graph = helper.make_graph(nodes, "g", [seen], [helper.make_tensor_value_info("action", TensorProto.FLOAT, [])])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    helper.set_model_props(model, {METADATA_KEY: contract.to_json()})
    with pytest.raises(ContractError, match=words):
        OnnxGraph(model.SerializeToString())
    helper.set_model_props(model, {METADATA_KEY: replace(contract, fields=[]).to_json()})
    with pytest.raises(ContractError, match="'front', which its contract does not name"):
        OnnxGraph(model.SerializeToString())


def test_the_shipped_agent_is_still_read() -> None:
    graph = OnnxGraph.load(share_path("models", "a1_walk", "agent.onnx"))
    fields = {item["name"]: np.zeros(item["shape"]) for item in graph.contract.fields}
    noise = np.zeros(graph.contract.noise, np.float32)
    assert graph.run(fields, graph.initial_carry(), noise, 0.0).action.shape == (12,)
