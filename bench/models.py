# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Dynamics models side by side on a system whose next state has two modes, and two posteriors on one that has a gap.

Contact: x' = x + 0.2 u - 0.4 c + N(0, 0.02^2) with contact c = 1 of probability sigmoid(4 x), else 0. Every model is
fitted to the same transitions with equal networks. The task pays exp(-(x' / 0.1)^2): to do well, a planner must aim one
of the two modes at zero; whoever aims the mean there hits nothing.

Gap: x' = x + 0.3 sin(4 x) + 0.1 u + N(0, 0.05^2), known for 0.25 < |x| < 1 only.

    pip install 'ros_rl[learn]' && python bench/models.py
"""

from __future__ import annotations

import argparse
import math
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
import torch
from machine import add_output, describe_line, describe_machine, spread, table, write_result
from torch import Tensor

from ros_rl.dynamics.data import TransitionData
from ros_rl.dynamics.diffusion import DiffusionEnsemble
from ros_rl.dynamics.energy import EnergyEnsemble
from ros_rl.dynamics.ensemble import NetworkEnsemble
from ros_rl.dynamics.factory import make_model
from ros_rl.dynamics.fitting import FitSettings, ModelTrainer
from ros_rl.dynamics.gaussian_ensemble import GaussianEnsemble
from ros_rl.dynamics.measures import auroc, coverage, disagreement, energy_distance, gaussian_nll, mixture_moments
from ros_rl.settings.dynamics import ModelSettings

FIGURE = Path(__file__).resolve().parents[1] / "docs" / "figures" / "models.png"
SIZES = {"hidden": 48, "layers": 2}
Maker = Callable[[], NetworkEnsemble]


def chosen(kind: str, members: int = 2) -> Maker:
    """A model that is a choice of `agent.model.kind`, for one-dimensional states and actions."""
    return lambda: make_model(ModelSettings(kind=kind, members=members, **SIZES), 1, 1)


def sized(model: Callable[..., NetworkEnsemble], **values: Any) -> Maker:
    """Another one, of the same size."""
    return lambda: model(2, 1, 1, **SIZES, steps=10, **values)


MODELS: dict[str, Maker] = {
    "Gaussian": chosen("gaussian"),
    "deterministic": chosen("deterministic"),
    "dropout": chosen("dropout"),
    "energy, contrastive divergence": sized(EnergyEnsemble, estimator="cd", proposals=16),
    "energy, InfoNCE": sized(EnergyEnsemble, estimator="infonce", proposals=16),
    "diffusion": sized(DiffusionEnsemble),
}
POSTERIORS: dict[str, Maker] = {
    "ensemble of 5": chosen("gaussian", 5),
    "dropout 0.1, 5 masks": chosen("dropout", 5),
    "dropout 0.1, 50 masks": chosen("dropout", 50),
}
Step = Callable[[Tensor, Tensor], Tensor]


def contact_step(x: Tensor, u: Tensor) -> Tensor:
    """The contact system."""
    contact = torch.rand_like(x) < torch.sigmoid(4.0 * x)
    return x + 0.2 * u - 0.4 * contact + 0.02 * torch.randn_like(x)


def contact_nll(x: Tensor, u: Tensor, after: Tensor) -> Tensor:
    """Its negative log-likelihood [nat], (count,): what no model can be better than."""
    chance, std = torch.sigmoid(4.0 * x[..., 0]), torch.full_like(x, 0.02)
    free, pushed = -gaussian_nll(x + 0.2 * u, std, after), -gaussian_nll(x + 0.2 * u - 0.4, std, after)
    return -torch.logaddexp((1.0 - chance).log() + free, chance.log() + pushed)


def gap_step(x: Tensor, u: Tensor) -> Tensor:
    """The system with a gap in its data."""
    return x + 0.3 * torch.sin(4.0 * x) + 0.1 * u + 0.05 * torch.randn_like(x)


def fitted(make: Maker, data: TransitionData, epochs: int, seed: int) -> tuple[NetworkEnsemble, float]:
    """A trained model, in evaluation mode, and the processor time of its training [s]."""
    torch.manual_seed(seed)
    model = make()
    how = FitSettings(epochs=epochs, patience=epochs, batch_size=128, learning_rate=3e-3, elites=1, seed=seed)
    start = time.process_time()
    ModelTrainer(model, how).fit(data)
    return model.eval(), time.process_time() - start


def transitions(step: Step, x: Tensor) -> TransitionData:
    """Random actions in the given states."""
    u = torch.rand_like(x) * 2.0 - 1.0
    return TransitionData(*(part.numpy() for part in (x, torch.zeros_like(x), u, step(x, u))))


@torch.no_grad()
def sample(model: NetworkEnsemble, x: Tensor, u: Tensor) -> Tensor:
    """A next state by each member, (members, count, 1)."""
    return model.sample(x[None], torch.zeros_like(x)[None], u[None])


@torch.no_grad()
def likelihood(model: NetworkEnsemble, x: Tensor, u: Tensor, after: Tensor) -> float | None:
    """Mean negative log-likelihood [nat] of the equal mixture of members; None where a model has none."""
    given = x[None], torch.zeros_like(x)[None], u[None]
    if isinstance(model, EnergyEnsemble):
        log_density = -model.energy(*given, after[None]) - log_partition(model, x, u)
    elif isinstance(model, GaussianEnsemble):
        log_density = -gaussian_nll(*model.distribution(*given), after[None])
    else:
        return None
    return float((math.log(model.members) - log_density.logsumexp(0)).mean())


def log_partition(model: EnergyEnsemble, x: Tensor, u: Tensor, points: int = 400) -> Tensor:
    """Logarithm of the integral of exp(-E) over x', (members, count), by the midpoint rule."""
    low, high = -1.5, 1.5
    moves = low + (high - low) * (torch.arange(points) + 0.5) / points
    rows = [part.repeat_interleave(points, 0)[None] for part in (x, torch.zeros_like(x), u)]
    after = rows[0] + moves.repeat(len(x))[None, :, None]
    energy = model.energy(*rows, after).reshape(model.members, len(x), points)
    return (-energy).logsumexp(-1) + math.log((high - low) / points)


@torch.no_grad()
def planning_return(draw: Step, seed: int, episodes: int, steps: int = 12, candidates: int = 32) -> float:
    """Mean reward per step of random shooting over two steps with 16 particles, all episodes at once."""
    particles, horizon = 16, 2
    torch.manual_seed(1000 + seed)
    x, total = torch.rand(episodes, 1) - 0.5, 0.0
    for _ in range(steps):
        plans = torch.rand(episodes, candidates, 1, horizon) * 2.0 - 1.0
        rows = plans.expand(-1, -1, particles, -1).reshape(-1, horizon)
        imagined, value = x.repeat_interleave(candidates * particles, 0), torch.zeros(len(rows))
        for k in range(horizon):
            imagined = draw(imagined, rows[:, k : k + 1])
            value += reward(imagined)
        best = value.reshape(episodes, candidates, particles).mean(-1).argmax(1)
        x = contact_step(x, plans[torch.arange(episodes), best, 0, :1])
        total += float(reward(x).mean()) / steps
    return total


def reward(x: Tensor) -> Tensor:
    """The task's pay, (count,)."""
    return torch.exp(-((x[..., 0] / 0.1) ** 2))


def by_turns(model: NetworkEnsemble) -> Step:
    """One next state per row, from the members in turn (one fixed member per particle: TS-infinity)."""

    def draw(x: Tensor, u: Tensor) -> Tensor:
        split = (model.members, len(x) // model.members, 1)
        # the particles lie innermost, so each member gets every n-th one
        x, u = (part.reshape(split[1], split[0], 1).transpose(0, 1) for part in (x, u))
        return model.sample(x, torch.zeros_like(x), u).transpose(0, 1).reshape(-1, 1)

    return draw


def compare(name: str, seed: int, epochs: int, episodes: int) -> tuple[dict[str, Any], NetworkEnsemble]:
    """Everything that is measured about one model on the contact system."""
    torch.manual_seed(seed)
    data = transitions(contact_step, torch.rand(2000, 1) * 2.0 - 1.0)
    places, each = 24, 250
    x, u = (torch.rand(places, 1) * 2.0 - 1.0 for _ in range(2))
    rows = [part.repeat_interleave(each, 0) for part in (x, u)]
    truth, again = (contact_step(*rows).reshape(places, each, 1) for _ in range(2))
    model, training = fitted(MODELS[name], data, epochs, seed)
    start = time.process_time()
    drawn = sample(model, *rows)
    sampling = (time.process_time() - start) / (drawn.shape[0] * drawn.shape[1])
    with torch.no_grad():
        start = time.process_time()
        model.predict(rows[0][None], torch.zeros_like(rows[0])[None], rows[1][None])
        predicting = (time.process_time() - start) / (drawn.shape[0] * drawn.shape[1])
    drawn = drawn.reshape(-1, places, each, 1).transpose(0, 1).reshape(places, -1, 1)
    some = [part[::10] for part in (*rows, truth.reshape(-1, 1))]
    return {
        "nll": likelihood(model, *some),
        "nll_true": float(contact_nll(*some).mean()),
        "energy_distance": float(energy_distance(drawn, truth).mean()),
        "energy_distance_true": float(energy_distance(again, truth).mean()),
        "training_s": training,
        "sample_us": 1e6 * sampling,
        "predict_us": 1e6 * predicting,
        "return": planning_return(by_turns(model), seed, episodes),
        "return_true": planning_return(contact_step, seed, episodes),
    }, model


def judge_posterior(name: str, seed: int, epochs: int) -> dict[str, float]:
    """Calibration inside the data, and how well disagreement tells what lies outside."""
    torch.manual_seed(seed)
    sign = torch.where(torch.rand(400, 1) < 0.5, -1.0, 1.0)
    model, training = fitted(
        POSTERIORS[name], transitions(gap_step, sign[:200] * (0.25 + 0.75 * torch.rand(200, 1))), epochs, seed
    )
    inside = sign * (0.25 + 0.75 * torch.rand(400, 1))
    outside = {"gap": 0.4 * torch.rand(400, 1) - 0.2, "beyond": sign * (1.2 + 0.8 * torch.rand(400, 1))}
    mean, std, u = _moments(model, inside)
    middle, deviation = mixture_moments(mean, std)
    happened = gap_step(inside, u)
    scores = {where: disagreement(_moments(model, x)[0]) for where, x in outside.items()}
    return {
        "coverage_1": coverage(happened - middle, deviation, 1.0),
        "coverage_2": coverage(happened - middle, deviation, 2.0),
        "nll": float(gaussian_nll(middle, deviation, happened).mean()),
        **{f"auroc_{where}": auroc(disagreement(mean), score) for where, score in scores.items()},
        "training_s": training,
    }


@torch.no_grad()
def _moments(model: NetworkEnsemble, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    u = torch.rand_like(x) * 2.0 - 1.0
    return *model.distribution(x[None], torch.zeros_like(x)[None], u[None]), u


def draw_figure(models: dict[str, NetworkEnsemble], path: Path) -> None:
    """Samples of every model beside the system's own: change of x against x, without action."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    x = torch.linspace(-1.0, 1.0, 600)[:, None]
    panels = {"the system": contact_step(x, torch.zeros_like(x))[None]}
    panels |= {name: sample(model, x, torch.zeros_like(x))[:1] for name, model in models.items()}
    figure, axes = pyplot.subplots(1, len(panels), figsize=(2.3 * len(panels), 2.4), sharex=True, sharey=True)
    for axis, (name, after) in zip(axes, panels.items(), strict=True):
        axis.scatter(x[:, 0], (after[0] - x)[:, 0], s=1.5, linewidths=0)
        axis.set(title=name.replace(", ", ",\n"), xlabel="x", ylim=(-0.8, 0.4))
    axes[0].set_ylabel("x' - x")
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=110, bbox_inches="tight")


def cell(runs: list[dict[str, Any]], key: str, digits: int) -> str:
    """Mean and range over seeds."""
    values = [run[key] for run in runs]
    if None in values:
        return "not defined"
    return f"{np.mean(values):.{digits}f} ({min(values):.{digits}f} to {max(values):.{digits}f})"


def summarise(results: dict[str, list[dict[str, Any]]], columns: dict[str, tuple[str, int]]) -> str:
    """One row per model; columns are key: (heading, digits)."""
    rows = [
        [name, *(cell(runs, key, digits) for key, (_, digits) in columns.items())] for name, runs in results.items()
    ]
    return table(["model", *(heading for heading, _ in columns.values())], rows)


def main() -> None:
    """Measure every model and every posterior."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2], help="of data, networks and plans")
    parser.add_argument("--epochs", type=int, default=50, help="passes over 2000 transitions")
    parser.add_argument("--episodes", type=int, default=16, help="planned at once, 12 steps each")
    parser.add_argument("--figure", type=Path, default=FIGURE, help="where to draw samples of the first seed's models")
    add_output(parser, "models")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    contact: dict[str, list[dict[str, Any]]] = {name: [] for name in MODELS}
    gap: dict[str, list[dict[str, Any]]] = {name: [] for name in POSTERIORS}
    first = {}
    for seed in arguments.seeds:
        for name in MODELS:
            figures, model = compare(name, seed, arguments.epochs, arguments.episodes)
            contact[name].append(figures)
            first.setdefault(name, model)
        for name in POSTERIORS:
            gap[name].append(judge_posterior(name, seed, 4 * arguments.epochs))
    draw_figure(first, arguments.figure)
    machine = describe_line(describe_machine())
    reference = contact["Gaussian"]
    print(f"{machine}; seeds {arguments.seeds}; mean (range over seeds)\n")
    print(summarise(contact, {
        "nll": ("NLL [nat]", 2), "energy_distance": ("energy distance", 4), "return": ("planning return", 2),
        "training_s": ("training, CPU [s]", 1), "sample_us": ("sample, CPU [µs]", 2),
        "predict_us": ("prediction, CPU [µs]", 2),
    }))  # fmt: skip
    own = [cell(reference, key, digits) for key, digits in
           (("nll_true", 2), ("energy_distance_true", 4), ("return_true", 2))]  # fmt: skip
    print(f"\nthe system itself: NLL {own[0]}, energy distance of two draws {own[1]}, planning return {own[2]}\n")
    print(summarise(gap, {
        "coverage_1": ("within 1 sigma (0.683)", 3), "coverage_2": ("within 2 sigma (0.954)", 3),
        "nll": ("NLL [nat]", 2), "auroc_gap": ("AUROC, gap", 2), "auroc_beyond": ("AUROC, beyond", 2),
        "training_s": ("training, CPU [s]", 1),
    }))  # fmt: skip
    spreads = {
        group: {
            name: {key: spread([run[key] for run in runs]) for key in runs[0] if runs[0][key] is not None}
            for name, runs in results.items()
        }
        for group, results in {"contact": contact, "gap": gap}.items()
    }
    write_result(arguments.out, {
        "seeds": arguments.seeds, "epochs": arguments.epochs, "networks": SIZES,
        "summary": spreads, "contact": contact, "gap": gap,
    })  # fmt: skip


if __name__ == "__main__":
    main()
