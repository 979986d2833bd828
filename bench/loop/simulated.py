# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""The same agent in the simulator that it was trained in, with its noise and delay, on the stand-in's ground."""

from __future__ import annotations

from loop.cases import GOALS, NAVIGATES, REACHES, Case
from loop.figures import Episode
from loop.session import ROOT
from ros_rl.deploy.onnx_graph import OnnxGraph
from ros_rl.runtime.robot_world import RobotWorld
from ros_rl.settings.loading import load_settings
from ros_rl.types import Verdict

_GROUND = {"friction_low": 1.0, "friction_high": 1.0}


def simulate(case: Case, episodes: int, seed: int) -> list[Episode]:
    """Some of the task's own episodes.

    Args:
        case: Whose agent.
        episodes: How many.
        seed: Of starts, noise and goals.
    """
    ground = {} if case.does == NAVIGATES else _GROUND
    settings = load_settings(case.task, overrides=[{"driver": {"backend": ground}}])
    world, found = RobotWorld(settings, seed), []
    control = world.control_loop(explore=0.0)
    control.use(OnnxGraph.load(ROOT / case.agent))
    for _ in range(episodes):
        episode = Episode()
        for step in world.episode(lambda tick: control.step(tick).command):
            truth = world.truth()
            place = truth.tool_position if case.does == REACHES else truth.base_position
            assert place is not None
            episode.times.append(1e-9 * step.tick.stamp)
            episode.places.append(place)
        episode.goal = step.tick.inputs.get(GOALS.get(case.does, ""))
        episode.cut = step.verdict is not Verdict.TRUNCATED
        found.append(episode)
    world.close()
    return found
