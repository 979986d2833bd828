# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Nested states of networks and optimisers as arrays and JSON, and back (torch)."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

_KIND = "is"


def pack_state(state: Any) -> tuple[dict[str, np.ndarray], Any]:
    """Take the tensors out of nested mappings and lists.

    Args:
        state: Of mappings with any plain keys, lists, tuples, tensors, numbers, texts and None.

    Returns:
        The tensors by their paths, and the rest, which JSON can hold.
    """
    arrays: dict[str, np.ndarray] = {}
    return arrays, _pack(state, "", arrays)


def _pack(part: Any, path: str, arrays: dict[str, np.ndarray]) -> Any:
    if isinstance(part, torch.Tensor):
        arrays[path] = part.detach().cpu().numpy()
        return {_KIND: "tensor", "name": path}
    if isinstance(part, dict):  # as pairs: an optimiser's keys are numbers
        return {
            _KIND: "mapping",
            "items": [[key, _pack(value, f"{path}/{key}", arrays)] for key, value in part.items()],
        }
    if isinstance(part, (list, tuple)):
        return [_pack(value, f"{path}/{index}", arrays) for index, value in enumerate(part)]
    return part


def unpack_state(arrays: dict[str, np.ndarray], rest: Any) -> Any:
    """The inverse of `pack_state`, on the processor; tuples come back as lists.

    Raises:
        KeyError: A tensor is missing.
    """
    if isinstance(rest, dict):
        if rest[_KIND] == "tensor":
            return torch.from_numpy(arrays[rest["name"]])
        return {key: unpack_state(arrays, value) for key, value in rest["items"]}
    return [unpack_state(arrays, value) for value in rest] if isinstance(rest, list) else rest
