# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Fitting models: what members see, what is kept, what goes on when the data grows, and what is refused."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from dynamics import small_model
from planners import linear_planner, rollout_by, start_at
from torch import Tensor

from ros_rl.dynamics.data import FIELDS, Split, TransitionData
from ros_rl.dynamics.fitting import FitSettings, ModelTrainer
from ros_rl.dynamics.training import sequence_losses
from ros_rl.errors import ConfigError, DataError
from ros_rl.planning.propagation import FixedMember

NOISE = np.array([0.02, 0.1])


@pytest.fixture(autouse=True)
def seeded() -> None:
    torch.manual_seed(0)
    torch.set_num_threads(1)


def linear_data(count: int, noise: Any = NOISE, seed: int = 0, per_episode: int = 0) -> TransitionData:
    rng = np.random.default_rng(seed)
    x, last, u = rng.uniform(-1, 1, (count, 2)), rng.uniform(-1, 1, (count, 1)), rng.uniform(-1, 1, (count, 1))
    following = x @ [[0.9, -0.2], [0.1, 0.8]] + u @ [[0.5, 1.0]] + noise * rng.normal(size=(count, 2))
    episode = np.arange(count) // per_episode if per_episode else None
    return TransitionData(x, last, u, following, episode)


def part_of(data: TransitionData, count: int) -> TransitionData:
    return TransitionData(*(getattr(data, name)[:count] for name in FIELDS))


def tensors(data: TransitionData) -> list[Tensor]:
    return [torch.tensor(getattr(data, name), dtype=torch.float32)[None] for name in FIELDS]


