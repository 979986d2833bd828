# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""The dynamics ensemble against torch.distributions, finite differences and a linear system with known noise."""

import pytest
import torch
from dynamics import loss_of
from torch import Tensor
from torch.distributions import Normal

from ros_rl.dynamics.gaussian_ensemble import GaussianEnsemble

A = torch.tensor([[0.9, 0.1], [-0.2, 0.8]])
B = torch.tensor([[0.5], [1.0]])
NOISE = torch.tensor([0.02, 0.1])


@pytest.fixture(autouse=True)
def seeded() -> None:
    torch.manual_seed(0)
    torch.set_num_threads(1)


def random_batch(members: int, count: int, state: int, actions: int) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    shape = (members, count)
    x = torch.randn(*shape, state)
    return x, torch.randn(*shape, actions), torch.randn(*shape, actions), x + torch.randn(*shape, state)


def linear_data(count: int) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    x, last, u = torch.rand(count, 2) * 2 - 1, torch.rand(count, 1) * 2 - 1, torch.rand(count, 1) * 2 - 1
    return x, last, u, x @ A.T + u @ B.T + torch.randn(count, 2) * NOISE


@pytest.fixture(scope="module")
def fitted() -> GaussianEnsemble:
    """A small ensemble trained on the linear system, each member on its own batches."""
    torch.manual_seed(1)
    torch.set_num_threads(1)
    model = GaussianEnsemble(3, 2, 1, hidden=32, layers=2)
    x, last, u, next_state = linear_data(4000)
    model.fit_normalisers(x, next_state)
    optimiser = torch.optim.Adam(model.parameters(), 3e-3)
    for step in range(1000):
        if step == 700:
            optimiser.param_groups[0]["lr"] = 3e-4
        index = torch.randint(0, 4000, (3, 256))
        loss = loss_of(model, [x[index], last[index], u[index], next_state[index]])
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    return model


def test_loss_is_the_likelihood_of_torch_distributions() -> None:
    model = GaussianEnsemble(3, 4, 2, hidden=16, layers=2)
    batch = random_batch(3, 20, 4, 2)
    model.fit_normalisers(batch[0].reshape(-1, 4), batch[3].reshape(-1, 4))
    mean, log_variance = model(*batch[:3])
    target = (batch[3] - batch[0] - model.residuals.mean) / model.residuals.std
    likelihood = Normal(mean, (0.5 * log_variance).exp()).log_prob(target)
    constant = 0.5 * torch.log(torch.tensor(2 * torch.pi))
    bounds = 0.01 * (model.log_variance_high.sum() - model.log_variance_low.sum())
    expected = -(likelihood + constant).mean((1, 2)).sum() + bounds
    torch.testing.assert_close(loss_of(model, batch), expected)


def test_log_variance_stays_within_its_bounds() -> None:
    model = GaussianEnsemble(2, 3, 1, hidden=8, layers=1)
    with torch.no_grad():
        for parameter in model.net.parameters():
            parameter.mul_(1e4)
    _, log_variance = model(*random_batch(2, 500, 3, 1)[:3])
    assert log_variance.max() <= 0.5 + 1e-4
    assert log_variance.min() >= -10.0 - 1e-4
    assert log_variance.max() > 0.4 and log_variance.min() < -9.9  # the bounds are reached


def test_gradient_agrees_with_finite_differences() -> None:
    model = GaussianEnsemble(2, 2, 1, hidden=6, layers=2).double()
    batch = tuple(part.double() for part in random_batch(2, 8, 2, 1))
    model.fit_normalisers(batch[0].reshape(-1, 2), batch[3].reshape(-1, 2))
    loss_of(model, batch).backward()
    generator = torch.Generator().manual_seed(3)
    for parameter in model.parameters():
        flat, gradient = parameter.data.view(-1), parameter.grad.view(-1)
        for place in torch.randint(0, flat.numel(), (4,), generator=generator).tolist():
            kept = flat[place].item()
            values = []
            for sign in (1, -1):
                flat[place] = kept + sign * 1e-6
                values.append(loss_of(model, batch).item())
            flat[place] = kept
            assert (values[0] - values[1]) / 2e-6 == pytest.approx(gradient[place].item(), rel=1e-4, abs=1e-7)


def test_predict_is_the_mean_and_sample_scatters_around_it() -> None:
    model = GaussianEnsemble(2, 3, 1, hidden=8, layers=1)
    x, last, u, next_state = random_batch(2, 1, 3, 1)
    model.fit_normalisers(torch.randn(100, 3), torch.randn(100, 3) * 4)
    mean, log_variance = model(x, last, u)
    torch.testing.assert_close(model.predict(x, last, u), x + model.residuals.restore(mean))
    many = [part.expand(2, 20_000, -1) for part in (x, last, u)]
    samples = model.sample(*many)
    deviation = (0.5 * log_variance).exp() * model.residuals.std
    torch.testing.assert_close(samples.std(1, keepdim=True), deviation, rtol=0.04, atol=0.0)
    assert ((samples.mean(1, keepdim=True) - model.predict(x, last, u)).abs() < 0.05 * deviation).all()


def test_learns_a_linear_system_and_its_noise(fitted: GaussianEnsemble) -> None:
    x, last, u, _ = linear_data(1000)
    expanded = [part.expand(3, -1, -1) for part in (x, last, u)]
    with torch.no_grad():
        error = fitted.predict(*expanded) - (x @ A.T + u @ B.T)
        _, log_variance = fitted(*expanded)
    deviation = (0.5 * log_variance).exp() * fitted.residuals.std
    assert (error.std((0, 1)) < 0.2 * NOISE).all()  # the mean is known better than the noise
    torch.testing.assert_close(deviation.mean((0, 1)), NOISE, rtol=0.12, atol=0.0)


def test_members_disagree_outside_the_data(fitted: GaussianEnsemble) -> None:
    x, last, u, _ = linear_data(500)
    with torch.no_grad():
        spread = [
            fitted.predict(*[(scale * part).expand(3, -1, -1) for part in (x, last, u)]).std(0).mean()
            for scale in (1.0, 5.0)
        ]
    assert spread[1] > 5 * spread[0]
