# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Images in the replay: uint8, with their transitions, stored once per chain, kept across a restart."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from ros_rl.errors import ConfigError
from ros_rl.layout import Field
from ros_rl.replay.batch import Batch
from ros_rl.replay.buffer import ReplayBuffer
from ros_rl.settings.replay import ReplaySettings
from ros_rl.types import Image, Transition

FRONT = Field("front", (2, 3, 1), "1", 1 / 255, "image", "uint8")
REAR = Field("rear", (1, 1, 3), "1", 1 / 255, "image", "uint8")


def images(number: int) -> dict[str, Image]:
    """Every pixel says its number."""
    return {"front": np.full((2, 3, 1), number, np.uint8), "rear": np.full((1, 1, 3), number + 100, np.uint8)}


def step(tick: int, number: int, end: bool = False, source: str = "", episode: int = 0) -> Transition:
    """The picture before step n says n, the one after it n + 1."""
    flat = np.full(1, number)
    return Transition(
        tick, episode, flat, np.zeros(1), 1.0, flat + 1, end, False, source, images(number), images(number + 1)
    )


def buffer_of(story: list[Transition], n: int = 1, capacity: int = 50) -> ReplayBuffer:
    buffer = ReplayBuffer(capacity, 1, 1, 0, 0.9, ReplaySettings(n_step=n), (FRONT, REAR))
    for each in story:
        buffer.add(each)
    return buffer


def check(batch: Batch) -> None:
    """Each picture says what the observation beside it says."""
    for seen, pictures in ((batch.observation, batch.images), (batch.next_observation, batch.next_images)):
        for name, item, shift in (("front", FRONT, 0), ("rear", REAR, 100)):
            picture = pictures[name]
            assert picture.dtype == np.uint8 and picture.shape == (*seen.shape[:-1], *item.shape)
            wanted = seen[..., 0].astype(int)[..., None, None, None] + shift
            assert (picture == wanted).all()


def story() -> list[Transition]:
    """Two robots in turns, episodes of 4 and 5 steps, a gap after one's step 6."""
    one = [step(k + (k > 6), k, k % 4 == 3, "a", k // 4) for k in range(12)]
    two = [step(k, 50 + k, k % 5 == 4, "b", k // 5) for k in range(12)]
    return [each for pair in zip(one, two, strict=True) for each in pair]


@pytest.mark.parametrize("capacity", [1, 5, 9, 24, 50])
@pytest.mark.parametrize("n", [1, 3])
def test_pictures_stay_with_their_observations(capacity: int, n: int) -> None:
    buffer = buffer_of(story(), n, capacity)
    check(buffer.sample(300))
    check(buffer.at(np.arange(len(buffer))))
    for episode in buffer.episodes():
        check(episode)
    if capacity > 5:
        check(buffer.sequences(20, 3))


def test_a_picture_is_stored_once_for_two_steps() -> None:
    """20 steps of one episode show 21 pictures: 20 in their places and the newest beside them."""
    buffer = buffer_of([step(k, k) for k in range(20)])
    state = buffer._ring.state()
    assert state["image.front"].shape == (20, 2, 3, 1) and state["image.front"].dtype == np.uint8
    assert state["last_image.front"].shape == (1, 2, 3, 1)
    ended = buffer_of([step(k, k, k % 5 == 4, episode=k // 5) for k in range(20)], capacity=10)
    assert len(ended._ring.state()["last_image"]) == 2  # of the two episodes that are held


def test_a_batch_and_the_senders_arrays_are_copies() -> None:
    sent = step(0, 7)
    buffer = buffer_of([sent])
    sent.images["front"][:] = 0
    sent.next_images["front"][:] = 0
    batch = buffer.at(np.zeros(1, np.int64))
    batch.images["front"][:] = 99
    batch.next_images["front"][:] = 99
    check(buffer.at(np.zeros(1, np.int64)))


@pytest.mark.parametrize(("count", "capacity"), [(0, 9), (5, 9), (9, 9), (14, 9), (14, 15)])
def test_pictures_survive_a_restart(tmp_path: Path, count: int, capacity: int) -> None:
    buffer_of(story()[:count], capacity=9).save(tmp_path / "replay.safetensors")
    loaded = buffer_of([], 3, capacity)
    loaded.load(tmp_path / "replay.safetensors")
    for each in story()[count:]:
        check(loaded.at(np.arange(len(loaded))))
        loaded.add(each)
    check(loaded.at(np.arange(len(loaded))))
    check(loaded.sample(200))


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"images": {}}, "tick 0 has no images, expected front, rear"),
        ({"next_images": {"front": images(0)["front"]}}, "has front, expected front, rear"),
        ({"images": images(0) | {"rear": np.zeros((1, 1, 3))}}, r"'rear' at tick 0 is float64 \(1, 1, 3\)"),
        ({"images": images(0) | {"front": np.zeros((3, 2, 1), np.uint8)}}, r"expected uint8 \(2, 3, 1\)"),
    ],
)
def test_other_pictures_are_refused(change: dict, words: str) -> None:
    buffer = buffer_of([])
    with pytest.raises(ConfigError, match=words):
        buffer.add(replace(step(0, 0), **change))
    assert len(buffer) == 0


def test_pictures_without_a_place_are_refused(tmp_path: Path) -> None:
    blind = ReplayBuffer(50, 1, 1)
    with pytest.raises(ConfigError, match="has front, rear, expected no images"):
        blind.add(step(0, 0))
    buffer_of(story()).save(tmp_path / "replay.safetensors")
    with pytest.raises(ConfigError, match="images"):
        blind.load(tmp_path / "replay.safetensors")
    assert len(blind) == 0


@pytest.mark.parametrize("capacity", [3, 7, 20])
def test_a_smaller_buffer_takes_the_newest(capacity: int) -> None:
    """As one that had been as small from the start."""
    large, small = buffer_of(story()), buffer_of(story(), capacity=capacity)
    taken = buffer_of([], capacity=capacity)
    taken.restore(*large.state(), Path("large"))
    assert len(taken) == capacity and taken.added == large.added == 24
    check(taken.everything())
    np.testing.assert_array_equal(taken.newest(capacity).observation, small.newest(capacity).observation)
    lengths = [length for length in range(1, 5) if taken.holds(length)]
    assert lengths == [length for length in range(1, 5) if small.holds(length)], "chains stay chains"
    check(taken.sequences(20, lengths[-1]))
    taken.add(step(99, 70, source="a", episode=9))
    assert len(taken) == capacity and taken.added == 25
    check(taken.everything())
