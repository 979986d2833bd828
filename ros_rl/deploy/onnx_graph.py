# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Runs control graphs with onnxruntime: one thread, no spinning, every output checked."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ros_rl.deploy.contract import METADATA_KEY, Contract
from ros_rl.deploy.onnx_file import OnnxFile, check_structure
from ros_rl.errors import ContractError, GraphError, MissingDependencyError

try:
    import onnxruntime
except ImportError as error:
    raise MissingDependencyError("onnxruntime", "sim") from error

CARRY, NOISE, EXPLORE = "carry", "noise", "explore"
ACTION, NEXT_CARRY = "action", "next_carry"
_TYPES = {"float32": "tensor(float)", "uint8": "tensor(uint8)"}
"""onnxruntime's names of dtypes."""


@dataclass(frozen=True)
class GraphOutput:
    """What one run of a control graph gives."""

    action: np.ndarray
    """u_{k+d} in [-1, 1], shape (actions,)."""
    carry: np.ndarray
    telemetry: dict[str, np.ndarray]


class OnnxGraph:
    """A control graph that is ready to run.

    Args:
        model: The serialised ONNX model.
        threads: onnxruntime threads.
        file: The same, if it is taken apart already.
        optimise: Whether onnxruntime optimises it: that takes longer than it saves in a few runs.

    Raises:
        GraphError: Too large, not a model, or one that a control graph may not be (`ros_rl.deploy.onnx_file`).
        ContractError: It carries no readable contract, or its inputs are not what that says.
    """

    def __init__(self, model: bytes, threads: int = 1, file: OnnxFile | None = None, optimise: bool = True) -> None:
        file = file or OnnxFile.read(model)
        self.contract = Contract.from_json(file.metadata.get(METADATA_KEY, ""))
        check_structure(file)
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        options.log_severity_level = 3
        if not optimise:
            options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
        try:
            self._session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
        except Exception as error:  # onnxruntime's own exceptions have no common base but Exception
            raise GraphError(f"control graph cannot be loaded: {str(error).splitlines()[0]}") from None
        self._inputs = {item.name for item in self._session.get_inputs()}
        self._fields = {item["name"]: (tuple(item["shape"]), item["dtype"]) for item in self.contract.fields}
        self._check_inputs()
        self._outputs = [item.name for item in self._session.get_outputs()]
        if ACTION not in self._outputs:
            raise ContractError(f"control graph gives {', '.join(self._outputs)}, expected '{ACTION}' among them")

    @classmethod
    def load(cls, path: Path, threads: int = 1) -> OnnxGraph:
        """Load from a file.

        Raises:
            GraphError: No such file, or not a control graph.
        """
        try:
            return cls(path.read_bytes(), threads)
        except OSError as error:
            raise GraphError(f"agent file {path}: {error.strerror}") from None

    def _check_inputs(self) -> None:
        contract = self.contract
        own = {CARRY: ((len(contract.carry),), "float32"), NOISE: (tuple(contract.noise), "float32")}
        expected = self._fields | own | {EXPLORE: ((1,), "float32")}
        for item in self._session.get_inputs():
            if item.name not in expected:
                raise ContractError(f"control graph takes '{item.name}', which its contract does not name")
            shape, dtype = expected[item.name]
            if tuple(item.shape) != shape or item.type != _TYPES.get(dtype):
                raise ContractError(
                    f"control graph takes '{item.name}' as {item.type} {item.shape}, its contract says {dtype} {shape}"
                )

    def check_outputs(self) -> None:
        """Run once, on zeros, and refuse outputs that are not as the contract says.

        Raises:
            GraphError: As `run`; or the names, shapes or dtypes of the outputs differ.
        """
        zeros = {name: np.zeros(shape, dtype) for name, (shape, dtype) in self._fields.items()}
        found = self.run(zeros, self.initial_carry(), np.zeros(self.contract.noise, np.float32), 0.0)
        told = {name: (list(value.shape), str(value.dtype)) for name, value in found.telemetry.items()}
        expected = {name: (shape, "float32") for name, shape in self.contract.telemetry.items()}
        if told != expected:
            raise GraphError(f"control graph gives {told} beside its action, its contract says {expected}")

    def initial_carry(self) -> np.ndarray:
        """The carry of an episode's first tick."""
        return np.array(self.contract.carry, dtype=np.float32)

    def run(self, fields: dict[str, np.ndarray], carry: np.ndarray, noise: np.ndarray, explore: float) -> GraphOutput:
        """Choose an action.

        Args:
            fields: Observation fields and images by name, each of its contract's shape; images uint8, the others any
                floating-point numbers.
            carry: Of the last run, or `initial_carry`.
            noise: Standard normal numbers of the contract's shape.
            explore: 0 to evaluate, 1 to behave.

        Raises:
            GraphError: An input is of another shape or dtype, the graph fails, or its action or carry is not finite or
                has the wrong size.
        """
        feed = {name: self._input(name, value) for name, value in fields.items() if name in self._inputs}
        feed |= {CARRY: carry, NOISE: noise, EXPLORE: np.array([explore], dtype=np.float32)}
        try:
            values = self._session.run(self._outputs, {k: v for k, v in feed.items() if k in self._inputs})
        except Exception as error:
            raise GraphError(f"control graph failed: {str(error).splitlines()[0]}") from None
        outputs = dict(zip(self._outputs, values, strict=True))
        action, next_carry = outputs.pop(ACTION), outputs.pop(NEXT_CARRY, carry)
        if action.dtype != np.float32 or next_carry.dtype != np.float32:
            raise GraphError(f"control graph gave {action.dtype} actions and a {next_carry.dtype} carry, not float32")
        size = len(self.contract.joints)
        if action.shape != (size,):
            raise GraphError(f"control graph gave an action of shape {action.shape}, expected ({size},)")
        if next_carry.shape != carry.shape:
            raise GraphError(f"control graph gave a carry of shape {next_carry.shape}, expected {carry.shape}")
        if not (np.isfinite(action).all() and np.isfinite(next_carry).all()):
            raise GraphError(f"control graph gave a non-finite action or carry: {action}")
        return GraphOutput(action, next_carry, outputs)

    def _input(self, name: str, value: np.ndarray) -> np.ndarray:
        """A field in the dtype that the contract declares."""
        shape, dtype = self._fields[name]
        if value.shape != shape or not np.can_cast(value.dtype, dtype, "same_kind"):
            raise GraphError(f"control graph failed: '{name}' is {value.dtype} {value.shape}, expected {dtype} {shape}")
        return np.asarray(value, dtype=dtype)
