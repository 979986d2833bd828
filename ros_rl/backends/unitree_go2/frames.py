# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Messages of fixed size as one numpy record each, in place of an object per motor: what 500 Hz in Python needs.

A record has the layout of the C struct, over which the checksum is computed. On the wire (CDR) the same members follow
each other in the same order, each at a multiple of its own size, counted from behind a header of 4 bytes. In a C struct
inner structs begin and end at multiples of their largest member; on the wire they don't: that is all that differs.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, TypeVar

import numpy as np

from ros_rl.backends.unitree import unitree_crc

_T = TypeVar("_T", bound=type)
_HEADER = b"\x00\x01\x00\x00"  # plain CDR, version 1, little endian: the robot's
_CHECKSUM = 4  # bytes


class Codec:
    """A declared message of fixed size, as a record and on the wire.

    Args:
        declared: A class of DDS's, whose members are numbers, arrays and such classes.

    Raises:
        TypeError: A member has no fixed size.
    """

    def __init__(self, declared: type) -> None:
        self.layout = c_layout(declared)
        """Of a record."""
        self._here, there = wire_order(self.layout)
        self._there = there + len(_HEADER)
        self.size = int(self._there[-1]) + 1
        """On the wire, with the header [bytes]."""

    def encode(self, record: np.ndarray) -> bytes:
        """A record of shape () on the wire."""
        wire = np.zeros(self.size, np.uint8)
        wire[: len(_HEADER)] = memoryview(_HEADER)
        wire[self._there] = record.reshape(1).view(np.uint8)[self._here]
        return wire.tobytes()

    def decode(self, wire: bytes) -> np.ndarray:
        """The record, shape ().

        Raises:
            ValueError: It is too short, or written in another way.
        """
        if len(wire) < self.size or wire[:2] != _HEADER[:2]:
            head = wire[: len(_HEADER)].hex()
            raise ValueError(
                f"a message of {len(wire)} bytes that begins {head}, expected {self.size} and {_HEADER.hex()}"
            )
        record = np.zeros(self.layout.itemsize, np.uint8)
        record[self._here] = np.frombuffer(wire, np.uint8)[self._there]
        return record.view(self.layout).reshape(())


def c_layout(declared: Any) -> np.dtype:
    """The C layout of a declared message, or of a number or an array in one; see `Codec`."""
    if hasattr(declared, "__idl__"):
        return np.dtype([(name, c_layout(of)) for name, of in declared.__annotations__.items()], align=True)
    meta: Any = getattr(declared, "__metadata__", (None,))[0]
    if isinstance(meta, str):  # float32, uint8, ...
        return np.dtype(meta)
    if getattr(meta, "length", None) is None:
        raise TypeError(f"{declared} has no fixed size")
    return np.dtype((c_layout(meta.subtype), (meta.length,)))


def wire_order(layout: np.dtype) -> tuple[np.ndarray, np.ndarray]:
    """Where each byte that is no padding stands: in a record, and behind the header on the wire."""
    here: list[int] = []
    there: list[int] = []
    for offset, size in _numbers(layout):
        begin = -(-(there[-1] + 1) // size) * size if there else 0
        here += range(offset, offset + size)
        there += range(begin, begin + size)
    return np.array(here), np.array(there)


def _numbers(layout: np.dtype, offset: int = 0) -> Iterator[tuple[int, int]]:
    """Offset and size of each number in a layout, in their order."""
    if layout.subdtype is not None:
        inner, shape = layout.subdtype
        for index in range(int(np.prod(shape))):
            yield from _numbers(inner, offset + index * inner.itemsize)
    elif layout.names is not None and layout.fields is not None:
        for name in layout.names:
            yield from _numbers(layout.fields[name][0], offset + layout.fields[name][1])
    else:
        yield offset, layout.itemsize


class Frame:
    """What `framed` gives to declared messages.

    Args:
        record: Its members by name, shape (); None for zeros.
    """

    codec: Codec

    def __init__(self, record: np.ndarray | None = None) -> None:
        self.record = np.zeros((), self.codec.layout) if record is None else record

    def serialize(self, buffer: Any = None, endianness: Any = None, use_version_2: bool | None = None) -> bytes:
        """What DDS asks for."""
        return self.codec.encode(self.record)

    @classmethod
    def deserialize(cls, data: bytes, has_header: bool = True, use_version_2: bool | None = None) -> Frame:
        """What DDS asks for; see `Codec.decode`."""
        return cls(cls.codec.decode(data))

    @classmethod
    def deserialize_key(cls, data: bytes, has_header: bool = True, use_version_2: bool | None = None) -> Frame:
        """What DDS asks for when a writer has gone; these messages have no keys."""
        return cls()


def framed(declared: _T) -> _T:
    """Class decorator for declared messages of fixed size: `Frame`'s record takes the place of their attributes.

    Not a base class, since DDS takes bases for part of a type, which must be the robot's own.
    """
    declared.codec = Codec(declared)  # type: ignore[attr-defined]
    for name in ("__init__", "serialize", "deserialize", "deserialize_key"):
        setattr(declared, name, vars(Frame)[name])
    return declared


def checksum(record: np.ndarray) -> int:
    """Of a record, but for its last word, where the checksum itself stands."""
    return unitree_crc(record.tobytes()[:-_CHECKSUM])


def seal(record: np.ndarray) -> None:
    """Write the checksum into a record."""
    record["crc"] = checksum(record)


def is_sealed(record: np.ndarray) -> bool:
    """Whether the checksum of a record is right."""
    return int(record["crc"]) == checksum(record)
