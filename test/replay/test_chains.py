# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""n-step sums, windows and whole episodes, by hand and against a slow and obvious reference."""

from pathlib import Path

import numpy as np
import pytest

from ros_rl.errors import ConfigError
from ros_rl.replay.batch import Batch
from ros_rl.replay.buffer import ReplayBuffer
from ros_rl.settings.replay import ReplaySettings
from ros_rl.types import Transition


def transition(
    tick: int, episode: int = 0, reward: float = 1.0, end: str = "", number: float | None = None
) -> Transition:
    value = tick if number is None else number
    return Transition(
        tick, episode, np.full(1, value), np.zeros(1), reward, np.full(1, value + 0.5), end == "term", end == "trunc"
    )


def buffer_of(transitions: list[Transition], n: int, capacity: int = 100, gamma: float = 0.5) -> ReplayBuffer:
    buffer = ReplayBuffer(capacity, 1, 1, 0, gamma, ReplaySettings(n_step=n))
    for each in transitions:
        buffer.add(each)
    return buffer


def drawn(buffer: ReplayBuffer) -> dict[float, tuple[float, float, float, float]]:
    """Reward, discount, next observation and termination of each transition that is drawn, by its observation."""
    b = buffer.sample(60 * len(buffer))
    found = zip(b.observation[:, 0], b.reward, b.discount, b.next_observation[:, 0], b.terminated, strict=True)
    return {float(key): tuple(float(v) for v in values) for key, *values in found}


class TestByHand:
    """Three steps with gamma 1/2; rewards 1, 2, 4, ..., so that each sum tells its parts."""

    def test_inside_an_episode(self) -> None:
        rows = drawn(buffer_of([transition(i, reward=2.0**i) for i in range(5)], 3))
        assert rows[0] == (1 + 1 + 1, 0.125, 2.5, 0)
        assert rows[1] == (2 + 2 + 2, 0.125, 3.5, 0)
        assert rows[3] == (8 + 8, 0.25, 4.5, 0)  # only one more step is known so far
        assert rows[4] == (16, 0.5, 4.5, 0)

    @pytest.mark.parametrize(("end", "terminated"), [("term", 1), ("trunc", 0)])
    def test_at_the_end_of_an_episode(self, end: str, terminated: int) -> None:
        steps = [transition(0), transition(1, reward=4, end=end), transition(3, 1, 100), transition(4, 1, 100)]
        rows = drawn(buffer_of(steps, 3))
        assert rows[0] == (1 + 2, 0.25, 1.5, terminated)
        assert rows[1] == (4, 0.5, 1.5, terminated)
        assert rows[3] == (150, 0.25, 4.5, 0)

    def test_an_end_at_the_last_step_of_the_sum(self) -> None:
        rows = drawn(buffer_of([transition(0), transition(1), transition(2, end="term")], 3))
        assert rows[0] == (1.75, 0.125, 2.5, 1)

    def test_at_a_gap(self) -> None:
        rows = drawn(buffer_of([transition(0), transition(1), transition(3), transition(4)], 3))
        assert rows[0] == (1.5, 0.25, 1.5, 0)
        assert rows[3] == (1.5, 0.25, 4.5, 0)

    def test_across_the_end_of_the_arrays_but_not_across_the_write_position(self) -> None:
        rows = drawn(buffer_of([transition(i, reward=2.0**i) for i in range(7)], 3, capacity=5))
        # places: 5 6 | 2 3 4
        assert set(rows) == {2, 3, 4, 5, 6}
        assert rows[4] == (16 + 16 + 16, 0.125, 6.5, 0)
        assert rows[6] == (64, 0.5, 6.5, 0)
        assert rows[5] == (64, 0.25, 6.5, 0)

    def test_a_sum_grows_when_more_is_known(self) -> None:
        buffer = buffer_of([transition(0)], 3)
        assert drawn(buffer)[0] == (1, 0.5, 0.5, 0)
        buffer.add(transition(1))
        assert drawn(buffer)[0] == (1.5, 0.25, 1.5, 0)


def random_story(rng: np.random.Generator, count: int) -> list[Transition]:
    """Episodes that terminate, are truncated, lose steps, or just stop."""
    story, tick, episode = [], 0, 0
    while len(story) < count:
        end = rng.choice(["", "term", "trunc"], p=[0.8, 0.12, 0.08])
        story.append(transition(tick, episode, float(rng.integers(-9, 9)), end, number=len(story)))
        tick += 1
        if end or rng.random() < 0.05:
            tick, episode = tick + 1, episode + 1
        elif rng.random() < 0.1:
            tick += 1  # a dropped transition
    return story


def follows(one: Transition, two: Transition) -> bool:
    ended = one.terminated or one.truncated
    return not ended and one.episode == two.episode and one.tick + 1 == two.tick


