# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""The replay ring: what it holds, draws, refuses and keeps across a restart."""

from pathlib import Path

import numpy as np
import pytest

from ros_rl.errors import ConfigError
from ros_rl.replay.buffer import ReplayBuffer
from ros_rl.types import Transition


def numbered(index: int, terminated: bool = False, truncated: bool = False) -> Transition:
    """A transition in which every value says its number."""
    value = float(index)
    return Transition(
        index,
        0,
        np.array([value, -value]),
        np.array([value / 1000]),
        value,
        np.full(2, value + 1),
        terminated,
        truncated,
    )


def filled(capacity: int, count: int, seed: int = 0) -> ReplayBuffer:
    buffer = ReplayBuffer(capacity, 2, 1, seed)
    for index in range(count):
        buffer.add(numbered(index))
    return buffer


@pytest.mark.parametrize(("count", "held"), [(0, 0), (1, 1), (9, 9), (10, 10), (11, 10), (25, 10)])
def test_holds_the_newest(count: int, held: int) -> None:
    buffer = filled(10, count)
    assert len(buffer) == held and buffer.added == count
    rewards = sorted(buffer.at(np.arange(held)).reward.tolist())
    assert rewards == list(range(count - held, count))


def test_rows_stay_together() -> None:
    batch = filled(10, 25).sample(500)
    assert batch.observation.dtype == np.float32
    assert batch.observation.shape == (500, 2) and batch.action.shape == (500, 1)
    np.testing.assert_array_equal(batch.observation[:, 0], batch.reward)
    np.testing.assert_array_equal(batch.observation[:, 1], -batch.reward)
    np.testing.assert_array_equal(batch.next_observation[:, 0], batch.reward + 1)
    np.testing.assert_allclose(batch.action[:, 0], batch.reward / 1000, rtol=1e-6)


def test_draws_uniformly_from_all_that_is_held() -> None:
    counts = np.bincount(filled(10, 14).sample(20_000).reward.astype(int), minlength=14)
    assert (counts[:4] == 0).all()
    expected = 20_000 / 10
    chi_square = ((counts[4:] - expected) ** 2 / expected).sum()
    assert chi_square < 27.9  # 0.1 % quantile at 9 degrees of freedom


def test_truncation_is_no_termination() -> None:
    buffer = ReplayBuffer(10, 2, 1)
    buffer.add(numbered(0, terminated=True))
    buffer.add(numbered(1, truncated=True))
    buffer.add(numbered(2))
    np.testing.assert_array_equal(buffer.at(np.arange(3)).terminated, [1.0, 0.0, 0.0])


def test_a_batch_is_a_copy() -> None:
    buffer = filled(10, 10)
    batch = buffer.at(np.arange(10))
    batch.observation[:] = 99.0
    assert buffer.at(np.arange(10)).observation.max() == 9.0


@pytest.mark.parametrize("field", ["observation", "action", "reward", "next_observation"])
@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_refuses_what_is_not_finite(field: str, value: float) -> None:
    buffer = filled(10, 3)
    values = dict(vars(numbered(7)))
    values[field] = np.full_like(values[field], value)
    with pytest.raises(ConfigError, match="tick 7"):
        buffer.add(Transition(**values))
    assert len(buffer) == 3
    assert np.isfinite(buffer.at(np.arange(10)).observation).all()


def test_refuses_to_draw_from_nothing() -> None:
    with pytest.raises(ConfigError, match="empty"):
        filled(10, 0).sample(4)


def test_same_seed_same_draws() -> None:
    one, two, other = filled(10, 10), filled(10, 10), filled(10, 10, seed=1)
    np.testing.assert_array_equal(one.sample(50).reward, two.sample(50).reward)
    assert (one.sample(50).reward != other.sample(50).reward).any()


@pytest.mark.parametrize("count", [0, 4, 10, 13])
def test_goes_on_after_save_and_load_as_if_nothing_happened(tmp_path: Path, count: int) -> None:
    buffer, loaded = filled(10, count), ReplayBuffer(10, 2, 1, seed=5)
    if count:
        buffer.sample(3)  # the sampling has moved on
    buffer.save(tmp_path / "replay.safetensors")
    loaded.load(tmp_path / "replay.safetensors")
    for extra in range(20, 24):
        buffer.add(numbered(extra))
        loaded.add(numbered(extra))
    assert loaded.added == buffer.added
    np.testing.assert_array_equal(buffer.sample(100).reward, loaded.sample(100).reward)


def test_a_full_ring_moves_to_a_larger_one(tmp_path: Path) -> None:
    filled(10, 13).save(tmp_path / "replay.safetensors")
    larger = ReplayBuffer(15, 2, 1)
    larger.load(tmp_path / "replay.safetensors")
    assert sorted(larger.at(np.arange(len(larger))).reward) == list(range(3, 13))
    for index in range(13, 20):  # two more than there is room for: the oldest two go
        larger.add(numbered(index))
    assert sorted(larger.at(np.arange(len(larger))).reward) == list(range(5, 20))


def test_a_smaller_one_takes_the_newest(tmp_path: Path) -> None:
    filled(10, 8).save(tmp_path / "replay.safetensors")
    smaller = ReplayBuffer(5, 2, 1)
    smaller.load(tmp_path / "replay.safetensors")
    assert smaller.at(np.arange(5)).reward.tolist() == [3, 4, 5, 6, 7] and smaller.added == 8


def test_refuses_another_size(tmp_path: Path) -> None:
    filled(10, 8).save(tmp_path / "replay.safetensors")
    with pytest.raises(ConfigError, match=r"observations of \(2,\) values"):
        ReplayBuffer(10, 3, 1).load(tmp_path / "replay.safetensors")
    with pytest.raises(ConfigError, match=r"actions of \(1,\) values"):
        ReplayBuffer(10, 2, 2).load(tmp_path / "replay.safetensors")
