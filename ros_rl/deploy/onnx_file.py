# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""What an ONNX file is made of, looked at before onnxruntime does: its contract, its structure, and what it may not be.

A control graph is a fixed sequence of standard operators on arrays whose sizes do not depend on any value. So it takes
the same time and memory whatever its weights and inputs are, and a trial of one version speaks for all of its
structure.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from hashlib import blake2b

from ros_rl.deploy.protobuf import Value, as_bytes, as_text, as_whole, as_wholes, fields
from ros_rl.errors import GraphError

MAX_BYTES = 200 * 1024 * 1024
MAX_NODES = 100_000
"""Operators of one graph; the planner that ships has 1,350."""

_DOMAINS = ("", "ai.onnx")
_WEIGHT_TYPES = (1, 10, 11, 16)  # float, half, double, bfloat16
_SIZES: dict[str, tuple[int, ...]] = {
    "AffineGrid": (1,),
    "BlackmanWindow": (0,),
    "CenterCropPad": (1,),
    "Col2Im": (1, 2),
    "ConstantOfShape": (0,),
    "DFT": (1, 2),
    "Expand": (1,),
    "HammingWindow": (0,),
    "HannWindow": (0,),
    "MaxUnpool": (1, 2),
    "MelWeightMatrix": (0, 1, 2, 3, 4),
    "OneHot": (1,),
    "Pad": (1, 3),
    "Range": (0, 1, 2),
    "Reshape": (1,),
    "Resize": (1, 2, 3),
    "STFT": (1, 3),
    "Slice": (1, 2, 3, 4),
    "Split": (1,),
    "Tile": (1,),
    "TopK": (1,),
    "Upsample": (1,),
}
"""By operator, which of its inputs say how large its outputs are."""
_REFUSED = frozenset({"Compress", "If", "Loop", "NonMaxSuppression", "NonZero", "Scan", "TfIdfVectorizer", "Unique"})
_REFUSED_KINDS = ("Optional", "Sequence", "SplitToSequence", "String")
_SHAPES = ("Shape", "Size")  # what they give depends on no value


@dataclass
class OnnxFile:
    """A serialised ONNX model, taken apart no further than its operators.

    Attributes:
        metadata: Its entries by key.
        digest: Names everything but the weights' values and the metadata.
    """

    metadata: dict[str, str] = field(default_factory=dict)
    digest: bytes = b""
    _nodes: list[memoryview] = field(default_factory=list)
    _initializers: list[_Tensor] = field(default_factory=list)
    _inputs: list[memoryview] = field(default_factory=list)

    @classmethod
    def read(cls, model: bytes) -> OnnxFile:
        """Take a model apart.

        Raises:
            GraphError: It is too large, no ONNX model, or has parts that a control graph may not have: functions of
                its own, training graphs, sparse or external weights.
        """
        if len(model) > MAX_BYTES:
            raise GraphError(f"control graph has {len(model)} bytes, the limit is {MAX_BYTES}")
        file, digest, graphs = cls(), blake2b(digest_size=32), 0
        for number, value in fields(memoryview(model)):
            if number == 14:
                key, text = _entry(as_bytes(value))
                file.metadata[key] = text
            elif number == 7:
                graphs += 1
                file._read_graph(as_bytes(value), digest)
            elif number in (20, 25):
                raise GraphError(f"control graph has {'functions' if number == 25 else 'training graphs'} of its own")
            else:
                _note(digest, number, value)
        if graphs != 1:
            raise GraphError(f"control graph cannot be loaded: the model has {graphs} graphs, expected one")
        file.digest = digest.digest()
        return file

    def _read_graph(self, graph: memoryview, digest: blake2b) -> None:
        for number, value in fields(graph):
            if number == 5:
                tensor = _Tensor.read(as_bytes(value))
                self._initializers.append(tensor)
                _note(digest, number, tensor.signature if tensor.is_weight else value)
                continue
            if number == 15:
                raise GraphError("control graph has sparse weights")
            if number in (1, 11):
                (self._nodes if number == 1 else self._inputs).append(as_bytes(value))
            _note(digest, number, value)
        if len(self._nodes) > MAX_NODES:
            raise GraphError(f"control graph has {len(self._nodes)} operators, the limit is {MAX_NODES}")

    def check(self) -> None:
        """Refuse operators that are not standard, that hold graphs of their own, or whose sizes depend on values.

        Raises:
            GraphError: Naming the operator.
        """
        depends = {tensor.name for tensor in self._initializers if tensor.is_weight}
        depends |= {name for item in self._inputs for name in _texts(item, 1)}
        known = depends | {tensor.name for tensor in self._initializers} | {""}
        for data in self._nodes:
            node = _Node.read(data)
            if not known.issuperset(node.inputs):
                raise GraphError(f"control graph has operator {node.kind} in front of what it needs")
            known.update(node.outputs)
            if node.domain not in _DOMAINS:
                raise GraphError(f"control graph has operator {node.domain}.{node.kind}, only ONNX's own are allowed")
            if node.holds_graph or node.kind in _REFUSED or node.kind.startswith(_REFUSED_KINDS):
                raise GraphError(f"control graph has operator {node.kind}, whose time or size depends on values")
            dependent = [name for name in node.inputs if name in depends]
            for place in _SIZES.get(node.kind, ()):
                if place < len(node.inputs) and node.inputs[place] in dependent:
                    raise GraphError(f"control graph has operator {node.kind} whose size depends on values")
            if dependent and node.kind not in _SHAPES:
                depends.update(node.outputs)


