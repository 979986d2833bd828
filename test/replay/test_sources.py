# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Several robots feed one buffer: each one's chains, sums, windows and episodes are as if it were alone."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from ros_rl.agents.common.policy_gradient import NewData
from ros_rl.replay.buffer import ReplayBuffer
from ros_rl.settings.replay import ReplaySettings
from ros_rl.types import Transition

GAMMA = 0.9


def step(source: str, tick: int, number: float, reward: float = 1.0, episode: int = 0, end: str = "") -> Transition:
    ends = (end == "term", end == "trunc")
    return Transition(
        tick, episode, np.full(1, number), np.zeros(1), reward, np.full(1, number + 0.5), *ends, source=source
    )


def buffer_of(story: Sequence[Transition], n: int, capacity: int = 100, gamma: float = GAMMA) -> ReplayBuffer:
    buffer = ReplayBuffer(capacity, 1, 1, 0, gamma, ReplaySettings(n_step=n))
    for each in story:
        buffer.add(each)
    return buffer


def sums(buffer: ReplayBuffer) -> dict[int, tuple[float, float, float, float]]:
    """n-step sum, discount, next observation and termination of every transition, by its observation."""
    b = buffer.sample(80 * len(buffer))
    rows = zip(b.observation[:, 0], b.reward, b.discount, b.next_observation[:, 0], b.terminated, strict=True)
    return {int(key): tuple(float(v) for v in values) for key, *values in rows}


def numbers(buffer: ReplayBuffer) -> list[list[int]]:
    return [batch.observation[:, 0].astype(int).tolist() for batch in buffer.episodes()]


def two_robots() -> list[Transition]:
    """Two episodes of 10 steps, step by step in turns; a's numbers begin at 0, b's at 100. One earns 1, one 10."""
    story = []
    for tick in range(10):
        end = "term" if tick == 9 else ""
        story.append(step("a", tick, tick, 1.0, end=end))
        story.append(step("b", tick, 100 + tick, 10.0, end=end))
    return story


class TestByHand:
    def test_episodes_of_ten_stay_episodes_of_ten(self) -> None:
        assert numbers(buffer_of(two_robots(), 1)) == [list(range(10)), list(range(100, 110))]

    def test_sums_of_five_steps(self) -> None:
        """With gamma 1 each sum counts its steps: 5 for the first six, then 4, 3, 2, 1."""
        found = sums(buffer_of(two_robots(), 5, gamma=1.0))
        assert [found[i][0] for i in range(10)] == [5, 5, 5, 5, 5, 5, 4, 3, 2, 1]
        assert [found[100 + i][0] for i in range(10)] == [50, 50, 50, 50, 50, 50, 40, 30, 20, 10]
        assert [found[i][2] for i in range(10)] == [4.5, 5.5, 6.5, 7.5, 8.5, 9.5, 9.5, 9.5, 9.5, 9.5]
        assert [found[i][3] for i in range(10)] == [0, 0, 0, 0, 0, 1, 1, 1, 1, 1]

    def test_windows(self) -> None:
        batch = buffer_of(two_robots(), 1).sequences(2000, 9)
        starts = {int(row[0]) for row in batch.observation[:, :, 0]}
        assert starts == {0, 1, 100, 101}
        assert (np.diff(batch.observation[:, :, 0]) == 1).all()

    def test_a_gap_of_one_robot_is_none_of_the_other(self) -> None:
        story = [each for each in two_robots() if each.source != "a" or each.tick != 4]
        found = sums(buffer_of(story, 5, gamma=1.0))
        assert [found[i][0] for i in (0, 1, 2, 3, 5, 9)] == [4, 3, 2, 1, 5, 1]
        assert found[100][0] == 50
        assert numbers(buffer_of(story, 1)) == [list(range(100, 110))]

    def test_the_place_that_is_overwritten_is_forgotten(self) -> None:
        """Of 20 places 7 are held: the newest, from a's 6.5th step on."""
        buffer = buffer_of(two_robots(), 5, capacity=7, gamma=1.0)
        found = sums(buffer)
        assert set(found) == {106, 7, 107, 8, 108, 9, 109}
        assert [found[i][0] for i in (7, 8, 9, 106, 107, 108, 109)] == [3, 2, 1, 40, 30, 20, 10]
        assert numbers(buffer) == []
        assert {int(row[0]) for row in buffer.sequences(500, 3).observation[:, :, 0]} == {7, 106, 107}

    def test_a_robot_whose_last_step_was_overwritten_begins_a_new_chain(self) -> None:
        others = [step("b", tick, 100 + tick) for tick in range(5)]
        buffer = buffer_of([step("a", 0, 0), *others, step("a", 1, 1), step("a", 2, 2, end="term")], 5, 5, 1.0)
        assert sums(buffer)[1][0] == 2
        assert numbers(buffer) == []


def story_of(source: str, rng: np.random.Generator, count: int, first: int) -> list[Transition]:
    """Episodes of numbered steps that end, are cut, lose steps, or just stop."""
    story: list[Transition] = []
    tick = episode = 0
    while len(story) < count:
        end = rng.choice(["", "term", "trunc"], p=[0.8, 0.12, 0.08])
        story.append(step(source, tick, first + len(story), float(rng.integers(-9, 9)), episode, end))
        tick += 1
        if end or rng.random() < 0.05:
            tick, episode = tick + 1, episode + 1
        elif rng.random() < 0.1:
            tick += 1
    return story


def interleaved(rng: np.random.Generator, sources: int, count: int) -> list[Transition]:
    stories = [story_of("abc"[i], rng, count, 1000 * i) for i in range(sources)]
    order = rng.permutation(np.repeat(np.arange(sources), count))
    waiting = [iter(story) for story in stories]
    return [next(waiting[i]) for i in order]


