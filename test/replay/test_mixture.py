# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Own transitions and demonstrations in one batch, against plain lists of what was added."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from learners import small_settings, spec_of

from ros_rl.errors import ConfigError
from ros_rl.layout import Field
from ros_rl.replay.batch import Batch
from ros_rl.replay.buffer import ReplayBuffer
from ros_rl.replay.goals import GoalRelabeller
from ros_rl.replay.mixture import MixedReplay
from ros_rl.settings.replay import ReplaySettings
from ros_rl.types import Transition

GAMMA, CAPACITY = 0.5, 100
OWN, SHOWN = 0.0, 1000.0
"""Where the numbers of the robot's own transitions begin, and those of the demonstrations."""


def step(tick: int, base: float = OWN, episode: int = 0, **changes) -> Transition:
    number = base + tick
    made = Transition(tick, episode, np.full(1, number), np.zeros(1), 2.0**tick, np.full(1, number + 0.5), False, False)
    return replace(made, **changes)


def mixed(share: float = 0.5, own: int = 5, shown: int = 4, **settings) -> MixedReplay:
    replay = MixedReplay(CAPACITY, 1, 1, 3, GAMMA, ReplaySettings(**settings), share=share)
    for tick in range(own):
        replay.add(step(tick))
    for tick in range(shown):
        replay.demonstrations.add(step(tick, SHOWN, source="shown"))
    return replay


def of_shown(batch: Batch) -> np.ndarray:
    return batch.observation[:, 0] >= SHOWN


@pytest.mark.parametrize("share", [0.0, 0.1, 0.3, 0.5, 1 / 3, 0.77, 1.0])
@pytest.mark.parametrize("size", [1, 7, 256])
def test_the_share_is_exact_over_all_that_is_drawn(share: float, size: int) -> None:
    replay, count = mixed(share), 0
    for draws in range(1, 31):
        batch = replay.sample(size)
        assert len(batch.index) == size
        count += int(of_shown(batch).sum())
        assert abs(count - share * size * draws) < 1.0, "never a whole transition off"
    assert count == pytest.approx(share * size * 30, abs=1.0)


def test_within_its_share_each_is_drawn_alike() -> None:
    replay = mixed()
    numbers = np.concatenate([replay.sample(200).observation[:, 0] for _ in range(100)])
    known, counts = np.unique(numbers, return_counts=True)
    assert known.tolist() == [0, 1, 2, 3, 4, 1000, 1001, 1002, 1003]
    expected = np.array([10_000 / 5] * 5 + [10_000 / 4] * 4)
    assert (np.abs(counts - expected) < 5 * np.sqrt(expected)).all()


def test_without_demonstrations_all_is_the_robots_own() -> None:
    replay = mixed(shown=0)
    assert not of_shown(replay.sample(64)).any() and len(replay.everything().index) == 5
    replay.demonstrations.add(step(0, SHOWN))
    assert of_shown(replay.sample(64)).sum() == 32, "nothing is owed for the time before"


def test_sums_do_not_go_from_one_into_the_other() -> None:
    """Rewards 1, 2, 4, ...: five own steps go on, of which the newest are not the demonstrations' beginning."""
    batch = mixed(n_step=3).sample(400)
    rows = {float(o): (float(r), float(d), float(n)) for o, r, d, n in zip(
        batch.observation[:, 0], batch.reward, batch.discount, batch.next_observation[:, 0], strict=True)}  # fmt: skip
    assert rows[0] == (1 + 1 + 1, 0.125, 2.5) and rows[4] == (16, 0.5, 4.5)
    assert rows[1000] == (1 + 1 + 1, 0.125, 1002.5) and rows[1002] == (4 + 4, 0.25, 1003.5)
    assert rows[1003] == (8, 0.5, 1003.5)


