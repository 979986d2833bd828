# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Chunks drawn from the buffer, against plain lists of what was added and sums by hand."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from ros_rl.errors import ConfigError
from ros_rl.replay.buffer import ReplayBuffer
from ros_rl.replay.mixture import MixedReplay
from ros_rl.types import Transition

GAMMA = 0.5


def step(tick: int, episode: int = 0, **changes) -> Transition:
    """Of a robot with two actions, `tick` and -`tick`; rewards 1, 2, 4, ..."""
    made = Transition(
        tick, episode, np.full(1, tick), np.array([tick, -tick]), 2.0**tick, np.full(1, tick + 0.5), False, False
    )
    return replace(made, **changes)


def buffer(chunk: int, capacity: int = 100) -> ReplayBuffer:
    return ReplayBuffer(capacity, 1, 2, 3, GAMMA, chunk=chunk)


def rows(replay: ReplayBuffer, size: int = 400) -> dict[float, tuple[float, ...]]:
    """By the first observation what a drawn chunk holds: reward, discount, next observation, end, first actions."""
    batch = replay.sample(size)
    values = zip(batch.observation[:, 0], batch.reward, batch.discount, batch.next_observation[:, 0],
                 batch.terminated, *batch.action[:, ::2].T, strict=True)  # fmt: skip
    np.testing.assert_array_equal(batch.action[:, 1], -batch.action[:, 0])
    return {float(first): tuple(map(float, rest)) for first, *rest in values}


def test_chunks_up_to_a_termination_are_whole_or_cut_short() -> None:
    """Five steps, the last of which terminates, and chunks of three."""
    replay = buffer(3)
    for tick in range(5):
        replay.add(step(tick, terminated=tick == 4))
    found = rows(replay)
    assert {first: found[first] for first in (0, 1, 2)} == {
        0: (1 + 0.5 * 2 + 0.25 * 4, 0.125, 2.5, 0, 0, 1, 2),
        1: (2 + 0.5 * 4 + 0.25 * 8, 0.125, 3.5, 0, 1, 2, 3),
        2: (4 + 0.5 * 8 + 0.25 * 16, 0.125, 4.5, 1, 2, 3, 4),
    }
    assert found[3][:-1] == (8 + 0.5 * 16, 0.25, 4.5, 1, 3, 4) and found[4][:-2] == (16, 0.5, 4.5, 1, 4)


def test_actions_behind_the_end_may_be_any() -> None:
    """Uniform in [-1, 1], each for itself and anew in each batch: mean 0, variance 1/3, no correlation."""
    replay = buffer(3)
    replay.add(step(5, terminated=True))
    batch = replay.sample(20_000)
    np.testing.assert_array_equal(batch.action[:, :2], [[5, -5]] * 20_000)
    np.testing.assert_allclose(batch.action[:, 2:].mean(0), 0.0, atol=0.02)
    np.testing.assert_allclose(np.cov(batch.action[:, 2:].T), np.eye(4) / 3, atol=0.02)
    assert not np.array_equal(batch.action, replay.sample(20_000).action)


@pytest.mark.parametrize("how", ["truncated", "gap", "newest"])
def test_chunks_that_are_cut_otherwise_are_not_drawn(how: str) -> None:
    replay = buffer(3)
    for tick in range(5):
        replay.add(step(tick, truncated=how == "truncated" and tick == 4))
    if how == "gap":
        replay.add(step(6))
    found = rows(replay)
    assert found.keys() == {0, 1, 2} and found[2] == (4 + 4 + 4, 0.125, 4.5, 0, 2, 3, 4)


