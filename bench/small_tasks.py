# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Agents on small tasks: Pendulum-v1, an arm's reach, a Sphero's way, and an ablation of replay and targets.

One process, no ROS; agents act through their graphs in torch, on the arm through the exported ones. Every run is
written as it ends, and one that is written already is not run again, so a bench that was stopped goes on.

    python bench/small_tasks.py --parts pendulum ablation reach sphero --seeds 0 1 2
"""

from __future__ import annotations

import argparse
import json
import statistics
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from gym_steps import GymSteps
from machine import RESULTS, add_output, describe_line, describe_machine, table, write_result

from ros_rl.deploy.onnx_graph import OnnxGraph
from ros_rl.runtime.evaluation import Evaluator
from ros_rl.settings.loading import load_settings
from ros_rl.settings.tree import Settings
from ros_rl.training.local import train_locally

Run = dict[str, Any]
FIGURE = RESULTS.parent.parent / "docs" / "figures" / "small_tasks.png"
EPISODES = 10
_COMMON = {"hidden": 64, "learning_rate": 1e-3}
_LEARNER = {"batch_size": 128, "updates_per_step": 1.0, "warmup_steps": 500}
CONTINUOUS: dict[str, dict[str, Any]] = {
    "naf": {"exploration": 0.2},
    "ddpg": {"exploration": 0.2},
    "td7": {"exploration": 0.2},
    "sac": {"alpha_learning_rate": 3e-4},
    "qt_opt": {"exploration": 0.2, "lag": 200},
    "actor_critic": {"data": "off_policy", "gradient": "pathwise", "batch": "online", "tau": 0.005},
}
"""Agents of Pendulum-v1 and of the reach, with the settings that differ from the defaults."""
PENDULUM_STEPS, ABLATION_STEPS, REACH_MINUTES = 10_000, 6000, 8.0
REACH = {"gamma": 0.95, "hidden": 128}
ON_POLICY_MINUTES = 80.0
SPHERO_EVERY, SPHERO_NEAR = 60, 0.1
"""Steps between evaluations, and the mean distance that is to be held, as a share of the arena."""
SPHERO: dict[str, dict[str, Any]] = {
    "mpc": {},
    "mpc, obstacles": {
        "task": {"scene": "arena_obstacles"},
        "agent": {"mirror": False},
        "learner": {"robot_minutes": 10.0},
    },
    "sac": {
        "agent": {"name": "sac", "smoothing": 0.0, "gamma": 0.95, "hidden": 128, "normalisation": "layer"},
        "learner": {"robot_minutes": 30.0, "batch_size": 128, "updates_per_step": 4.0},
    },
}
"""Agents of `sphero_navigate`, with what differs from the task's own settings."""
TARGETS: dict[str, dict[str, Any]] = {"none": {}, "hard": {"copy_every": 200}, "polyak": {}}
ABLATION = [
    (f"ablation/{'replay' if replay else 'no replay'}, {targets}", replay, targets)
    for replay in (True, False)
    for targets in TARGETS
]
"""Runs of DDPG on Pendulum-v1: name, whether it replays, which targets."""


def settings_of(task: dict[str, str], seed: int, agent: dict[str, Any], learner: dict[str, Any]) -> Settings:
    """Settings of one run; on a Gymnasium environment only agent, learner and seed of them count."""
    own = {"agent": _COMMON | agent, "learner": _LEARNER | learner, "seed": seed}
    return load_settings(task["name"], overrides=[{"task": task}, own])


def pendulum_run(seed: int, agent: dict[str, Any], steps: int = PENDULUM_STEPS, replay: bool = True) -> Run:
    """Train and evaluate on Pendulum-v1; without replay an update takes the newest transition, twice."""
    settings = settings_of({"name": "gym", "env": "Pendulum-v1"}, seed, agent, {} if replay else {"batch_size": 2})
    work = GymSteps("Pendulum-v1", settings, 100_000 if replay else 1)
    curve = work.train(steps)
    returns = work.evaluate(EPISODES)
    return {"steps": steps, "curve": curve, "returns": returns, "return_mean": statistics.mean(returns)}


def reach_run(seed: int, agent: dict[str, Any], minutes: float = REACH_MINUTES) -> Run:
    """Train on the arm and measure the final distances of evaluation episodes."""
    learner = {"robot_minutes": minutes, "updates_per_step": 2.0}
    settings = settings_of({"name": "xarm_reach"}, seed, agent | REACH, learner)
    curve, training = [], None
    for progress in train_locally(settings):
        training = progress.training
        curve.append((training.env_steps, progress.episode_return))
    assert training is not None
    graph = OnnxGraph(training.graph())
    found = Evaluator(settings, 10_000 + seed).evaluate(graph, 2 * EPISODES, 5.0).to_mapping()
    return {"steps": training.env_steps, "curve": curve, **found}


