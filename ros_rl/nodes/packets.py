# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Named vectors and bytes as `std_msgs` multi-arrays, and the small messages that are nothing else."""

from __future__ import annotations

import struct
from array import array
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from rclpy.serialization import serialize_message
from std_msgs.msg import Float64MultiArray, MultiArrayDimension, MultiArrayLayout, UInt8MultiArray

from ros_rl.errors import ContractError
from ros_rl.runs.evaluations import evaluation_request
from ros_rl.sensors.message_fields import doubles
from ros_rl.types import Array, Verdict
from ros_rl.wire import (
    Header,
    number,
    pack,
    pack_arrays,
    pack_bytes,
    unpack,
    unpack_arrays,
    unpack_bytes,
    whole,
)


@lru_cache(maxsize=256)
def _layout(labels: tuple[tuple[str, int], ...]) -> MultiArrayLayout:
    return MultiArrayLayout(dim=[MultiArrayDimension(label=name, size=size, stride=size) for name, size in labels])


def _labels(message: Any) -> list[tuple[str, int]]:
    return [(dimension.label, dimension.size) for dimension in message.layout.dim]


def to_vectors(header: Header, fields: Mapping[str, ArrayLike]) -> Float64MultiArray:
    """Named vectors as a message."""
    data, labels = pack(header, fields)
    return Float64MultiArray(layout=_layout(tuple(labels)), data=doubles(data))


def from_vectors(message: Float64MultiArray) -> tuple[Header, dict[str, Array]]:
    """The inverse of `to_vectors`.

    Raises:
        ContractError: The message does not hold what its layout says.
    """
    return unpack(np.array(message.data, dtype=np.float64), _labels(message))


def to_blocks(header: Header, fields: Mapping[str, bytes]) -> UInt8MultiArray:
    """Named blocks of bytes as a message."""
    data, labels = pack_bytes(header, fields)
    return UInt8MultiArray(layout=_layout(tuple(labels)), data=array("B", data))


def from_blocks(message: UInt8MultiArray) -> tuple[Header, dict[str, bytes]]:
    """The inverse of `to_blocks`.

    Raises:
        ContractError: The message does not hold what its layout says.
    """
    return unpack_bytes(bytes(message.data), _labels(message))


def to_arrays(header: Header, arrays: Mapping[str, np.ndarray]) -> UInt8MultiArray:
    """Named arrays as a message, bit for bit."""
    data, labels = pack_arrays(header, arrays)
    return UInt8MultiArray(layout=_layout(tuple(labels)), data=array("B", data))


def from_arrays(message: UInt8MultiArray) -> tuple[Header, dict[str, np.ndarray]]:
    """The inverse of `to_arrays`.

    Raises:
        ContractError: The message does not hold what its layout says.
    """
    return unpack_arrays(bytes(message.data), _labels(message))


def to_raw_blocks(header: Header, fields: Mapping[str, bytes]) -> bytes:
    """Named blocks of bytes as a message that is serialised already (CDR), with one copy of the blocks."""
    head, labels = pack_bytes(header, dict.fromkeys(fields, b""))
    sizes = [(name, len(fields.get(name, head))) for name, _ in labels]
    empty = serialize_message(UInt8MultiArray(layout=_layout(tuple(sizes))))
    count = struct.pack("=I", sum(size for _, size in sizes))
    return b"".join([empty[: -len(count)], count, head, *fields.values()])


def from_raw_blocks(message: bytes) -> tuple[Header, dict[str, memoryview]]:
    """The inverse of `to_raw_blocks`; the blocks are views of the message.

    Raises:
        ContractError: The bytes are no such message, or it does not hold what its layout says.
    """
    try:
        data, labels = _raw_parts(memoryview(message))
    except (struct.error, IndexError, UnicodeDecodeError):
        raise ContractError(f"{len(message)} bytes are no {UInt8MultiArray.__name__}") from None
    return unpack_bytes(data, labels)


