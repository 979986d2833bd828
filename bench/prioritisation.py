# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Uniform replay against both priorities on a task with one rare reward, by `dqn`.

Four rooms that doors connect (after Sutton, Precup & Singh 1999), 104 cells, one of four directions per step, a start
in one corner and a reward of 1 in the opposite one, 20 steps away, where the episode terminates; after 200 steps it is
truncated. The behaviour is uniformly random throughout, so that for one seed all conditions see the very same
transitions and differ in what they draw from them only. Observations are one-hot, and the true values are known:
gamma^(d - 1) at a distance of d steps from the goal. Measured, of steps with one update each: until the error of the
greedy values over all cells (root of the mean square) stays below 0.2, and until the greedy policy goes from the start
to the goal on a shortest path, both at three evaluations in a row. Clipped double Q-learning, since without it uniform
replay lets the values rise above the bound of 1. Results are written after each seed.

    pip install 'ros_rl[learn,bench]' && python bench/prioritisation.py
"""

from __future__ import annotations

import argparse
import time
from collections import deque
from pathlib import Path
from typing import Any

import numpy as np
import torch
from machine import add_output, describe_line, describe_machine, spread, table, write_result

from ros_rl.agents.dqn import DqnAgent
from ros_rl.layout import LAST_ACTION, PENDING_ACTIONS, Field, Layout
from ros_rl.replay.buffer import ReplayBuffer
from ros_rl.settings.off_policy import DqnSettings
from ros_rl.settings.replay import ReplaySettings
from ros_rl.types import Transition

ROOMS = """
.....#.....
.....#.....
...........
.....#.....
.....#.....
#.####.....
.....###.##
.....#.....
.....#.....
...........
.....#.....
""".split()
MOVES = ((0, 1), (1, 0), (0, -1), (-1, 0))
START, GOAL = (10, 0), (0, 10)
LIMIT, BATCH, EVERY, LEARNED = 200, 32, 100, 0.2
CONDITIONS = {name: ReplaySettings(name, beta_steps=10_000) for name in ("uniform", "td_error", "target")}
AGENT = DqnSettings(hidden=64, gamma=0.97, learning_rate=1e-3, critics=2, targets="hard", copy_every=50)

Cell = tuple[int, int]
CELLS = [(row, column) for row, line in enumerate(ROOMS) for column, mark in enumerate(line) if mark == "."]
NUMBER = {cell: number for number, cell in enumerate(CELLS)}
ONE_HOT = np.eye(len(CELLS))


def move(cell: Cell, action: int) -> Cell:
    """Where a step leads; walls hold."""
    step = MOVES[action]
    after = (cell[0] + step[0], cell[1] + step[1])
    return after if after in NUMBER else cell


def distances() -> np.ndarray:
    """Steps from each cell to the goal, by a search from there."""
    found, waiting = {GOAL: 0}, deque([GOAL])
    while waiting:
        cell = waiting.popleft()
        for action in range(4):
            after = move(cell, action)
            if after not in found:
                found[after] = found[cell] + 1
                waiting.append(after)
    return np.array([found[cell] for cell in CELLS])


DISTANCE = distances()


def layout() -> Layout:
    """One-hot cells, four actions."""
    fields = [Field("observation", (len(CELLS),), "1", 1.0, "state")]
    fields += [Field(name, (0,), "1", 1.0, "action") for name in (LAST_ACTION, PENDING_ACTIONS)]
    return Layout("four_rooms", ["direction"], fields, 0, len(MOVES))


@torch.no_grad()
def judge(agent: DqnAgent) -> tuple[bool, float]:
    """Whether the greedy policy takes a shortest path from the start, and the RMS error of the values of all cells."""
    values = agent.critics.online(torch.eye(len(CELLS)))[0]
    greedy, cell = values.argmax(-1).tolist(), START
    for _ in range(DISTANCE[NUMBER[START]]):
        cell = move(cell, greedy[NUMBER[cell]])
    others = DISTANCE > 0
    error = values.max(-1).values.numpy()[others] - AGENT.gamma ** (DISTANCE[others] - 1)
    return cell == GOAL, float(np.sqrt((error**2).mean()))


def run(settings: ReplaySettings, seed: int, steps: int) -> dict[str, Any]:
    """One training: when it was solved, and how the error of the values fell."""
    torch.manual_seed(seed)
    rng = np.random.default_rng(seed)
    agent = DqnAgent(layout(), AGENT, BATCH, 1.0)
    replay = ReplayBuffer(steps, len(CELLS), 1, seed, AGENT.gamma, settings)
    cell, episode, count, rewards, began = START, 0, 0, 0, time.process_time()
    solved: list[bool] = []
    errors: list[float] = []
    for step in range(steps):
        action = int(rng.integers(len(MOVES)))
        after, count = move(cell, action), count + 1
        ends, cut = after == GOAL, count == LIMIT and after != GOAL
        seen, then = ONE_HOT[NUMBER[cell]], ONE_HOT[NUMBER[after]]
        replay.add(Transition(step, episode, seen, np.array([action]), float(ends), then, ends, cut))
        rewards, cell = rewards + ends, after
        if ends or cut:
            cell, episode, count = START, episode + 1, 0
        if step >= BATCH:
            agent.train(replay, step)
        if (step + 1) % EVERY == 0:
            good, error = judge(agent)
            solved.append(good)
            errors.append(error)
    return {
        "solved_at": first_of_three(solved),
        "learned_at": first_of_three([error < LEARNED for error in errors]),
        "errors": errors,
        "rewards": rewards,
        "cpu_s": time.process_time() - began,
    }


def first_of_three(good: list[bool]) -> int | None:
    """Steps until the first of three good evaluations in a row; None if there are none."""
    first = next((i for i in range(len(good) - 2) if all(good[i : i + 3])), None)
    return None if first is None else (first + 1) * EVERY


def row(name: str, runs: list[dict[str, Any]]) -> list[str]:
    """One line of the table; median and range are of the runs that got there."""
    cells = [name]
    for key in ("learned_at", "solved_at"):
        reached = [run[key] for run in runs if run[key] is not None]
        cell = f"{len(reached)} of {len(runs)}"
        if reached:
            at = spread(reached)
            cell += f": {at['median']:,.0f} ({at['min']:,.0f} to {at['max']:,.0f})"
        cells.append(cell)
    last = spread([run["errors"][-1] for run in runs])
    cells.append(f"{last['median']:.3f} ({last['min']:.3f} to {last['max']:.3f})")
    return [*cells, f"{sum(run['cpu_s'] for run in runs) / len(runs):.0f}"]


def plot(results: dict[str, list[dict[str, Any]]], path: Path) -> None:
    """Error of the values over steps: median and range over seeds."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    figure, axis = pyplot.subplots(figsize=(6, 3.5), layout="constrained")
    for name, runs in results.items():
        errors = np.array([run["errors"] for run in runs])
        steps = EVERY * np.arange(1, errors.shape[1] + 1)
        (line,) = axis.plot(steps, np.median(errors, 0), lw=1.2, label=name)
        axis.fill_between(steps, errors.min(0), errors.max(0), color=line.get_color(), alpha=0.2, lw=0)
    axis.set(xlabel="steps (one update each)", ylabel="RMS error of the values", ylim=(0, None))
    axis.legend(frameon=False)
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=120)


