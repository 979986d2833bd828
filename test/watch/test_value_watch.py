# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""The watch on values, against geometric sums, ranks and returns computed by hand."""

import math

import numpy as np
import pytest
import torch

from ros_rl.errors import ConfigError
from ros_rl.settings.watch import WatchSettings
from ros_rl.watch.value_measures import discounted_steps, effective_rank, followed_returns, value_bound
from ros_rl.watch.value_watch import ValueWatch


def watch(gamma: float = 0.99, horizon: int | None = None, **settings: object) -> ValueWatch:
    return ValueWatch(gamma, WatchSettings(**{"window": 10, **settings}), horizon)


def feed(values: ValueWatch, *largest: float, entropy_bonus: float = 0.0) -> None:
    """Batches whose targets equal their values."""
    for value in largest:
        q = torch.tensor([[0.0, -value], [value / 2, 0.0]])
        values.batch(q, q, entropy_bonus)


@pytest.mark.parametrize("gamma", [0.5, 0.9, 0.99, 1.0])
@pytest.mark.parametrize("steps", [0, 1, 7, 200])
def test_discounted_steps_are_the_sum(gamma: float, steps: int) -> None:
    assert discounted_steps(gamma, steps) == pytest.approx(sum(gamma**t for t in range(steps)))


@pytest.mark.parametrize(("gamma", "horizon"), [(0.9, None), (0.9, 5), (1.0, 5)])
def test_bound_is_reached_by_a_soft_agent_that_gets_the_most(gamma: float, horizon: int | None) -> None:
    """Reward 2 and entropy bonus 0.3 in every step, summed as the soft Bellman equation does."""
    value = 0.0
    for step in range(horizon or 2000):
        q = 2.0 + gamma * value
        value = q + 0.3
        if step == (horizon or 2000) - 1:
            assert value_bound(2.0, gamma, horizon, 0.3) == pytest.approx(q)
    assert value_bound(2.0, 0.99) == pytest.approx(200.0)


def test_no_discount_has_no_bound() -> None:
    values = watch(gamma=1.0)
    values.reward(1.0)
    feed(values, 1e12)
    assert value_bound(1.0, 1.0) == math.inf
    assert values.figures()["beyond_total"] == 0.0 and "q_bound" not in values.figures()
    limited = watch(gamma=1.0, horizon=20)
    limited.reward(-1.0)
    feed(limited, 20.0, 20.5)
    assert limited.figures()["q_bound"] == 20.0 and limited.check.first == 2


@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_first_batch_beyond_and_recovery(sign: float) -> None:
    values = watch(beyond_share=0.2)
    for reward in (0.5, -1.0, 0.2):
        values.reward(reward)
    feed(values, *[99.0 * sign] * 4, 101.0 * sign)
    figures = values.figures()
    assert figures["q_bound"] == pytest.approx(100.0) and figures["q_largest"] == pytest.approx(101.0)
    assert (figures["first_beyond"], figures["beyond_recent"], figures["beyond_total"]) == (5.0, 0.2, 0.2)
    assert values.warnings() == []  # one of a window of 10 is allowed
    feed(values, 150.0)
    (warning,) = values.warnings()
    for part in ("100", "33.3 %", "2 batches", "150", "first at update 5", "agent.targets polyak", "layer norm"):
        assert part in warning
    feed(values, *[50.0] * 9)
    assert values.check.recovered == 0
    feed(values, 50.0)
    figures = values.figures()
    assert (figures["recovered"], figures["first_beyond"], figures["beyond_recent"]) == (16.0, 5.0, 0.0)
    assert figures["beyond_total"] == 2 / 16 and values.warnings() == []
    feed(values, 200.0)
    assert values.figures()["recovered"] == 0.0


