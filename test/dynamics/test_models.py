# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Every dynamics model against finite differences, closed forms and a next state with two modes."""

import math

import pytest
import torch
from dynamics import LEARNERS_ONLY, descend, loss_of, random_transitions, small_model, two_modes

from ros_rl.dynamics.deterministic import DeterministicEnsemble
from ros_rl.dynamics.diffusion import DiffusionEnsemble
from ros_rl.dynamics.dropout import DropoutModel
from ros_rl.dynamics.energy import EnergyEnsemble
from ros_rl.dynamics.ensemble import NetworkEnsemble
from ros_rl.dynamics.gaussian_ensemble import GaussianEnsemble
from ros_rl.dynamics.measures import energy_distance
from ros_rl.settings.dynamics import MODEL_KINDS

VARIANTS = [
    *[(kind, {}) for kind in (*MODEL_KINDS, "diffusion")],
    ("energy", {"estimator": "cd"}),
    ("energy", {"estimator": "infonce"}),
]


@pytest.fixture(autouse=True)
def seeded() -> None:
    torch.manual_seed(0)
    torch.set_num_threads(1)


@pytest.mark.parametrize(
    ("kind", "cls"),
    [
        ("gaussian", GaussianEnsemble),
        ("deterministic", DeterministicEnsemble),
        ("dropout", DropoutModel),
        ("energy", EnergyEnsemble),
        ("diffusion", DiffusionEnsemble),
    ],
)
def test_factory_makes_what_is_asked_for(kind: str, cls: type[NetworkEnsemble]) -> None:
    model = small_model(kind)
    assert type(model) is cls
    assert bool(model.not_exportable) == (kind in LEARNERS_ONLY)


@pytest.mark.parametrize(("kind", "settings"), VARIANTS)
def test_gradient_of_the_loss_agrees_with_finite_differences(kind: str, settings: dict, monkeypatch) -> None:
    model = small_model(kind, hidden=5, **settings).double()
    batch = tuple(part.double() for part in random_transitions(3, 6))
    model.fit_normalisers(batch[0].reshape(-1, 2), batch[3].reshape(-1, 2))
    if settings.get("estimator") == "cd":  # the negatives are constants of the estimator
        negatives = torch.randn(3, 6, 2, dtype=torch.double)
        monkeypatch.setattr(model, "draw", lambda condition: negatives)
    if kind == "energy":  # so is what the Gaussian lends to f
        fixed = model._whiten(*batch).detach()
        monkeypatch.setattr(model, "_whiten", lambda *_: fixed)

    def loss() -> torch.Tensor:
        torch.manual_seed(7)  # the same noise each time
        return loss_of(model, batch)

    loss().backward()
    places = torch.Generator().manual_seed(3)
    for parameter in model.parameters():
        flat, gradient = parameter.data.view(-1), parameter.grad.view(-1)
        for place in torch.randint(0, flat.numel(), (3,), generator=places).tolist():
            kept, values = flat[place].item(), []
            for sign in (1, -1):
                flat[place] = kept + sign * 1e-6
                values.append(loss().item())
            flat[place] = kept
            assert (values[0] - values[1]) / 2e-6 == pytest.approx(gradient[place].item(), rel=1e-4, abs=1e-7)


@pytest.mark.parametrize(("kind", "settings"), VARIANTS)
def test_shapes_and_broadcasting(kind: str, settings: dict) -> None:
    """One state for all members is the same as a copy for each; members answer differently."""
    model = small_model(kind, state=3, actions=2, **settings)
    x, last, u, next_state = random_transitions(1, 7, 3, 2)
    model.fit_normalisers(torch.randn(50, 3), torch.randn(50, 3) * 4)
    answers = []
    for members in (1, 3):
        torch.manual_seed(5)
        given = [part.expand(members, -1, -1) for part in (x, last, u)]
        mean, std = model.distribution(*given)
        answers.append([mean, std, model.predict(*given), model.sample(*given)])
        assert all(answer.shape == (3, 7, 3) and torch.isfinite(answer).all() for answer in answers[-1])
        assert (std >= 0.0).all()
        model.eval()
        assert model.losses(*given, next_state.expand(members, -1, -1)).shape == (3,)
    for one, copies in zip(*answers, strict=True):
        torch.testing.assert_close(one, copies)
    assert (answers[0][2].std(0) > 0.0).all()


