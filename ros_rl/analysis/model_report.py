# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""How good a run's dynamics model is, on episodes that it never saw and on those that it learned from."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ros_rl.analysis import calibration
from ros_rl.analysis.explored import explored
from ros_rl.analysis.noise_floor import noise_floor
from ros_rl.analysis.prediction import k_step_errors, windows
from ros_rl.analysis.trajectories import HELD_OUT_SEED, Trajectory, collect, control_period, from_log, from_replay
from ros_rl.deploy.onnx_graph import OnnxGraph
from ros_rl.dynamics.measures import auroc
from ros_rl.dynamics.model import DynamicsModel
from ros_rl.layout import Layout
from ros_rl.tasks.gym_task import GymTask
from ros_rl.training.saved_run import SavedRun
from ros_rl.types import Array

HELD_OUT, REPLAY = "held-out", "replay"
RANDOM_ACTIONS, RANDOM_STATES = "random actions", "random states"


@dataclass(frozen=True)
class ModelReport:
    """The numbers, and what the plots need besides."""

    numbers: dict[str, Any]
    """Content of ``report.json``."""
    held_out: list[Trajectory]
    scores: dict[str, Array]
    """Disagreement of single steps, by where they come from."""


def state_fields(spec: Layout) -> dict[str, slice]:
    """The fields that a model predicts, and where each stands in a state."""
    return {field.name: spec.slices[field.name] for field in spec.fields if field.kind == "state"}


def analyse_model(run: SavedRun, episodes: int, horizon: int, seed: int | None, log: Path | None = None) -> ModelReport:
    """Judge a run's model.

    Args:
        run: The run.
        episodes: Held-out episodes to simulate.
        horizon: Steps ahead to predict.
        seed: Of the first of them; None: far from the run's own.
        log: Of held-out episodes, instead of simulated ones.
    """
    settings, training = run.settings, run.training
    seed = settings.seed + HELD_OUT_SEED if seed is None else seed
    in_environment = isinstance(settings.task, GymTask)
    if log is not None:
        held_out = from_log(settings, log, training.replay)
    elif in_environment:
        held_out = from_replay(run.layout, explored(run, episodes, seed, explore=0.0))
    else:
        graph = OnnxGraph(training.graph(), settings.controller.threads)
        held_out = collect(settings, graph, episodes, seed)
    replayed = from_replay(run.layout, training.replay)
    numbers: dict[str, Any] = {
        "run": str(run.path),
        "task": settings.task.title,
        "model": {"kind": type(run.agent.model).__name__, "members": run.agent.model.members},
        "control_period": control_period(settings),
        "planner_horizon": run.agent.planner and run.agent.planner.settings.horizon,
        "held_out": f"simulated from seed {seed}" if log is None else f"log {log}",
        "seed": seed,
        "episodes": len(held_out),
        "steps": {HELD_OUT: _steps(held_out), REPLAY: _steps(replayed)},
        "measured_against": "the next measured state, sensor noise included",
        "sensor_noise": {} if in_environment else noise_floor(settings, run.spec),
        "units": {field.name: field.unit for field in run.layout.fields if field.kind == "state"},
    }
    found, scores = judge_model(run.agent.model, run.layout, held_out, replayed, horizon, seed)
    return ModelReport(numbers | found, held_out, scores)


