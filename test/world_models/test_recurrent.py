# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""The recurrent model: a whole stream is the same as its steps one after the other, and episodes are apart."""

import torch

from ros_rl.world_models.recurrent import Latent, RecurrentModel

LENGTH, BATCH, ACTIONS, SEEN = 6, 3, 2, 5


def model() -> RecurrentModel:
    torch.manual_seed(1)
    return RecurrentModel(ACTIONS, SEEN, 8, 7, 3, 4, 0.01)


def stream() -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    g = torch.Generator().manual_seed(2)
    first = torch.zeros(LENGTH, BATCH)
    first[0], first[3, 1] = 1.0, 1.0
    return (
        torch.randn(LENGTH, BATCH, SEEN, generator=g),
        torch.randn(LENGTH, BATCH, ACTIONS, generator=g),
        first,
    )


def test_a_stream_is_its_steps() -> None:
    recurrent, (embedding, action, first) = model(), stream()
    torch.manual_seed(3)
    latents, beliefs = recurrent.observe(embedding, action, first)
    torch.manual_seed(3)
    uniform = torch.rand(LENGTH, BATCH, 3)
    latent = recurrent.start(embedding, BATCH)
    for k in range(LENGTH):
        keep = (1.0 - first[k])[:, None]
        memory = recurrent.advance(Latent(*(part * keep for part in latent)), action[k] * keep)
        belief = recurrent.posterior(memory, embedding[k])
        latent = recurrent.draw(memory, belief, uniform[k])
        for found, expected in zip((latents.memory, latents.drawn, beliefs), (*latent, belief), strict=True):
            torch.testing.assert_close(found[k], expected)
    assert latents.features.shape == (LENGTH, BATCH, recurrent.size)


def test_an_episode_knows_nothing_of_the_one_before() -> None:
    recurrent, (embedding, action, first) = model(), stream()
    found = []
    for other in (0.0, 5.0):
        embedding[:3, 1], action[:4, 1] = other, other
        torch.manual_seed(3)
        found.append(recurrent.observe(embedding, action, first)[0].features)
    torch.testing.assert_close(found[0][3:, 1], found[1][3:, 1], rtol=0, atol=0)
    assert not torch.equal(found[0][2, 1], found[1][2, 1])


def test_what_is_imagined_needs_nothing_seen() -> None:
    recurrent = model()
    start = recurrent.start(torch.zeros(1), 50)
    torch.manual_seed(0)
    imagined = recurrent.imagine(start, torch.ones(50, ACTIONS))
    memory = recurrent.advance(start, torch.ones(50, ACTIONS))
    torch.testing.assert_close(imagined.memory, memory)
    chances = imagined.drawn.detach().unflatten(-1, (3, 4)).mean(0)
    expected = recurrent.log_probability(recurrent.prior(memory)[0]).exp().detach()
    torch.testing.assert_close(chances, expected, atol=0.2, rtol=0)
    imagined.features.sum().backward()
    assert recurrent.of_action.weight.grad is not None
