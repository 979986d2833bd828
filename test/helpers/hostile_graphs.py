# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Control graphs with a good contract that nobody should run, each of about a kilobyte."""

from collections.abc import Sequence

import numpy as np
import onnx
from graphs import constant, contract_of, serialise, spec_of
from onnx import TensorProto, helper, numpy_helper

from ros_rl.settings.tree import Settings


def whole(name: str, value: Sequence[int] | int) -> onnx.TensorProto:
    return numpy_helper.from_array(np.asarray(value, dtype=np.int64), name)


def acting(settings: Settings, nodes: Sequence[onnx.NodeProto], weights: Sequence[onnx.TensorProto], of: str) -> bytes:
    """Action 0 plus 0 times the mean of what these operators give, so that none of them can be left out."""
    size = spec_of(settings).action_size
    tail = [
        helper.make_node("ReduceMean", [of], ["mean"], keepdims=0),
        helper.make_node("Mul", ["mean", "none"], ["nothing"]),
        helper.make_node("Add", ["nothing", "zeros"], ["action"]),
    ]
    zeros = [constant("none", 0.0), constant("zeros", np.zeros(size))]
    return serialise(settings, [*nodes, *tail], [*weights, *zeros], contract_of(settings))


def huge(settings: Settings, values: int = 400_000_000) -> bytes:
    """Takes 1.6 GB."""
    nodes = [
        helper.make_node("Expand", ["explore", "shape"], ["wide"]),
        helper.make_node("Sin", ["wide"], ["large"]),
    ]
    return acting(settings, nodes, [whole("shape", [values])], "large")


def huge_constant(settings: Settings, values: int = 400_000_000) -> bytes:
    """Takes 1.6 GB, also where constants are folded."""
    nodes = [helper.make_node("ConstantOfShape", ["shape"], ["large"])]
    return acting(settings, nodes, [whole("shape", [values])], "large")


def slow(settings: Settings, products: int = 60, size: int = 2_000) -> bytes:
    """Multiplies matrices for many seconds."""
    nodes = [helper.make_node("Expand", ["explore", "shape"], ["product_0"])]
    nodes += [helper.make_node("MatMul", [f"product_{k}", "product_0"], [f"product_{k + 1}"]) for k in range(products)]
    return acting(settings, nodes, [whole("shape", [size, size])], f"product_{products}")


def endless(settings: Settings) -> bytes:
    """A loop of 2^62 rounds."""
    inner = helper.make_graph(
        [
            helper.make_node("Identity", ["go"], ["on"]),
            helper.make_node("Cos", ["before"], ["after"]),
        ],
        "rounds",
        [
            helper.make_tensor_value_info("round", TensorProto.INT64, []),
            helper.make_tensor_value_info("go", TensorProto.BOOL, []),
            helper.make_tensor_value_info("before", TensorProto.FLOAT, [1]),
        ],
        [
            helper.make_tensor_value_info("on", TensorProto.BOOL, []),
            helper.make_tensor_value_info("after", TensorProto.FLOAT, [1]),
        ],
    )
    nodes = [helper.make_node("Loop", ["rounds", "", "explore"], ["value"], body=inner)]
    return acting(settings, nodes, [whole("rounds", 2**62)], "value")


def sized_by_a_value(settings: Settings, source: str = "explore") -> bytes:
    """As large as the value of an input, or of a weight, says."""
    nodes = [
        helper.make_node("Cast", [source], ["count"], to=TensorProto.INT64),
        helper.make_node("ConstantOfShape", ["count"], ["large"]),
    ]
    return acting(settings, nodes, [constant("weight", [10.0])], "large")
