# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""The deadly triad: function approximation, bootstrapping and off-policy data together; and whether the watch sees it.

First the classic counter-examples with linear values, then the shape of van Hasselt et al. 2018: the share of runs
that diverge softly (|Q| of some batch beyond 1 / (1 - gamma) = 100, rewards being within [-1, 1]) by the bootstrap
target, n, the exponent of prioritisation and the network's size. The grid has the bootstrap targets crossed with each
of the other three, and not all with all. Sizes whose runs are written already are not run again.

    pip install 'ros_rl[learn]' && python bench/deadly_triad.py
"""

from __future__ import annotations

import argparse
import json
import statistics
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from machine import RESULTS, add_output, describe_line, describe_machine, table, write_result
from triad.linear import PROBLEMS, run
from triad.runs import BOOTSTRAPS, Budget, Runs, Variant
from triad.tasks import TASKS

from ros_rl.errors import MissingDependencyError

STEPS, PRIORITIES, SIZES = (1, 3, 10), (0.0, 0.5, 1.0, 2.0), (16, 64, 128, 256)
BASE = Variant("Q-learning")
METHODS = (
    ("td", 1),
    *((name, period) for name in ("hard", "polyak") for period in (10, 100, 1000)),
    ("residual", 1),
    ("tdc", 1),
)
"""Linear methods, with the period of their targets."""
AXES: dict[str, tuple[str, tuple[float, ...]]] = {
    "n of the return": ("steps", STEPS),
    "exponent of prioritisation": ("priority", PRIORITIES),
    "units per hidden layer": ("hidden", SIZES),
}
"""What is varied, one at a time: its name, field and values."""


def grid(wanted: Sequence[int]) -> list[list[Variant]]:
    """The variants, those of one network size together; the size that most have comes first."""
    found = {
        Variant(**{"bootstrap": bootstrap, field: value})
        for bootstrap in BOOTSTRAPS
        for field, values in AXES.values()
        for value in values
    }
    sizes = sorted(wanted, key=lambda size: (size != BASE.hidden, size))
    return [sorted((v for v in found if v.hidden == size), key=str) for size in sizes]


def along(records: list[dict[str, Any]], field: str, value: float, bootstrap: str) -> list[dict[str, Any]]:
    """The runs of one bootstrap target with one value of one axis, everything else as in the base."""
    wanted = vars(replace(BASE, bootstrap=bootstrap, **{field: value}))
    return [r for r in records if all(r[name] == value for name, value in wanted.items())]


def share(records: list[dict[str, Any]]) -> float:
    """Of the runs that diverged softly [%]."""
    return 100.0 * statistics.mean(r["first_beyond"] > 0 for r in records)


def linear(updates: int, gamma: float, step: float) -> list[dict[str, Any]]:
    """Every method on both problems."""
    found = [run(problem, *method, updates, gamma, step) for problem in PROBLEMS for method in METHODS]
    rows = [
        [r["problem"], r["method"], r["period"], f"{r['final']:.3g}", r["first_beyond"] or "no", r["warned"] or "no"]
        for r in found
    ]
    header = ["problem", "method", "period", "largest value at the end", "beyond 100 at update", "warned at"]
    print(table(header, rows), "\n", flush=True)
    return found


def main_table(records: list[dict[str, Any]]) -> str:
    """Shares by axis and bootstrap target."""
    rows = []
    for name, (field, values) in AXES.items():
        for value in values:
            cells = [along(records, field, value, bootstrap) for bootstrap in BOOTSTRAPS]
            if all(cells):
                rows.append([name, f"{value:g}", *(f"{share(runs):.0f}" for runs in cells)])
    for task in TASKS:
        cells = [[r for r in records if r["task"] == task and r["bootstrap"] == b] for b in BOOTSTRAPS]
        rows.append(["all runs on", task, *(f"{share(runs):.0f}" for runs in cells)])
    cells = [[r for r in records if r["bootstrap"] == b] for b in BOOTSTRAPS]
    rows.append(["all runs", "", *(f"{share(runs):.0f}" for runs in cells)])
    return table(["runs that diverge softly [%]", "", *BOOTSTRAPS], rows)


def watched(records: list[dict[str, Any]]) -> dict[str, Any]:
    """How the watches did, against the truth of every batch."""
    beyond = [r for r in records if r["first_beyond"]]
    late = [r["watch_first"] - r["first_beyond"] for r in beyond if r["watch_first"]]
    return {
        "runs": len(records),
        "diverged": len(beyond),
        "noted": len(late),
        "warned": sum(r["warned"] > 0 for r in beyond),
        "false": sum(r["warned"] > 0 or r["watch_first"] > 0 for r in records if not r["first_beyond"]),
        "updates_to_note_median": statistics.median(late) if late else None,
        "back_within_at_end": sum(r["last"] <= 100.0 for r in beyond),
        "largest": max((r["largest"] for r in records), default=None),
    }


def draw(lines: list[dict[str, Any]], records: list[dict[str, Any]], path: Path) -> None:
    """The counter-examples' values, and shares along each axis."""
    try:
        from matplotlib.figure import Figure
    except ImportError as error:
        raise MissingDependencyError("matplotlib", "learn") from error
    figure = Figure(figsize=(10.5, 6.4), layout="constrained")
    axes = figure.subplots(2, 3).flat
    for problem in PROBLEMS:
        axis = next(axes)
        for r in (r for r in lines if r["problem"] == problem and (r["period"] in (1, 100))):
            label = r["method"] + (f", {r['period']}" if r["period"] > 1 else "")
            axis.plot(r["updates"], r["curve"], label=label)
        axis.axhline(100.0, color="gray", ls=":")
        axis.set(title=problem, xscale="log", yscale="log", ylim=(1e-2, 1e12), xlabel="updates", ylabel="largest |Q|")
        axis.legend(fontsize=7)
    for name, (field, values) in AXES.items():
        axis = next(axes)
        for bootstrap in BOOTSTRAPS:
            found = [(f"{v:g}", along(records, field, v, bootstrap)) for v in values]
            axis.plot(
                [v for v, runs in found if runs], [share(runs) for _, runs in found if runs], "o-", label=bootstrap
            )
        axis.set(xlabel=name, ylabel="runs that diverge softly [%]", ylim=(-3, 103))
        axis.legend(fontsize=7)
    axis = next(axes)
    for bootstrap in BOOTSTRAPS:
        sizes = sorted(max(r["largest"], 1e-3) for r in records if r["bootstrap"] == bootstrap)
        axis.plot(sizes, [(i + 1) / len(sizes) for i in range(len(sizes))], label=bootstrap)
    axis.axvline(100.0, color="gray", ls=":")
    axis.set(xscale="log", xlim=(0.5, 1e8), xlabel="largest |Q| of a run", ylabel="share of runs below")
    axis.legend(fontsize=7)
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=110)


