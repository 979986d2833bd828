# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Returns on Gymnasium environments after a number of steps, beside other libraries and published figures.

Each run is what a user would start, `ros-rl train --env gym:NAME`, in a process and on a thread of its own. What is
finished is kept in a small file and not run again, and what was stopped goes on from its checkpoint, so a long list may
be run in pieces. The peer learns from the same environment for as many steps with the same seeds and is evaluated as
often, with its own defaults.

    python bench/gym_returns.py --env HalfCheetah-v5 --agents sac crossq --seeds 0 1 2
    python bench/gym_returns.py --env Pendulum-v1 --steps 5000 --every 1000 --agents sac --peers SAC
    python bench/gym_returns.py --env dm_pixels:reacher_easy --steps 50000 --agents latent_mpc --seeds 0
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
from pathlib import Path
from typing import Any

from machine import RESULTS, describe_line, describe_machine, table, write_result
from peers import gym as gym_peers

from ros_rl.errors import MissingDependencyError
from ros_rl.runs.run_folder import CHECKPOINT, is_finished

ROOT = RESULTS.parents[1]
_PATH = os.pathsep.join([str(ROOT), str(ROOT / "bench")])
COST = "cost.json"
GIVEN = "given.json"
AGENTS = {name: ROOT / "config" / "agents" / f"{name}.yaml" for name in ("crossq", "dqn", "mbpo", "td7")}
"""Files of settings, by their names."""
PUBLISHED: dict[tuple[str, int], dict[str, float]] = {
    ("HalfCheetah-v5", 100_000): {"SAC": 6156, "DroQ": 7744, "REDQ": 7823, "CrossQ": 8112},
    ("Hopper-v5", 100_000): {"DroQ": 1813, "REDQ": 2750, "CrossQ": 2764},
    ("dm_pixels:reacher_easy", 50_000): {"DreamerV3": 409, "TD-MPC2": 360, "DrQ-v2": 250},
}
"""Mean returns after so many steps: of 10 seeds of the -v4 environments (results of the SimbaV2 repository, 2025), and
of dm_control's tasks from pictures of 64x64 (result files of DreamerV3, TD-MPC2 and DrQ-v2)."""


def run_ours(args: argparse.Namespace, agent: str, seed: int) -> dict[str, Any]:
    """One training through the command line."""
    name, given = f"{_plain(args.env)}_{agent}_{args.steps}_{seed}", [*_content(AGENTS.get(agent)), *args.set]
    known = _known(args.results / f"{name}.json", given)
    if known is not None:
        return known
    folder = args.folder / name
    _check_given(folder, given)
    if not is_finished(folder):
        options = ["--params-file", str(AGENTS[agent])] if agent in AGENTS else ["--agent", agent]
        command = [sys.executable, "-m", "ros_rl.cli", "train", "--env", f"gym:{args.env}", *options]
        command += ["--steps", str(args.steps), "--seed", str(seed), "--out", str(folder)]
        command += ["--eval-every", str(args.every), *(part for item in args.set for part in ("--set", item))]
        if (folder / CHECKPOINT).is_dir():
            command += ["--resume", str(folder)]
        _run(command, folder)
    summary = json.loads((folder / "summary.json").read_text())
    points = {str(point["env_steps"]): point["return"] for point in summary["curve"]}
    return _keep(args.results / f"{name}.json", given, folder, summary["evaluation"]["return_mean"], points)


def run_peer(args: argparse.Namespace, algorithm: str, seed: int) -> dict[str, Any]:
    """One training of a peer, in a process of its own."""
    library = "mbrl" if algorithm == gym_peers.MBRL else "sb3"
    name = f"{_plain(args.env)}_{library}_{algorithm}_{args.steps}_{seed}"
    known = _known(args.results / f"{name}.json", [])
    if known is not None:
        return known
    folder = args.folder / name
    if not (folder / "peer.json").is_file():
        options = ["--env", args.env, "--steps", str(args.steps), "--every", str(args.every), "--folder", str(folder)]
        _run([sys.executable, __file__, "--train-peer", algorithm, "--seeds", str(seed), *options], folder)
    points = json.loads((folder / "peer.json").read_text())
    return _keep(args.results / f"{name}.json", [], folder, points[str(args.steps)], points)


def _plain(env: str) -> str:
    """An environment's name in that of a file."""
    return env.replace(":", "_")


def _content(path: Path | None) -> list[str]:
    """Lines of a file of settings, without remarks."""
    return [line for line in path.read_text().splitlines() if not line.startswith("#")] if path else []


def _known(path: Path, given: list[str]) -> dict[str, Any] | None:
    """What an earlier call of the bench kept, unless it was of other settings."""
    if not path.is_file():
        return None
    kept: dict[str, Any] = json.loads(path.read_text())
    if kept["given"] != given:
        raise SystemExit(f"{path} is of other settings than asked for: remove it, or give another --results")
    return kept