def _raw_parts(message: memoryview) -> tuple[memoryview, list[tuple[str, int]]]:
    """Data and labels of a serialised `UInt8MultiArray`: numbers are aligned to four bytes, texts end with a zero."""
    order, place, labels = "<>"[not message[1] & 1], 4, []

    def number() -> int:
        nonlocal place
        place += -place % 4 + 4
        return int(struct.unpack_from(f"{order}I", message, place - 4)[0])

    for _ in range(number()):
        length = number()
        label, place = str(message[place : place + length], "utf-8").rstrip("\0"), place + length
        labels.append((label, number()))
        number()  # its stride
    number()  # the data's offset
    length = number()
    return message[place : place + length], labels


def steps_from(message: Float64MultiArray) -> tuple[int, int]:
    """From a tick's own message: the driver's session, and the environment steps it has taken in it.

    Raises:
        ContractError: It is no tick.
    """
    header, fields = from_vectors(message)
    try:
        return header.version, whole(fields, "env_steps")
    except ContractError as error:
        raise ContractError(f"not a tick: {error}") from None


def to_verdict(stamp: int, verdict: Verdict) -> Float64MultiArray:
    """The collector's answer to the tick of that stamp."""
    return to_vectors(Header(stamp), {"verdict": int(verdict)})


def from_verdict(message: Float64MultiArray) -> tuple[int, Verdict]:
    """Stamp of the tick [ns] and the answer.

    Raises:
        ContractError: The message holds no verdict.
    """
    header, fields = from_vectors(message)
    try:
        return header.stamp, Verdict(whole(fields, "verdict", max(Verdict)))
    except ContractError as error:
        raise ContractError(f"not a verdict: {error}") from None


def to_allowance(steps: int, sequence: int) -> Float64MultiArray:
    """Environment steps that the driver may have taken since it started."""
    return to_vectors(Header(0, sequence), {"steps": steps})


def from_allowance(message: Float64MultiArray) -> int:
    """The inverse of `to_allowance`.

    Raises:
        ContractError: The message holds no allowance.
    """
    _, fields = from_vectors(message)
    try:
        return whole(fields, "steps")
    except ContractError as error:
        raise ContractError(f"not a step allowance: {error}") from None


def from_raw_graph(message: bytes) -> tuple[int, memoryview]:
    """Version and ONNX bytes of a control graph whose message is serialised.

    Raises:
        ContractError: The message holds none.
    """
    header, blocks = from_raw_blocks(message)
    if "model" not in blocks:
        raise ContractError(f"not a control graph: it holds {', '.join(blocks)[:200] or 'nothing'}, expected 'model'")
    return header.version, blocks["model"]


def from_request(message: UInt8MultiArray) -> tuple[dict[str, Any], bytes]:
    """What is asked of the evaluator, and the ONNX bytes of the control graph that it is to judge.

    Raises:
        ContractError: The message holds none.
    """
    _, blocks = from_blocks(message)
    if set(blocks) != {"request", "model"}:
        raise ContractError(f"not an evaluation request: it holds {', '.join(blocks)[:200]}, expected request, model")
    return evaluation_request(blocks["request"]), blocks["model"]


def from_progress(message: Float64MultiArray) -> dict[str, float]:
    """What the learner tells, by name; a figure that is not finite, such as a loss, is left out.

    Raises:
        ContractError: It holds no progress, or one of its counts is none.
    """
    _, fields = from_vectors(message)
    try:
        counts = {name: float(whole(fields, name)) for name in ("done", "env_steps", "transitions")}
        minutes = number(fields, "robot_minutes")
        if minutes < 0:
            raise ContractError(f"'robot_minutes' is {minutes}, expected none below 0")
    except ContractError as error:
        raise ContractError(f"not a progress: {error}") from None
    values = {name: float(value[0]) for name, value in fields.items() if value.size == 1 and np.isfinite(value[0])}
    return values | counts
