# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""What a world model foretells with its eyes closed, beside what was then seen."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from ros_rl.agents.dreamer import DreamerAgent
from ros_rl.errors import DataError
from ros_rl.layout import Layout
from ros_rl.replay.buffer import ReplayBuffer
from ros_rl.types import Array
from ros_rl.world_models.categorical import divergence
from ros_rl.world_models.recurrent import Latent
from ros_rl.world_models.targets import Reconstruction
from ros_rl.world_models.world_model import Seen


@dataclass(frozen=True)
class Foretold:
    """Steps of some episodes, time first; the first `looks` were seen, of the others nothing was told but the actions.

    Attributes:
        looks: Observations that were seen.
        seen: All that there was, (length, count, ...).
        observation: Shown again or foretold, as `Seen.observation`; empty if the model decodes nothing.
        images: Shown again or foretold, as `Seen.images`, uint8.
        reward: (length, count)
        surprise: How far the belief that has seen everything is from the foretold one [nat], (length, count).
    """

    looks: int
    seen: Seen
    observation: Array
    images: Mapping[str, np.ndarray]
    reward: Array
    surprise: Array


@torch.no_grad()
def foretell(agent: DreamerAgent, replay: ReplayBuffer, count: int, looks: int, steps: int) -> Foretold:
    """Let an agent's model look at the beginnings of stretches of episodes, and foretell the rest.

    Args:
        agent: Holds the model.
        replay: Holds the episodes.
        count: Stretches to draw, each of one episode.
        looks: Observations that the model sees of each.
        steps: Steps after them.

    Raises:
        DataError: No episode is as long.
    """
    length = looks + steps
    if not replay.holds(length - 1):
        raise DataError(f"no episode has the {length - 1} steps that {looks} looks and {steps} steps ahead need")
    return _foretell(agent, agent.seen(replay.streams(count, length, whole=True)), looks)


def _foretell(agent: DreamerAgent, seen: Seen, looks: int) -> Foretold:
    model, shape = agent.world_model, seen.first.shape
    flat = {name: image.flatten(0, 1) for name, image in seen.images.items()}
    embedding = model.embed(model.vector(seen.observation).flatten(0, 1), flat).unflatten(0, shape)
    known, posterior = model.recurrent.observe(embedding, seen.action, seen.first)
    latent = Latent(*(part[looks - 1] for part in known))
    memory, drawn = (list(part[:looks]) for part in known)
    for action in seen.action[looks:]:
        latent = model.recurrent.imagine(latent, action)
        memory.append(latent.memory)
        drawn.append(latent.drawn)
    told = Latent(torch.stack(memory), torch.stack(drawn))
    beliefs = (posterior, model.recurrent.prior(told.memory))
    surprise = divergence(*(model.recurrent.log_probability(belief) for belief in beliefs)).numpy()
    observation, images = np.zeros((*shape, 0)), {}
    if isinstance(model.target, Reconstruction):
        features = told.features.flatten(0, 1)
        if model.target.vector is not None:
            observation = model.observation(model.target.vector(features)).unflatten(0, shape).numpy()
        for name, decode in model.target.decoders.items():
            image = (model.image(name, decode(features)).clamp(0.0, 1.0) * 255.0).round().to(torch.uint8)
            images[name] = image.unflatten(0, shape).numpy()
    return Foretold(looks, seen, observation, images, model.reward(told.features).numpy(), surprise)


def errors(told: Foretold, layout: Layout) -> dict[str, Any]:
    """How wrong it was k steps after the last look, k = 1, 2, ..., as lists; beside it the error if all had stayed.

    Args:
        told: What was foretold.
        layout: Of the observations.
    """
    found: dict[str, Any] = {"surprise": told.surprise[told.looks :].mean(1).tolist()}
    reward = told.seen.reward.numpy()
    mean = np.full_like(reward, reward[1:].mean())
    found["reward"] = {"mae": _far(told.reward, reward, told.looks), "mean_mae": _far(mean, reward, told.looks)}
    truth = told.seen.observation.numpy()
    fields = {item.name: layout.slices[item.name] for item in layout.fields if item.size and told.observation.size}
    found["fields"] = {
        name: _both(told.observation[..., at], truth[..., at], told.looks) for name, at in fields.items()
    }
    found["images"] = {
        name: _both(image / 255.0, told.seen.images[name].numpy() / 255.0, told.looks)
        for name, image in told.images.items()
    }
    return found


def _far(told: Array, truth: Array, looks: int) -> list[float]:
    """Mean absolute error at each step after the last look."""
    error = np.abs(told - truth)[looks:]
    return error.reshape(len(error), -1).mean(1).tolist()


def _both(told: Array, truth: Array, looks: int) -> dict[str, list[float]]:
    """RMS error at each step after the last look, of the model and of who says that all stays."""
    stays = np.broadcast_to(truth[looks - 1], truth.shape)
    names = {"rmse": told, "baseline_rmse": stays}
    squares = {name: ((value - truth)[looks:] ** 2).reshape(len(truth) - looks, -1) for name, value in names.items()}
    return {name: np.sqrt(square.mean(1)).tolist() for name, square in squares.items()}
