# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""What changes a training between two checkpoints: transitions, steps and rounds of updates, as bytes."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import TypeAlias

import numpy as np

from ros_rl.errors import ContractError
from ros_rl.types import Transition
from ros_rl.wire import Header, metrics_from, pack_arrays, transition_arrays, transition_from, unpack_arrays

_TAKEN, _STEPPED, _ROUND = b"T", b"S", b"R"


@dataclass(frozen=True)
class Taken:
    """A transition, and what came with it.

    Attributes:
        transition: As received.
        metrics: Of the task at its end, under their labels.
        session: Of its sender.
        sequence: Its number within that session.
    """

    transition: Transition
    metrics: Mapping[str, float] = field(default_factory=dict)
    session: int = 0
    sequence: int = 0


@dataclass(frozen=True)
class Stepped:
    """How far the robots have come.

    Attributes:
        env_steps: Steps of the training.
        source: The robot that was heard.
        session: Of its driver.
        steps: In that session.
    """

    env_steps: int
    source: str = ""
    session: int = 0
    steps: int = 0


@dataclass(frozen=True)
class Round:
    """A round of updates was done."""


Record: TypeAlias = Taken | Stepped | Round


def pack_record(record: Record) -> tuple[bytes, bytes]:
    """Kind, a byte, and content of a record."""
    if isinstance(record, Round):
        return _ROUND, b""
    if isinstance(record, Stepped):
        return _STEPPED, json.dumps(asdict(record)).encode()
    metrics = {name: np.array([value], np.float64) for name, value in record.metrics.items()}
    arrays = transition_arrays(record.transition) | metrics
    data, labels = pack_arrays(Header(0, record.sequence, record.session), arrays)
    return _TAKEN, json.dumps(labels).encode() + b"\n" + data


def unpack_record(kind: bytes, content: bytes) -> Record:
    """The inverse of `pack_record`.

    Raises:
        ContractError: It is none.
    """
    try:
        return _unpack(kind, content)
    except (ValueError, TypeError, KeyError) as error:
        raise ContractError(f"no record of this version: {error}") from None


def _unpack(kind: bytes, content: bytes) -> Record:
    if kind == _ROUND:
        return Round()
    if kind == _STEPPED:
        return Stepped(**json.loads(content))
    labels, _, data = content.partition(b"\n")
    header, fields = unpack_arrays(data, [(str(name), int(size)) for name, size in json.loads(labels)])
    return Taken(transition_from(fields), metrics_from(fields), header.version, header.sequence)
