# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Held-out episodes with all that was seen in them, images too."""

from __future__ import annotations

from contextlib import closing

from ros_rl.deploy.onnx_graph import OnnxGraph
from ros_rl.replay.buffer import ReplayBuffer
from ros_rl.runtime.robot_world import RobotWorld
from ros_rl.training.saved_run import SavedRun


def explored(run: SavedRun, episodes: int, seed: int) -> ReplayBuffer:
    """New episodes of a run's newest policy, which explores.

    Args:
        run: The run.
        episodes: How many.
        seed: Of their starts, goals and noise.
    """
    settings, spec = run.settings, run.spec
    capacity = max(100, episodes * (int(settings.task.episode_seconds * settings.control.rate_hz) + 1))
    found = ReplayBuffer(capacity, spec.size, spec.action_size, seed, images=spec.images, frames=settings.agent.frames)
    with closing(RobotWorld(settings, seed, auto_recover=True)) as world:
        control = world.control_loop(explore=1.0)
        control.use(OnnxGraph(run.training.graph(), settings.controller.threads))
        for _ in range(episodes):
            for step in world.episode(lambda tick: control.step(tick).command):
                if step.transition is not None:
                    found.add(step.transition)
    return found
