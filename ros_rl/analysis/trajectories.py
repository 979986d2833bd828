# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Trajectories to judge a model by: new ones from the simulator or a log, and those that the model learned from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

import numpy as np

from ros_rl.deploy.onnx_graph import OnnxGraph
from ros_rl.errors import ConfigError, DataError
from ros_rl.features import ObservationSpec
from ros_rl.layout import Layout
from ros_rl.replay.buffer import ReplayBuffer
from ros_rl.runtime.robot_world import RobotWorld
from ros_rl.runtime.transition_builder import TransitionBuilder
from ros_rl.settings.tree import Settings
from ros_rl.tasks.gym_task import GymTask
from ros_rl.types import Array, Command, Tick

HELD_OUT_SEED = 5000
"""Added to the run's seed: training takes that itself, its evaluations the one 1000 above."""

Played: TypeAlias = list[tuple[Tick, float]]
"""An episode: its ticks, each with the reward of the step that ends in it (0 for the first)."""


@dataclass(frozen=True)
class Trajectory:
    """Consecutive steps of one episode; u_k acts from x_k to x_{k+1}."""

    states: Array
    """x_0 .. x_T as measured, sensor noise included, shape (T + 1, state)."""
    last_actions: Array
    """u_{k-1} for each of u_k, shape (T, actions)."""
    actions: Array
    """u_k, shape (T, actions)."""
    rewards: Array
    """r(x_k, u_k, x_{k+1}), shape (T,)."""

    @property
    def steps(self) -> int:
        """T."""
        return len(self.actions)


def control_period(settings: Settings) -> float | None:
    """Time of a step [s]; None in an environment, which tells of none."""
    return None if isinstance(settings.task, GymTask) else settings.control.period


def from_observations(spec: Layout, observations: Array, rewards: Array) -> Trajectory:
    """A trajectory from the flat observations of consecutive ticks.

    Args:
        spec: Their layout.
        observations: o_0 .. o_T, shape (T + 1, observation).
        rewards: Shape (T,).
    """
    last = observations[:, spec.slices["last_action"]]
    return Trajectory(observations[:, spec.state], last[:-1], last[1:], rewards)


def from_replay(spec: Layout, replay: ReplayBuffer) -> list[Trajectory]:
    """What a replay buffer holds, cut where an observation is not the one before's next."""
    batch = replay.ordered()
    joined = (batch.next_observation[:-1] == batch.observation[1:]).all(1)
    pieces = np.split(np.arange(len(replay)), np.flatnonzero(~joined) + 1)
    return [
        from_observations(
            spec, np.concatenate([batch.observation[piece], batch.next_observation[piece[-1:]]]), batch.reward[piece]
        )
        for piece in pieces
        if len(piece)
    ]


def play(
    settings: Settings, graph: OnnxGraph, seed: int, episodes: int = 1, instead: Mapping[int, Array] | None = None
) -> list[Played]:
    """Whole episodes in which an agent acts without exploring, each until the task, a guard or the time limit ends it.

    Args:
        settings: Of the run; its noise, delay and friction hold here, too.
        graph: What acts.
        seed: Of starts, goals, friction, noise and planning.
        episodes: How many.
        instead: Actions in [-1, 1], shape (actions,), by the step at which they replace the agent's decision.
    """
    world = RobotWorld(settings.headless(), seed)
    loop, replaced = world.control_loop(explore=0.0), instead or {}
    loop.use(graph)

    def decide(tick: Tick) -> Command:
        command = loop.step(tick).command  # also where it is replaced: the agent's carry goes on
        return world.command(replaced[tick.step]) if tick.step in replaced else command

    try:
        played = [list(world.episode(decide)) for _ in range(episodes)]
    finally:
        world.close()
    return [[(s.tick, s.reward) for s in steps if s.tick.step == 0 or s.transition is not None] for steps in played]


def collect(settings: Settings, graph: OnnxGraph, episodes: int, seed: int) -> list[Trajectory]:
    """Held-out trajectories: whole episodes in the simulator, with the agent acting as it does when it is evaluated.

    Args:
        settings: Of the run.
        graph: What acts.
        episodes: How many; each ends as the task says, or at its time limit.
        seed: Of the first; none that the run trained with.

    Raises:
        ConfigError: The run trained with that seed, or no episode had a single step.
    """
    if seed == settings.seed:
        raise ConfigError(f"seed {seed} is the one that the run trained with; held-out episodes need another")
    spec = settings.observation_spec()
    found = [record(spec, played) for played in play(settings, graph, seed, episodes)]
    kept = [trajectory for trajectory in found if trajectory.steps]
    if not kept:
        raise ConfigError(f"none of {episodes} held-out episodes had a single step")
    return kept


def record(spec: ObservationSpec, ticks: Played) -> Trajectory:
    """The trajectory of an episode's ticks and rewards."""
    observations = np.array([spec.observe(tick) for tick, _ in ticks])
    return from_observations(spec, observations, np.array([reward for _, reward in ticks[1:]]))


def from_log(settings: Settings, path: Path, replay: ReplayBuffer) -> list[Trajectory]:
    """Held-out trajectories: the episodes of a log, cut where a tick is missing or was not acted on.

    Args:
        settings: Of the run whose model is judged.
        path: The log.
        replay: What that run learned from.

    Raises:
        DataError: There is no such log, it is not of this robot, has no two ticks that follow each other, or is what
            the run learned from.
    """
    from ros_rl.nodes.log_reader import read_ticks

    robot = settings.load_robot()
    spec = settings.observation_spec(robot)
    builder = TransitionBuilder(spec, settings.task, settings.control.period)
    pieces: list[Played] = []
    for tick in read_ticks(path, robot):
        if pieces and tick.stamp == pieces[-1][-1][0].stamp:
            continue
        _, transition = builder.add(tick)
        if transition is None:
            pieces.append([(tick, 0.0)])
        else:
            pieces[-1].append((tick, transition.reward))
    found = [record(spec, piece) for piece in pieces if len(piece) > 1]
    if not found:
        raise DataError(f"log {path} has no two ticks that follow each other")
    known = {row.tobytes() for row in replay.at(np.arange(len(replay))).observation[:, spec.state]}
    states = np.concatenate([trajectory.states for trajectory in found]).astype(np.float32)
    seen = sum(row.tobytes() in known for row in states)
    if seen:
        raise DataError(
            f"log {path} is no held-out data: the run learned from {seen} of its {len(states)} ticks; "
            "take one of 'ros-rl run'"
        )
    return found
