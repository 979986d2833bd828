# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Observations with their images and with those before them, packed as networks take them: replayed ones, and now."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping

import numpy as np
import torch
from torch import Tensor

from ros_rl.agents.common.samples import Inputs, Samples
from ros_rl.deploy.control_graph import ControlGraph
from ros_rl.layout import Layout
from ros_rl.networks.images import FrameMemory, Packing
from ros_rl.replay.batch import Batch


class Sight:
    """Packs what was seen of replayed transitions.

    Args:
        layout: Of observations.
        frames: See `Packing`.
        shift: Whether to move images at random.
        device: Where tensors are to be.
    """

    def __init__(self, layout: Layout, frames: int, shift: bool, device: torch.device) -> None:
        self.packing, self._frames, self._shift, self._device = Packing(layout, frames), frames, shift, device

    def before(self, batch: Batch, learns: bool = True) -> Tensor:
        """What was seen as the decisions of a batch were taken, (batch, values); windows one after the other.

        Args:
            batch: The transitions.
            learns: Whether images may be moved.
        """
        return self._packed(batch.observation, batch.past, batch.images, learns)

    def after(self, batch: Batch, learns: bool = True) -> Tensor:
        """What was seen after them; see `before`."""
        return self._packed(batch.next_observation, batch.next_past, batch.next_images, learns)

    def _packed(self, newest: np.ndarray, past: np.ndarray, images: Mapping[str, np.ndarray], learns: bool) -> Tensor:
        frames, size, device = self._frames, newest.shape[-1], self._device
        flat = newest[..., None, :] if frames == 1 else np.concatenate([past, newest[..., None, :]], -2)
        count = int(np.prod(newest.shape[:-1]))
        found = {
            name: torch.as_tensor(image, device=device).reshape(count, frames, *image.shape[-3:])
            for name, image in images.items()
        }
        flats = torch.as_tensor(flat, device=device).reshape(count, frames, size)
        return self.packing.pack(flats, found, self._shift and learns)


class SeeingGraph(ControlGraph):
    """Sees several frames and their images, and decides by all of them at once.

    The carry is what was seen, and behind it what the decision keeps for itself.
    """

    memory: FrameMemory
    packing: Packing

    def see_frames(self, frames: int) -> None:
        """Make ready, once the layout and what the decision keeps are known.

        Args:
            frames: See `Packing`.
        """
        self.memory, self.packing = FrameMemory(self.spec, frames), Packing(self.spec, frames)
        self.carry = (0.0,) * self.memory.carry_size + self.carry

    def act(self, observation: Tensor, carry: Tensor, noise: Tensor, explore: Tensor) -> tuple[Tensor, ...]:
        """See `ControlGraph.act`."""
        return self.act_on_images(observation, {}, carry, noise, explore)

    def act_on_images(
        self, observation: Tensor, images: Mapping[str, Tensor], carry: Tensor, noise: Tensor, explore: Tensor
    ) -> tuple[Tensor, ...]:
        """See `ControlGraph.act_on_images`."""
        size = self.memory.carry_size
        flat, pictures, seen = self.memory.see(observation, images, carry[:size])
        action, kept = self.decide(self.packing.pack(flat, pictures), carry[size:], noise, explore)
        return action, torch.cat([seen, kept]) if kept.numel() else seen

    @abstractmethod
    def decide(self, packed: Tensor, kept: Tensor, noise: Tensor, explore: Tensor) -> tuple[Tensor, Tensor]:
        """The action, (actions,), from a packed observation, (1, values), and what the next decision gets as `kept`."""


class SeenInputs(Inputs):
    """Packed observations as networks with an encoder take them; see `Inputs`.

    Args:
        layout: Of observations.
        smoothing: See `Inputs`.
        frames: See `Packing`.
        shift: Whether to move replayed images at random.
    """

    def __init__(self, layout: Layout, smoothing: float, frames: int, shift: bool) -> None:
        super().__init__(layout, smoothing)
        self.sight = Sight(layout, frames, shift, self.scale.device)
        self._newest = slice(frames * layout.size - layout.action_size, frames * layout.size)

    def samples(self, batch: Batch) -> Samples:
        """See `Inputs.samples`."""
        names = ("reward", "terminated", "discount", "weight", "shown")
        device = self.scale.device
        reward, *rest = (torch.as_tensor(getattr(batch, name), device=device) for name in names)
        action = torch.as_tensor(batch.action, device=device)
        return Samples(self.sight.before(batch), action, reward, self.sight.after(batch), *rest)

    def last_action(self, obs: Tensor) -> Tensor:
        """See `Inputs.last_action`: at the end of the newest flat observation, in front of the images."""
        return obs[..., self._newest]
