# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""How far plans fall short of the finite-horizon LQR optimum, against the number of samples, for each method.

The system is two double integrators with damping, x' = A x + B u, which the planner's model knows exactly; the cost is
|position|^2 + 0.01 |u|^2 over the horizon. The optimum comes from the Riccati recursion in double precision, and starts
are drawn so that it lies within the bounds. No proposals, no terminal value, no discount: sampling alone. A method's
mean over the seeds may not grow with the samples by more than rounding, and MPPI and CEM must end within 2 %.

    pip install 'ros_rl[learn]' && python bench/planner_exactness.py
"""

from __future__ import annotations

import argparse
import statistics
from typing import Any

import numpy as np
import torch
from machine import add_output, describe_line, describe_machine, spread, table, write_result
from torch import Tensor

from ros_rl.dynamics.model import DynamicsModel
from ros_rl.features import ObservationSpec
from ros_rl.networks.critics import CriticEnsemble
from ros_rl.networks.policies import SquashedGaussianPolicy
from ros_rl.networks.spaces import Spaces
from ros_rl.planning.factory import make_planner
from ros_rl.planning.planner import Planner
from ros_rl.planning.propagation import FixedMember
from ros_rl.planning.world import ParticleState, StateWorld
from ros_rl.settings.loading import load_settings
from ros_rl.settings.planner import PlannerSettings

METHODS = ("shooting", "softmax_shooting", "mppi", "cem")
SAMPLES = (32, 64, 128, 256, 512, 1024)
PERIOD, DAMPING, WEIGHT = 0.1, 1.0, 0.01
LIMIT = 0.02
"""Gap within which MPPI and CEM must end, as a share of the optimum."""
SHRINKING = ("mppi", "cem")


def system() -> tuple[np.ndarray, np.ndarray]:
    """A and B of positions and velocities of two axes."""
    eye, zero = np.eye(2), np.zeros((2, 2))
    a = np.block([[eye, PERIOD * eye], [zero, (1.0 - DAMPING * PERIOD) * eye]])
    return a, np.vstack([0.5 * PERIOD**2 * eye, PERIOD * eye])


class ExactModel(DynamicsModel):
    """One member that knows A and B."""

    def __init__(self) -> None:
        super().__init__(1, 4)
        self.a, self.b = (torch.tensor(matrix, dtype=torch.float32).T for matrix in system())

    def distribution(self, state: Tensor, last_action: Tensor, action: Tensor) -> tuple[Tensor, Tensor]:
        """The next state, for sure."""
        mean = state @ self.a + action @ self.b
        return mean, torch.zeros_like(mean)

    def loss(self, state: Tensor, last_action: Tensor, action: Tensor, next_state: Tensor) -> Tensor:
        """Squared error, which is zero."""
        return (next_state - self.predict(state, last_action, action)).square().mean((1, 2)).sum()


def exact_planner(method: str, samples: int, iterations: int, horizon: int) -> Planner:
    """A planner on the exact model, whose samples may become as close as they like."""
    settings = load_settings("mock_point", overrides=[{"task": {"bound": 1000.0, "action_weight": WEIGHT}}])
    spec = ObservationSpec(settings.load_robot(), settings.task.observation, settings.control.delay)
    spaces = Spaces(spec, smoothing=0.0)
    policy = SquashedGaussianPolicy(spaces.input_size, spec.action_size, 8)
    critics = CriticEnsemble(1, spaces.input_size + spec.action_size, 8)
    values = PlannerSettings(
        method=method, samples=samples, elites=samples // 8, iterations=iterations, horizon=horizon,
        proposals=0, terminal_value=False, std_init=0.5, std_min=0.0,
    )  # fmt: skip
    model = ExactModel()
    world = StateWorld(spaces, settings.task, model, policy, critics, FixedMember(model, aleatoric=False))
    return make_planner(world, values, 1.0).requires_grad_(False)


def optimum(state: np.ndarray, horizon: int) -> tuple[float, float]:
    """The least cost by the Riccati recursion, and the largest action on the way."""
    a, b = system()
    q, r = np.diag([1.0, 1.0, 0.0, 0.0]), WEIGHT * np.eye(2)
    p, gains = np.zeros((4, 4)), []
    for _ in range(horizon):
        weight = q + p  # the cost counts the state after each step
        gains.append(np.linalg.solve(r + b.T @ weight @ b, b.T @ weight @ a))
        p = a.T @ weight @ (a - b @ gains[-1])
    cost, largest = float(state @ p @ state), 0.0
    for gain in reversed(gains):
        action = -gain @ state
        largest, state = max(largest, float(np.abs(action).max())), a @ state + b @ action
    return cost, largest


def cost_of(state: np.ndarray, actions: np.ndarray) -> float:
    """The true cost of a sequence (horizon, actions)."""
    (a, b), total = system(), 0.0
    for action in actions:
        state = a @ state + b @ action
        total += float((state[:2] ** 2).sum() + WEIGHT * (action**2).sum())
    return total


def starts(count: int, horizon: int) -> list[np.ndarray]:
    """Random states whose optimum lies within the bounds."""
    rng, found = np.random.default_rng(0), []
    while len(found) < count:
        state = rng.uniform(-0.5, 0.5, 4)
        if optimum(state, horizon)[1] < 0.9:
            found.append(state)
    return found


def gap(planner: Planner, state: np.ndarray, seed: int) -> float:
    """Excess of a plan's cost over the optimum, as a share of it."""
    noise = torch.randn(planner.noise_shape, generator=torch.Generator().manual_seed(seed))
    begin = ParticleState(torch.tensor(state, dtype=torch.float32).expand(1, 1, 4), torch.zeros(1, 2), torch.zeros(0))
    plan = planner.plan(begin, noise)
    best, _ = optimum(state, planner.settings.horizon)
    return cost_of(state, plan.mean.double().numpy()) / best - 1.0