def test_corrections_are_kept_twice_and_their_sums_end_where_the_agent_goes_on() -> None:
    """Ticks 2 and 3 of six are a person's: the own chain goes through, the demonstrations' ends after tick 3."""
    replay = MixedReplay(CAPACITY, 1, 1, 0, GAMMA, ReplaySettings(n_step=3), share=0.5)
    for tick in range(6):
        replay.add(step(tick, by_person=tick in (2, 3)))
    for tick in range(10, 12):
        replay.add(step(tick, by_person=True))
    assert (len(replay), len(replay.demonstrations), replay.corrections) == (8, 4, 4)
    batch = replay.sample(600)
    own, shown = ({(float(o), float(r)) for o, r in zip(b.observation[:, 0], b.reward, strict=True)} for b in (
        replay.at(np.arange(8)), replay.demonstrations.at(np.arange(4))))  # fmt: skip
    assert {number for number, _ in shown} == {2.0, 3.0, 10.0, 11.0} and len(own) == 8
    theirs = batch.index >= CAPACITY
    assert theirs.sum() == 300
    sums = {float(o): float(r) for o, r in zip(batch.observation[theirs, 0], batch.reward[theirs], strict=True)}
    assert sums == {2: 4 + 4, 3: 8, 10: 1024 + 1024, 11: 2048}
    sums = {float(o): float(r) for o, r in zip(batch.observation[~theirs, 0], batch.reward[~theirs], strict=True)}
    assert sums[2] == 4 + 4 + 4 and sums[3] == 8 + 8 + 8


def test_priorities_find_their_way_back() -> None:
    """The largest errors of each kind are drawn nearly always, each within its own share."""
    replay = mixed(priority="td_error", alpha=1.0, epsilon=1e-9)
    batch = replay.sample(64)
    numbers = batch.observation[:, 0]
    replay.update_priorities(batch.index, np.where((numbers == 2) | (numbers == SHOWN + 1), 1e3, 1e-3))
    numbers = replay.sample(200).observation[:, 0]
    assert set(numbers.tolist()) == {2.0, SHOWN + 1} and (numbers == 2).sum() == 100
    weights = replay.sample(64).weight
    assert weights.max() == 1.0 and (weights > 0.0).all()
    with pytest.raises(ConfigError, match="1 of 2 priorities are not finite"):
        replay.update_priorities(np.array([0, CAPACITY]), np.array([1.0, np.nan]))


def test_images_are_those_of_their_own_transitions() -> None:
    field = Field("front", (2, 2, 1), "1", 1.0, "image", "uint8")
    replay = MixedReplay(CAPACITY, 1, 1, images=(field,), share=0.5)

    def picture(number: float) -> dict[str, np.ndarray]:
        return {"front": np.full((2, 2, 1), int(number) % 251, np.uint8)}

    for tick in range(30):
        replay.add(step(tick, images=picture(tick), next_images=picture(tick + 1), by_person=tick >= 25))
        shown = step(tick, SHOWN, images=picture(100 + tick), next_images=picture(101 + tick))
        replay.demonstrations.add(replace(shown, source="shown"))
    batch = replay.sample(400)
    value = batch.observation[:, 0]
    wanted = np.where(value >= SHOWN, value - SHOWN + 100, value)
    np.testing.assert_array_equal(batch.images["front"][:, 0, 0, 0], wanted)
    np.testing.assert_array_equal(batch.next_images["front"][:, 1, 1, 0], wanted + 1)


def test_windows_stay_within_a_chain_of_either_kind() -> None:
    replay = mixed(own=6, shown=3)
    both = replay.sequences(40, 3).observation[..., 0]
    assert (np.diff(both, axis=1) == 1).all() and (both[:, 0] >= SHOWN).sum() == 20
    own = replay.sequences(40, 4).observation[..., 0]
    assert (np.diff(own, axis=1) == 1).all() and (own < SHOWN).all(), "nothing so long was shown"


