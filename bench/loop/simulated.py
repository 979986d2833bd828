# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""The same agent or expert in the simulator, with its noise and delay, on the stand-in's ground."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from loop.cases import GOALS, NAVIGATES, ROOT, Case
from loop.figures import Episode
from ros_rl.deploy.onnx_graph import OnnxGraph
from ros_rl.experts import make_expert
from ros_rl.runtime.robot_world import RobotWorld
from ros_rl.settings.loading import load_settings
from ros_rl.settings.tree import Settings
from ros_rl.types import Command, Tick, Verdict

_GROUND = {"friction_low": 1.0, "friction_high": 1.0}


def simulate(case: Case, episodes: int, seed: int) -> list[Episode]:
    """Some of the task's own episodes.

    Args:
        case: Whose agent.
        episodes: How many.
        seed: Of starts, noise and goals.
    """
    ground = {} if case.does == NAVIGATES else _GROUND
    settings = load_settings(
        case.task, overrides=[{"driver": {"backend": ground}}, *case.changes], preset=case.preset or None
    )
    world, found = RobotWorld(settings, seed), []
    decide = _decider(case, world, settings)
    for _ in range(episodes):
        episode = Episode()
        for step in world.episode(decide):
            truth = world.truth()
            place = truth.base_position if truth.tool_position is None else truth.tool_position
            episode.times.append(1e-9 * step.tick.stamp)
            episode.places.append(place)
            episode.things.append(np.array([pose.position for pose in truth.objects.values()]))
        episode.goal = step.tick.inputs.get(GOALS.get(case.does, ""))
        episode.cut = step.verdict is not Verdict.TRUNCATED
        found.append(episode)
    world.close()
    return found


def _decider(case: Case, world: RobotWorld, settings: Settings) -> Callable[[Tick], Command | None]:
    if case.expert:
        robot = settings.load_robot()
        commands = settings.control.command_map(robot)
        expert = make_expert(case.expert, robot, settings.task, settings.control.period, commands)
        return lambda tick: Command(tick.stamp, robot.command(expert.act(tick)))
    control = world.control_loop(explore=0.0)
    control.use(OnnxGraph.load(ROOT / case.agent))
    return lambda tick: control.step(tick).command