def test_losses_of_members_are_their_own() -> None:
    """A member's loss does not change with another member's batch, in all models."""
    for kind, settings in VARIANTS:
        model = small_model(kind, **settings).eval()
        batch = random_transitions(3, 9)
        torch.manual_seed(5)
        before = model.losses(*batch)
        batch[3][1] += 1.0
        torch.manual_seed(5)
        after = model.losses(*batch)
        assert torch.equal(before[[0, 2]], after[[0, 2]]), kind
        assert before[1] != after[1], kind


def test_deterministic_fits_a_linear_map() -> None:
    x, last, u = (torch.rand(1000, size) * 2 - 1 for size in (2, 1, 1))
    next_state = x @ torch.tensor([[0.9, -0.2], [0.1, 0.8]]) + u @ torch.tensor([[0.5, 1.0]]) + 0.2 * last
    model = descend(small_model("deterministic", hidden=32), (x, last, u, next_state), 500, rate=1e-2)
    with torch.no_grad():
        mean, std = model.distribution(x[None], last[None], u[None])
    assert ((mean - next_state).pow(2).mean((1, 2)).sqrt() < 0.01).all()  # of changes of about 0.6
    assert (std == 0.0).all()
    assert torch.equal(model.sample(x[None], last[None], u[None]), model.predict(x[None], last[None], u[None]))


def test_diffusion_learns_a_known_gaussian() -> None:
    """Of a standard normal residual dy/dangle is zero everywhere; of N(0, s^2) it is y times a known function."""
    model = small_model("diffusion", state=1, hidden=24, members=2, steps=8)
    x, last, u = torch.randn(2000, 1), torch.zeros(2000, 1), torch.randn(2000, 1).sign()
    change = 0.5 * u + 0.2 * torch.randn_like(x)  # given u, a residual of deviation s in normalised units
    descend(model, (x, last, u, x + change), 400, rate=1e-2)
    s, m = 0.2 / change.std(), 0.5 / change.std()
    given = [part[None, :300] for part in (x, last, u)]
    condition = model.encode(*given).expand(2, -1, -1)
    with torch.no_grad():
        for angle in (0.4, 0.8, 1.2):
            cos, sin = math.cos(angle), math.sin(angle)
            spread = ((cos * s) ** 2 + sin**2) ** 0.5
            centred = spread * torch.randn(2, 300, 1)
            expected = centred * cos * sin * (1.0 - s**2) / spread**2 - sin * m * given[2]
            got = model.velocity(condition, centred + cos * m * given[2], torch.full((2, 300, 1), angle))
            assert (got - expected).pow(2).mean().sqrt() < 0.15
        predicted = model.predict(*given) - given[0]
        drawn = model.sample(x[None], last[None], u[None]) - x - 0.5 * u
    assert (predicted - 0.5 * given[2]).abs().mean() < 0.06  # the way from zero noise is a Gaussian's mean
    torch.testing.assert_close(drawn.std((1, 2)), torch.full((2,), 0.2), rtol=0.15, atol=0.0)


def test_diffusion_sampler_is_exact_where_the_flow_is_known(monkeypatch) -> None:
    """N(0, s^2): the flow scales noise to sqrt(cos^2 s^2 + sin^2) of itself, so a sample is s times its noise."""
    s = 0.3
    model = small_model("diffusion", steps=10)
    scale = lambda angle: (1 - s**2) * angle.cos() * angle.sin() / ((angle.cos() * s) ** 2 + angle.sin() ** 2)  # noqa: E731
    monkeypatch.setattr(model, "velocity", lambda condition, y, angle: y * scale(angle))
    x, last, u, _ = random_transitions(3, 50)
    noise = torch.randn(3, 50, 2)
    torch.testing.assert_close(model.sample(x, last, u, noise) - x, s * noise, rtol=0.03, atol=1e-6)
    torch.testing.assert_close(model.predict(x, last, u), x)


