# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Every agent in ``models/`` acts for some seconds in its simulator: no guard trips, and it does better than chance."""

from pathlib import Path

import numpy as np
import pytest

from ros_rl.deploy.onnx_graph import OnnxGraph
from ros_rl.resources import share_path
from ros_rl.runtime.robot_world import RobotWorld
from ros_rl.settings.loading import load_settings
from ros_rl.settings.presets import variant_titles
from ros_rl.settings.tree import Settings
from ros_rl.types import Command

SHIPPED = sorted(share_path("models").glob("*/agent.onnx"))
SECONDS, STEPS = 5.0, 30  # the longer of both, since choices are two a second


def total(settings: Settings, graph: OnnxGraph | None) -> float:
    """Return of an episode under a graph, or under random actions."""
    world, rng = RobotWorld(settings, seed=5), np.random.default_rng(5)
    control, spec, found = world.control_loop(0.0), world.spec, 0.0
    if graph is not None:
        control.use(graph)
    try:
        for step in world.episode(
            lambda tick: (
                Command(tick.stamp, spec.map.command(tick, spec.map.random(rng)))
                if graph is None
                else control.step(tick).command
            )
        ):
            found += step.reward
        assert graph is None or not world.fault
    finally:
        world.close()
    return found


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.parent.name)
def test_it_acts_better_than_chance(path: Path) -> None:
    name = path.parent.name
    task, preset = (None, name) if name in variant_titles() else (name, None)
    period = load_settings(task, preset=preset).control.period
    longer = [f"task.episode_seconds={max(SECONDS, STEPS * period)}"]
    settings = load_settings(task, preset=preset, overrides=longer)
    backend = settings.driver.backend_name
    if backend == "pybullet" or (preset and backend == "mujoco"):  # what sees knows PyBullet's pictures
        pytest.importorskip("pybullet")
    assert total(settings, OnnxGraph.load(path)) > total(settings, None)
