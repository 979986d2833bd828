# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Images as networks see them: several frames at once, shifted at random as they are learned from, and encoded.

The random shift is that of Kostrikov et al. 2021 (DrQ) by whole pixels. Strided convolutions cost a sixth of those of
DrQ-v2 on a processor; pictures come with their channels last, and stay so, which is nearly twice as fast there.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import torch
from torch import Tensor, nn

from ros_rl.layout import Field, Layout

_SMALLEST = 4
"""Side to which strided convolutions bring an image [px]."""


def largest_shift(height: int, width: int) -> int:
    """By how many pixels images of such a size are moved at random: a sixteenth of the shorter side."""
    return max(1, min(height, width) // 16)


def random_shift(image: Tensor, pad: int) -> Tensor:
    """Each image of a batch moved by up to `pad` pixels in both directions; its edge is repeated where it leaves.

    Args:
        image: (batch, height, width, channels).
        pad: Largest shift [px].
    """
    count, height, width, _ = image.shape
    shift = torch.randint(-pad, pad + 1, (2, count, 1), device=image.device)
    rows = (torch.arange(height, device=image.device) + shift[0]).clamp(0, height - 1)
    columns = (torch.arange(width, device=image.device) + shift[1]).clamp(0, width - 1)
    return image[torch.arange(count, device=image.device)[:, None, None], rows[:, :, None], columns[:, None, :]]


class _Convolutions(nn.Module):
    """Strided 3x3 convolutions down to some `_SMALLEST` pixels a side, and a normalised linear layer."""

    def __init__(self, shape: Sequence[int], channels: int, size_out: int) -> None:
        super().__init__()
        height, width, size = shape
        layers: list[nn.Module] = []
        for _ in range(max(1, round(math.log2(min(height, width) / _SMALLEST)))):
            layers += [nn.Conv2d(size, channels, 3, stride=2, padding=1), nn.ReLU(inplace=True)]
            size, height, width = channels, -(-height // 2), -(-width // 2)
        self.layers = nn.Sequential(*layers).to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.out = nn.Linear(size * height * width, size_out)
        self.norm = nn.LayerNorm(size_out)

    def forward(self, image: Tensor) -> Tensor:
        """(batch, outputs) from (batch, height, width, channels), of values 0 to 255."""
        x = image.permute(0, 3, 1, 2) / 255.0 - 0.5
        return torch.tanh(self.norm(self.out(self.layers(x).flatten(1))))


class Packing:
    """Several frames of a layout's observations as one vector for each, so that networks have one input.

    Images of one size are stacked, all frames of them, and seen through the same convolutions.

    Args:
        layout: Of observations.
        frames: The newest observation and those before it.
    """

    def __init__(self, layout: Layout, frames: int) -> None:
        sides: dict[tuple[int, ...], list[Field]] = {}
        for item in layout.images:
            sides.setdefault(item.shape[:2], []).append(item)
        self._groups = [[item.name for item in items] for items in sides.values()]
        self.shapes = [(*side, frames * sum(item.shape[2] for item in items)) for side, items in sides.items()]
        """Height, width and channels of each stack."""
        self.pads = [largest_shift(*shape[:2]) for shape in self.shapes]
        """Largest random shifts of the stacks [px]."""
        self.flat_size = frames * layout.size
        """Values in front of the images'."""
        self._sizes = [math.prod(shape) for shape in self.shapes]

    def pack(self, flat: Tensor, images: Mapping[str, Tensor], shift: bool = False) -> Tensor:
        """Join.

        Args:
            flat: (batch, frames, observation_size).
            images: By name, (batch, frames, height, width, channels), of values 0 to 255.
            shift: Whether to move them at random, all frames of an observation alike.

        Returns:
            (batch, values), of the dtype of `flat`.
        """
        parts = [flat.flatten(1)] if self.flat_size else []  # of no values torch's exporter divides by their number
        for names, pad in zip(self._groups, self.pads, strict=True):
            stack = torch.cat([images[name].permute(0, 2, 3, 1, 4).flatten(3) for name in names], -1)
            parts.append((random_shift(stack, pad) if shift else stack).flatten(1).to(flat.dtype))
        return torch.cat(parts, -1)

    def unpack(self, packed: Tensor) -> tuple[Tensor, list[Tensor]]:
        """Flat observations, (batch, frames observation_size), and stacks, (batch, height, width, channels)."""
        flat, images = packed[..., : self.flat_size], packed[..., self.flat_size :]
        stacks = images.split(self._sizes, -1) if self._sizes else ()
        return flat, [stack.unflatten(-1, shape) for stack, shape in zip(stacks, self.shapes, strict=True)]


class ObservationEncoder(nn.Module):
    """What networks see of packed observations: images encoded, and flat values scaled.

    Args:
        layout: Of observations.
        frames: See `Packing`.
        channels: Of each convolution.
        embedding: Values into which a stack of images is encoded.
    """

    scale: Tensor

    def __init__(self, layout: Layout, frames: int, channels: int = 16, embedding: int = 64) -> None:
        super().__init__()
        self.packing = Packing(layout, frames)
        shapes = self.packing.shapes
        self.convolutions = nn.ModuleList(_Convolutions(shape, channels, embedding) for shape in shapes)
        self.size = len(shapes) * embedding + self.packing.flat_size
        """Values that it gives."""
        self.register_buffer("scale", torch.tensor(layout.scale, dtype=torch.float32).repeat(frames))

    def forward(self, packed: Tensor) -> Tensor:
        """What networks see, (batch, size)."""
        flat, stacks = self.packing.unpack(packed)
        seen = [convolve(stack) for convolve, stack in zip(self.convolutions, stacks, strict=True)]
        return torch.cat([flat * self.scale, *seen] if self.packing.flat_size else seen, -1)


class FrameMemory:
    """The frames before the newest one as a control graph carries them: none at first, when the newest stands for all.

    Args:
        layout: Of observations.
        frames: The newest one and those before it.
    """

    def __init__(self, layout: Layout, frames: int) -> None:
        self._before, self._flat = frames - 1, bool(layout.size)
        self._shapes = {item.name: item.shape for item in layout.images}
        sizes = [layout.size] * self._flat + [item.size for item in layout.images]
        self._sizes = [self._before * size for size in sizes]
        self.carry_size = 1 + sum(self._sizes) if self._before else 0
        """Numbers that are carried; all zero means that there are none."""

    def see(
        self, flat: Tensor, images: Mapping[str, Tensor], carry: Tensor
    ) -> tuple[Tensor, dict[str, Tensor], Tensor]:
        """All frames, and what is carried on.

        Args:
            flat: The newest observation, (observation_size,).
            images: Beside it, by name, (height, width, channels).
            carry: See `carry_size`.

        Returns:
            Flat observations (1, frames, observation_size), images (1, frames, height, width, channels), next carry.
        """
        newest = [flat] * self._flat + [images[name].to(flat.dtype) for name in self._shapes]
        if not self._before:
            found, carried = [item[None] for item in newest], carry
        else:
            begun, parts = carry[:1] > 0.5, carry[1:].split(self._sizes)
            found = [self._joined(item, part, begun) for item, part in zip(newest, parts, strict=True)]
            carried = torch.cat([torch.ones_like(carry[:1]), *(frames[1:].flatten() for frames in found)])
        seen = [item[None] for item in found]
        flats = seen.pop(0) if self._flat else flat.new_zeros(1, self._before + 1, 0)
        return flats, dict(zip(self._shapes, seen, strict=True)), carried

    def _joined(self, newest: Tensor, before: Tensor, begun: Tensor) -> Tensor:
        """Frames of one input, (frames, ...)."""
        shape = (self._before, *newest.shape)
        before = torch.where(begun.reshape([1] * len(shape)), before.reshape(shape), newest[None].expand(shape))
        return torch.cat([before, newest[None]])