def test_diffusion_noise_fixes_the_sample() -> None:
    model = small_model("diffusion", steps=6)
    x, last, u, _ = random_transitions(3, 5)
    noise = torch.randn(3, 5, 2)
    assert torch.equal(model.sample(x, last, u, noise), model.sample(x, last, u, noise))
    assert not torch.equal(model.sample(x, last, u), model.sample(x, last, u))


def test_energy_without_a_tilt_is_the_gaussian() -> None:
    model = small_model("energy", state=1, steps=5, proposals=6)
    with torch.no_grad():
        for parameter in model.tilt_net.parameters():
            parameter.zero_()
    x, last, u, next_state = random_transitions(3, 1, 1)
    mean, std = GaussianEnsemble.distribution(model, x, last, u)
    torch.testing.assert_close(model.energy(x, last, u, next_state), 0.5 * (((next_state - mean) / std) ** 2)[..., 0])
    torch.testing.assert_close(model.predict(x, last, u), mean)
    many = [part.expand(-1, 20_000, -1) for part in (x, last, u)]
    drawn = model.sample(*many)
    torch.testing.assert_close(drawn.mean(1, keepdim=True), mean.detach(), rtol=0.0, atol=0.05)
    torch.testing.assert_close(drawn.std(1, keepdim=True), std.detach(), rtol=0.03, atol=0.0)


def test_energy_samples_a_known_tilt(monkeypatch) -> None:
    """exp(-z^2 / 2 - f) with f = (z^2 - 1)^2 - z^2 / 2: moments by numerical integration."""
    model = small_model("energy", state=1, steps=10, proposals=32)
    monkeypatch.setattr(model, "tilt", lambda _, z: ((z**2 - 1.0) ** 2 - 0.5 * z**2)[..., 0])
    grid = torch.linspace(-4, 4, 4001, dtype=torch.double)
    density = torch.exp(-((grid**2 - 1.0) ** 2))
    density /= density.sum()
    drawn = model.draw(torch.zeros(3, 10_000, 3)).double()
    for power in (1, 2, 4):
        assert (drawn**power).mean().item() == pytest.approx((density * grid**power).sum().item(), abs=0.03)


def test_energy_prediction_goes_downhill() -> None:
    model = small_model("energy")
    with torch.no_grad():
        for parameter in model.tilt_net.parameters():
            parameter.mul_(3.0)
    x, last, u, _ = random_transitions(3, 40)
    start = GaussianEnsemble.predict(model, x, last, u)
    with torch.no_grad():  # also where no gradients are wanted
        predicted = model.predict(x, last, u)
    assert not predicted.requires_grad
    lower = model.energy(x, last, u, predicted) - model.energy(x, last, u, start)
    assert (lower <= 1e-5).all() and lower.mean() < -1e-3


def test_two_modes_are_learned_by_energies_and_diffusion_but_not_by_a_gaussian() -> None:
    data = two_modes(2000)
    distances = {}
    x, last, u, _ = (part[:12].repeat_interleave(200, 0) for part in data)
    truth = x + 0.2 * u - 0.4 * (torch.rand_like(x) < 0.5).float() + 0.03 * torch.randn_like(x)
    for name, steps, settings in (
        ("gaussian", 300, {"kind": "gaussian"}),
        ("diffusion", 1200, {"kind": "diffusion", "steps": 6}),
        ("cd", 500, {"kind": "energy", "estimator": "cd", "steps": 3, "proposals": 16}),
        ("infonce", 500, {"kind": "energy", "estimator": "infonce", "steps": 6, "proposals": 16}),
    ):
        torch.manual_seed(1)
        model = small_model(state=1, **({"members": 1, "hidden": 32} | settings))
        descend(model, data, steps, batch=64, rate=1e-2)
        with torch.no_grad():
            drawn = model.sample(x[None], last[None], u[None])
        distances[name] = energy_distance(drawn.reshape(12, 200, 1), truth.reshape(12, 200, 1)).mean().item()
    for name in ("cd", "infonce", "diffusion"):
        assert distances[name] < 0.5 * distances["gaussian"], distances