def main() -> None:
    """Run both parts, write table and figure; what is finished is written after each network size."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--updates", type=int, default=5_000, help="updates (and environment steps) of each run")
    parser.add_argument("--seeds", type=int, default=3, help="runs of each variant on each task")
    parser.add_argument("--sizes", type=int, nargs="+", default=list(SIZES), choices=SIZES, help="units per layer")
    parser.add_argument("--linear-updates", type=int, default=30_000, help="updates of the counter-examples")
    parser.add_argument("--step", type=float, default=0.05, help="step size of the counter-examples")
    parser.add_argument("--figure", type=Path, default=RESULTS.parents[1] / "docs" / "figures" / "deadly_triad.png")
    parser.add_argument("--draw", action="store_true", help="only table and figure, from what was measured before")
    add_output(parser, "deadly_triad")
    args = parser.parse_args()
    torch.set_num_threads(1)
    budget = Budget(args.updates)
    kept = json.loads(args.out.read_text()) if args.out.is_file() else {}
    same = (kept.get("budget"), kept.get("seeds")) == (vars(budget), args.seeds)
    lines, records = (kept["linear"], kept["runs"]) if same or args.draw else ([], [])
    if not args.draw:
        print(describe_line(describe_machine()), "\n")
        lines = lines or linear(args.linear_updates, budget.gamma, args.step)
        known = {record["hidden"] for record in records}
        for variants in grid([size for size in args.sizes if size not in known]):
            started = time.process_time()
            records += Runs(variants, args.seeds, budget).train()
            seconds = time.process_time() - started
            print(f"{variants[0].hidden} units: {len(variants)} variants, {seconds:.0f} s of CPU", flush=True)
            write_result(args.out, {"budget": vars(budget), "seeds": args.seeds, "linear": lines, "runs": records})
    print(main_table(records), "\n")
    print(watched(records))
    draw(lines, records, args.figure)


if __name__ == "__main__":
    main()
