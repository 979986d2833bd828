# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Arrays and a note about them in one file, in the safetensors format: no file of it can run code when it is read."""

from __future__ import annotations

import json
import struct
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from ros_rl.errors import MissingDependencyError, RunFolderError, one_line

_CODES = {
    "bool": "BOOL", "uint8": "U8", "int8": "I8", "int16": "I16", "uint16": "U16", "int32": "I32", "uint32": "U32",
    "int64": "I64", "uint64": "U64", "float16": "F16", "float32": "F32", "float64": "F64",
}  # fmt: skip
_ABOUT = "about"
_ALIGNMENT = 8  # bytes


class Sink(Protocol):
    """Where bytes go."""

    def write(self, data: Any, /) -> Any:
        """Take them all."""


def write_arrays(sink: Sink, arrays: Mapping[str, np.ndarray], about: Any = None) -> None:
    """Write arrays one after the other, without a copy of them all.

    Args:
        sink: An open file, or what counts along.
        arrays: By name, of booleans, integers or floats.
        about: What else there is to say, as JSON can.
    """
    # the widest first, so that each begins at a multiple of its size
    ordered = sorted(((name, np.asarray(value, order="C")) for name, value in arrays.items()), key=_width)
    header: dict[str, Any] = {"__metadata__": {_ABOUT: json.dumps(about)}}
    start = 0
    for name, value in ordered:
        end = start + value.nbytes
        header[name] = {"dtype": _CODES[value.dtype.name], "shape": value.shape, "data_offsets": (start, end)}
        start = end
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % _ALIGNMENT)
    sink.write(struct.pack("<Q", len(text)) + text)
    for _, value in ordered:
        if value.size:
            sink.write(value.reshape(-1).view(np.uint8).data)


def _width(item: tuple[str, np.ndarray]) -> int:
    return -item[1].dtype.itemsize


def read_arrays(path: Path) -> tuple[dict[str, np.ndarray], Any]:
    """What `write_arrays` wrote: the arrays, and what was said about them.

    Raises:
        RunFolderError: It cannot be read, or is no such file.
        MissingDependencyError: safetensors is not installed.
    """
    try:
        from safetensors import SafetensorError, safe_open
    except ImportError as error:
        raise MissingDependencyError("safetensors", "learn") from error
    try:
        with safe_open(path, framework="np") as file:
            about = (file.metadata() or {}).get(_ABOUT, "null")
            return {name: file.get_tensor(name) for name in file.keys()}, json.loads(about)  # noqa: SIM118
    except (OSError, ValueError, SafetensorError) as error:
        raise RunFolderError(f"{path} is broken: {one_line(error)}") from None
