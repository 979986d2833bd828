# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Every method on a linear system with quadratic cost, against the finite-horizon LQR, and each refit by hand."""

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from learners import small_settings
from planners import LinearModel, linear_planner, lqr_return, noise_for, state_at, true_return
from torch import Tensor

from ros_rl.errors import ConfigError
from ros_rl.planning.coloured_noise import colour_map
from ros_rl.planning.mppi import _finite_std
from ros_rl.planning.plan import WORST, Carried
from ros_rl.settings.planner import PlannerSettings

SAMPLING = ("mppi", "cem", "shooting", "softmax_shooting")
METHODS = (*SAMPLING, "gradient")
HORIZON = 5


def states(count: int) -> np.ndarray:
    """Starts from which the optimum lies within the bounds."""
    return np.random.default_rng(0).uniform(-0.06, 0.06, (count, 4))


def gaps(count: int, **planner: Any) -> np.ndarray:
    """How far plans fall short of the optimum, relative to it, from several starts with a seed each."""
    made, found = linear_planner(horizon=HORIZON, std_min=0.0, **planner), []
    for seed, state in enumerate(states(count)):
        best, largest = lqr_return(state, HORIZON)
        assert largest < 0.95  # or the closed form would not hold
        plan = made.plan(state_at(state), noise_for(made, seed))
        found.append((best - true_return(state, plan.mean)) / abs(best))
    assert min(found) > -1e-4
    return np.array(found)


