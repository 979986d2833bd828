# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Control graphs as files that somebody asks to run."""

from __future__ import annotations

from pathlib import Path

from ros_rl.deploy.onnx_graph import OnnxGraph
from ros_rl.settings.tree import Settings


def checked_agent(path: Path, settings: Settings) -> bytes:
    """A control graph that fits the run: robot, task and its reward, observation, rate and delay.

    Raises:
        GraphError: It is missing or broken.
        ContractError: It is for something else.
    """
    graph = OnnxGraph.load(path)
    spec = settings.observation_spec()
    graph.contract.check(spec, settings.task.name, settings.control.period)
    graph.contract.check_reward(settings.task)
    return path.read_bytes()
