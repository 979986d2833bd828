# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Reads the fields of a serialised protobuf message, as much of the format as ONNX files use; they need no `onnx`."""

from __future__ import annotations

from collections.abc import Iterator

from ros_rl.errors import GraphError

_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5
_LONGEST_VARINT = 10  # bytes

Value = int | memoryview


def fields(data: memoryview) -> Iterator[tuple[int, Value]]:
    """Number and value of each field: a whole number, or the bytes of everything else.

    Raises:
        GraphError: The bytes are no protobuf message.
    """
    place, size = 0, len(data)
    while place < size:
        key, place = _varint(data, place)
        kind = key & 7
        if kind == _VARINT:
            value, place = _varint(data, place)
            yield key >> 3, value
            continue
        if kind == _BYTES:
            length, place = _varint(data, place)
        elif kind in (_FIXED64, _FIXED32):
            length = 8 if kind == _FIXED64 else 4
        else:
            raise GraphError(f"control graph cannot be loaded: field of kind {kind} at byte {place}")
        if length > size - place:
            raise GraphError(f"control graph cannot be loaded: {length} bytes at byte {place}, {size - place} are left")
        yield key >> 3, data[place : place + length]
        place += length


def _varint(data: memoryview, place: int) -> tuple[int, int]:
    """A whole number, and the place behind it."""
    value = shift = 0
    for byte in data[place : place + _LONGEST_VARINT]:
        place += 1
        if byte < 0x80:
            return value | byte << shift, place
        value |= (byte & 0x7F) << shift
        shift += 7
    raise GraphError(f"control graph cannot be loaded: a number without an end at byte {place}")


def as_bytes(value: Value) -> memoryview:
    """A field that has to be bytes.

    Raises:
        GraphError: It is a number.
    """
    if isinstance(value, int):
        raise GraphError(f"control graph cannot be loaded: the number {value} where a message belongs")
    return value


def as_text(value: Value) -> str:
    """A field that has to be text.

    Raises:
        GraphError: It is a number, or not UTF-8.
    """
    try:
        return str(as_bytes(value), "utf-8")
    except UnicodeDecodeError:
        raise GraphError("control graph cannot be loaded: a name is not text in UTF-8") from None


def as_whole(value: Value) -> int:
    """A field that has to be a whole number.

    Raises:
        GraphError: It is bytes.
    """
    if not isinstance(value, int):
        raise GraphError("control graph cannot be loaded: bytes where a number belongs")
    return value


def as_wholes(value: Value) -> list[int]:
    """A field that has to be whole numbers: one, or several packed.

    Raises:
        GraphError: The bytes are none.
    """
    if isinstance(value, int):
        return [value]
    found, place = [], 0
    while place < len(value):
        number, place = _varint(value, place)
        found.append(number)
    return found