def main() -> None:
    """Run, print the table, draw the figure and write the figures."""
    parser = argparse.ArgumentParser(description="Uniform replay against priorities on a task with one rare reward.")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2, 3, 4])
    parser.add_argument("--steps", type=int, default=20_000, help="environment steps, with one update each")
    parser.add_argument("--figure", type=Path, default=Path("docs/figures/prioritisation.png"))
    add_output(parser, "prioritisation")
    args = parser.parse_args()
    torch.set_num_threads(1)
    print(describe_line(describe_machine()))
    results: dict[str, list[dict[str, Any]]] = {name: [] for name in CONDITIONS}
    for seed in args.seeds:
        for name, settings in CONDITIONS.items():
            found = run(settings, seed, args.steps)
            results[name].append(found)
            told = f"learned at {found['learned_at']}, solved at {found['solved_at']}, {found['rewards']} rewards"
            print(f"seed {seed}, {name}: {told}, last error {found['errors'][-1]:.3f}", flush=True)
        write_result(args.out, {"steps": args.steps, "results": results})
    header = ["replay", "learned [steps]", "solved [steps]", "error at the end", "CPU s"]
    print("\n" + table(header, [row(name, runs) for name, runs in results.items()]))
    plot(results, args.figure)


if __name__ == "__main__":
    main()
