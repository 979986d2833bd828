# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Named vectors, blocks of bytes or arrays in one flat array, behind a header."""

from __future__ import annotations

import math
import re
import struct
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import ArrayLike

from ros_rl.errors import ContractError
from ros_rl.types import Array
from ros_rl.wire.fields import LARGEST_WHOLE

Buffer = TypeVar("Buffer", bytes, memoryview)
Labels = list[tuple[str, int]]
"""Name and number of elements of each field, in order."""

_SECOND = 1_000_000_000
_LATEST = (2**31 - 1) * _SECOND + _SECOND - 1  # what a standard message's stamp can hold
_CODE = re.compile("[<>|=]?[biuf][1248]")  # of the dtypes that arrays travel in
_VECTOR_HEADER: Labels = [("stamp_sec", 1), ("stamp_nanosec", 1), ("sequence", 1), ("version", 1)]
_BYTES_HEADER = struct.Struct("<qqq")
_BYTES_LABELS: Labels = [("header", _BYTES_HEADER.size)]


@dataclass(frozen=True)
class Header:
    """What every packet begins with."""

    stamp: int
    """[ns]; that of the tick that the packet belongs to."""
    sequence: int = 0
    """Running number of the packets of one sender."""
    version: int = 0
    """Of what is sent: of the control graph, or of the sender's session."""


def pack(header: Header, fields: Mapping[str, ArrayLike]) -> tuple[Array, Labels]:
    """Flatten named vectors; bit for bit, since all travel as float64.

    Returns:
        The flat array, and name and size of each part.
    """
    sec, nanosec = divmod(header.stamp, _SECOND)
    parts = [np.array([sec, nanosec, header.sequence, header.version], dtype=np.float64)]
    labels = list(_VECTOR_HEADER)
    for name, value in fields.items():
        flat = np.asarray(value, dtype=np.float64).reshape(-1)
        parts.append(flat)
        labels.append((name, flat.size))
    return np.concatenate(parts), labels


def unpack(data: Array, labels: Sequence[tuple[str, int]]) -> tuple[Header, dict[str, Array]]:
    """The inverse of `pack`; the vectors are views of `data`.

    Raises:
        ContractError: The header is missing or holds what it cannot, the sizes do not add up to the data, or a name
            stands twice.
    """
    slices = _slices(labels, _VECTOR_HEADER, len(data))
    values = data[:4].tolist()
    if not all(0 <= value <= LARGEST_WHOLE and value.is_integer() for value in values):
        raise ContractError(f"packet header is {values}, expected whole numbers from 0 to 2^53")
    sec, nanosec, sequence, version = (int(value) for value in values)
    fields = {name: data[start:stop] for name, start, stop in slices}
    return _checked(Header(sec * _SECOND + nanosec, sequence, version)), fields


def pack_bytes(header: Header, fields: Mapping[str, bytes]) -> tuple[bytes, Labels]:
    """Join named blocks of bytes behind a header of three little-endian int64: stamp [ns], sequence, version."""
    head = _BYTES_HEADER.pack(header.stamp, header.sequence, header.version)
    labels = _BYTES_LABELS + [(name, len(value)) for name, value in fields.items()]
    return b"".join([head, *fields.values()]), labels


def unpack_bytes(data: Buffer, labels: Sequence[tuple[str, int]]) -> tuple[Header, dict[str, Buffer]]:
    """The inverse of `pack_bytes`; of a view, the blocks are views.

    Raises:
        ContractError: As `unpack`.
    """
    slices = _slices(labels, _BYTES_LABELS, len(data))
    header = _checked(Header(*_BYTES_HEADER.unpack_from(data)))
    return header, {name: data[start:stop] for name, start, stop in slices}


def _checked(header: Header) -> Header:
    if not (0 <= header.stamp <= _LATEST and min(header.sequence, header.version) >= 0):
        raise ContractError(f"packet header is {header}, expected none below 0 and a stamp up to {_LATEST}")
    return header


def _slices(labels: Sequence[tuple[str, int]], header: Labels, size: int) -> Iterable[tuple[str, int, int]]:
    if list(labels[: len(header)]) != header:
        raise ContractError(f"packet begins with {list(labels[: len(header)])}, expected {header}")
    total = sum(length for _, length in labels)
    if total != size:
        raise ContractError(f"packet has {size} elements, its layout names {total}")
    names = [name for name, _ in labels[len(header) :]]
    if len(set(names)) != len(names):
        raise ContractError(f"packet names a field twice: {str(names)[:200]}")
    start, slices = 0, []
    for name, length in labels:
        slices.append((name, start, start + length))
        start += length
    return slices[len(header) :]


def pack_arrays(header: Header, arrays: Mapping[str, np.ndarray]) -> tuple[bytes, Labels]:
    """Join named arrays of numbers, bit for bit, as `pack_bytes` does; each label tells name, dtype and shape."""
    blocks = {
        f"{name} {array.dtype.str} {','.join(map(str, array.shape))}": array.tobytes() for name, array in arrays.items()
    }
    return pack_bytes(header, blocks)


def unpack_arrays(data: bytes, labels: Sequence[tuple[str, int]]) -> tuple[Header, dict[str, np.ndarray]]:
    """The inverse of `pack_arrays`; the arrays are read-only views of `data`.

    Raises:
        ContractError: As `unpack_bytes`, or a label does not fit its bytes.
    """
    header, blocks = unpack_bytes(data, labels)
    arrays = dict(_array(label, block) for label, block in blocks.items())
    if len(arrays) != len(blocks):
        raise ContractError(f"packet names an array twice: {str(list(blocks))[:200]}")
    return header, arrays


def _array(label: str, block: bytes) -> tuple[str, np.ndarray]:
    try:
        name, code, sizes = label.rsplit(" ", 2)
        if _CODE.fullmatch(code) is None:
            raise ValueError
        dtype, shape = np.dtype(code), tuple(int(size) for size in sizes.split(",") if size)
        if min(shape, default=0) < 0 or math.prod(shape) * dtype.itemsize != len(block):
            raise ValueError
    except (ValueError, TypeError):
        raise ContractError(f"packet has {len(block)} bytes that '{label[:200]}' does not fit") from None
    return name, np.frombuffer(block, dtype).reshape(shape)
