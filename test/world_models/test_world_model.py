# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""A world model sees a square that actions move: it shows it again, and knows where it is with its eyes closed."""

from typing import NamedTuple

import pytest
import torch
from torch import Tensor

from ros_rl.layout import LAST_ACTION, PENDING_ACTIONS, Field, Layout
from ros_rl.networks.optimisers import Adam
from ros_rl.settings.world_models import LatentSettings
from ros_rl.world_models.recurrent import Latent
from ros_rl.world_models.world_model import Seen, WorldModel

SIDE, SQUARE, STEPS = 16, 4, 16
LOOKS, BLIND = 5, 10
"""Images that the model sees, and steps after them in which it sees none."""
LAYOUT = Layout(
    "square",
    ["right", "down"],
    [
        Field("eye", (SIDE, SIDE, 1), "1", 1.0, "image", "uint8"),
        Field(LAST_ACTION, (0,), "1", 1.0, "action"),
        Field(PENDING_ACTIONS, (0,), "1", 1.0, "action"),
    ],
)
SMALL = LatentSettings(memory=96, hidden=96, variables=8, classes=16, channels=8, learning_rate=2e-3)


class Film(NamedTuple):
    seen: Seen
    place: Tensor
    """Upper left corner of the square (row, column), (length, batch, 2) [px]."""


def film(batch: int, seed: int) -> Film:
    """The square moves by up to two pixels a step each way, and stops at the edge; its column is the reward."""
    g = torch.Generator().manual_seed(seed)
    action = torch.randint(-2, 3, (STEPS, batch, 2), generator=g)
    place = [torch.randint(0, SIDE - SQUARE + 1, (batch, 2), generator=g)]
    for k in range(1, STEPS):
        place.append((place[-1] + action[k].flip(-1)).clamp(0, SIDE - SQUARE))
    places = torch.stack(place)
    first = torch.zeros(STEPS, batch)
    first[0] = 1.0
    reward = places[..., 1].float() / SIDE * (1.0 - first)
    seen = Seen(
        torch.zeros(STEPS, batch, 0),
        0.5 * action * (1.0 - first)[..., None],
        reward,
        torch.zeros(STEPS, batch),
        first,
        {"eye": drawn(places)},
    )
    return Film(seen, places)


def drawn(place: Tensor) -> Tensor:
    """Images of the square, (..., height, width, 1), uint8."""
    line = torch.arange(SIDE)
    rows, columns = (((line >= at[..., None]) & (line < at[..., None] + SQUARE)) for at in place.unbind(-1))
    return (200 * (rows[..., :, None] & columns[..., None, :])[..., None]).to(torch.uint8)


def found(image: Tensor) -> Tensor:
    """Where the square of an image is: its weighed middle (row, column) [px], as a corner."""
    weight = image[..., 0].clamp_min(0.0).square()
    line, total = torch.arange(SIDE, dtype=torch.float32), weight.sum((-1, -2))
    middle = [(weight.sum(axis) * line).sum(-1) / total for axis in (-1, -2)]
    return torch.stack(middle, -1) - 0.5 * (SQUARE - 1)


@pytest.fixture(scope="module")
def learned() -> WorldModel:
    torch.manual_seed(0)
    model = WorldModel(LAYOUT, 2, SMALL)
    optimiser = Adam(model.parameters(), SMALL.learning_rate)
    for k in range(300):
        seen = film(16, k).seen
        model.notice(seen)
        losses, _, _ = model.losses(seen)
        for parameter in model.parameters():
            parameter.grad = None
        torch.stack(list(losses.values())).sum().backward()
        optimiser.move()
    return model


@torch.no_grad()
def with_eyes_closed(model: WorldModel, shown: Film) -> tuple[Tensor, Tensor]:
    """Images and rewards that a model foretells of the steps after `LOOKS` images, (BLIND, batch, ...)."""
    seen = shown.seen
    embedding = model.embed(seen.observation[:LOOKS].flatten(0, 1), {"eye": seen.images["eye"][:LOOKS].flatten(0, 1)})
    latents, _ = model.recurrent.observe(embedding.unflatten(0, (LOOKS, -1)), seen.action[:LOOKS], seen.first[:LOOKS])
    latent, features = Latent(*(part[-1] for part in latents)), []
    for k in range(LOOKS, LOOKS + BLIND):
        latent = model.recurrent.imagine(latent, seen.action[k])
        features.append(latent.features)
    told = torch.stack(features)
    images = model.image("eye", model.target.decoders["eye"](told.flatten(0, 1)))
    return images.unflatten(0, (BLIND, -1)), model.reward(told)


def test_it_shows_again_what_it_sees(learned: WorldModel) -> None:
    shown = film(64, 1_000_000)
    with torch.no_grad():
        _, latent, _ = learned.losses(shown.seen)
        image = learned.image("eye", learned.target.decoders["eye"](latent.features.flatten(0, 1)))
        image = image.unflatten(0, (STEPS, -1))
    error = (image - shown.seen.images["eye"] / 255.0).square().mean()
    nothing = (shown.seen.images["eye"] / 255.0).square().mean()
    assert error < 0.3 * nothing
    assert (found(image)[1:] - shown.place[1:]).norm(dim=-1).mean() < 1.0


def test_it_knows_where_the_square_is_after_ten_steps_unseen(learned: WorldModel) -> None:
    shown = film(64, 2_000_000)
    images, reward = with_eyes_closed(learned, shown)
    truth = shown.place[LOOKS : LOOKS + BLIND].float()
    away = (found(images) - truth).norm(dim=-1).mean(1)
    stays = (shown.place[LOOKS - 1] - truth).norm(dim=-1).mean(1)
    assert stays[-1] > 4.0 and away[-1] < 1.6 and away[0] < 1.0, (away, stays)
    assert (reward - shown.seen.reward[LOOKS : LOOKS + BLIND]).abs().mean() < 0.1


def test_losses_leave_out_what_nothing_led_to(learned: WorldModel) -> None:
    shown = film(4, 3)
    torch.manual_seed(0)
    expected = learned.losses(shown.seen)[0]
    other = shown.seen._replace(reward=shown.seen.reward + 9.0 * shown.seen.first)
    torch.manual_seed(0)
    assert learned.losses(other)[0]["reward_loss"] == expected["reward_loss"]
    assert expected.keys() == {"image_loss", "divergence_loss", "reward_loss", "end_loss"}