@dataclass
class _Node:
    """One operator."""

    kind: str = ""
    domain: str = ""
    inputs: list[str] = field(default_factory=list)
    outputs: list[str] = field(default_factory=list)
    holds_graph: bool = False

    @classmethod
    def read(cls, data: memoryview) -> _Node:
        node = cls()
        for number, value in fields(data):
            if number == 1:
                node.inputs.append(as_text(value))
            elif number == 2:
                node.outputs.append(as_text(value))
            elif number == 4:
                node.kind = as_text(value)
            elif number == 7:
                node.domain = as_text(value)
            elif number == 5:
                for inner, content in fields(as_bytes(value)):
                    node.holds_graph |= inner in (6, 11)
                    if inner in (5, 10):
                        _Tensor.read(as_bytes(content))
        return node


@dataclass
class _Tensor:
    """A constant array; its values stay where they are."""

    name: str = ""
    data_type: int = 0
    dims: list[int] = field(default_factory=list)
    size: int = 0
    """Bytes of everything but name, type and dimensions."""

    @classmethod
    def read(cls, data: memoryview) -> _Tensor:
        tensor = cls()
        for number, value in fields(data):
            if number == 1:
                tensor.dims += as_wholes(value)
            elif number == 2:
                tensor.data_type = as_whole(value)
            elif number == 8:
                tensor.name = as_text(value)
            elif number == 13 or (number == 14 and value):
                raise GraphError("control graph keeps weights outside its file")
            else:
                tensor.size += 1 if isinstance(value, int) else len(value)
        return tensor

    @property
    def is_weight(self) -> bool:
        """Whether versions of a structure may differ in it."""
        return self.data_type in _WEIGHT_TYPES

    @property
    def signature(self) -> memoryview:
        return memoryview(f"{self.name} {self.data_type} {self.dims} {self.size}".encode())


def _texts(data: memoryview, wanted: int) -> Iterator[str]:
    return (as_text(value) for number, value in fields(data) if number == wanted)


def _entry(data: memoryview) -> tuple[str, str]:
    return "".join(_texts(data, 1)), "".join(_texts(data, 2))


def _note(digest: blake2b, number: int, value: Value) -> None:
    data = memoryview(b"%d" % value) if isinstance(value, int) else value
    digest.update(b"%d %d:" % (number, len(data)))
    digest.update(data)


_CHECKED: dict[bytes, None] = {}  # digests of the structures that were found good, the newest last
_MOST_CHECKED = 64


def check_structure(file: OnnxFile) -> None:
    """`OnnxFile.check`, once for each structure: versions of a graph differ in their weights only.

    Raises:
        GraphError: As `OnnxFile.check`.
    """
    if file.digest in _CHECKED:
        return
    file.check()
    _CHECKED[file.digest] = None
    while len(_CHECKED) > _MOST_CHECKED:
        del _CHECKED[next(iter(_CHECKED))]