@pytest.mark.parametrize("method", ["mppi", "cem"])
def test_comes_within_two_percent_of_lqr_as_samples_grow(method: str) -> None:
    means = [
        gaps(8, method=method, samples=count, elites=count // 10, iterations=10).mean() for count in (30, 120, 480)
    ]
    assert means[0] > means[1] > means[2]
    assert means[2] < 0.02


@pytest.mark.parametrize("method", ["shooting", "softmax_shooting"])
def test_more_samples_make_shooting_better(method: str) -> None:
    few, more, most = (gaps(12, method=method, samples=count, iterations=1).mean() for count in (20, 200, 2000))
    assert few > more > most


def test_refining_beats_shooting_at_equal_candidates() -> None:
    found = {method: gaps(8, method=method, samples=60, elites=8, iterations=5).mean() for method in SAMPLING}
    assert max(found["mppi"], found["cem"]) < min(found["shooting"], found["softmax_shooting"])


def test_the_gradient_planner_finds_the_optimum() -> None:
    assert gaps(2, method="gradient", iterations=60).max() < 0.01


def test_the_gradient_planner_never_prefers_the_start() -> None:
    made = linear_planner(method="gradient", iterations=3, gradient_rate=1.0, proposals=2, horizon=3)
    for state in states(5):
        start, noise = state_at(state), noise_for(made)
        plan = made.plan(start, noise)
        proposal = made.world.propose(start, noise[:2])[0]
        assert plan.candidate_returns[0].item() == pytest.approx(true_return(state, proposal), rel=1e-4)
        assert plan.candidate_returns.max().item() == pytest.approx(true_return(state, plan.mean), rel=1e-4)
        assert plan.mean.abs().max() <= 1.0


@pytest.mark.parametrize("method", METHODS)
def test_same_noise_same_plan_within_the_bounds(method: str) -> None:
    made = linear_planner(method=method, horizon=3, std_init=1.0, gradient_rate=0.5, proposals=4)
    for state in ([0.1, 0.0, 0.3, 0.0], [9.0, -9.0, 0.0, 0.0]):
        one, two = (made.plan(state_at(state), noise_for(made, 3)) for _ in range(2))
        assert torch.equal(one.mean, two.mean) and torch.equal(one.candidate_returns, two.candidate_returns)
        assert one.mean.abs().max() <= 1.0
    other = made.plan(state_at(state), noise_for(made, 4))
    assert method == "gradient" or not torch.equal(one.mean, other.mean)


class Breaking(LinearModel):
    """Not a number for first actions above the threshold."""

    threshold = 0.0

    def distribution(self, state: Tensor, last_action: Tensor, action: Tensor) -> tuple[Tensor, Tensor]:
        mean, std = super().distribution(state, last_action, action)
        return torch.where(action[..., :1] > self.threshold, torch.full_like(mean, float("nan")), mean), std


@pytest.mark.parametrize("method", SAMPLING)
def test_candidates_that_are_not_finite_lend_nothing(method: str) -> None:
    made = linear_planner(method=method, horizon=1, iterations=1, momentum=0.0)
    made.world.model.__class__ = Breaking
    plan = made.plan(state_at([-0.5, 0.0, 0.0, 0.0]), noise_for(made))  # the optimum lies beyond the threshold
    assert (plan.candidate_returns == WORST).any() and torch.isfinite(plan.mean).all()
    assert plan.mean[0, 0] <= 0.0
    made.world.model.threshold = -2.0
    plan = made.plan(state_at([-0.5, 0.0, 0.0, 0.0]), noise_for(made))
    assert (plan.candidate_returns == WORST).all() and torch.isnan(plan.mean).all()


@pytest.mark.parametrize("method", SAMPLING)
def test_a_proposal_that_is_no_number_lends_nothing(method: str) -> None:
    made = linear_planner(method=method, horizon=2, samples=8, elites=8, proposals=3, iterations=1)
    propose = made.world.propose
    made.world.propose = lambda start, noise: torch.cat(
        [propose(start, noise)[:2], torch.full((1, 2, 2), float("nan"))]
    )
    plan = made.plan(state_at([0.1] * 4), noise_for(made))
    assert plan.candidate_returns[2] == WORST and torch.isfinite(plan.mean).all() and torch.isfinite(plan.std).all()


@pytest.mark.parametrize("method", SAMPLING)
def test_a_policy_that_is_no_number_gives_no_plan(method: str) -> None:
    made = linear_planner(method=method, horizon=2, samples=8, elites=4, proposals=3, terminal_value=True)
    made.world.policy.net.net[0].bias.fill_(float("nan"))
    plan = made.plan(state_at([0.1] * 4), noise_for(made))
    assert (plan.candidate_returns == WORST).all() and torch.isnan(plan.mean).all()


def test_the_gradient_planner_says_that_nothing_is_finite() -> None:
    made = linear_planner(method="gradient", horizon=2)
    made.world.model.__class__, made.world.model.threshold = Breaking, -2.0
    plan = made.plan(state_at([0.1] * 4), noise_for(made))
    assert (plan.candidate_returns == WORST).all()


def candidates_and_returns() -> tuple[Tensor, Tensor]:
    generator = torch.Generator().manual_seed(1)
    returns = torch.randn(12, generator=generator)
    returns[3] = WORST
    return 2 * torch.rand(12, 2, 2, generator=generator) - 1, returns


def test_cem_refit_by_hand() -> None:
    made = linear_planner(method="cem", horizon=2, samples=12, elites=4, momentum=0.25, std_init=2.0, std_min=0.0)
    candidates, returns = candidates_and_returns()
    old, std = torch.full((2, 2), 0.5), torch.full((2, 2), 0.3)
    elite = candidates.numpy()[np.argsort(-returns.numpy())[:4]]
    mean, deviation = made._refit(candidates, returns, old, std)
    np.testing.assert_allclose(mean, 0.25 * 0.5 + 0.75 * elite.mean(0), rtol=1e-5)
    np.testing.assert_allclose(deviation, np.sqrt(0.25 * 0.3**2 + 0.75 * elite.var(0)), rtol=1e-5)


@pytest.mark.parametrize("missing", [0, 1, 2, 3, 4])
def test_mppi_refit_by_hand(missing: int) -> None:
    """Elites that are not finite say nothing of how far the returns are apart."""
    made = linear_planner(method="mppi", horizon=2, samples=12, elites=5, temperature=0.7, std_init=2.0)
    candidates, _ = candidates_and_returns()
    returns = torch.full((12,), WORST)
    finite = torch.tensor([0.3, -0.2, 0.1, 0.25, -0.4])[: 5 - missing]
    returns[2 : 2 + len(finite)] = finite
    if not missing:
        returns[8:] = -3.0  # no elites
    values, sequences = finite.double().numpy(), candidates[2 : 2 + len(finite)].double().numpy()
    spread = values.std(ddof=1) if len(values) > 1 else 1.0
    weights = np.exp(values / spread / 0.7)
    weights = (weights / weights.sum())[:, None, None]
    expected = (weights * sequences).sum(0)
    mean, std = made._refit(candidates, returns, torch.zeros(2, 2), torch.full((2, 2), 0.3))
    np.testing.assert_allclose(mean, expected, rtol=1e-4)
    deviation = np.sqrt((weights * (sequences - expected) ** 2).sum(0))
    np.testing.assert_allclose(std, deviation.clip(0.05), rtol=1e-4)


def refitted(method: str, sequences: np.ndarray, values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Mean and deviation by hand, of candidates that are all usable; the settings are those of the test below."""
    if method == "shooting":
        return sequences[values.argmax()], np.full((2, 2), 0.3)
    if method != "softmax_shooting":
        best = np.argsort(-values)[:5]
        sequences, values = sequences[best], values[best]
    spread = values.std(ddof=1) if method == "mppi" else values.std()
    weights = np.ones(len(values)) if method == "cem" else np.exp((values - values.max()) / spread / 0.7)
    weights = (weights / weights.sum())[:, None, None]
    mean = (weights * sequences).sum(0)
    return mean, np.sqrt((weights * (sequences - mean) ** 2).sum(0)).clip(0.01)


@pytest.mark.parametrize("places", [[3], [0, 3, 5, 6, 7, 9, 10, 11]])
@pytest.mark.parametrize("bad", [float("nan"), float("inf"), float("-inf"), WORST, -3e38, 1e9, 1e25])
@pytest.mark.parametrize("method", SAMPLING)
def test_the_others_are_weighted_as_if_a_useless_return_were_not_there(
    method: str, bad: float, places: list[int]
) -> None:
    """Among more candidates than elites, and among fewer; alone it makes no plan."""
    values = {"elites": 5, "temperature": 0.7, "momentum": 0.0, "std_init": 2.0, "std_min": 0.01}
    made = linear_planner(method=method, horizon=2, samples=12, **values)
    candidates, returns = candidates_and_returns()
    returns[places] = bad
    kept = np.delete(np.arange(12), places)
    old = torch.zeros(2, 2), torch.full((2, 2), 0.3)
    mean, std = made._refit(candidates, returns, *old)
    wanted = refitted(method, candidates.double().numpy()[kept], returns.double().numpy()[kept])
    np.testing.assert_allclose(mean, wanted[0], rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(std, wanted[1], rtol=1e-4)
    alone = made._refit(candidates, torch.full((12,), bad), *old)[0]
    assert torch.isnan(alone).all()


def test_mppi_standardises_finite_returns_as_torch_does() -> None:
    for seed in range(20):
        returns = 100 * torch.randn(24, generator=torch.Generator().manual_seed(seed))
        assert torch.equal(_finite_std(returns), returns.std())


@pytest.mark.parametrize("elites", [1, 2])
def test_mppi_with_next_to_no_elites(elites: int) -> None:
    made = linear_planner(method="mppi", horizon=2, samples=12, elites=elites, temperature=0.7, std_min=0.01)
    candidates, returns = candidates_and_returns()
    best = np.argsort(-returns.numpy())[:elites]
    sequences, values = candidates.double().numpy()[best], returns.double().numpy()[best]
    weights = np.exp((values - values[0]) / 0.7 / (values.std(ddof=1) if elites == 2 else 1.0))
    weights = (weights / weights.sum())[:, None, None]
    mean, std = made._refit(candidates, returns, torch.zeros(2, 2), torch.full((2, 2), 0.3))
    expected = (weights * sequences).sum(0)
    np.testing.assert_allclose(mean, expected, rtol=1e-4)
    deviation = np.sqrt((weights * (sequences - expected) ** 2).sum(0))
    np.testing.assert_allclose(std, deviation.clip(0.01, 0.3), rtol=1e-3, atol=1e-4)


def test_candidates_are_the_mean_and_their_noise() -> None:
    made = linear_planner(horizon=2, samples=8)
    mean, std = torch.tensor([[0.1, -0.2], [0.9, 0.0]]), torch.tensor([[0.5, 0.1], [0.2, 0.3]])
    noise = torch.tensor([[[1.0, -2.0], [3.0, 0.5]]])
    torch.testing.assert_close(made.sample(mean, std, noise)[0], torch.tensor([[0.6, -0.4], [1.0, 0.15]]))
    coloured = linear_planner(horizon=2, samples=8, noise_beta=0.5)
    assert "colour" in dict(coloured.named_buffers()) and "colour" not in dict(made.named_buffers())
    colour = colour_map(2, 0.5)
    wanted = (mean + std * (colour @ noise[0])).clip(-1.0, 1.0)
    torch.testing.assert_close(coloured.sample(mean, std, noise)[0], wanted)
    assert (wanted[1] - torch.tensor([1.0, 0.15])).abs().max() > 0.01


@pytest.mark.parametrize("proposals", [0, 3])
@pytest.mark.parametrize(("warm", "left"), [(True, 1.0), (True, 0.0), (False, 2.0), (True, None)])
def test_what_a_plan_begins_with(proposals: int, warm: bool, left: float | None) -> None:
    """The last plan's rest if it is wanted and there is one, else the policy's greedy proposal, else zero."""
    made = linear_planner(
        method="cem", horizon=2, samples=8, proposals=proposals, elites=2, iterations=2, warm_start=warm, std=0.1,
        propagation="fixed_member", aleatoric=True,
    )  # fmt: skip
    state, noise, given = state_at([0.1, -0.2, 0.3, 0.0]), noise_for(made), []
    optimise = made.optimise
    made.optimise = lambda *parts: (given.append(parts), optimise(*parts))[1]
    rest = torch.tensor([[0.5, -0.5], [0.25, 0.75]])
    made.plan(state, noise, None if left is None else Carried(rest, torch.tensor([left])))
    ((start, mean, proposed, samples),) = given
    wanted = made.world.propose(state, noise[:3])[0] if proposals else torch.zeros(2, 2)
    torch.testing.assert_close(mean, rest if warm and left else wanted)
    assert proposed.shape == (proposals, 2, 2)
    assert torch.equal(samples, noise[proposals : proposals + 2 * (8 - proposals)])
    assert start.state is state and torch.equal(start.chance, noise[proposals + 2 * (8 - proposals) :])
    assert start.chance.shape == (2, 2, 2)  # four numbers of chance at each of two steps


@pytest.mark.parametrize("method", ["mppi", "cem", "softmax_shooting"])
def test_the_deviation_stays_between_its_bounds(method: str) -> None:
    """The first value of all candidates is the same, the second one wide apart."""
    made = linear_planner(method=method, horizon=1, samples=8, elites=8, momentum=0.0, std_min=0.1, std_init=0.4)
    candidates = torch.tensor([[[0.3, x]] for x in (-1.0, 1.0, -0.9, 0.9, -1.0, 1.0, -0.8, 0.8)])
    mean, std = made._refit(candidates, torch.linspace(0.0, 0.1, 8), torch.zeros(1, 2), torch.full((1, 2), 0.3))
    assert mean[0, 0].item() == pytest.approx(0.3)
    assert std[0].tolist() == pytest.approx([0.1, 0.4])


def test_shooting_takes_the_best_candidate() -> None:
    made = linear_planner(method="shooting", horizon=2, samples=12)
    candidates, returns = candidates_and_returns()
    mean, std = made._refit(candidates, returns, torch.zeros(2, 2), torch.full((2, 2), 0.3))
    assert torch.equal(mean, candidates[int(returns.argmax())])
    assert torch.equal(std, torch.full((2, 2), 0.3))


def test_softmax_shooting_by_hand() -> None:
    made = linear_planner(method="softmax_shooting", horizon=2, samples=12, temperature=0.7, std_init=2.0)
    candidates, returns = candidates_and_returns()
    kept = np.delete(np.arange(12), 3)
    finite, sequences = returns.double().numpy()[kept], candidates.double().numpy()[kept]
    weights = np.exp(finite / finite.std() / 0.7)
    weights = (weights / weights.sum())[:, None, None]
    expected = (weights * sequences).sum(0)
    mean, std = made._refit(candidates, returns, torch.zeros(2, 2), torch.full((2, 2), 0.3))
    np.testing.assert_allclose(mean, expected, rtol=1e-4)
    np.testing.assert_allclose(std, np.sqrt((weights * (sequences - expected) ** 2).sum(0)), rtol=1e-4)


@pytest.mark.parametrize("method", SAMPLING)
def test_every_method_scores_equally_many_candidates(method: str) -> None:
    made, counts = linear_planner(method=method, horizon=2, samples=20, proposals=4, iterations=3), []
    score = made.score
    made.score = lambda start, candidates: (counts.append(len(candidates)), score(start, candidates))[1]
    made.plan(state_at([0.1] * 4), noise_for(made))
    assert sum(counts) == 4 + 3 * 16


def test_without_proposals_samples_surround_zero() -> None:
    made, seen = linear_planner(horizon=2, samples=1000, iterations=1, std_init=0.2), []
    made.score = lambda start, candidates: (seen.append(candidates), torch.zeros(len(candidates)))[1]
    made.plan(state_at([0.1] * 4), noise_for(made))
    assert seen[0].mean((0, 1)).abs().max() < 0.02
    assert seen[0].std().item() == pytest.approx(0.2, rel=0.05)


@pytest.mark.parametrize(("horizon", "beta"), [(1, 1.0), (3, 2.0), (8, 0.5), (100, 4.0)])
def test_coloured_noise_has_the_power_spectrum(horizon: int, beta: float) -> None:
    """Its covariance is that of noise shaped in the frequency domain, as numpy's transform makes it."""
    length = 2 * horizon
    frequency = np.maximum(np.fft.rfftfreq(length), 1 / length)
    shaped = np.fft.irfft(np.fft.rfft(np.eye(length)) * frequency ** (-beta / 2), length)
    expected = (shaped.T @ shaped)[:horizon, :horizon]
    colour = colour_map(horizon, beta).double().numpy()
    np.testing.assert_allclose(colour @ colour.T, expected / expected[0, 0], atol=1e-5)
    assert (np.triu(colour, 1) == 0).all()


def test_white_noise_is_left_alone_and_coloured_noise_is_correlated_in_time() -> None:
    np.testing.assert_allclose(colour_map(6, 0.0), np.eye(6), atol=1e-6)
    made = linear_planner(horizon=6, noise_beta=2.0, std_init=0.1)
    noise = torch.randn(4000, 6, 2)
    drawn = made.sample(torch.zeros(6, 2), torch.full((6, 2), 0.1), noise)[..., 0].numpy()
    colour = colour_map(6, 2.0).numpy()
    np.testing.assert_allclose(np.cov(drawn.T), 0.01 * colour @ colour.T, atol=0.001)
    assert np.corrcoef(drawn.T)[0, 1] > 0.6


def test_the_documentation_has_every_setting_with_its_default() -> None:
    text = (Path(__file__).parents[2] / "docs" / "planning.md").read_text(encoding="utf-8")
    rows = [line.split("|")[1:3] for line in text[text.index("| `agent.planner.` |") :].splitlines()[2:] if "|" in line]
    told = {}
    for names, values in rows:
        told |= zip(re.findall(r"`(\w+)`", names), values.strip(" `").split(", "), strict=True)
    defaults = vars(PlannerSettings())
    assert told == {k: f"{v:g}" if isinstance(v, float) else str(v).lower() for k, v in defaults.items()}


PESSIMISTIC = {"objective": "mean_std", "pessimism": 1.0}


@pytest.mark.parametrize(
    ("planner", "words"),
    [
        ({"horizon": 0}, "horizon' is 0"),
        ({"samples": 8, "elites": 9, "proposals": 0}, "elites 9 exceeds agent.planner.samples 8"),
        ({"samples": 32, "proposals": 32}, "proposals 32 must be fewer"),
        ({"std_min": 0.5}, "std_min 0.5 exceeds agent.planner.std_init 0.3"),
        ({"method": "magic"}, "mppi, cem, shooting, softmax_shooting, gradient"),
        ({**PESSIMISTIC, "propagation": "random_member"}, "changes members is no member's own"),
        ({**PESSIMISTIC, "propagation": "expectation"}, "shows none of their disagreement"),
        ({**PESSIMISTIC, "objective": "state_variance", "propagation": "random_member"}, "'state_variance' needs"),
        ({"objective": "cvar", "propagation": "expectation"}, "has no worst share"),
        ({"aleatoric": True, "propagation": "expectation"}, "follows the mean, not draws"),
        ({**PESSIMISTIC, "propagation": "shared_members"}, "one member predicts shows no disagreement"),
        ({"objective": "cvar", "propagation": "shared_members"}, "has no worst share"),
        ({"method": "gradient", "propagation": "shared_members"}, "would give it one member"),
        ({"objective": "mean_std"}, "needs agent.planner.pessimism above 0"),
        ({"pessimism": 0.5}, "'mean' reads none"),
        ({"warm_start": True, "execution": "open_loop"}, "used up"),
    ],
)
def test_what_does_not_fit_is_refused_with_the_reason(planner: dict[str, Any], words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        small_settings("mock_point", {"agent": {"planner": {"samples": 32, "elites": 4, **planner}}})


@pytest.mark.parametrize("planner", [PESSIMISTIC, {"objective": "cvar"}])
def test_one_member_cannot_disagree(planner: dict[str, Any]) -> None:
    with pytest.raises(ConfigError, match=r"members that can disagree; agent\.model\.members is 1"):
        small_settings("mock_point", {"agent": {"model": {"members": 1}, "planner": planner}})
