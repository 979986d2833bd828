# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""The shipped agents and experts, each through a driver at a stand-in of its robot, against the same in the simulator.

For each robot the stand-in is a process, and so is all that ``ros-rl run`` starts; they are armed and resumed as by a
person. Settings are the defaults, but for where the robot is. What the robot did is the stand-in's truth, what the
driver did comes from the run's log. Rows of robots that are not asked for stay in the file.

    python bench/closed_loop.py --robots a1 ur --seconds 60
"""

from __future__ import annotations

import argparse
import json
import os
import tempfile
from pathlib import Path
from typing import Any

from loop.cases import CASES, MOVES, NAVIGATES, REACHES, WALKS, Case
from loop.figures import episodes_of, figures_of, ticks_of, timing
from loop.session import play
from loop.simulated import simulate
from machine import add_output, describe_line, describe_machine, spread, table, write_result

from ros_rl.settings.loading import load_settings

_FIGURES = {
    WALKS: "velocity [m/s]",
    REACHES: "error at the end [mm]",
    NAVIGATES: "mean distance [mm]",
    MOVES: "things a minute",
}
_HEADER = (
    "robot, driver",
    "agent",
    "figure",
    "stand-in: median (range) of episodes",
    "simulator",
    "ratio",
    "misses",
    "longest tick [ms]",
    "tick to command p50, p99 [ms]",
    "limited",
    "faults",
    "tries",
)


def measure(case: Case, seconds: float, tries: int, episodes: int, seed: int, folder: Path) -> dict[str, Any]:
    """Both sides of a case; of several tries the last counts, and what ended those before is told."""
    settings = load_settings(case.task, overrides=case.changes, preset=case.preset or None)
    load, problems = os.getloadavg()[0], list[str]()
    for number in range(1, tries + 1):
        left = play(case, seconds, folder / str(number))
        problems += [left.problem] if left.problem else []
        if not left.problem:
            break
    log = left.folder / "log"
    ticks = ticks_of(log, settings.load_robot()) if log.is_dir() else []
    length = round(settings.task.episode_seconds * settings.control.rate_hz)
    there = figures_of(episodes_of(ticks, left.truth, length, case.does), case.does) if ticks else []
    here = figures_of(simulate(case, episodes, seed), case.does)
    return {
        "task": case.task,
        "driver": case.driver,
        "agent": case.preset or case.task,
        "expert": case.expert,
        "does": case.does,
        "period_ms": 1e3 * settings.control.period,
        "load_1min": [round(load, 2), round(os.getloadavg()[0], 2)],
        "stand_in": spread(there) if there else None,
        "simulator": spread(here),
        "tries": number,
        "problems": problems,
        **timing(log, ticks),
    }


def row(name: str, found: dict[str, Any]) -> list[str]:
    """For the table."""
    scale, form = {WALKS: (1.0, ".2f"), MOVES: (1.0, ".1f")}.get(found["does"], (1e3, ".1f"))

    def text(values: dict[str, float] | None) -> str:
        if values is None:
            return "nothing"
        low, middle, high = (format(scale * values[key], form) for key in ("min", "median", "max"))
        return f"{middle} ({low} to {high}) of {values['count']}"

    there, here = found["stand_in"], found["simulator"]
    return [
        f"{name}, `{found['driver']}`",
        f"`{found['task']}`, expert `{found['expert']}`" if found["expert"] else f"`{found['agent']}`",
        _FIGURES[found["does"]],
        text(there),
        text(here),
        "" if there is None or not here["median"] else f"{there['median'] / here['median']:.2f}",
        f"{found.get('misses', '')} of {found['ticks']}",
        f"{found['longest_tick_ms']:.1f}",
        f"{found.get('answer_p50_ms', 0.0):.1f}, {found.get('answer_p99_ms', 0.0):.1f}",
        str(found.get("limited", "")),
        "; ".join(found["problems"]) or "none",
        str(found["tries"]),
    ]


def main() -> None:
    """Measure, print and write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--robots", nargs="+", choices=tuple(CASES), default=list(CASES))
    parser.add_argument("--seconds", type=float, default=60.0, help="for which each acts [s]")
    parser.add_argument("--tries", type=int, default=1, help="where a fault ends it, on a machine that has other work")
    parser.add_argument("--episodes", type=int, default=10, help="in the simulator")
    parser.add_argument("--seed", type=int, default=0, help="in the simulator")
    parser.add_argument("--keep", type=Path, metavar="DIR", help="where logs and output go (default: nowhere)")
    add_output(parser, "closed_loop")
    args = parser.parse_args()
    print(describe_line(describe_machine()), "\n", flush=True)
    results = {}
    with tempfile.TemporaryDirectory() as scratch:
        for name in args.robots:
            folder = (args.keep or Path(scratch)).resolve() / name
            found = measure(CASES[name], args.seconds, args.tries, args.episodes, args.seed, folder)
            results[name] = {"seconds": args.seconds, **found}
            print(table(_HEADER, [row(name, results[name])]).splitlines()[-1], flush=True)
    print()
    print(table(_HEADER, [row(name, found) for name, found in results.items()]))
    before = json.loads(args.out.read_text())["robots"] if args.out.exists() else {}
    write_result(args.out, {"robots": before | results})


if __name__ == "__main__":
    main()