def test_gaussian_recovers_known_noise_within_ten_percent_and_agrees_more_with_more_data() -> None:
    test = tensors(linear_data(500, seed=9))
    spreads = []
    for count in (60, 3000):
        torch.manual_seed(2)
        model = small_model("gaussian", hidden=24)
        for epochs, rate in ((25, 1e-2), (15, 1e-3)):
            settings = FitSettings(epochs=epochs, learning_rate=rate, batch_size=max(10, count // 24))
            ModelTrainer(model, settings).fit(linear_data(count))
        with torch.no_grad():
            mean, std = model.distribution(*test[:3])
        spreads.append(mean.std(0).mean().item())
    np.testing.assert_allclose(std.mean((0, 1)).numpy(), NOISE, rtol=0.1)
    assert spreads[1] < 0.5 * spreads[0], spreads


@pytest.mark.parametrize("kind", ["deterministic", "dropout"])
def test_the_best_weights_on_held_out_data_come_back(kind: str) -> None:
    """Few noisy transitions and a high step size: members overfit, each at its own time."""
    data = linear_data(60, noise=0.5)
    model = small_model(kind, hidden=32)
    report = ModelTrainer(model, FitSettings(epochs=40, patience=40, learning_rate=2e-2, batch_size=8)).fit(data)
    assert report.train.shape == (40, 3) and report.validation.shape == (41, 3)
    if kind == "dropout":  # one network: its best epoch is that of the sum
        best = report.validation.sum(1).argmin()
        assert (report.best_epoch == best).all()
        np.testing.assert_allclose(report.final, report.validation[best], rtol=1e-6)
    else:
        np.testing.assert_array_equal(report.best_epoch, report.validation.argmin(0))
        np.testing.assert_allclose(report.final, report.validation.min(0), rtol=1e-6)
        assert len(set(report.best_epoch)) > 1  # per member
    assert (report.best_epoch < 40).all() and (report.validation[-1] > report.final).all()
    assert report.elites == tuple(np.argsort(report.final))


@pytest.mark.parametrize("kind", ["deterministic", "gaussian", "dropout", "energy", "diffusion"])
def test_an_ensemble_of_elites_predicts_as_they_did(kind: str) -> None:
    model = small_model(kind)
    x, last, u, _ = tensors(linear_data(5))
    whole = model.predict(x, last, u).detach()
    kept = model.subset((2, 0))
    assert kept.members == 2 and model.members == 3
    torch.testing.assert_close(kept.predict(x, last, u), whole[[2, 0]], rtol=1e-5, atol=1e-6)
    kept.losses(x, last, u, x).sum().backward()
    torch.testing.assert_close(model.predict(x, last, u), whole)


@torch.no_grad()
def test_a_planner_follows_the_elites_alone() -> None:
    planner = linear_planner(horizon=2)
    planner.world.model = small_model("gaussian", state=4, actions=2)
    start, sequences = start_at([0.5, -0.5, 0.0, 0.0], members=3), torch.rand(7, 2, 2) * 2 - 1
    whole, _ = rollout_by(FixedMember, planner, start, sequences)
    elites = planner.world.model.subset((1, 2))
    start = start_at([0.5, -0.5, 0.0, 0.0], members=2)
    found = planner.rollout(start, sequences, planner.world.with_propagation(FixedMember(elites, False))).returns
    torch.testing.assert_close(found, whole[1:])


def test_the_fit_ends_when_nobody_improves() -> None:
    report = ModelTrainer(
        small_model("deterministic", hidden=32), FitSettings(epochs=500, patience=4, learning_rate=3e-2, elites=2)
    ).fit(linear_data(80, noise=0.5))
    assert len(report.train) == report.best_epoch.max() + 4 < 500
    assert len(report.elites) == 2


def test_a_longer_fit_does_not_change_what_a_member_keeps_unless_it_is_better() -> None:
    data = linear_data(60, noise=0.5)
    trainer = ModelTrainer(small_model("gaussian"), FitSettings(epochs=15, learning_rate=2e-2))
    first = trainer.fit(data)
    second = trainer.fit(data)
    # the bounds of the variance are shared, so a member's loss may differ a little from that of its best epoch
    np.testing.assert_allclose(second.validation[0], first.final, rtol=1e-6)
    assert (second.final <= first.final + 0.01).all()


def test_training_goes_on_when_the_data_grows() -> None:
    data = linear_data(1500, per_episode=0)
    trainer = ModelTrainer(small_model("deterministic", hidden=16), FitSettings(epochs=25, learning_rate=5e-3))
    first = trainer.fit(part_of(data, 800))
    held_out = trainer._split._held_out.copy()
    counts = trainer._split._counts.copy()
    second = trainer.fit(data)
    assert second.validation[0].mean() < 0.2 * first.validation[0].mean()  # it starts from what it knew
    np.testing.assert_array_equal(trainer._split._held_out[:800], held_out)
    np.testing.assert_array_equal(trainer._split._counts[:, :800], counts)
    assert trainer._split._counts.shape == (3, 1500)
    with pytest.raises(DataError, match="shrank from 1500 transitions to 800"):
        trainer.fit(part_of(data, 800))


def test_bootstrap_resamples_and_holds_out_for_all_members_alike() -> None:
    data = linear_data(5000)
    shares, held_out = Split(4, 0.2, True, np.random.default_rng(0)).divide(data, 1)
    assert len(held_out) == pytest.approx(1000, abs=120)
    for share in shares:
        assert not set(share) & set(held_out)
        assert len(share) == pytest.approx(4000, abs=260)
        # of n rows drawn n times, 1 - 1/e are drawn at all
        assert len(set(share)) / (5000 - len(held_out)) == pytest.approx(1 - np.exp(-1), abs=0.03)
    assert len({share.tobytes() for share in shares}) == 4
    plain, held_out = Split(4, 0.2, False, np.random.default_rng(0)).divide(data, 1)
    for share in plain:
        np.testing.assert_array_equal(np.sort(np.concatenate([share, held_out])), np.arange(5000))


@pytest.mark.parametrize(("diversity", "start", "data"), [
    ("both", True, True), ("bootstrap", False, True), ("initialisation", True, False),
])  # fmt: skip
def test_members_come_to_differ_as_asked(diversity: str, start: bool, data: bool) -> None:
    model = small_model("deterministic")
    settings = FitSettings(epochs=2, diversity=diversity, learning_rate=1e-2, batch_size=32)
    trainer = ModelTrainer(model, settings)
    first = model.net.net[0].weight
    assert torch.equal(first[0], first[1]) != start
    shares, _ = trainer._split.divide(linear_data(200), 1)
    assert np.array_equal(shares[0], shares[1]) != data
    trainer.fit(linear_data(200))
    assert not torch.equal(first[0], first[1])


def test_sequences_stay_within_episodes_and_episodes_on_one_side() -> None:
    data = linear_data(60, per_episode=6)
    assert data.starts(4).tolist() == [row for row in range(60) if row % 6 < 3]
    shares, held_out = Split(2, 0.3, False, np.random.default_rng(1)).divide(data, 4)
    assert set(held_out // 6).isdisjoint(set(shares[0] // 6))
    assert set(held_out // 6) | set(shares[0] // 6) == set(range(10))


@pytest.mark.parametrize("kind", ["deterministic", "gaussian"])
def test_multi_step_loss_is_the_one_unrolled_by_hand(kind: str) -> None:
    model = small_model(kind)
    x = [torch.randn(3, 5, 2) for _ in range(4)]
    last, u = [torch.randn(3, 5, 1) for _ in range(3)], [torch.randn(3, 5, 1) for _ in range(3)]
    sequence = [[x[k], last[k], u[k], x[k + 1]] for k in range(3)]
    first = model.predict(x[0], last[0], u[0])
    second = model.predict(first, last[1], u[1])
    expected = (
        model.losses(x[0], last[0], u[0], x[1])
        + model.losses(first, last[1], u[1], x[2])
        + model.losses(second, last[2], u[2], x[3])
    ) / 3
    torch.testing.assert_close(sequence_losses(model, sequence), expected)
    torch.testing.assert_close(sequence_losses(model, sequence[:1]), model.losses(x[0], last[0], u[0], x[1]))
    gradients = [torch.autograd.grad(loss.sum(), model.net.net[0].weight) for loss in
                 (sequence_losses(model, sequence), expected)]  # fmt: skip
    torch.testing.assert_close(*gradients)


def test_multi_step_training_lowers_the_error_of_rollouts() -> None:
    rng = np.random.default_rng(0)
    x, u, episodes = [rng.normal(size=(40, 2))], rng.uniform(-1, 1, (40, 6, 1)), np.repeat(np.arange(40), 6)
    for step in range(6):
        x.append(x[-1] @ [[0.9, -0.3], [0.3, 0.9]] + u[:, step] @ [[0.1, 0.3]] + 0.01 * rng.normal(size=(40, 2)))
    states = np.stack(x, 1)
    flat = [states[:, :-1].reshape(-1, 2), np.zeros((240, 1)), u.reshape(-1, 1), states[:, 1:].reshape(-1, 2)]
    settings = FitSettings(epochs=30, learning_rate=1e-2, batch_size=20, horizon=4)
    report = ModelTrainer(small_model("deterministic", hidden=16), settings).fit(TransitionData(*flat, episodes))
    assert (report.final < 0.1 * report.validation[0]).all()


@pytest.mark.parametrize("kind", ["energy", "diffusion"])
def test_random_losses_are_validated_under_the_same_numbers(kind: str) -> None:
    model = small_model(kind)
    report = ModelTrainer(model, FitSettings(epochs=2, learning_rate=1e-7)).fit(linear_data(64))
    np.testing.assert_allclose(report.validation[0], report.validation[2], rtol=1e-3)
    assert np.isfinite(report.train).all()


def test_constant_dimensions_do_no_harm() -> None:
    data = linear_data(200)
    data.state[:, 1] = data.next_state[:, 1] = 0.7
    data.action[:] = 0.3
    for kind in ("gaussian", "deterministic", "energy", "diffusion", "dropout"):
        model = small_model(kind)
        report = ModelTrainer(model, FitSettings(epochs=3)).fit(data)
        assert np.isfinite(report.final).all(), kind
        with torch.no_grad():
            predicted = model.predict(*tensors(data)[:3])
        assert (predicted[..., 1] - 0.7).abs().max() < 0.01, kind


def test_one_transition_normalises_to_finite_numbers() -> None:
    model = small_model("deterministic")
    model.fit_normalisers(torch.ones(1, 2), torch.zeros(1, 2))
    assert torch.isfinite(model.predict(torch.ones(1, 1, 2), torch.zeros(1, 1, 1), torch.zeros(1, 1, 1))).all()


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"action": np.full((9, 1), np.nan)}, "'action' has a value that is not finite in row 0"),
        ({"next_state": np.where(np.arange(18).reshape(9, 2) == 9, np.inf, 0.0)}, "'next_state' .* in row 4"),
        ({"next_state": np.zeros((9, 3))}, r"'next_state' has shape \(9, 3\), expected \(9, 2\)"),
        ({"last_action": np.zeros((9, 2))}, r"'last_action' has shape \(9, 2\), expected \(9, 1\)"),
        ({"action": np.zeros((8, 1))}, r"expected \(9, 1\)"),
        ({"state": np.zeros(9)}, r"'state' has shape \(9,\)"),
        ({"episode": np.zeros(9)}, "'episode' is float64"),
        ({"episode": np.array([0, 0, 1, 1, 0, 0, 0, 0, 0])}, "never fall"),
    ],
)
def test_bad_data_is_refused(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(DataError, match=message):
        replace(linear_data(9), **changes)


@pytest.mark.parametrize(
    ("data", "settings", "message"),
    [
        (part_of(linear_data(9), 1), {}, "1 transitions are too few"),
        (part_of(linear_data(9), 0), {}, "no transition"),
        (linear_data(9, per_episode=9), {}, "1 episodes are too few"),
        (linear_data(9), {"horizon": 3}, "horizon 3 needs sequences"),
        (linear_data(9, per_episode=2), {"horizon": 3}, "horizon 3 is longer than every episode"),
    ],
)
def test_data_that_cannot_be_fitted_is_refused(data: TransitionData, settings: dict, message: str) -> None:
    with pytest.raises(DataError, match=message):
        ModelTrainer(small_model("deterministic"), FitSettings(**settings)).fit(data)


def test_sizes_that_do_not_fit_the_model_are_refused() -> None:
    with pytest.raises(DataError, match="'state' has 2 values, the model 3"):
        ModelTrainer(small_model("deterministic", state=3), FitSettings()).fit(linear_data(9))
    with pytest.raises(DataError, match="'action' has 1 values, the model 2"):
        ModelTrainer(small_model("deterministic", actions=2), FitSettings()).fit(linear_data(9))
    with pytest.raises(ConfigError, match="fit.elites 4 exceeds the model's 3 members"):
        ModelTrainer(small_model("deterministic"), FitSettings(elites=4))


@pytest.mark.parametrize(("settings", "message"), [
    ({"validation": 1.0}, "'fit.validation' is 1.0"), ({"horizon": 0}, "'fit.horizon' is 0"),
    ({"diversity": "none"}, "both, bootstrap, initialisation"),
])  # fmt: skip
def test_settings_out_of_range_are_refused(settings: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        ModelTrainer(small_model("deterministic"), FitSettings(**settings))


def test_two_transitions_are_enough() -> None:
    report = ModelTrainer(small_model("deterministic"), FitSettings(epochs=2)).fit(part_of(linear_data(9), 2))
    assert np.isfinite(report.final).all()