def slow_sum(held: list[Transition], start: int, n: int, gamma: float) -> tuple[float, float, Transition]:
    total, m = held[start].reward, 1
    while m < n and start + m < len(held) and follows(held[start + m - 1], held[start + m]):
        total += gamma**m * held[start + m].reward
        m += 1
    return total, gamma**m, held[start + m - 1]


@pytest.mark.parametrize("seed", range(12))
@pytest.mark.parametrize("priority", ["uniform", "td_error"])
def test_sums_are_those_of_the_slow_reference(seed: int, priority: str) -> None:
    rng = np.random.default_rng(seed)
    n, capacity, count = int(rng.integers(1, 7)), int(rng.integers(1, 40)), int(rng.integers(1, 90))
    story = random_story(rng, count)
    buffer = ReplayBuffer(capacity, 1, 1, seed, 0.9, ReplaySettings(priority, n_step=n))
    for step in story:
        buffer.add(step)
    held, batch = story[-capacity:], buffer.sample(20 * capacity)
    assert set(batch.observation[:, 0]) <= {step.observation[0] for step in held}
    first = int(held[0].observation[0])
    for i, number in enumerate(batch.observation[:, 0].astype(int)):
        assert batch.index[i] == number % capacity
        total, discount, last = slow_sum(held, number - first, n, 0.9)
        assert batch.reward[i] == pytest.approx(total, abs=1e-5) and batch.reward.dtype == np.float32
        assert batch.discount[i] == pytest.approx(discount)
        assert batch.next_observation[i] == last.next_observation
        assert batch.terminated[i] == last.terminated


@pytest.mark.parametrize("seed", range(12))
def test_windows_are_all_and_only_the_valid_ones(seed: int) -> None:
    rng = np.random.default_rng(seed)
    capacity, length = int(rng.integers(10, 40)), int(rng.integers(1, 5))
    story = random_story(rng, 70)
    held = story[-capacity:]
    valid = {
        held[i].observation[0]
        for i in range(capacity - length + 1)
        if all(follows(held[j], held[j + 1]) for j in range(i, i + length - 1))
    }
    buffer = buffer_of(story, 3, capacity)
    batch = buffer.sequences(60 * capacity, length)
    assert batch.observation.shape == (60 * capacity, length, 1) and batch.reward.shape == (60 * capacity, length)
    np.testing.assert_array_equal(np.diff(batch.observation[:, :, 0]), 1.0)
    starts, counts = np.unique(batch.observation[:, 0, 0], return_counts=True)
    assert set(starts) == valid
    expected = 60 * capacity / len(valid)
    assert ((counts - expected) ** 2 / expected).sum() < len(valid) + 6 * np.sqrt(2 * len(valid))


def test_no_window_is_long_enough() -> None:
    buffer = buffer_of([transition(0), transition(1), transition(3)], 1)
    with pytest.raises(ConfigError, match="no 3 transitions"):
        buffer.sequences(4, 3)


def slow_episodes(story: list[Transition], held: int) -> list[list[float]]:
    """Observations of the episodes of which nothing is missing, from the numbered story."""
    found: list[list[float]] = []
    current: list[Transition] | None = []
    for before, step in zip([None, *story[:-1]], story, strict=True):
        if before is None or before.episode != step.episode:
            current = []
        elif not follows(before, step):
            current = None  # a gap: never whole again
        if current is not None:
            current.append(step)
        if (step.terminated or step.truncated) and current is not None:
            found.append([t.observation[0] for t in current])
    return [numbers for numbers in found if numbers[0] >= len(story) - held]


def numbers(episodes: list[Batch]) -> list[list[float]]:
    return [batch.observation[:, 0].tolist() for batch in episodes]


@pytest.mark.parametrize("seed", range(12))
def test_episodes_are_whole_finished_and_in_order(seed: int) -> None:
    story = random_story(np.random.default_rng(seed), 80)
    buffer = buffer_of([], 1, 50)
    read: list[list[float]] = []
    for step in story:  # whoever asks often enough sees each once
        before = buffer.added
        buffer.add(step)
        if before % 3 == 2:
            read += numbers(buffer.episodes_since(before - 2))
    assert numbers(buffer.episodes()) == slow_episodes(story, 50)
    assert read == slow_episodes(story[:78], 78)
    assert numbers(buffer.episodes_since(buffer.added)) == []


def test_an_episode_tells_how_it_ended() -> None:
    steps = [transition(0), transition(1, end="trunc"), transition(3, 1), transition(4, 1, 7.0, "term")]
    cut, ended = buffer_of(steps, 3).episodes()
    np.testing.assert_array_equal(cut.terminated, [0, 0])
    np.testing.assert_array_equal(ended.terminated, [0, 1])
    np.testing.assert_array_equal(ended.reward, [1, 7])  # single steps, whatever n
    np.testing.assert_array_equal(ended.discount, [0.5, 0.5])