def judge_model(
    model: DynamicsModel,
    spec: Layout,
    held_out: list[Trajectory],
    replayed: list[Trajectory],
    horizon: int,
    seed: int,
) -> tuple[dict[str, Any], dict[str, Array]]:
    """The figures of a model, and the disagreement of single steps by where they come from.

    Args:
        model: The model.
        spec: Layout of observations.
        held_out: Trajectories that it did not learn from.
        replayed: Those that it did; they also give the scales by which errors are normalised.
        horizon: Steps ahead to predict.
        seed: Of what is drawn at random.
    """
    fields, rng = state_fields(spec), np.random.default_rng([seed, 0xA4A1])
    known, new = calibration.steps_of(replayed), calibration.steps_of(held_out)
    state_scale, step_scale = known.states.std(0), (known.next_states - known.states).std(0)
    k_step, counts = {}, {}
    for name, trajectories in ((HELD_OUT, held_out), (REPLAY, replayed)):
        stretches = windows(trajectories, horizon, rng)
        k_step[name] = k_step_errors(model, stretches, fields, state_scale)
        counts[name] = stretches.valid.sum(0).tolist()
    random_actions, random_states = calibration.random_actions(known, rng), calibration.random_states(known, rng)
    sources = {REPLAY: known, HELD_OUT: new, RANDOM_ACTIONS: random_actions, RANDOM_STATES: random_states}
    predictions = {name: calibration.predict(model, steps) for name, steps in sources.items()}
    scores = {name: calibration.disagreement(item, step_scale) for name, item in predictions.items()}
    numbers = {
        "horizon": horizon,
        "k_step": k_step,
        "k_step_starts": counts,
        "one_step": {
            name: calibration.judge(sources[name], predictions[name], fields, step_scale) for name in (HELD_OUT, REPLAY)
        },
        "disagreement": _disagreement(model.members, scores),
    }
    return numbers, scores


def _steps(trajectories: list[Trajectory]) -> int:
    return sum(item.steps for item in trajectories)


def _disagreement(members: int, scores: dict[str, Array]) -> dict[str, Any]:
    """Medians, and how well it tells other steps from replayed ones; nothing for a single member."""
    if members == 1:
        return {}
    medians = {name: float(np.median(values)) for name, values in scores.items()}
    outside = {name: auroc(scores[REPLAY], scores[name]) for name in scores if name != REPLAY}
    return {"median": medians, "auroc": outside}


def screen(numbers: dict[str, Any], folder: str) -> str:
    """The main figures in one screen."""
    longest = numbers["horizon"]
    ks = sorted({1, min(numbers["planner_horizon"] or longest, longest), min(10, longest), longest})
    held_out = numbers["k_step"][HELD_OUT]
    lines = [
        f"{numbers['model']['kind']} of {numbers['model']['members']} members, {numbers['run']}",
        f"held-out episodes: {numbers['episodes']} of {numbers['steps'][HELD_OUT]} steps, {numbers['held_out']}; "
        f"errors are against {numbers['measured_against']}",
        "",
        "RMS error k steps ahead ('state stays' in brackets)",
        f"  {'field':<18}{'unit':<7}{'noise':>8}" + "".join(f"{f'k = {k}':>18}" for k in ks),
    ]
    for name, found in held_out.items():
        noise = numbers["sensor_noise"].get(name)
        cells = [f"{found['rmse'][k - 1]:.3g} ({found['baseline_rmse'][k - 1]:.3g})" for k in ks]
        shown = "-" if noise is None else f"{noise:.2g}"
        lines.append(f"  {name:<18}{numbers['units'][name]:<7}{shown:>8}" + "".join(f"{cell:>18}" for cell in cells))
    lines += ["", "one step ahead, all values      1 sigma (68 %)  2 sigma (95 %)  NLL [nat per value]"]
    for name, found in numbers["one_step"].items():
        one = found["all"]
        lines.append(f"  {name:<30}{one['coverage_1_sigma']:>12.1%}{one['coverage_2_sigma']:>16.1%}{one['nll']:>16.2f}")
    if numbers["disagreement"]:
        medians, outside = numbers["disagreement"]["median"], numbers["disagreement"]["auroc"]
        lines += ["", "disagreement of the members     median          AUROC against the replay"]
        for name, value in medians.items():
            lines.append(f"  {name:<30}{value:<16.3g}{f'{outside[name]:.3f}' if name in outside else '-'}")
    return "\n".join([*lines, "", f"report and plots in {folder}"])
