# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Turns an agent's control graph (torch) into ONNX with its contract, and replaces weights in it."""

from __future__ import annotations

import copy
import io
import logging
import tempfile
import threading
import warnings
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import NamedTuple

import numpy as np
import onnxruntime
import torch
from torch import Tensor, nn

from ros_rl.deploy.contract import METADATA_KEY, Contract
from ros_rl.deploy.control_graph import ControlGraph
from ros_rl.deploy.onnx_graph import ACTION, CARRY, EXPLORE, NEXT_CARRY, NOISE
from ros_rl.deploy.protobuf import as_bytes, as_text, fields
from ros_rl.errors import GraphError, MissingDependencyError
from ros_rl.networks.exporting import exporting

try:
    import onnx
    from onnx import numpy_helper
except ImportError as error:
    raise MissingDependencyError("onnx", "learn") from error

_GRAPH, _INITIALIZER, _NAME, _RAW_DATA = 7, 5, 8, 9
"""Numbers of fields in ONNX's messages: of the model, of its graph, and two of a tensor."""
_EXPORTING = threading.Lock()


class _Exported(NamedTuple):
    """A structure, ready for weights."""

    contract: Contract
    model: bytearray
    """Serialised, but for the contract."""
    weights: dict[str, np.ndarray]
    """By name, the bytes of each one in the model."""


class ExportedGraph:
    """An ONNX model whose structure is fixed and whose weights follow the agent's.

    The structure is exported when it is first needed, or before by `prepare`.

    Args:
        graph: The control graph to export, once.
        task: Task name for the contract.
        control_period: [s].

    Raises:
        GraphError: The graph says that it stays on the learner's side, and why.
    """

    def __init__(self, graph: ControlGraph, task: str, control_period: float) -> None:
        if graph.not_exportable:
            raise GraphError(f"no control graph can be made of this agent: {graph.not_exportable}")
        self._graph, self._task, self._control_period = graph, task, control_period
        self._inputs = [torch.zeros(item.shape, dtype=getattr(torch, item.dtype)) for item in graph.spec.inputs]
        self._inputs += [torch.tensor(graph.carry), torch.randn(graph.noise_shape), torch.ones(1)]
        self._copied = copy.deepcopy(graph).cpu()  # what is exported is on the CPU, wherever the agent learns
        self._exported: _Exported | None = None

    def prepare(self) -> None:
        """Export the structure, unless it has been: that takes seconds. From any thread, one graph at a time."""
        if self._exported is not None:
            return
        with _EXPORTING:
            if self._exported is None:
                self._exported = self._export()
                del self._copied, self._inputs

    def _export(self) -> _Exported:
        graph, spec = self._graph, self._graph.spec
        names = [item.name for item in spec.inputs] + [CARRY, NOISE, EXPLORE]
        outputs = [ACTION, NEXT_CARRY, *graph.telemetry_names]
        with torch.no_grad():
            results = self._copied(*self._inputs)
        model = _export_distinct(self._copied, tuple(self._inputs), names, outputs)
        contract = Contract(
            robot=spec.name,
            task=self._task,
            joints=list(spec.actions),
            coupling={name: dict(joints) for name, joints in spec.coupling.items()},
            commands=dict(spec.commands),
            fields=spec.describe(),
            control_period=self._control_period,
            delay=spec.delay,
            choices=spec.choices,
            carry=list(graph.carry),
            noise=graph.noise_shape,
            telemetry={n: list(v.shape) for n, v in zip(graph.telemetry_names, results[2:], strict=True)},
        )
        return _Exported(contract, *_prepared(model, graph.state_dict()))

    def serialise(self, provenance: dict[str, object]) -> bytes:
        """The model with the agent's weights of now.

        Raises:
            GraphError: A weight is not finite.
        """
        self.prepare()
        assert self._exported is not None
        state = self._graph.state_dict()
        for name, place in self._exported.weights.items():
            value = state[name].detach().cpu().numpy()
            if not np.isfinite(value).all():
                raise GraphError(f"weight {name} is not finite; the graph is not published")
            place[:] = np.ascontiguousarray(value).reshape(-1).view(np.uint8)
        contract = _with_contract(onnx.ModelProto(), replace(self._exported.contract, provenance=provenance))
        return b"".join((self._exported.model, contract))  # of messages one after the other protobuf makes one


