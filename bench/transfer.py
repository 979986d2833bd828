# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""What one run's model is worth under another reward, without new data.

The run learned one task; its ensemble plans another: the same walk with a reward that saturates at another velocity,
and walking backwards. *Model alone* has neither the old policy's proposals nor the old critics, which judge by the old
reward. *With the old critics and policy* is the run's own planner under the new reward, and *policy* what the run's
policy does there. Each evaluation is by the new reward, from the same starts.

    python bench/transfer.py runs/a1_walk_20260101_120000
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path
from typing import Any

from machine import add_output, describe_line, describe_machine, table, write_result

from ros_rl.deploy.onnx_graph import OnnxGraph
from ros_rl.runtime.evaluation import Evaluator
from ros_rl.training.saved_run import SavedRun

REWARDS: dict[str, dict[str, Any]] = {
    "the run's own": {},
    "target_velocity 1.5 m/s": {"target_velocity": 1.5},
    "a1_back": {"name": "a1_back"},
}
_ALONE = {"proposals": 0, "terminal_value": False, "std_init": 0.5, "noise_beta": 1.0, "warm_start": True}
PLANNERS: dict[str, dict[str, Any]] = {
    "policy": {"act": "policy"},
    "with the old critics and policy": {},
    "model alone, 200 x 12 x 2": {"planner": {**_ALONE, "samples": 200, "horizon": 12, "iterations": 2}},
}
"""Settings of the agent; sizes are candidates x steps x iterations."""


def evaluate(run: Path, task: dict[str, Any], agent: dict[str, Any], arguments: argparse.Namespace) -> dict[str, Any]:
    """The run's networks under another reward."""
    saved = SavedRun(run, [{"task": task}, {"agent": agent}])
    evaluator = Evaluator(saved.settings, arguments.seed)
    graph = OnnxGraph(saved.training.graph(), saved.settings.controller.threads)
    found = evaluator.evaluate(graph, arguments.episodes, arguments.seconds).to_mapping()
    evaluator.close()
    velocity = next(found[key] for key in found if key.endswith("velocity_mean"))
    return {**found, "velocity": -velocity if saved.settings.task.name == "a1_back" else velocity}


def main() -> None:
    """Evaluate every planner under every reward and write the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("run", type=Path, help="run folder of a finished training of a1_walk")
    parser.add_argument("--episodes", type=int, default=3, help="episodes of each planner under each reward")
    parser.add_argument("--seconds", type=float, default=6.0, help="length of an episode [s]")
    parser.add_argument("--seed", type=int, default=6000, help="of starts, friction, noise and planning")
    add_output(parser, "transfer")
    arguments = parser.parse_args()
    results, rows = [], []
    for reward, task in REWARDS.items():
        for planner, agent in PLANNERS.items():
            found = evaluate(arguments.run, task, agent, arguments)
            results.append({"reward": reward, "planner": planner, **found})
            cells = [f"{found['return_mean']:.1f}", f"{found['velocity']:.2f}", f"{found['terminations']}"]
            rows.append([reward, planner, *cells])
            print(" | ".join(rows[-1]), flush=True)
    cpu = time.process_time()
    write_result(
        arguments.out, {"run": arguments.run.name, "seed": arguments.seed, "cpu_seconds": cpu, "results": results}
    )
    print(describe_line(describe_machine()), f"{cpu / 60:.1f} CPU minutes.\n")
    print(table(["reward", "planner", "return", "forward velocity [m/s]", "falls"], rows))


if __name__ == "__main__":
    main()