def _check_given(folder: Path, given: list[str]) -> None:
    """Refuse to go on from, or to take over, a run of other settings; note those of a new one."""
    file = folder / GIVEN
    if folder.is_dir() and (not file.is_file() or json.loads(file.read_text()) != given):
        raise SystemExit(f"{folder} is a run of other settings: remove it, or give another --folder")
    folder.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(given))


def _keep(path: Path, given: list[str], folder: Path, final: float, points: dict[str, float]) -> dict[str, Any]:
    """Write the few figures of a run that are worth keeping."""
    write_result(path, {"given": given, "return": final, "curve": points, **_cost(folder)})
    kept: dict[str, Any] = json.loads(path.read_text())
    return kept


def _run(command: list[str], folder: Path) -> None:
    """Run it, and add its CPU time to what the folder's run has cost before it was stopped."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    try:
        subprocess.run(command, env={**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": _PATH}, check=True)
    except subprocess.CalledProcessError as error:
        raise SystemExit(error.returncode) from None  # the process has said why
    finally:
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        minutes = (after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime) / 60
        if folder.is_dir():
            (folder / COST).write_text(json.dumps({"cpu_minutes": _cost(folder)["cpu_minutes"] + minutes}))


def _cost(folder: Path) -> dict[str, float]:
    path = folder / COST
    cost: dict[str, float] = json.loads(path.read_text()) if path.is_file() else {"cpu_minutes": 0.0}
    return cost


def train_peer(args: argparse.Namespace) -> None:
    """Train a peer and write its evaluations."""
    args.folder.mkdir(parents=True, exist_ok=True)
    points: dict[int, float] = {}

    def show(steps: int, found: float) -> None:
        points[steps] = found
        print(f"{args.train_peer}, {steps} steps: {found:.1f}", flush=True)

    gym_peers.train(args.train_peer, args.env, args.steps, args.every, args.seeds[0], show)
    (args.folder / "peer.json").write_text(json.dumps(points))


def row(env: str, name: str, found: list[dict[str, Any]]) -> list[str]:
    """One line of the table."""
    mean = statistics.mean(item["return"] for item in found)
    minutes = statistics.mean(item["cpu_minutes"] for item in found)
    each = ", ".join(f"{item['return']:.0f}" for item in found)
    return [env, name, f"{mean:.0f}", each, f"{minutes:.1f}"]


def draw(args: argparse.Namespace, results: dict[str, list[dict[str, Any]]], path: Path) -> None:
    """Mean and range over seeds along the training."""
    try:
        from matplotlib.figure import Figure
    except ImportError as error:
        raise MissingDependencyError("matplotlib", "learn") from error
    figure = Figure(figsize=(6.4, 4.0), layout="constrained")
    axes = figure.subplots()
    for name, found in results.items():
        steps = sorted(set.intersection(*({int(step) for step in item["curve"]} for item in found)))
        values = [[item["curve"][str(step)] for item in found] for step in steps]
        axes.plot(steps, [sum(each) / len(each) for each in values], label=name)
        axes.fill_between(steps, [min(each) for each in values], [max(each) for each in values], alpha=0.2)
    for name, value in PUBLISHED.get((args.env, args.steps), {}).items():
        axes.plot([args.steps], [value], "x", label=f"{name}, published")
    axes.set(xlabel="environment steps", ylabel="return", title=args.env)
    axes.grid(alpha=0.3)
    axes.legend()
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=110)


def main() -> None:
    """Run what is missing, write table and figure."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--env", default="HalfCheetah-v5", help="Gymnasium environment")
    parser.add_argument("--agents", nargs="*", default=["sac", "crossq"], help=f"agents, or {', '.join(AGENTS)}")
    parser.add_argument("--peers", nargs="*", default=[], choices=gym_peers.ALGORITHMS, help="MBPO: mbrl-lib's")
    parser.add_argument("--steps", type=int, default=100_000, help="environment steps of a run")
    parser.add_argument("--every", type=int, default=5000, help="steps between evaluations")
    parser.add_argument("--seeds", nargs="+", type=int, default=[0, 1, 2], help="one run for each")
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", help="further settings of ours")
    parser.add_argument("--folder", type=Path, default=Path("runs") / "gym_returns", help="of all run folders")
    parser.add_argument("--results", type=Path, default=RESULTS / "gym_returns", help="of what is kept of each run")
    parser.add_argument("--train-peer", help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.train_peer:
        train_peer(args)
        return
    results = {name: [run_ours(args, name, seed) for seed in args.seeds] for name in args.agents}
    for name in args.peers:
        results[gym_peers.label(name)] = [run_peer(args, name, seed) for seed in args.seeds]
    draw(args, results, ROOT / "docs" / "figures" / f"gym_returns_{_plain(args.env)}.png")
    print(describe_line(describe_machine()), "\n")
    header = ["environment", "agent", f"return after {args.steps} steps, mean", "each seed", "CPU [min]"]
    print(table(header, [row(args.env, name, found) for name, found in results.items()]))


if __name__ == "__main__":
    main()