def test_all_beginnings_are_drawn_alike_whoever_turned_the_ring() -> None:
    """Two robots in turns through a ring that is overwritten twice, against what a list says of each place."""
    replay, rng, kept = buffer(3, 60), np.random.default_rng(0), []
    ticks, episodes = {"a": 0, "b": 0}, {"a": 0, "b": 0}
    for number in range(150):
        source = "ab"[int(rng.random() < 0.4)]
        ticks[source] += 1 + int(rng.random() < 0.05)  # a tick is lost now and then
        ended = rng.random() < 0.15
        made = step(0, terminated=ended and rng.random() < 0.5, truncated=ended)
        made = replace(
            made, tick=ticks[source], episode=episodes[source], source=source, observation=np.full(1, number)
        )
        made = replace(made, truncated=ended and not made.terminated, reward=1.0)
        episodes[source] += ended
        replay.add(made)
        kept.append(made)
    expected = set()
    for first in kept[-60:]:
        chunk = [first]
        for made in kept[-60:]:
            follows = made.source == chunk[-1].source and made.tick == chunk[-1].tick + 1
            if follows and made.episode == chunk[-1].episode and len(chunk) < 3:
                chunk.append(made)
        if len(chunk) == 3 or chunk[-1].terminated:
            expected.add(float(first.observation[0]))
    drawn, counts = np.unique(replay.sample(40_000).observation[:, 0], return_counts=True)
    assert set(drawn.tolist()) == expected and 10 < len(expected) < 60
    share = 40_000 / len(expected)
    assert (np.abs(counts - share) < 5 * np.sqrt(share)).all()


def test_few_among_many_are_drawn_alike() -> None:
    """Of 80 steps in episodes of two that are cut, and three that terminate at once, only these begin a chunk."""
    replay = buffer(3)
    for number in range(83):
        last = number >= 80
        made = step(0, number // 2, truncated=number % 2 == 1 and not last, terminated=last)
        replay.add(replace(made, tick=number, observation=np.full(1, number)))
    drawn, counts = np.unique(replay.sample(9000).observation[:, 0], return_counts=True)
    assert drawn.tolist() == [80, 81, 82] and (np.abs(counts - 3000) < 5 * np.sqrt(3000)).all()


def test_the_last_chunk_may_be_overwritten() -> None:
    replay, held = buffer(2, 4), []
    for number, episode in enumerate((0, 0, 1, 2, 3, 4, 4)):
        replay.add(step(number, episode, truncated=number in (1, 2, 3, 4)))
        held.append(replay.holds_chunk)
    assert held == [False, True, True, True, False, False, True]


def test_nothing_long_enough_is_told() -> None:
    replay = buffer(3)
    assert not replay.holds_chunk
    replay.add(step(0))
    replay.add(step(1, truncated=True))
    assert not replay.holds_chunk
    with pytest.raises(ConfigError, match="the replay buffer holds no 3 transitions of one episode in a row"):
        replay.sample(1)
    replay.add(step(0, episode=1, terminated=True))
    assert replay.holds_chunk and rows(replay).keys() == {0}
    assert buffer(1).holds_chunk


def test_shown_chunks_are_drawn_once_there_are_any() -> None:
    """A person corrects ticks 2, 3 and 4, then 6: three in a row are one chunk of theirs, in half of each batch."""
    replay = MixedReplay(100, 1, 2, 3, GAMMA, chunk=3, share=0.5)
    for tick in range(4):
        replay.add(step(tick, by_person=tick >= 2))
    assert not replay.sample(10).shown.any()
    for tick in range(4, 8):
        replay.add(step(tick, by_person=tick in (4, 6)))
    batch = replay.sample(200)
    assert batch.shown.sum() == 100 and set(batch.observation[batch.shown > 0, 0].tolist()) == {2.0}
    np.testing.assert_array_equal(batch.action[batch.shown > 0][0], [2, -2, 3, -3, 4, -4])
    assert set(batch.observation[batch.shown == 0, 0].tolist()) == {0, 1, 2, 3, 4, 5}


def test_draws_go_on_after_a_restart_as_if_there_had_been_none(tmp_path: Path) -> None:
    replay, other = buffer(3), buffer(3)
    for tick in range(20):
        replay.add(step(tick % 7, episode=tick // 7, truncated=tick % 7 == 6))
        other.add(step(tick))
    replay.sample(5), other.sample(5)
    replay.save(tmp_path / "replay")
    other.load(tmp_path / "replay")
    np.testing.assert_array_equal(other.sample(50).index, replay.sample(50).index)


def test_places_are_read_as_they_are_drawn() -> None:
    replay = buffer(3)
    for tick in range(5):
        replay.add(step(tick, truncated=tick == 4))
    batch = replay.as_drawn(np.array([1, 3]))
    np.testing.assert_array_equal(batch.action[:, :4], [[1, -1, 2, -2], [3, -3, 4, -4]])
    np.testing.assert_array_equal(batch.action, replay.as_drawn(np.array([1, 3])).action)
    assert batch.weight.tolist() == [1.0, 1.0] and batch.index.tolist() == [1, 3]
