# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Small control graphs for tests, built with onnx alone."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from ros_rl.deploy.contract import METADATA_KEY, Contract
from ros_rl.deploy.onnx_graph import OnnxGraph
from ros_rl.features import ObservationSpec
from ros_rl.settings.tree import Settings


def spec_of(settings: Settings) -> ObservationSpec:
    return settings.observation_spec()


def contract_of(settings: Settings, **changes: Any) -> Contract:
    spec = spec_of(settings)
    values: dict[str, Any] = {
        "robot": spec.robot.name,
        "task": settings.task.name,
        "joints": list(spec.actions),
        "fields": spec.describe(),
        "control_period": settings.control.period,
        "delay": spec.delay,
        "carry": [],
        "noise": [],
        "telemetry": {},
        "choices": spec.choices,
        "commands": dict(spec.commands),
    }
    return Contract(**(values | changes))


def constant(name: str, value: Any) -> onnx.TensorProto:
    return numpy_helper.from_array(np.asarray(value, dtype=np.float32), name)


def serialise(
    settings: Settings,
    nodes: Sequence[onnx.NodeProto],
    weights: Sequence[onnx.TensorProto],
    contract: Contract,
    metadata: str | None = None,
) -> bytes:
    """A model with every input that a control graph may have, and the outputs that the contract names."""
    spec = spec_of(settings)
    fields = {item.name: [item.size] for item in spec.fields if item.size}
    shapes = fields | {"explore": [1]}
    outputs = {"action": [spec.action_size]}
    if contract.carry:
        shapes["carry"] = outputs["next_carry"] = [len(contract.carry)]
    if contract.noise:
        shapes["noise"] = contract.noise
    outputs |= contract.telemetry
    graph = helper.make_graph(
        list(nodes),
        "control",
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, shape) for name, shape in shapes.items()],
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, shape) for name, shape in outputs.items()],
        list(weights),
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    helper.set_model_props(model, {METADATA_KEY: contract.to_json() if metadata is None else metadata})
    return model.SerializeToString()


def constant_bytes(settings: Settings, action: Any, **changes: Any) -> bytes:
    """Always the same action."""
    nodes = [helper.make_node("Identity", ["value"], ["action"])]
    return serialise(settings, nodes, [constant("value", action)], contract_of(settings, **changes))


def constant_graph(settings: Settings, action: Any, **changes: Any) -> OnnxGraph:
    return OnnxGraph(constant_bytes(settings, action, **changes))


def noisy_graph(settings: Settings, share: float = 1.0) -> OnnxGraph:
    """action = clip(share * noise, -1, 1)."""
    nodes = [
        helper.make_node("Mul", ["noise", "share"], ["scaled"]),
        helper.make_node("Clip", ["scaled", "low", "high"], ["action"]),
    ]
    weights = [constant("share", share), constant("low", -1.0), constant("high", 1.0)]
    size = spec_of(settings).action_size
    return OnnxGraph(serialise(settings, nodes, weights, contract_of(settings, noise=[size])))


def counting_graph(settings: Settings, explore: bool = False) -> OnnxGraph:
    """Action 0; the carry counts ticks from 5 (plus ``explore``, if asked for) and shows as telemetry ``count``."""
    size = spec_of(settings).action_size
    nodes = [
        helper.make_node("Identity", ["zeros"], ["action"]),
        helper.make_node("Add", ["carry", "explore" if explore else "one"], ["next_carry"]),
        helper.make_node("Identity", ["carry"], ["count"]),
    ]
    weights = [constant("zeros", np.zeros(size)), constant("one", [1.0])]
    contract = contract_of(settings, carry=[5.0], telemetry={"count": [1]})
    return OnnxGraph(serialise(settings, nodes, weights, contract))


def spoiling_graph(settings: Settings, at: float, value: float, action: bool = False) -> OnnxGraph:
    """As `counting_graph`, but the carry that follows `at` (or the action at it, instead) is `value`."""
    zeros = np.zeros(spec_of(settings).action_size)
    nodes = [
        helper.make_node("Add", ["carry", "one"], ["more"]),
        helper.make_node("Equal", ["carry", "at"], ["now"]),
        helper.make_node("Where", ["now", "value", "zeros" if action else "more"], ["spoilt"]),
        helper.make_node("Identity", ["more" if action else "spoilt"], ["next_carry"]),
        helper.make_node("Identity", ["spoilt" if action else "zeros"], ["action"]),
        helper.make_node("Identity", ["carry"], ["count"]),
    ]
    weights = [constant("zeros", zeros), constant("one", [1.0]), constant("at", [at]), constant("value", [value])]
    contract = contract_of(settings, carry=[5.0], telemetry={"count": [1]})
    return OnnxGraph(serialise(settings, nodes, weights, contract))


def feedback_graph(settings: Settings, field: str, gain: Any, offset: Any) -> OnnxGraph:
    """action = clip(field @ gain + offset, -1, 1); `gain` has shape (field's size, actions)."""
    nodes = [
        helper.make_node("MatMul", [field, "gain"], ["product"]),
        helper.make_node("Add", ["product", "offset"], ["sum"]),
        helper.make_node("Clip", ["sum", "low", "high"], ["action"]),
    ]
    weights = [constant("gain", gain), constant("offset", offset), constant("low", -1.0), constant("high", 1.0)]
    return OnnxGraph(serialise(settings, nodes, weights, contract_of(settings)))


def trot_graph(settings: Settings, hertz: float = 2.5, thigh: float = 0.6, calf: float = 0.7) -> OnnxGraph:
    """An open-loop trot for A1: its carry is the phase; diagonal legs swing together."""
    amplitude, phase, offset = np.zeros(12), np.zeros(12), np.zeros(12)
    for leg, start in enumerate((0.0, np.pi, np.pi, 0.0)):  # FR, FL, RR, RL
        amplitude[3 * leg + 1], phase[3 * leg + 1] = thigh, start
        amplitude[3 * leg + 2], phase[3 * leg + 2] = calf, start + np.pi / 2
    step = 2 * np.pi * hertz * settings.control.period
    nodes = [
        helper.make_node("Add", ["carry", "step"], ["next_carry"]),
        helper.make_node("Add", ["carry", "phase"], ["angle"]),
        helper.make_node("Sin", ["angle"], ["sine"]),
        helper.make_node("Mul", ["sine", "amplitude"], ["swing"]),
        helper.make_node("Add", ["swing", "offset"], ["sum"]),
        helper.make_node("Clip", ["sum", "low", "high"], ["action"]),
    ]
    weights = [
        constant("step", [step]),
        constant("phase", phase),
        constant("amplitude", amplitude),
        constant("offset", offset),
        constant("low", -1.0),
        constant("high", 1.0),
    ]
    return OnnxGraph(serialise(settings, nodes, weights, contract_of(settings, carry=[0.0])))