def with_provenance(graph: bytes, entries: Mapping[str, object]) -> bytes:
    """A control graph (ONNX) of ours with more, or other, entries of where it comes from."""
    model = onnx.load_from_string(graph)
    contract = Contract.from_json(next(item.value for item in model.metadata_props if item.key == METADATA_KEY))
    return _with_contract(model, replace(contract, provenance={**contract.provenance, **entries}))


def _with_contract(model: onnx.ModelProto, contract: Contract) -> bytes:
    del model.metadata_props[:]
    entry = model.metadata_props.add()
    entry.key, entry.value = METADATA_KEY, contract.to_json()
    return model.SerializeToString()


def _prepared(model: onnx.ModelProto, state: Mapping[str, Tensor]) -> tuple[bytearray, dict[str, np.ndarray]]:
    """A model serialised, and where in it the bytes of each weight of `state` stand, by name: to be overwritten."""
    for item in model.graph.initializer:
        if item.name in state:
            item.CopyFrom(numpy_helper.from_array(numpy_helper.to_array(item), item.name))  # all in ``raw_data``
    serialised = bytearray(model.SerializeToString())
    (graph,) = _under(memoryview(serialised), _GRAPH)
    tensors = {as_text(*_under(tensor, _NAME)): tensor for tensor in _under(graph, _INITIALIZER)}
    raw = {name: _under(tensor, _RAW_DATA) for name, tensor in tensors.items() if name in state}
    places = {name: np.frombuffer(data, np.uint8) for name, found in raw.items() for data in found}
    return serialised, places


def _under(message: memoryview, wanted: int) -> Iterator[memoryview]:
    return (as_bytes(value) for number, value in fields(message) if number == wanted)


def _export_distinct(
    graph: nn.Module, inputs: tuple[Tensor, ...], names: list[str], outputs: list[str]
) -> onnx.ModelProto:
    """Export with every weight different: the exporter merges equal ones, and merged ones cannot be replaced."""
    generator = torch.Generator().manual_seed(0)
    graph.load_state_dict({n: torch.rand(v.shape, generator=generator) for n, v in graph.state_dict().items()})
    return _export(graph, inputs, names, outputs)


def _export(graph: nn.Module, inputs: tuple[Tensor, ...], names: list[str], outputs: list[str]) -> onnx.ModelProto:
    buffer = io.BytesIO()
    logging.getLogger("torch.onnx").setLevel(logging.ERROR)
    with (
        exporting(),
        torch.no_grad(),
        warnings.catch_warnings(),
    ):  # the tracer warns of shapes that it fixes, which is what we want
        warnings.simplefilter("ignore")
        torch.onnx.export(
            graph,
            inputs,
            buffer,  # type: ignore[arg-type]
            input_names=names,
            output_names=outputs,
            opset_version=18,
            dynamo=False,
            do_constant_folding=False,  # it would fold weights into constants,
        )
    return _simplify(onnx.load_from_string(buffer.getvalue()))


def _simplify(model: onnx.ModelProto) -> onnx.ModelProto:
    """Fold constants once here, so that sessions of later versions start faster; weights stay as they are.

    What is computed from weights alone, such as some of their columns, is left to each version's session: while the
    graph is simplified the weights are inputs too, which ONNX lets override an initialiser, so they are no constants.
    """
    inputs = len(model.graph.input)
    for item in model.graph.initializer:
        model.graph.input.append(onnx.helper.make_tensor_value_info(item.name, item.data_type, item.dims))
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_BASIC
    options.log_severity_level = 3
    with tempfile.TemporaryDirectory() as folder:
        options.optimized_model_filepath = f"{folder}/graph.onnx"
        onnxruntime.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])
        simple = onnx.load(options.optimized_model_filepath)
    del simple.graph.input[inputs:]
    return simple