def sphero_run(seed: int, own: dict[str, Any]) -> Run:
    """Train in the arena; mean distances from the goals, the ways there included, on the way and at the end."""
    settings = load_settings("sphero_navigate", overrides=[own, {"seed": seed}])
    arena, seconds = settings.task.arena[0], settings.task.episode_seconds  # type: ignore[attr-defined]
    evaluator, curve, distances, training = Evaluator(settings, 10_000 + seed), [], list[tuple[float, float]](), None
    for progress in train_locally(settings):
        training = progress.training
        curve.append((training.env_steps, progress.episode_return))
        if training.env_steps >= SPHERO_EVERY * (len(distances) + 1):
            found = evaluator.evaluate(OnnxGraph(training.graph()), EPISODES // 2, seconds).to_mapping()
            distances.append((training.env_steps * settings.control.period / 60.0, found["distance_mean"] / arena))
    assert training is not None
    found = evaluator.evaluate(OnnxGraph(training.graph()), 2 * EPISODES, seconds).to_mapping()
    evaluator.close()
    far = [minute for minute, distance in distances if distance > SPHERO_NEAR]
    near = [minute for minute, _ in distances if minute > max(far, default=0.0)]
    return {
        "steps": training.env_steps,
        "curve": curve,
        "distances": distances,
        "minutes": near[0] if near else None,
        "share": found["distance_mean"] / arena,
        **found,
    }


def plan(parts: list[str], seeds: list[int]) -> dict[str, Callable[[], Run]]:
    """All runs by name, ``part/agent/seed``, the first seed of everything first."""
    runs: dict[str, Callable[[], Run]] = {}
    for seed in seeds:
        named: dict[str, Callable[[], Run]] = {}
        for name, own in CONTINUOUS.items():
            agent = {"name": name, **own}
            named[f"pendulum/{name}"] = lambda a=agent, s=seed: pendulum_run(s, a)
            layered = agent if name == "td7" else agent | {"normalisation": "layer"}  # td7 has no layer norm
            named[f"reach/{name}"] = lambda a=layered, s=seed: reach_run(s, a)
        for name, own in SPHERO.items():
            named[f"sphero/{name}"] = lambda o=own, s=seed: sphero_run(s, o)
        reinforce = {"name": "reinforce", "learning_rate": 1e-3}
        named["reach/reinforce"] = lambda a=reinforce, s=seed: reach_run(s, a, ON_POLICY_MINUTES)
        for key, replay, targets in ABLATION:
            agent = {"name": "ddpg", **CONTINUOUS["ddpg"], "targets": targets, **TARGETS[targets]}
            named[key] = lambda a=agent, s=seed, r=replay: pendulum_run(s, a, ABLATION_STEPS, r)
        runs |= {f"{key}/{seed}": run for key, run in named.items() if key.split("/")[0] in parts}
    return runs


def summary(runs: dict[str, Run]) -> list[list[str]]:
    """A row for each part and agent, from runs ``part/agent/seed``."""
    groups: dict[str, list[Run]] = {}
    for key in sorted(runs):
        groups.setdefault(key.rsplit("/", 1)[0], []).append(runs[key])
    rows = []
    for key, found in sorted(groups.items()):
        returns = [run["return_mean"] for run in found]
        distances = ", ".join(
            f"{100 * run[name]:.1f}" for run in found for name in ("distance_median", "distance_mean") if name in run
        )
        minutes = ", ".join(f"{run['minutes']:.1f}" if run["minutes"] else "no" for run in found if "minutes" in run)
        each = ", ".join(f"{value:.0f}" for value in returns)
        seconds = statistics.mean(run["cpu_seconds"] for run in found)
        mean, steps = f"{statistics.mean(returns):.0f}", str(found[0]["steps"])
        rows.append([key, steps, mean, each, distances, minutes, f"{seconds:.0f}"])
    return rows


def draw(runs: dict[str, Run], path: Path) -> None:
    """Return of training episodes against steps, mean of the seeds' running means: one panel for each part."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(16.0, 4.0), layout="constrained")
    titles = {
        "pendulum": "Pendulum-v1",
        "ablation": "Pendulum-v1, ddpg",
        "reach": "xarm_reach",
        "sphero": "sphero_navigate",
    }
    for axes, (part, title) in zip(figure.subplots(1, 4), titles.items(), strict=True):
        names = sorted({key.split("/")[1] for key in runs if key.startswith(f"{part}/")})
        for name in names:
            curves = [run["curve"] for key, run in sorted(runs.items()) if key.startswith(f"{part}/{name}/")]
            steps = np.linspace(max(c[0][0] for c in curves), min(c[-1][0] for c in curves), 60)
            smooth = [np.interp(steps, [step for step, _ in c], _running([value for _, value in c])) for c in curves]
            line = axes.plot(steps, np.mean(smooth, 0), label=f"{name} ({len(curves)})")[0]
            axes.fill_between(steps, np.min(smooth, 0), np.max(smooth, 0), color=line.get_color(), alpha=0.15)
        axes.set(title=title, xlabel="steps", ylabel="return of a training episode")
        axes.grid(alpha=0.3)
        if names:
            axes.legend(fontsize=7)
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=110)


def _running(values: list[float], window: int = 5) -> list[float]:
    """Mean of the last few values."""
    return [statistics.mean(values[max(0, i + 1 - window) : i + 1]) for i in range(len(values))]


def main() -> None:
    """Do the runs that are not there yet, write them, table and figure."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--parts", nargs="*", default=["pendulum", "reach", "sphero", "ablation"])
    parser.add_argument("--seeds", nargs="*", type=int, default=[0, 1, 2])
    parser.add_argument("--figure", type=Path, default=FIGURE)
    add_output(parser, "small_tasks")
    args = parser.parse_args()
    torch.set_num_threads(1)
    runs: dict[str, Run] = json.loads(args.out.read_text())["runs"] if args.out.is_file() else {}
    for key, run in plan(args.parts, args.seeds).items():
        if key not in runs:
            start = time.process_time()
            runs[key] = run()
            runs[key]["cpu_seconds"] = time.process_time() - start
            write_result(
                args.out,
                {
                    "agents": CONTINUOUS,
                    "reach": REACH,
                    "sphero": SPHERO,
                    "common": _COMMON,
                    "runs": runs,
                },
            )
            print(f"{key}: return {runs[key]['return_mean']:.1f}, {runs[key]['cpu_seconds']:.0f} s of CPU", flush=True)
    print(describe_line(describe_machine()))
    print(table(["run", "steps", "return", "each seed", "distance [cm]", "after [min]", "CPU [s]"], summary(runs)))
    draw(runs, args.figure)


if __name__ == "__main__":
    main()