def test_rewards_raise_the_bound_and_none_gives_none() -> None:
    values = watch(gamma=0.9)
    values.reward(0.0)
    feed(values, 1000.0)
    assert values.check.first == 0
    values.reward(-3.0)
    assert values.check.bound == pytest.approx(30.0)
    given = watch(gamma=0.9, reward_bound=2.0)
    given.reward(50.0)
    assert given.check.bound == pytest.approx(20.0)


def test_entropy_widens_the_bound_for_good() -> None:
    values = watch(gamma=0.9)
    values.reward(1.0)
    feed(values, 1.0, entropy_bonus=-0.5)
    feed(values, 1.0, entropy_bonus=0.1)
    assert values.check.bound == pytest.approx(10.0 + 0.9 * 0.5 * 10.0)


@pytest.mark.parametrize("bad", [math.nan, math.inf])
@pytest.mark.parametrize("where", ["q", "target"])
def test_values_that_are_not_finite_are_told_at_once(bad: float, where: str) -> None:
    values = watch(beyond_share=1.0)
    values.reward(1.0)
    feed(values, 1.0)
    good, broken = torch.ones(2, 4), torch.full((2, 4), bad)
    values.batch(*((broken, good) if where == "q" else (good, broken)))
    (warning,) = values.warnings()
    assert "not finite at update 2" in warning and "checkpoint" in warning
    assert math.isfinite(values.figures()["bellman_error"])
    assert values.check.beyond == (where == "q")
    feed(values, *[1.0] * 10)
    assert values.warnings() == []


def test_features_and_episodes_that_are_not_finite_are_told() -> None:
    for act in (lambda v: v.features(torch.full((4, 2), math.nan)), lambda v: v.episode([math.nan], [1.0], True)):
        values = watch()
        act(values)
        assert "not finite" in values.warnings()[0]
    with pytest.raises(ConfigError, match="reward is nan"):
        watch().reward(math.nan)


def test_bellman_error_is_the_root_mean_square_over_the_window() -> None:
    values = watch()
    values.batch(torch.full((2, 3), 100.0), torch.zeros(3))
    for _ in range(5):
        values.batch(torch.tensor([[1.0, 2.0], [3.0, 4.0]]), torch.tensor([1.0, 1.0]))  # errors 0, 1, 2, 3
        values.batch(torch.tensor([2.0, 2.0]), torch.tensor([2.0, 0.0]))  # errors 0, 2
    figures = values.figures()
    assert figures["bellman_error"] == pytest.approx(math.sqrt((14 / 4 + 4 / 2) / 2))
    assert figures["bellman_relative"] == pytest.approx(math.sqrt(2.75) / math.sqrt((1 + 2) / 2))
    (warning,) = values.warnings()
    assert "Bellman error is 135 %" in warning and "100 %" in warning


def test_values_beyond_the_bins_are_told_after_a_window() -> None:
    values, q = watch(clipped_share=0.3), torch.ones(2, 4)
    for share in [0.0] * 6 + [1.0] * 3:
        values.batch(q, q, clipped=torch.tensor(share))
    assert values.figures()["clipped_share"] == pytest.approx(1 / 3) and values.warnings() == []
    values.batch(q, q, clipped=torch.tensor(1.0))
    (warning,) = values.warnings()
    for part in ("40 % of the targets", "30 %", "agent.largest_value", "agent.reward_scale returns"):
        assert part in warning
    assert "clipped_share" not in watch().figures()


def test_effective_rank_by_hand() -> None:
    rotation = torch.linalg.qr(torch.randn(6, 6, generator=torch.Generator().manual_seed(0)))[0]
    for singular, rank in (
        ([1.0] * 6, 6),
        ([97.0, 2.0, 1.0, 0.0, 0.0, 0.0], 2),  # 99 of 100
        ([97.0, 1.5, 1.5, 0.0, 0.0, 0.0], 3),  # 98.5 of 100 are too few
        ([5.0, 0.0, 0.0, 0.0, 0.0, 0.0], 1),
        ([0.0] * 6, 0),
    ):
        features = rotation @ torch.diag(torch.tensor(singular)) @ rotation.T[:, torch.randperm(6)]
        # a hair below 0.01, for the rounding of float32
        assert effective_rank(features, 0.01 + 1e-5) == rank
    assert effective_rank(torch.outer(torch.arange(1.0, 9.0), torch.tensor([1.0, -2.0]))) == 1
    assert effective_rank(torch.eye(10), 0.25) == 8