def follows(one: Transition, two: Transition) -> bool:
    return not (one.terminated or one.truncated) and one.episode == two.episode and one.tick + 1 == two.tick


def check_sums(buffer: ReplayBuffer, held: list[Transition], n: int) -> None:
    """Each source's sums against those of a walk along its own transitions."""
    found = sums(buffer)
    for source in {each.source for each in held}:
        own = [each for each in held if each.source == source]
        for i, first in enumerate(own):
            total, m = first.reward, 1
            while m < n and i + m < len(own) and follows(own[i + m - 1], own[i + m]):
                total += GAMMA**m * own[i + m].reward
                m += 1
            last = own[i + m - 1]
            expected = (total, GAMMA**m, float(last.next_observation[0]), float(last.terminated))
            assert found[int(first.observation[0])] == pytest.approx(expected, abs=1e-5)


def whole_episodes(story: list[Transition], held: int) -> set[tuple[int, ...]]:
    """Numbers of the finished episodes of each source of which nothing was lost and the first step is held."""
    kept = {each.observation[0] for each in story[len(story) - held :]}
    found = set()
    for source in {each.source for each in story}:
        current: list[int] | None = []
        before: Transition | None = None
        for each in (each for each in story if each.source == source):
            if before is None or before.episode != each.episode:
                current = []
            elif not follows(before, each):
                current = None
            if current is not None:
                current.append(int(each.observation[0]))
                if (each.terminated or each.truncated) and current[0] in kept:
                    found.add(tuple(current))
            before = each
    return found


@pytest.mark.parametrize("seed", range(12))
def test_all_is_that_of_each_source_alone(seed: int) -> None:
    rng = np.random.default_rng(seed)
    sources, n, capacity = int(rng.integers(1, 4)), int(rng.integers(1, 7)), int(rng.integers(5, 90))
    story = interleaved(rng, sources, 40)
    buffer, held = buffer_of(story, n, capacity), story[-capacity:]
    check_sums(buffer, held, n)
    assert {tuple(each) for each in numbers(buffer)} == whole_episodes(story, len(held))
    valid = set()
    for source in {each.source for each in held}:
        own = [each for each in held if each.source == source]
        runs = [own[i : i + 3] for i in range(len(own) - 2)]
        valid |= {int(a.observation[0]) for a, b, c in runs if follows(a, b) and follows(b, c)}
    if valid:
        batch = buffer.sequences(80 * capacity, 3)
        assert {int(row[0]) for row in batch.observation[:, :, 0]} == valid
        assert (np.diff(batch.observation[:, :, 0]) == 1).all()


@pytest.mark.parametrize(("count", "capacity"), [(7, 10), (10, 10), (13, 10), (20, 10), (20, 25), (13, 14)])
def test_sources_survive_a_restart(tmp_path: Path, count: int, capacity: int) -> None:
    story = interleaved(np.random.default_rng(3), 2, 20)
    buffer, loaded = buffer_of(story[:count], 4, 10), buffer_of([], 4, capacity)
    buffer.save(tmp_path / "replay.safetensors")
    loaded.load(tmp_path / "replay.safetensors")
    assert sums(loaded) == sums(buffer) and numbers(loaded) == numbers(buffer)
    for each in story[count : count + 10]:
        loaded.add(each)
    held = story[: count + 10][-len(loaded) :]
    check_sums(loaded, held, 4)
    assert set(map(tuple, numbers(loaded))) <= whole_episodes(story[: count + 10], len(held))


@pytest.mark.parametrize("count", [15, 40])  # in a ring of 20: not yet full, and written over
@pytest.mark.parametrize("capacity", [1, 6, 14])
def test_a_smaller_buffer_is_one_that_had_been_as_small(count: int, capacity: int) -> None:
    """But that chains are known from before; then new transitions drive out the oldest, whoever's they are."""
    story = interleaved(np.random.default_rng(5), 2, 50)
    taken = buffer_of([], 4, capacity)
    taken.restore(*buffer_of(story[:count], 4, 20).state(), Path("large"))
    for now in range(count, count + 30):
        held = story[now - capacity : now]
        assert (len(taken), taken.added) == (capacity, now)
        assert taken.newest(capacity).observation[:, 0].tolist() == [each.observation[0] for each in held]
        check_sums(taken, held, 4)
        assert set(map(tuple, numbers(taken))) <= whole_episodes(story[:now], capacity)
        taken.add(story[now])


def test_a_smaller_buffer_forgets_neither_robot_first() -> None:
    story = [step(source, tick, tick) for tick in range(450) for source in "ab"]
    taken = buffer_of([], 1, 200)
    taken.restore(*buffer_of(story[:800], 1, 1000).state(), Path("large"))
    for each in story[800:]:
        taken.add(each)
    assert [each.source for each in taken.transitions()] == ["a"] * 100 + ["b"] * 100


def test_new_episodes_of_each_robot_leave_out_what_began_before() -> None:
    """a's first episode and b's first ran when the policy began to act; of each the next is the first that counts."""
    buffer, new = buffer_of([], 1), NewData()
    given = []
    for k in range(24):
        source, tick = ("a", k // 2) if k % 2 == 0 else ("b", k // 2 + 2)  # b began two steps earlier
        buffer.add(step(source, tick, tick + 100 * (source == "b"), episode=tick // 4, end="trunc" * (tick % 4 == 3)))
        if k >= 3:
            given += new.episodes(buffer, 1)
    found = [batch.observation[:, 0].astype(int).tolist() for batch in given]
    assert found == [[104, 105, 106, 107], [4, 5, 6, 7], [108, 109, 110, 111], [8, 9, 10, 11]]
