# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Held-out episodes with all that was seen in them, images too."""

from __future__ import annotations

from contextlib import closing

from ros_rl.deploy.onnx_graph import OnnxGraph
from ros_rl.errors import ConfigError
from ros_rl.replay.buffer import ReplayBuffer
from ros_rl.runtime.robot_world import RobotWorld
from ros_rl.settings.tree import Settings
from ros_rl.tasks.gym_task import GymTask
from ros_rl.training.saved_run import SavedRun
from ros_rl.types import Transition

_LEAST = 100  # transitions that a buffer has room for


def explored(run: SavedRun, episodes: int, seed: int, explore: float = 1.0) -> ReplayBuffer:
    """New episodes of a run's newest policy.

    Args:
        run: The run, of a robot or in an environment.
        episodes: How many.
        seed: Of their starts, goals and noise.
        explore: 1: it explores; 0: as it is evaluated.

    Raises:
        ConfigError: The run trained with that seed.
    """
    settings, layout = run.settings, run.layout
    if seed == settings.seed:
        raise ConfigError(f"seed {seed} is the one that the run trained with; held-out episodes need another")
    graph = OnnxGraph(run.training.graph(), settings.controller.threads)
    act = _in_environment if isinstance(settings.task, GymTask) else _on_robot
    steps = act(settings, graph, episodes, seed, explore)
    found = ReplayBuffer(
        max(_LEAST, len(steps)),
        layout.size,
        layout.action_size,
        seed,
        images=layout.images,
        frames=settings.agent.frames,
    )
    for step in steps:
        found.add(step)
    return found


def _on_robot(settings: Settings, graph: OnnxGraph, episodes: int, seed: int, explore: float) -> list[Transition]:
    with closing(RobotWorld(settings, seed, auto_recover=True)) as world:
        control = world.control_loop(explore=explore)
        control.use(graph)
        played = (world.episode(lambda tick: control.step(tick).command) for _ in range(episodes))
        return [step.transition for episode in played for step in episode if step.transition is not None]


def _in_environment(settings: Settings, graph: OnnxGraph, episodes: int, seed: int, explore: float) -> list[Transition]:
    from ros_rl.gym.actor import OnnxActor  # an extra, which robots do without
    from ros_rl.gym.environment import Environment

    assert isinstance(settings.task, GymTask)
    found: list[Transition] = []
    with closing(Environment.of(settings)) as environment:
        actor = OnnxActor(graph, environment.layout, explore, seed)
        for episode in range(episodes):
            actor.begin()
            seen, over, step = environment.reset(None if episode else seed), False, 0
            while not over:
                tick, step = len(found) + episode, step + 1  # a reset takes one, as in training
                action = actor.act(seen, tick)
                after, reward, terminated, truncated = environment.step(action)
                cut = truncated or step == settings.task.evaluation_steps and not terminated
                found.append(seen.to(after, tick, episode, action, reward, terminated, cut))
                seen, over = after, terminated or cut
    return found
