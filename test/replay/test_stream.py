# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Streams of observations: every one that was seen, in its order, with what led to it, against a plain list."""

import numpy as np
import pytest

from ros_rl.errors import ConfigError
from ros_rl.layout import Field
from ros_rl.replay.buffer import ReplayBuffer
from ros_rl.replay.mixture import MixedReplay
from ros_rl.types import Transition

LENGTHS = (3, 1, 7, 2, 12)


def step(index: int, episode: int, ends: bool, source: str = "", **more) -> Transition:
    """Observation index and episode, to the next index; the action and the reward tell it, too."""
    image, after = (np.full((2, 2, 1), value, np.uint8) for value in (index, index + 1))
    return Transition(
        index,
        episode,
        np.array([index, episode]),
        np.array([index / 100]),
        float(index),
        np.array([index + 1, episode]),
        ends and episode % 2 == 0,
        ends and episode % 2 == 1,
        source,
        {"eye": image},
        {"eye": after},
        **more,
    )


def recorded(buffer: ReplayBuffer, source: str = "", **more) -> list[tuple[float, ...]]:
    """Fill a buffer; returns all that was seen: index, episode, action, reward, terminated, first."""
    seen, index = [], 0
    for episode, length in enumerate(LENGTHS):
        seen.append((index, episode, 0.0, 0.0, 0.0, 1.0))
        for k in range(length):
            ends = k == length - 1
            buffer.add(step(index, episode, ends, source, **more))
            ended = float(ends and episode % 2 == 0)
            seen.append((index + 1, episode, np.float32(index / 100), float(index), ended, 0.0))
            index += 1
        index += 5
    return seen


def buffer_of(kind: type[ReplayBuffer] = ReplayBuffer, capacity: int = 40, **more) -> ReplayBuffer:
    return kind(capacity, 2, 1, 0, images=[Field("eye", (2, 2, 1), "1", 1.0, "image", "uint8")], **more)


def rows(stream) -> list[list[tuple[float, ...]]]:
    columns = (stream.observation, stream.action, *(getattr(stream, n)[..., None] for n in ("reward", "terminated")))
    joined = np.concatenate([*columns, stream.first[..., None]], -1)
    np.testing.assert_array_equal(stream.images["eye"][:, :, 1, 1, 0], stream.observation[..., 0])
    return [[tuple(values) for values in row] for row in joined.tolist()]


@pytest.mark.parametrize("length", [2, 3, 6, 26])
def test_rows_are_what_was_seen(length: int) -> None:
    buffer = buffer_of()
    seen = [tuple(np.float32(value) for value in row) for row in recorded(buffer)]
    found = rows(buffer.streams(800, length))
    starts = set()
    for row in found:
        (start,) = (k for k, item in enumerate(seen) if item[:2] == row[0][:2])
        starts.add(start)
        assert row[0][2:] == (0.0, 0.0, 0.0, 1.0)  # nothing that is known led to it
        assert row[1:] == seen[start + 1 : start + length]
    assert len(starts) == 27 - length


def test_short_episodes_are_seen_to_their_end() -> None:
    buffer = buffer_of()
    recorded(buffer)
    ends = {tuple(item[:2]) for row in rows(buffer.streams(200, 6)) for item in row if item[4] == 1.0}
    assert ends == {(3.0, 0.0), (21.0, 2.0), (45.0, 4.0)}


def test_robots_are_kept_apart() -> None:
    buffer = buffer_of()
    for index in range(12):
        for source in ("a", "b"):
            buffer.add(step(index + 100 * (source == "b"), 0, False, source))
    found = buffer.streams(100, 5)
    assert (np.ptp(found.observation[..., 0], 1) == 4).all()
    assert buffer.holds_streams(13) and not buffer.holds_streams(14)
    with pytest.raises(ConfigError, match="no 13 transitions of one robot"):
        buffer.streams(1, 14)


def test_what_was_overwritten_leaves_no_trace() -> None:
    buffer = buffer_of(capacity=10)
    for index in range(37):
        buffer.add(step(index, 1, False))
    found = buffer.streams(50, 4).observation[..., 0]
    assert found.min() == 27.0 and (np.diff(found, axis=1) == 1.0).all()


def test_shown_streams_come_in_their_share() -> None:
    buffer = buffer_of(MixedReplay, share=0.25)
    recorded(buffer)
    for index in range(6):
        buffer.demonstrations.add(step(200 + index, 9, False))
    found = buffer.streams(8, 4)
    assert (found.observation[:, 0, 1] == 9.0).tolist() == [False] * 6 + [True] * 2
    assert found.images["eye"].shape == (8, 4, 2, 2, 1)
    assert not (buffer.streams(8, 8).observation[:, 0, 1] == 9.0).any()  # nothing so long was shown


def test_whole_rows_are_of_one_episode() -> None:
    """Each of those that there are, and of no others; as many as are asked for."""
    buffer = buffer_of()
    seen = [tuple(np.float32(value) for value in row) for row in recorded(buffer)]
    found = {tuple(item[:2] for item in row) for row in rows(buffer.streams(800, 4, whole=True))}
    parts = [tuple(item[:2] for item in seen[k : k + 4]) for k in range(len(seen) - 3)]
    inside = [k for k in range(len(seen) - 3) if not any(item[5] for item in seen[k + 1 : k + 4])]
    assert found == {parts[k] for k in inside} and len(found) > 5
    assert buffer.streams(7, 4, whole=True).observation.shape[:2] == (7, 4)
    with pytest.raises(ConfigError, match="no 40 transitions of one episode"):
        buffer.streams(1, 41, whole=True)


def test_whole_rows_are_shown_as_far_as_they_are_long() -> None:
    buffer = buffer_of(MixedReplay, share=0.25)
    recorded(buffer)
    for index in range(6):
        buffer.demonstrations.add(step(200 + index, 9 + index // 3, index % 3 == 2))
    shown = [(buffer.streams(8, length, whole=True).observation[..., 1] >= 9.0).all(1).sum() for length in (4, 5)]
    assert shown == [2, 0], "two episodes of three steps were shown"
