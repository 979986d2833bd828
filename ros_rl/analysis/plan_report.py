# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""One decision of a run's planner against what then really happened in the simulator."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from ros_rl.analysis.calibration import steps_of
from ros_rl.analysis.decision import Expectation, decide, rewards, values
from ros_rl.analysis.model_report import state_fields
from ros_rl.analysis.trajectories import HELD_OUT_SEED, Trajectory, from_replay, play, record
from ros_rl.deploy.onnx_graph import OnnxGraph
from ros_rl.errors import ConfigError
from ros_rl.features import ObservationSpec
from ros_rl.training.saved_run import SavedRun
from ros_rl.types import Array, Tick

OPEN_LOOP, CLOSED_LOOP = "open loop", "closed loop"


@dataclass(frozen=True)
class PlanReport:
    """The numbers, and what the plots need besides."""

    numbers: dict[str, Any]
    """Content of ``report.json``."""
    expectation: Expectation
    real: dict[str, Trajectory]
    """What happened from the tick on: the plan executed to its end, and the agent deciding anew at every tick."""
    scale: Array
    """Standard deviation of each value of a state in the replay, (state,)."""


def analyse_plan(run: SavedRun, step: int, seed: int | None) -> PlanReport:
    """Take one decision apart.

    Args:
        run: The run.
        step: Which: the control period, counted from the episode's start.
        seed: Of the episode; None: far from the run's own.

    Raises:
        ConfigError: The episode ends before the step.
    """
    settings, agent, spec = run.settings, run.agent, run.spec
    seed = settings.seed + HELD_OUT_SEED if seed is None else seed
    graph = OnnxGraph(run.training.graph(), settings.controller.threads)
    (ticks,) = play(settings, graph, seed)
    if step >= len(ticks) - 1:
        raise ConfigError(f"tick {step} is beyond the episode of seed {seed}, which ends at tick {len(ticks) - 1}")
    tick = ticks[step][0]
    expectation = decide(agent, spec, tick, seed)
    planned = expectation.actions[spec.delay :]
    (again,) = play(settings, graph, seed, instead={step + index: action for index, action in enumerate(planned)})
    part = slice(step, step + len(expectation.actions) + 1)
    real = {OPEN_LOOP: record(spec, again[part]), CLOSED_LOOP: record(spec, ticks[part])}
    scale = steps_of(from_replay(spec, run.training.replay)).states.std(0)
    numbers: dict[str, Any] = {
        "run": str(run.path),
        "task": settings.task.name,
        "seed": seed,
        "tick": step,
        "control_period": settings.control.period,
        "delay": spec.delay,
        "horizon": len(planned),
        "members": agent.model.members,
        "units": {field.name: field.unit for field in spec.fields if field.kind == "state"},
        "measured_against": "the measured state, sensor noise included",
        **_figures(run, tick, expectation, real, scale),
    }
    return PlanReport(numbers, expectation, real, scale)


def _figures(
    run: SavedRun, tick: Tick, expectation: Expectation, real: dict[str, Trajectory], scale: Array
) -> dict[str, Any]:
    agent, spec, gamma = run.agent, run.spec, run.settings.agent.gamma
    observed = spec.observe(tick)
    goal, first = observed[spec.goal], observed[spec.slices["last_action"]]
    last = np.concatenate([first[None], expectation.actions])
    predicted_rewards = rewards(agent, expectation.states, goal, first, expectation.actions)
    predicted_values = values(agent, expectation.states, goal, last)
    returns = expectation.candidates.returns
    found: dict[str, Any] = {
        "plan_return": {"mean": expectation.plan_return.mean(), "std": expectation.plan_return.std()},
        "candidates": {
            "count": len(returns),
            "best": returns.max(),
            "median": np.median(returns),
            "worst": returns.min(),
        },
        "predicted": {
            "reward": predicted_rewards.mean(0),
            "value": predicted_values.mean(0),
            "value_std": predicted_values.std(0),
            "disagreement": _rms(expectation.states.std(0), scale),
        },
        "real": {},
    }
    for name, happened in real.items():
        used = np.concatenate([happened.last_actions, happened.actions[-1:]])
        value = values(agent, happened.states, goal, used)
        whole = happened.steps == len(expectation.actions)
        found["real"][name] = {
            "value": value,
            "return": _return(happened.rewards[spec.delay :], value[-1], gamma, whole),
            **_happened(happened, expectation, spec, scale),
        }
    return found


def _happened(happened: Trajectory, expectation: Expectation, spec: ObservationSpec, scale: Array) -> dict[str, Any]:
    """How far it came, and how far from what was expected."""
    error = happened.states - expectation.states.mean(0)[: happened.steps + 1]
    fields = state_fields(spec)
    return {
        "steps": happened.steps,
        "reward": happened.rewards,
        "error": _rms(error, scale),
        "error_by_field": {field: np.sqrt((error[:, part] ** 2).mean(1)) for field, part in fields.items()},
    }


def _return(rewards: Array, last_value: float, gamma: float, whole: bool) -> float:
    """Discounted rewards from where the plan began, closed by the critics' value unless the episode ended before."""
    discounts = gamma ** np.arange(len(rewards))
    return float((discounts * rewards).sum() + (gamma ** len(rewards) * last_value if whole else 0.0))


def _rms(values: Array, scale: Array) -> Array:
    """Root mean square over a state, each value in standard deviations of the data, (steps,); constants left out."""
    moving = scale > 1e-6
    result: Array = np.sqrt(((values[:, moving] / scale[moving]) ** 2).mean(1))
    return result


def screen(numbers: dict[str, Any], folder: str) -> str:
    """The main figures in one screen."""
    plan, found, predicted = numbers["plan_return"], numbers["candidates"], numbers["predicted"]
    lines = [
        f"decision at tick {numbers['tick']} of the episode of seed {numbers['seed']}, {numbers['run']}",
        f"horizon {numbers['horizon']} steps of {1e3 * numbers['control_period']:g} ms, "
        f"after {numbers['delay']} that were already decided",
        "",
        f"candidates       {found['count']}: return {found['worst']:.3f} .. {found['median']:.3f} (median) .. "
        f"{found['best']:.3f}",
        f"chosen plan      return {plan['mean']:.3f} +- {plan['std']:.3f} across {numbers['members']} members",
    ]
    for name, real in numbers["real"].items():
        lines.append(f"  {name:<15}return {real['return']:.3f} over {real['steps']} measured steps")
    lines += ["", "                 predicted at the end   real, open loop"]
    open_loop = numbers["real"][OPEN_LOOP]
    lines += [
        f"  value          {predicted['value'][-1]:<23.3f}{open_loop['value'][-1]:.3f}",
        f"  disagreement   {predicted['disagreement'][-1]:<23.3f}{open_loop['error'][-1]:.3f} (the error; both RMS, "
        "in standard deviations of the data)",
    ]
    return "\n".join([*lines, "", f"report and plots in {folder}"])
