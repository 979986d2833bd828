# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Images as networks see them: random shifts against their definition, encoders, and the frames that graphs carry."""

import numpy as np
import pytest
import torch

from ros_rl.layout import Field, Layout
from ros_rl.networks.images import FrameMemory, ObservationEncoder, random_shift

RNG = np.random.default_rng(3)


def layout(*shapes: tuple[int, ...], size: int = 2) -> Layout:
    fields = [
        Field("state", (size,), "1", 0.5, "state"),
        Field("last_action", (0,), "1", 1.0, "action"),
        Field("pending_actions", (0,), "1", 1.0, "action"),
    ]
    images = [Field(f"image_{n}", shape, "rgb8", 1 / 255, "image", "uint8") for n, shape in enumerate(shapes)]
    return Layout("eye", ["push"], [*fields, *images])


def test_shifts_repeat_the_edge() -> None:
    image = torch.as_tensor(RNG.integers(256, size=(40, 6, 9, 2), dtype=np.uint8))
    torch.manual_seed(0)
    moved = random_shift(image, 2)
    assert moved.dtype == torch.uint8
    seen = set()
    for before, after in zip(image.numpy(), moved.numpy(), strict=True):
        padded = np.pad(before, ((2, 2), (2, 2), (0, 0)), mode="edge")
        found = [(y, x) for y in range(5) for x in range(5) if np.array_equal(padded[y : y + 6, x : x + 9], after)]
        assert len(found) == 1
        seen |= set(found)
    assert len(seen) > 12, "of 25 that there are"


@pytest.mark.parametrize("side", [32, 48, 64, 128])
def test_an_encoder_tells_images_apart(side: int) -> None:
    encoder = ObservationEncoder(layout((side, side, 3), (side, side, 1), (32, 64, 3)), 2, 8, 16)
    assert encoder.size == 2 * 16 + 2 * 2, "two sizes of images, and two frames of two values"
    images = {
        name: torch.as_tensor(RNG.integers(256, size=(5, 2, *shape), dtype=np.uint8))
        for name, shape in {"image_0": (side, side, 3), "image_1": (side, side, 1), "image_2": (32, 64, 3)}.items()
    }
    flat = torch.randn(5, 2, 2)
    found = encoder(encoder.packing.pack(flat, images))
    assert found.shape == (5, 36) and torch.equal(found[:, :4], (flat * 0.5).flatten(1))
    for name in images:
        other = images | {name: images[name].flip(2)}
        assert not torch.allclose(encoder(encoder.packing.pack(flat, other)), found)
    found.sum().backward()
    assert all(value.grad is not None and value.grad.abs().sum() > 0 for value in encoder.parameters())


def test_without_images_it_scales_alone() -> None:
    encoder = ObservationEncoder(layout(), 1)
    assert encoder(encoder.packing.pack(torch.tensor([[[2.0, -4.0]]]), {})).tolist() == [[1.0, -2.0]]


@pytest.mark.parametrize("frames", [1, 2, 4])
def test_the_memory_carries_what_was_seen(frames: int) -> None:
    shown = layout((2, 3, 1))
    memory = FrameMemory(shown, frames)
    carry = torch.zeros(memory.carry_size)
    story = [(torch.full((2,), float(k)), torch.full((2, 3, 1), k, dtype=torch.uint8)) for k in range(6)]
    for k, (flat, image) in enumerate(story):
        flats, images, carry = memory.see(flat, {"image_0": image}, carry)
        wanted = [max(0, k - back) for back in range(frames - 1, -1, -1)]
        assert flats.shape == (1, frames, 2) and flats[0, :, 0].tolist() == wanted
        assert images["image_0"].shape == (1, frames, 2, 3, 1)
        assert images["image_0"][0, :, 1, 2, 0].tolist() == wanted
        assert carry.shape == (memory.carry_size,)