@pytest.mark.parametrize(("count", "capacity"), [(7, 10), (10, 10), (13, 10), (20, 10), (20, 14), (13, 14)])
def test_chains_survive_a_restart(tmp_path: Path, count: int, capacity: int) -> None:
    story = random_story(np.random.default_rng(7), 40)
    buffer, loaded = buffer_of(story[:count], 4, 10), buffer_of([], 4, capacity)
    buffer.save(tmp_path / "replay.safetensors")
    loaded.load(tmp_path / "replay.safetensors")
    assert len(loaded) == len(buffer) and loaded.added == buffer.added
    assert drawn(loaded) == drawn(buffer)
    assert numbers(loaded.episodes()) == numbers(buffer.episodes())
    for step in story[count : count + 10]:
        buffer.add(step)
        loaded.add(step)
    assert drawn(buffer).items() <= drawn(loaded).items()
    expected = [e for e in slow_episodes(story[: count + 10], len(loaded)) if e[-1] >= count]
    assert numbers(loaded.episodes_since(count)) == expected


@pytest.mark.parametrize(
    ("count", "numbers"), [(0, []), (3, [10, 11, 12]), (5, [8, 9, 10, 11, 12]), (9, [8, 9, 10, 11, 12])]
)
def test_the_newest_in_order(count: int, numbers: list[int]) -> None:
    assert buffer_of([transition(i) for i in range(13)], 3, 5).newest(count).observation[:, 0].tolist() == numbers


def test_single_steps_are_drawn_uniformly_whatever_the_settings() -> None:
    buffer = ReplayBuffer(10, 1, 1, 0, 0.5, ReplaySettings("td_error", n_step=3))
    for i in range(10):
        buffer.add(transition(i, reward=i))
    buffer.update_priorities(np.array([3]), np.array([1e6]))
    batch = buffer.sample_steps(5000)
    counts = np.bincount(batch.reward.astype(int), minlength=10)
    assert ((counts - 500) ** 2 / 500).sum() < 27.9
    assert (batch.discount == 0.5).all() and (batch.weight == 1).all()


@pytest.mark.parametrize("gamma", [0.0, -0.1, 1.01, np.nan])
def test_refuses_a_discount_out_of_range(gamma: float) -> None:
    with pytest.raises(ConfigError, match="gamma"):
        ReplayBuffer(10, 1, 1, 0, gamma)


def test_refuses_what_is_not_finite_in_single_precision() -> None:
    buffer = buffer_of([transition(0)], 1)
    with pytest.raises(ConfigError, match="tick 1"):
        buffer.add(transition(1, reward=1e39))
    assert len(buffer) == 1


def test_says_that_no_episode_is_as_long_as_a_sum(caplog: pytest.LogCaptureFixture) -> None:
    def episodes(length: int, n: int) -> None:
        steps = range(12 * length)
        buffer_of([transition(t, t // length, end="term" if t % length == length - 1 else "") for t in steps], n)

    episodes(5, 5)
    assert not caplog.records
    episodes(5, 6)
    assert [record.getMessage() for record in caplog.records] == [
        "learner.replay.n_step is 6, the longest of the first 10 episodes had 5 steps: every sum is a whole return"
    ]


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("n", [1, 2, 5])
def test_every_target_of_the_true_values_is_the_true_value(seed: int, n: int) -> None:
    """A walk x -> x + 1 that pays sin(x) and ends for good after each multiple of 7, cut at random elsewhere."""
    gamma, rng = 0.9, np.random.default_rng(seed)
    value = np.zeros(1001)
    for x in reversed(range(1000)):
        value[x] = np.sin(x) + (0.0 if x % 7 == 0 else gamma * value[x + 1])
    buffer = ReplayBuffer(60, 1, 1, seed, gamma, ReplaySettings("td_error", n_step=n))
    tick = 0
    for episode in range(40):
        x, end = int(rng.integers(500)), ""
        while not end:
            end = "term" if x % 7 == 0 else "trunc" if rng.random() < 0.1 else ""
            step = transition(tick, episode, float(np.sin(x)), end, number=x)
            buffer.add(Transition(**(vars(step) | {"next_observation": np.full(1, x + 1)})))
            x, tick = x + 1, tick + 1
    b = buffer.sample(1000)
    target = b.reward + b.discount * (1 - b.terminated) * value[b.next_observation[:, 0].astype(int)]
    np.testing.assert_allclose(target, value[b.observation[:, 0].astype(int)], atol=1e-6)
    assert n == 1 or len(np.unique(b.discount)) == n
