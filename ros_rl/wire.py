# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""How named vectors, blocks of bytes and arrays travel in one flat array, without ROS.

A packet begins with its stamp, sequence number and version; a list of (label, size) names every field. On the wire
the array is the data of a `std_msgs` multi-array and the list its ``layout.dim`` (`ros_rl.nodes.packets`).

What is a name and no number stands in a label: a transition's robot is the empty field ``source.<robot>``, and dtype
and shape of an array follow its name (``images.front |u1 48,64,3``). A transition without images is a packet of
vectors; with images it is one of arrays.
"""

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
from ros_rl.types import Array, Transition

Buffer = TypeVar("Buffer", bytes, memoryview)
Labels = list[tuple[str, int]]
"""Name and number of elements of each field, in order."""

SOURCE = "source."
"""The rest of the one label of a transition that begins so names the robot that it is experience of."""

IMAGES, NEXT_IMAGES = "images.", "next_images."
"""Labels of a transition that begin so are its images before and after the step."""

BY_PERSON = "by_person"
"""Empty field of a tick or a transition whose decision was a person's; others do not have it."""

METRICS = "metrics."
"""Labels of a transition that begin so are the task's metrics, not part of the experience."""

LARGEST_WHOLE = 2**53
"""Above it a float64 no longer tells whole numbers apart."""

_SECOND = 1_000_000_000
_LATEST = (2**31 - 1) * _SECOND + _SECOND - 1  # what a standard message's stamp can hold
_LONGEST_NAME = 255  # characters of a robot's name
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


def transition_fields(transition: Transition) -> dict[str, ArrayLike]:
    """A transition without its images as named vectors."""
    fields: dict[str, ArrayLike] = {
        "tick": transition.tick,
        "episode": transition.episode,
        "observation": transition.observation,
        "action": transition.action,
        "reward": transition.reward,
        "next_observation": transition.next_observation,
        "terminated": transition.terminated,
        "truncated": transition.truncated,
    }
    if transition.source:
        fields[f"{SOURCE}{transition.source}"] = ()
    if transition.by_person:
        fields[BY_PERSON] = ()
    return fields


def transition_arrays(transition: Transition) -> dict[str, np.ndarray]:
    """A transition with its images as named arrays."""
    arrays: dict[str, np.ndarray] = {
        name: np.atleast_1d(np.asarray(value, np.float64)) for name, value in transition_fields(transition).items()
    }
    for prefix, images in ((IMAGES, transition.images), (NEXT_IMAGES, transition.next_images)):
        arrays |= {f"{prefix}{name}": image for name, image in images.items()}
    return arrays


def number(fields: Mapping[str, np.ndarray], name: str) -> float:
    """A field that is one finite number.

    Raises:
        ContractError: It is missing, holds several values, or is not finite.
    """
    value = fields.get(name)
    if value is None:
        raise ContractError(f"lacks the field '{name}'")
    if value.size != 1:
        raise ContractError(f"'{name}' has {value.size} values, expected 1")
    found = float(value.item())
    if not math.isfinite(found):
        raise ContractError(f"'{name}' is {found}, expected a finite number")
    return found


def whole(fields: Mapping[str, np.ndarray], name: str, largest: int = LARGEST_WHOLE, smallest: int = 0) -> int:
    """A field that is one whole number from `smallest` to `largest`.

    Raises:
        ContractError: As `number`; or it is not whole, or out of range.
    """
    found = number(fields, name)
    if not (found.is_integer() and smallest <= found <= largest):
        raise ContractError(f"'{name}' is {found:g}, expected a whole number from {smallest} to {largest}")
    return int(found)


def vector(fields: Mapping[str, np.ndarray], name: str) -> np.ndarray:
    """A field of finite numbers.

    Raises:
        ContractError: It is missing, or a value is not finite.
    """
    value = fields.get(name)
    if value is None:
        raise ContractError(f"lacks the field '{name}'")
    if not np.isfinite(value).all():
        raise ContractError(f"'{name}' is not finite: {first_beyond(value)}")
    return value


def first_beyond(value: np.ndarray, largest: float = math.inf) -> str:
    """The first value that is not finite or too large, and its place, for messages.

    Args:
        value: Of any shape; holds such a value.
        largest: Magnitude allowed.
    """
    flat = np.ravel(value)
    place = int(np.argmin(np.isfinite(flat) & (np.abs(flat) <= largest)))
    return f"{flat[place]:g} at {place}"


def transition_from(fields: Mapping[str, np.ndarray]) -> Transition:
    """The inverse of `transition_fields` and of `transition_arrays`.

    What its sizes have to be is the layout's to say: `ros_rl.layout.Layout.check`.

    Raises:
        ContractError: A field is missing, holds several values where one is meant, or is not finite.
    """
    try:
        return Transition(
            tick=whole(fields, "tick"),
            episode=whole(fields, "episode"),
            observation=vector(fields, "observation"),
            action=vector(fields, "action"),
            reward=number(fields, "reward"),
            next_observation=vector(fields, "next_observation"),
            terminated=bool(whole(fields, "terminated", 1)),
            truncated=bool(whole(fields, "truncated", 1)),
            source=_source(fields),
            images=_under(IMAGES, fields),
            next_images=_under(NEXT_IMAGES, fields),
            by_person=BY_PERSON in fields,
        )
    except ContractError as error:
        raise ContractError(f"transition {error}") from None


def _source(fields: Mapping[str, np.ndarray]) -> str:
    """The robot's name."""
    names = list(_under(SOURCE, fields))
    if len(names) > 1 or any(len(name) > _LONGEST_NAME for name in names):
        raise ContractError(f"names {len(names)} sources: {', '.join(names)[:_LONGEST_NAME]}")
    return names[0] if names else ""


def _under(prefix: str, fields: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """The fields whose labels begin so, by the rest of them."""
    return {name[len(prefix) :]: value for name, value in fields.items() if name.startswith(prefix)}


def metrics_from(fields: Mapping[str, np.ndarray]) -> dict[str, float]:
    """The task's metrics that came with a transition, by their labels.

    Raises:
        ContractError: One is not one finite number.
    """
    try:
        return {name: number(fields, name) for name in fields if name.startswith(METRICS)}
    except ContractError as error:
        raise ContractError(f"transition {error}") from None