def test_rank_that_falls_is_told_and_looked_at_seldom() -> None:
    values = watch(rank_every=10)
    assert values.rank_due
    values.features(torch.eye(8).expand(2, 8, 8))
    assert not values.rank_due
    feed(values, *[1.0] * 10)
    assert values.rank_due and values.warnings() == []
    collapsed = torch.stack([torch.eye(8), torch.ones(8, 8)])
    values.features(collapsed)
    assert values.figures()["effective_rank"] == 1.0
    (warning,) = values.warnings()
    assert "fell from 8 to 1" in warning and "25 %" in warning


def test_returns_of_a_terminated_episode_with_entropy() -> None:
    returns = followed_returns(np.zeros(3), np.array([1.0, 2.0, 4.0]), 0.5, True, tail=0.1, entropy_bonus=0.2)
    last = 4.0
    middle = 2.0 + 0.5 * (0.2 + last)
    assert returns == pytest.approx([1.0 + 0.5 * (0.2 + middle), middle, last])


def test_truncated_episode_counts_only_far_from_its_end() -> None:
    """Rewards of 1 for ever are worth 10; the last Q completes the sum, and only steps of small weight count."""
    steps, gamma = 50, 0.9
    exact = followed_returns(np.full(steps, 10.0), np.ones(steps), gamma, False, tail=0.5)
    assert exact == pytest.approx(np.full(len(exact), 10.0))
    assert len(exact) == sum(gamma**m <= 0.5 for m in range(steps)) == 43
    q = np.full(steps, 13.0)  # 3 too much
    errors = q[:43] - followed_returns(q, np.ones(steps), gamma, False, tail=0.5)
    assert errors == pytest.approx([3.0 * (1.0 - gamma ** (steps - 1 - t)) for t in range(43)])
    assert len(followed_returns(q, np.ones(steps), 1.0, False, tail=0.5)) == 0


def test_overestimation_of_finished_episodes() -> None:
    values = watch(gamma=0.5, episodes=2)
    values.episode([9.0], [1.0], True)
    assert "overestimation" not in values.figures()  # within the first window
    feed(values, *[1.0] * 10)
    values.episode([900.0], [1.0], True)
    values.episode([3.0, 3.0], [1.0, 2.0], True)  # returns 2 and 2
    assert values.figures()["overestimation"] == pytest.approx((899 + 1) / 2)
    values.episode([-3.0, 5.0], [-1.0, -2.0], True)  # returns -2 and -2
    figures = values.figures()
    assert figures["overestimation"] == pytest.approx((1.0 + 3.0) / 2)
    assert figures["overestimation_relative"] == pytest.approx(1.0) and values.warnings() == []
    values.episode([2.0, 5.0], [-1.0, -2.0], True)
    (warning,) = values.warnings()
    assert "by 4.25, 212 %" in warning and "100 %" in warning


def test_resume_keeps_bound_and_counts() -> None:
    first = watch(gamma=0.9)
    first.reward(2.0)
    feed(first, 1.0, 30.0, entropy_bonus=0.5)
    first.features(torch.eye(4))
    second = watch(gamma=0.9)
    second.load_state_dict(first.state_dict())
    assert second.check.bound == first.check.bound == pytest.approx(24.5)
    feed(second, 1.0)
    figures = second.figures()
    assert (figures["first_beyond"], figures["beyond_total"], figures["effective_rank"]) == (2.0, 1 / 3, 4.0)
