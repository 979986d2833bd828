# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""The exported control graph in onnxruntime against the same graph in torch, on random inputs, for every task.

The agent learns from random transitions for a while first, so that no weight is as it started. Where an action
differs by more than the tolerance, the two sides must have ranked candidates around the last elite differently, which
is fair only if the returns there are equal to rounding: such ties are counted, and anything else fails. How far a graph
in 8 bits is off (`agent.planner.precision`) is told, and not judged.

    pip install 'ros_rl[learn]' && python bench/parity.py
"""

from __future__ import annotations

import argparse
from typing import Any

import numpy as np
import torch
from machine import add_output, describe_line, describe_machine, table, write_result

from ros_rl.deploy.control_graph import ControlGraph
from ros_rl.deploy.onnx_graph import GraphOutput, OnnxGraph
from ros_rl.runtime.control_loop import tick_noise
from ros_rl.settings.loading import load_settings
from ros_rl.training.training_loop import TrainingLoop
from ros_rl.types import Transition

TASKS = ("a1_walk", "xarm_reach", "mock_point")
GRAPHS = (("planner", "planner", "float32"), ("planner, int8", "planner", "int8"), ("policy", "policy", "float32"))
TOLERANCE = 1e-4
TIE = 1e-5
"""Largest gap between the last elite and the next candidate, relative to the returns, that counts as a tie."""


class Recorder:
    """Keeps the returns of every iteration of the planner in torch."""

    def __init__(self, planner: Any) -> None:
        self._refit, self.returns = planner._refit, []
        planner._refit = self

    def __call__(self, candidates: torch.Tensor, returns: torch.Tensor, *distribution: torch.Tensor) -> Any:
        """Refit as before, and remember."""
        self.returns.append(returns.numpy())
        return self._refit(candidates, returns, *distribution)

    def gap(self, elites: int) -> float:
        """Smallest gap behind the last elite over the iterations, relative to the largest return."""
        gaps = []
        for returns in self.returns:
            ordered = np.sort(returns)[::-1]
            gaps.append((ordered[elites - 1] - ordered[elites]) / np.abs(returns).max())
        return float(min(gaps))


def learned(task: str, act: str, precision: str, rounds: int, seed: int) -> TrainingLoop:
    """A learner after some rounds on random transitions."""
    agent: dict[str, Any] = {"act": act, "planner_start": 0, "planner": {"precision": precision}}
    training = TrainingLoop(load_settings(task, overrides=[{"agent": agent, "seed": seed}]))
    rng, spec = np.random.default_rng(seed), training.spec
    for index in range(500):
        training.add(
            Transition(
                index,
                0,
                rng.normal(size=spec.size),
                rng.uniform(-1, 1, spec.action_size),
                float(rng.normal()),
                rng.normal(size=spec.size),
                False,
                False,
            )
        )
    for _ in range(rounds):
        training.train()
    return training


def random_inputs(training: TrainingLoop, graph: ControlGraph, seed: int, index: int) -> list[np.ndarray]:
    """One set of inputs: normal fields with actions in [-1, 1], the noise of a tick, and explore 0 or 1."""
    rng = np.random.default_rng([seed, index])
    values = []
    for field in training.spec.fields:
        if field.size:
            uniform = field.kind == "action"
            values.append(rng.uniform(-1, 1, field.size) if uniform else rng.normal(size=field.size))
    values += [rng.integers(0, 2, len(graph.carry)), tick_noise(seed, index, graph.noise_shape), [index % 2]]
    return [np.asarray(value, dtype=np.float32) for value in values]


def run_onnx(graph: OnnxGraph, inputs: list[np.ndarray]) -> GraphOutput:
    """The exported graph."""
    *fields, carry, noise, explore = inputs
    names = [item["name"] for item in graph.contract.fields]
    return graph.run(dict(zip(names, fields, strict=True)), carry, noise, float(explore[0]))


@torch.no_grad()
def run_torch(graph: ControlGraph, inputs: list[np.ndarray]) -> GraphOutput:
    """The module that it was made from."""
    action, carry, *rest = (value.numpy() for value in graph(*(torch.from_numpy(value) for value in inputs)))
    return GraphOutput(action, carry, dict(zip(graph.telemetry_names, rest, strict=True)))


def relative(one: np.ndarray, two: np.ndarray) -> float:
    """Largest difference relative to the largest value."""
    return float(np.abs(one - two).max() / np.abs(one).max())


def compare(training: TrainingLoop, count: int, seed: int) -> dict[str, Any]:
    """Actions, and for a planner returns and ties, over `count` inputs."""
    module, exported = training.agent.graph, OnnxGraph(training.graph())
    planner = training.agent.planner
    differences, returns, gaps, repeated = [], [], [], 0
    for index in range(count):
        inputs = random_inputs(training, module, seed, index)
        recorder = Recorder(module.planner)
        ours, theirs = run_torch(module, inputs), run_onnx(exported, inputs)
        del module.planner._refit
        again = run_onnx(exported, [value.copy() for value in inputs])
        repeated += bool(np.array_equal(theirs.action, again.action))
        differences.append(float(np.abs(ours.action - theirs.action).max()))
        if "candidate_returns" in ours.telemetry:
            if differences[-1] <= TOLERANCE or planner.settings.precision != "float32":
                returns.append(relative(ours.telemetry["candidate_returns"], theirs.telemetry["candidate_returns"]))
            else:
                gaps.append(recorder.gap(planner.settings.elites))
    within = float(np.mean(np.array(differences) <= TOLERANCE))
    return {
        "judged": planner.settings.precision == "float32",
        "inputs": count,
        "actions_within": within,
        "action_difference_p50": float(np.median(differences)),
        "action_difference_p99": float(np.quantile(differences, 0.99)),
        "returns_difference_max": max(returns, default=0.0),
        "others": len(gaps),
        "others_that_are_ties": sum(gap < TIE for gap in gaps),
        "largest_gap_of_the_others": max(gaps, default=0.0),
        "same_action_again": repeated,
    }


def compare_random(task: str, count: int, seed: int) -> dict[str, Any]:
    """The random graph."""
    training = TrainingLoop(load_settings(task, overrides=[{"agent": {"name": "random"}, "seed": seed}]))
    module, exported = training._random._graph, OnnxGraph(training.graph())
    differences, repeated = [], 0
    for index in range(count):
        inputs = random_inputs(training, module, seed, index)
        ours, theirs = run_torch(module, inputs), run_onnx(exported, inputs)
        differences.append(float(np.abs(ours.action - theirs.action).max()))
        repeated += bool(np.array_equal(theirs.action, run_onnx(exported, inputs).action))
    return {
        "inputs": count,
        "actions_within": float(np.mean(np.array(differences) <= TOLERANCE)),
        "action_difference_p50": float(np.median(differences)),
        "action_difference_p99": float(np.quantile(differences, 0.99)),
        "same_action_again": repeated,
    }


def verdict(result: dict[str, Any]) -> bool:
    """Whether one comparison holds what is promised."""
    if not result.get("judged", True):
        return True
    returns = result.get("returns_difference_max", 0.0) <= TOLERANCE
    ties = result.get("others", 0) == result.get("others_that_are_ties", 0)
    return bool(
        result["actions_within"] >= 0.99 and returns and ties and result["same_action_again"] == result["inputs"]
    )


def main() -> None:
    """Compare every task, acting by planner, by policy and at random."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tasks", nargs="+", default=list(TASKS), choices=TASKS, help="tasks to compare")
    parser.add_argument("--inputs", type=int, default=1000, help="random inputs for each")
    parser.add_argument("--rounds", type=int, default=20, help="rounds of learning before the export")
    parser.add_argument("--seed", type=int, default=0, help="of weights and inputs")
    add_output(parser, "parity")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    results: dict[str, Any] = {}
    for task in arguments.tasks:
        for name, act, precision in GRAPHS:
            training = learned(task, act, precision, arguments.rounds, arguments.seed)
            results[f"{task}, {name}"] = compare(training, arguments.inputs, arguments.seed)
        results[f"{task}, random"] = compare_random(task, arguments.inputs, arguments.seed)
    header = [
        "graph",
        "actions within 1e-4",
        "p50",
        "p99",
        "returns, largest relative",
        "others",
        "of them ties",
        "holds",
    ]
    rows = [
        [
            name,
            f"{100 * r['actions_within']:.1f} %",
            f"{r['action_difference_p50']:.1e}",
            f"{r['action_difference_p99']:.1e}",
            f"{r['returns_difference_max']:.1e}" if "returns_difference_max" in r else "",
            r.get("others", ""),
            r.get("others_that_are_ties", ""),
            ("yes" if verdict(r) else "NO") if r.get("judged", True) else "told only",
        ]
        for name, r in results.items()
    ]
    print(describe_line(describe_machine()), "\n")
    print(table(header, rows))
    write_result(arguments.out, {"seed": arguments.seed, "tolerance": TOLERANCE, "tie": TIE, "graphs": results})
    if not all(map(verdict, results.values())):
        raise SystemExit("parity does not hold")


if __name__ == "__main__":
    main()
