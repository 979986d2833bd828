# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""What planning for late commands (`agent.late`) brings an agent that learned without: late by as much, or by draws.

The networks of an agent's file stay as they are; the planner around them is built anew, once as it was, and once so
that it plans from what may be on the way. All meet the same starts, noise and draws. All is simulated.

    python bench/late_planning.py models/a1_walk/agent.onnx --episodes 8
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import onnx
import torch
from machine import add_output, describe_line, describe_machine, table, write_result
from onnx import numpy_helper

from ros_rl.agents.factory import make_agent
from ros_rl.deploy.agent_file import contract_of
from ros_rl.deploy.export import ExportedGraph
from ros_rl.deploy.onnx_graph import OnnxGraph
from ros_rl.runtime.evaluation import Evaluator
from ros_rl.settings.loading import load_settings, with_overrides
from ros_rl.settings.tree import Settings

WAYS: dict[str, dict[str, Any]] = {
    "as if in time": {},
    "late": {"late": 2},
    "late, a step farther": {"late": 2, "planner": {"horizon": 4}},
    "policy alone, as if in time": {"act": "policy"},
    "policy alone, late": {"act": "policy", "late": 2},
}
"""Settings of the agent."""
WORLDS = {"in time": [0, 0], "1 period late": [1, 1], "2 periods late": [2, 2], "0 to 2 periods late": [0, 2]}


def replanned(agent: Path, settings: Settings) -> OnnxGraph:
    """The networks of an agent's file, planned with as the settings say."""
    graph = make_agent(settings.observation_spec(), settings).graph
    found = {item.name: numpy_helper.to_array(item) for item in onnx.load(agent).graph.initializer}
    graph.load_state_dict({name: torch.tensor(found[name]) for name in graph.state_dict()})
    exported = ExportedGraph(graph, settings.task.name, settings.control.period)
    return OnnxGraph(exported.serialise({}), settings.controller.threads)


def main() -> None:
    """Try every way in every world that is asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("agent", type=Path, help="file of an agent 'mpc' of a quadruped that walks")
    parser.add_argument("--ways", nargs="+", default=list(WAYS), choices=list(WAYS))
    parser.add_argument("--worlds", nargs="+", default=list(WORLDS), choices=list(WORLDS))
    parser.add_argument("--episodes", type=int, default=10, help="of 10 s, of each")
    parser.add_argument("--seed", type=int, default=7000)
    add_output(parser, "late_planning")
    args = parser.parse_args()
    rows, found = [], []
    base = load_settings(contract_of(args.agent).task)
    graphs = {way: replanned(args.agent, with_overrides(base, agent=WAYS[way])) for way in args.ways}
    for name in args.worlds:
        settings = with_overrides(base, driver={"backend": {"world": {"late": WORLDS[name]}}})
        for way, graph in graphs.items():
            evaluator = Evaluator(settings, args.seed)
            told = evaluator.evaluate(graph, args.episodes, 10.0).to_mapping()
            evaluator.close()
            found.append({"commands": name, "planned": way, **told})
            velocity = f"{told['forward_velocity_mean']:.2f} ({told['forward_velocity_min']:.2f})"
            ended = f"{told['terminations']} of {told['episodes']}"
            rows.append([name, way, ended, velocity, f"{told['return_mean']:.1f}", f"{told['plan_ms']['p50']:.1f}"])
            print(rows[-1], flush=True)
    header = ["commands", "planned for them", "ended early", "velocity, mean (least) [m/s]", "return", "decision [ms]"]
    print(f"\n{describe_line(describe_machine())}\n\n{table(header, rows)}")
    write_result(args.out, {"agent": str(args.agent), "seed": args.seed, "runs": found})


if __name__ == "__main__":
    main()
