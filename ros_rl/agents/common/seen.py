# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Replayed observations with their images and with those before them, as tensors."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from ros_rl.replay.buffer import Batch


@dataclass(frozen=True)
class Seen:
    """What was seen of some observations, each with those before it.

    Attributes:
        flat: (batch, frames, observation_size), float32.
        images: By name, (batch, frames, height, width, channels), uint8.
    """

    flat: Tensor
    images: Mapping[str, Tensor]


def seen_before(batch: Batch, device: torch.device) -> Seen:
    """What was seen as the decisions of a batch were taken; windows of sequences one after the other."""
    return _seen(batch.observation, batch.past, batch.images, device)


def seen_after(batch: Batch, device: torch.device) -> Seen:
    """What was seen after them."""
    return _seen(batch.next_observation, batch.next_past, batch.next_images, device)


def _seen(newest: np.ndarray, past: np.ndarray, images: Mapping[str, np.ndarray], device: torch.device) -> Seen:
    shape = newest.shape
    flat = newest[..., None, :]
    if past.size:
        flat = np.concatenate([past, flat], -2)
    count = int(np.prod(shape[:-1]))
    found = {}
    for name, image in images.items():
        *_, height, width, channels = image.shape
        found[name] = torch.as_tensor(image, device=device).reshape(count, -1, height, width, channels)
    return Seen(torch.as_tensor(flat, device=device).reshape(count, -1, shape[-1]), found)
