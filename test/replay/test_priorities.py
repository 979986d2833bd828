# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Prioritised draws: the sum tree, frequencies, importance weights, and priorities across a restart."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ros_rl.errors import ConfigError
from ros_rl.replay.buffer import ReplayBuffer
from ros_rl.replay.sum_tree import SumTree
from ros_rl.settings.replay import ReplaySettings
from ros_rl.types import Transition


def prioritised(capacity: int, count: int, seed: int = 0, **settings: Any) -> ReplayBuffer:
    """Transition i has reward i; all of one episode."""
    chosen = ReplaySettings(**({"priority": "td_error", "alpha": 1.0} | settings))
    buffer = ReplayBuffer(capacity, 1, 1, seed, settings=chosen)
    extend(buffer, count)
    return buffer


def extend(buffer: ReplayBuffer, count: int) -> None:
    for i in range(buffer.added, buffer.added + count):
        buffer.add(Transition(i, 0, np.full(1, i), np.zeros(1), i, np.full(1, i + 1), False, False))


def chi_square(counts: np.ndarray, probability: np.ndarray) -> float:
    expected = counts.sum() * probability
    return float(((counts - expected) ** 2 / expected).sum())


class TestSumTree:
    @pytest.mark.parametrize("capacity", [1, 2, 3, 7, 8, 100, 512, 513, 3000])
    def test_sums_and_finds_like_a_running_sum(self, capacity: int) -> None:
        rng, tree, plain = np.random.default_rng(capacity), SumTree(capacity), np.zeros(capacity)
        for _ in range(20):
            index = rng.integers(0, capacity, 5 + capacity // 20)
            weight = rng.integers(0, 4, len(index)).astype(float)  # whole numbers: sums are exact
            tree[index] = weight
            for i, w in zip(index, weight, strict=True):
                plain[i] = w
            np.testing.assert_array_equal(tree.weights, plain)
            assert tree.total == plain.sum()
            if plain.sum():
                mass = rng.uniform(0, plain.sum(), 50)
                found = [int(np.flatnonzero(np.cumsum(plain) > m)[0]) for m in mass]
                np.testing.assert_array_equal(tree.find(mass), found)

    def test_never_finds_what_has_no_weight(self) -> None:
        rng, tree = np.random.default_rng(0), SumTree(5000)
        chosen = rng.choice(5000, 37, replace=False)
        tree[chosen] = 10.0 ** rng.uniform(-12, 3, 37)  # sums that round
        edges = np.concatenate([[0.0], np.cumsum(tree.weights), [np.nextafter(tree.total, 0)]])
        found = tree.find(np.minimum(edges, np.nextafter(tree.total, 0)))
        assert set(found) <= set(chosen)

    def test_draws_one_from_each_equal_share(self) -> None:
        tree = SumTree(8)
        tree[np.arange(8)] = 1.0
        np.testing.assert_array_equal(tree.draw(8, np.random.default_rng(3)), np.arange(8))


def test_draws_in_proportion_to_the_priorities() -> None:
    errors = np.array([0.5, -2.0, 1.0, 4.0, 0.1, 3.0])
    buffer = prioritised(6, 6, alpha=0.7)
    buffer.update_priorities(np.arange(6), errors)
    counts = sum(np.bincount(buffer.sample(10).index, minlength=6) for _ in range(3000))
    probability = np.abs(errors) ** 0.7 / (np.abs(errors) ** 0.7).sum()
    assert chi_square(counts, probability) < 20.5  # 0.1 % quantile at 5 degrees of freedom
    assert chi_square(counts, np.full(6, 1 / 6)) > 1000  # the same measure tells uniform draws from these


def test_without_priorities_given_all_are_drawn_alike() -> None:
    buffer = prioritised(10, 14)
    batches = [buffer.sample(10) for _ in range(1000)]
    counts = np.bincount(np.concatenate([b.reward for b in batches]).astype(int), minlength=14)
    assert (counts[:4] == 0).all()
    assert chi_square(counts[4:], np.full(10, 0.1)) < 27.9
    assert all((b.weight == 1.0).all() for b in batches)


def test_a_new_transition_has_the_largest_priority_ever_given() -> None:
    buffer = prioritised(4, 4)
    buffer.update_priorities(np.arange(4), np.array([8.0, 1.0, 1.0, 1.0]))
    buffer.update_priorities(np.array([0]), np.array([1.0]))
    extend(buffer, 1)  # over the place of the first: 8, against 1 of each other
    counts = sum(np.bincount(buffer.sample(11).index, minlength=4) for _ in range(500))
    assert chi_square(counts, np.array([8, 1, 1, 1]) / 11) < 16.3


def test_weights_are_those_of_the_paper() -> None:
    buffer = prioritised(100, 20, alpha=1.0, beta_start=0.4, beta_steps=80, epsilon=1e-12)
    priority = np.arange(1.0, 21.0)
    buffer.update_priorities(np.arange(20), priority)
    batch = buffer.sample(64)
    raw = (20 * priority[batch.index] / priority.sum()) ** -0.55  # a quarter of the way from 0.4 to 1
    np.testing.assert_allclose(batch.weight, raw / raw.max(), rtol=1e-5)
    assert batch.weight.dtype == np.float32 and batch.weight.max() == 1.0


def test_weighted_mean_is_the_uniform_mean() -> None:
    rng = np.random.default_rng(1)
    buffer = prioritised(200, 200, alpha=0.6, beta_start=1.0)
    buffer.update_priorities(np.arange(200), rng.exponential(size=200) + np.arange(200) / 50)
    batches = [buffer.sample(64) for _ in range(2000)]
    means = np.array([(b.weight * b.reward).sum() / b.weight.sum() for b in batches])
    assert abs(means.mean() - 99.5) < 4 * means.std() / np.sqrt(len(means)) + 0.2  # a ratio's bias is of order 1 / 64
    assert np.mean([b.reward.mean() for b in batches]) > 110  # without the weights it is not


def test_refuses_priorities_that_are_not_finite() -> None:
    buffer = prioritised(4, 4)
    with pytest.raises(ConfigError, match="1 of 2 priorities"):
        buffer.update_priorities(np.array([0, 1]), np.array([5.0, np.nan]))
    assert (buffer.sample(8).weight == 1.0).all()


def test_uniform_draws_take_no_notice_of_priorities() -> None:
    one, two = (prioritised(10, 10, priority="uniform") for _ in range(2))
    two.update_priorities(np.arange(10), np.full(10, 7.0))
    np.testing.assert_array_equal(one.sample(50).index, two.sample(50).index)


def test_same_numbers_as_a_plain_uniform_draw() -> None:
    buffer, rng = prioritised(10, 7, seed=3, priority="uniform"), np.random.default_rng([3, 0xBEEF])
    for _ in range(5):
        np.testing.assert_array_equal(buffer.sample(32).index, rng.integers(0, 7, 32))


@pytest.mark.parametrize("count", [4, 10, 13])
def test_goes_on_after_save_and_load(tmp_path: Path, count: int) -> None:
    buffer, loaded = prioritised(10, count), prioritised(10, 5, seed=9)
    rng = np.random.default_rng(0)
    for _ in range(3):
        index = buffer.sample(8).index
        buffer.update_priorities(index, rng.normal(size=8))
    buffer.save(tmp_path / "replay.safetensors")
    loaded.load(tmp_path / "replay.safetensors")
    for each in (buffer, loaded):
        extend(each, 3)
    for _ in range(3):
        one, two = buffer.sample(64), loaded.sample(64)
        for name in vars(one):
            np.testing.assert_array_equal(getattr(one, name), getattr(two, name))


def test_priorities_move_to_a_larger_ring_with_their_transitions(tmp_path: Path) -> None:
    buffer, larger = prioritised(10, 13, epsilon=1e-9), prioritised(16, 0)
    buffer.update_priorities(np.arange(10), buffer.at(np.arange(10)).reward)
    buffer.save(tmp_path / "replay.safetensors")
    larger.load(tmp_path / "replay.safetensors")
    counts = np.zeros(13)
    for _ in range(500):
        np.add.at(counts, larger.sample(20).reward.astype(int), 1)
    assert chi_square(counts[3:], np.arange(3, 13) / np.arange(3, 13).sum()) < 27.9


@pytest.mark.parametrize("count", [9, 13])
def test_priorities_move_to_a_smaller_buffer(count: int) -> None:
    """Transition i has priority i + 1, so of the newest four that are held each is drawn in that proportion."""
    buffer, smaller = prioritised(10, count, epsilon=1e-9), prioritised(4, 0, epsilon=1e-9)
    held = buffer.everything()
    buffer.update_priorities(held.index, held.reward + 1)
    smaller.restore(*buffer.state(), Path("larger"))
    drawn = smaller.sample(8000).reward.astype(int)
    newest = np.arange(count - 4, count)
    probability = (newest + 1) / (newest + 1).sum()
    counts = np.bincount(drawn, minlength=count)
    assert counts.sum() == counts[newest].sum() and chi_square(counts[newest], probability) < 16.3  # 0.1%, 3 degrees


def test_a_uniform_checkpoint_serves_a_prioritised_buffer(tmp_path: Path) -> None:
    prioritised(10, 7, priority="uniform").save(tmp_path / "replay.safetensors")
    buffer = prioritised(10, 0)
    buffer.load(tmp_path / "replay.safetensors")
    assert set(buffer.sample(70).index) == set(range(7))
