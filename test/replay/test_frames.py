# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Several frames at once: each observation with those before it in its episode, against a plain list."""

from pathlib import Path

import numpy as np
import pytest

from ros_rl.layout import Field
from ros_rl.replay.batch import Batch
from ros_rl.replay.buffer import ReplayBuffer
from ros_rl.replay.mixture import MixedReplay
from ros_rl.settings.replay import ReplaySettings
from ros_rl.types import Transition

FIELD = Field("front", (1, 1, 1), "rgb8", 1 / 255, "image", "uint8")
FRAMES = 3


def told(number: int) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    return np.full(1, number), {"front": np.full((1, 1, 1), number, np.uint8)}


def story() -> list[Transition]:
    """Two robots in turns: episodes of 4 and of 5 steps, numbered on; robot a misses tick 7."""
    found = []
    for k in range(12):
        for source, length, base in (("a", 4, 0), ("b", 5, 100)):
            tick = k + (source == "a" and k > 6)
            before, after = told(base + k + k // length), told(base + k + k // length + 1)
            end = k % length == length - 1
            found.append(
                Transition(
                    tick, k // length, before[0], np.zeros(1), 1.0, after[0], end, False, source, before[1], after[1]
                )
            )
    return found


def expected(held: list[Transition]) -> dict[int, tuple[list[int], list[int]]]:
    """By its first number, the numbers of each transition's frames before and after."""
    found = {}
    for each in held:
        chain = [int(each.observation[0])]
        last = each
        for other in reversed(held[: held.index(each)]):
            if other.source == each.source and other.episode == each.episode and other.tick == last.tick - 1:
                chain.insert(0, int(other.observation[0]))
                last = other
        frames = ([chain[0]] * FRAMES + chain)[-FRAMES:]
        after = ([chain[0]] * FRAMES + chain + [int(each.next_observation[0])])[-FRAMES:]
        found[int(each.observation[0])] = frames, after
    return found


def check(batch: Batch, held: list[Transition]) -> None:
    wanted = expected(held)
    flat = batch.observation.reshape(-1)
    for name, image, past, newest in (
        (0, batch.images, batch.past, batch.observation),
        (1, batch.next_images, batch.next_past, batch.next_observation),
    ):
        frames = image["front"].reshape(-1, FRAMES)
        vectors = np.concatenate([past, newest[..., None, :]], -2).reshape(-1, FRAMES)
        for number, shown, values in zip(flat, frames, vectors, strict=True):
            assert shown.tolist() == values.tolist() == wanted[int(number)][name]


@pytest.mark.parametrize("capacity", [1, 2, 5, 9, 17, 24, 50])
def test_against_a_list(capacity: int, tmp_path: Path) -> None:
    buffer, steps = ReplayBuffer(capacity, 1, 1, images=(FIELD,), frames=FRAMES), story()
    for count, each in enumerate(steps, start=1):
        buffer.add(each)
        check(buffer.everything(), steps[max(0, count - capacity) : count])
    held = steps[-capacity:]
    check(buffer.sample(200), held)
    if capacity >= 9:
        check(buffer.sequences(30, 3), held)
    buffer.save(tmp_path / "kept")
    larger = ReplayBuffer(capacity + 7, 1, 1, images=(FIELD,), frames=FRAMES)
    larger.load(tmp_path / "kept")
    check(larger.everything(), held)


def test_sums_end_with_the_frames_of_their_last_step() -> None:
    buffer = ReplayBuffer(50, 1, 1, gamma=1.0, settings=ReplaySettings(n_step=2), images=(FIELD,), frames=FRAMES)
    for k in range(6):
        (flat, image), (after, picture) = told(k), told(k + 1)
        buffer.add(Transition(k, 0, flat, np.zeros(1), 1.0, after, k == 5, False, "", image, picture))
    batch = buffer.sample(100)
    for number, reward, frames in zip(batch.observation[:, 0], batch.reward, batch.next_images["front"], strict=True):
        last = int(number) + int(reward)
        assert reward == (1 if number == 5 else 2)
        assert frames.reshape(-1).tolist() == [max(0, last - 2), last - 1, last]


def test_demonstrations_have_them_too() -> None:
    buffer = MixedReplay(50, 1, 1, images=(FIELD,), frames=FRAMES)
    for each in story():
        buffer.add(each)
        buffer.demonstrations.add(each)
    batch = buffer.sample(40)
    assert batch.shown.sum() == 20
    check(batch, story())


def test_one_frame_is_as_before() -> None:
    buffer = ReplayBuffer(50, 1, 1, images=(FIELD,))
    for each in story():
        buffer.add(each)
    batch = buffer.sample(10)
    assert batch.images["front"].shape == (10, 1, 1, 1) and batch.past.size == 0