def measure(method: str, arguments: argparse.Namespace) -> list[dict[str, Any]]:
    """Gaps of one method for each number of samples: the mean over starts of each seed, and their spread."""
    results = []
    states = starts(arguments.starts, arguments.horizon)
    for samples in arguments.samples:
        planner = exact_planner(method, samples, arguments.iterations, arguments.horizon)
        of_seeds = [
            statistics.mean(gap(planner, state, 1000 * seed + index) for index, state in enumerate(states))
            for seed in range(arguments.seeds)
        ]
        results.append({"samples": samples, "mean": statistics.mean(of_seeds), "seeds": of_seeds, **spread(of_seeds)})
    return results


def failures(results: dict[str, list[dict[str, Any]]]) -> list[str]:
    """What does not hold of what is promised."""
    found = []
    for method, rows in results.items():
        for before, after in zip(rows, rows[1:], strict=False):
            if after["mean"] > before["mean"] + 1e-5:
                found.append(f"{method}: {after['samples']} samples are worse than {before['samples']}")
        if method in SHRINKING and rows[-1]["mean"] > LIMIT:
            found.append(f"{method}: {100 * rows[-1]['mean']:.2f} % at {rows[-1]['samples']} samples")
    return found


def main() -> None:
    """Measure every method."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--samples", nargs="+", type=int, default=list(SAMPLES), help="candidates per iteration")
    parser.add_argument("--iterations", type=int, default=6, help="refinements; shooting draws as many at once")
    parser.add_argument("--horizon", type=int, default=8, help="steps of a plan")
    parser.add_argument("--seeds", type=int, default=5, help="seeds of the planner's noise")
    parser.add_argument("--starts", type=int, default=10, help="states to plan from, for each seed")
    add_output(parser, "planner_exactness")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    results = {method: measure(method, arguments) for method in METHODS}
    rows = [
        [method, *(f"{100 * r['mean']:.3g} ({100 * r['min']:.3g} to {100 * r['max']:.3g})" for r in found)]
        for method, found in results.items()
    ]
    print(describe_line(describe_machine()), "\n")
    print(table(["gap to LQR [%]", *(f"{count} samples" for count in arguments.samples)], rows))
    asked = {name: getattr(arguments, name) for name in ("iterations", "horizon", "seeds", "starts")}
    write_result(arguments.out, {**asked, "methods": results})
    if broken := failures(results):
        raise SystemExit("; ".join(broken))


if __name__ == "__main__":
    main()