def test_goals_change_across_the_seam_and_rewards_with_them() -> None:
    """A demonstration may get the goal of an own transition and the reverse; reward by the task, row by row."""
    settings = small_settings("xarm_reach")
    spec, rng = spec_of(settings), np.random.default_rng(0)
    replay = MixedReplay(CAPACITY, spec.size, spec.action_size, share=0.5)
    for tick in range(40):
        observation, after = (rng.uniform(-0.5, 0.5, spec.size) for _ in range(2))
        goal = [SHOWN / 1e4 if tick >= 20 else 0.0] * 3
        observation[spec.goal] = after[spec.goal] = goal
        made = Transition(tick, 0, observation, np.zeros(6), 7.0, after, False, False)
        (replay.demonstrations if tick >= 20 else replay).add(made)
    batch = replay.sample(64)
    changed = GoalRelabeller(spec, settings.task, 0.5)(batch)
    theirs = batch.index >= CAPACITY
    goals = changed.observation[:, spec.goal][:, 0] > 0
    np.testing.assert_array_equal(changed.next_observation[:, spec.goal], changed.observation[:, spec.goal])
    assert (goals[theirs] == False).any() and goals[~theirs].any(), "goals go both ways"  # noqa: E712
    for row in np.flatnonzero(changed.reward != 7.0):
        before, after = spec.split(changed.observation[row]), spec.split(changed.next_observation[row])
        wanted = settings.task.reward(before, before["last_action"], after["last_action"], after)
        assert changed.reward[row] == pytest.approx(float(wanted), abs=1e-5)
    assert (changed.reward != 7.0).sum() == 32


@pytest.mark.parametrize("priority", ["uniform", "td_error"])
def test_what_is_saved_goes_on_bit_for_bit(tmp_path: Path, priority: str) -> None:
    replay = mixed(1 / 3, priority=priority)
    replay.add(step(5, by_person=True))
    replay.sample(7)
    replay.save(tmp_path / "replay")
    other = mixed(1 / 3, own=0, shown=0, priority=priority)
    other.load(tmp_path / "replay")
    assert (len(other), len(other.demonstrations), other.corrections) == (6, 5, 1)
    for made in (step(6, by_person=True), step(7)):
        replay.add(made)
        other.add(made)
    for _ in range(5):
        mine, theirs = replay.sample(7), other.sample(7)
        np.testing.assert_array_equal(mine.index, theirs.index)
        np.testing.assert_array_equal(mine.observation, theirs.observation)


def test_what_is_shown_to_a_run_that_had_nothing_stays(tmp_path: Path) -> None:
    plain = ReplayBuffer(CAPACITY, 1, 1)
    plain.add(step(0))
    plain.save(tmp_path / "replay")
    replay = mixed(own=0)
    replay.load(tmp_path / "replay")
    assert (len(replay), len(replay.demonstrations)) == (1, 4)


def test_transitions_come_again_with_their_chains() -> None:
    """Two robots, taking turns in a full ring, one with a gap: as they were, but for their numbers."""
    ring = ReplayBuffer(12, 1, 1)
    for tick in range(9):
        ring.add(step(tick, source="a", truncated=tick == 6, episode=int(tick > 6)))
        if tick != 4:
            ring.add(step(tick, SHOWN, source="b"))
    found = list(ring.transitions())
    chains: dict[tuple[str, int], list[float]] = {}
    for made in found:
        chains.setdefault((made.source, made.episode), []).append(float(made.observation[0]))
    assert list(chains.values()) == [[3, 4, 5, 6], [7, 8], [1002, 1003], [1005, 1006, 1007, 1008]]
    assert [made.tick for made in found] == list(range(12))
    assert [float(made.observation[0]) for made in found if made.truncated] == [6.0]
    assert [float(made.observation[0]) for made in ring.transitions(3)] == [8.0, 1007.0, 1008.0]


def test_demonstrations_are_cut_to_a_smaller_buffer_too() -> None:
    smaller = MixedReplay(3, 1, 1)
    smaller.restore(*mixed(own=5, shown=4).state(), Path("larger"))
    assert smaller.newest(9).observation[:, 0].tolist() == [2, 3, 4]
    assert smaller.demonstrations.newest(9).observation[:, 0].tolist() == [SHOWN + 1, SHOWN + 2, SHOWN + 3]
