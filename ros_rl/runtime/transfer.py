# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Transfer: what one run learned serves another reward, without new data.

The dynamics ensemble knows no reward, and the task's reward is a known function, so both the rewards of the stored
transitions and those of the planner's rollouts can be computed anew. What does know the old reward are the critics,
which close each rollout, and the policy, which proposes candidates. They learn the new one from the stored and the
generated transitions alone, as in relabelling (Andrychowicz et al. 2017) and MBPO (Janner et al. 2019).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from ros_rl.errors import ConfigError
from ros_rl.features import ObservationSpec
from ros_rl.replay.buffer import ReplayBuffer
from ros_rl.runtime.saved_run import SavedRun
from ros_rl.tasks import Task
from ros_rl.types import Transition

REPORT_EVERY = 500
"""Updates between two progress lines."""


def relabel(replay: ReplayBuffer, spec: ObservationSpec, task: Task) -> ReplayBuffer:
    """The same transitions with the rewards and terminations of another task."""
    batch = replay.at(np.arange(len(replay)))
    before, after = spec.split(batch.observation), spec.split(batch.next_observation)
    reward = task.reward(before, before["last_action"], after["last_action"], after)
    terminated = task.terminated(after)
    fresh = ReplayBuffer(replay.capacity, spec.size, spec.action_size)
    for index in range(len(replay)):
        fresh.add(
            Transition(
                tick=index,
                episode=0,
                observation=batch.observation[index],
                action=batch.action[index],
                reward=float(reward[index]),
                next_observation=batch.next_observation[index],
                terminated=bool(terminated[index]),
                truncated=False,
            )
        )
    return fresh


def relearn(run: SavedRun, updates: int, tell: Callable[[str], None]) -> None:
    """Teach critics and policy the run's task of now from its own transitions; the model stays as it is.

    Args:
        run: The run.
        updates: Updates of the critics, with as many of the policy to each as in training.
        tell: Takes lines of progress.

    Raises:
        ConfigError: The run's settings learn nothing.
    """
    agent, training = run.agent, run.training
    if not agent.updates_per_step:
        raise ConfigError("'learner.updates_per_step' is 0 in this run, so its critics learn no other reward")
    agent.settings = replace(agent.settings, model=replace(agent.settings.model, updates_per_step=0.0))
    replay = relabel(training.replay, training.spec, run.settings.task)
    target, told = agent.updates + updates, 0
    while agent.updates < target:
        metrics = agent.train(replay, training.warmup + training.rounds)
        done = updates - target + agent.updates
        if metrics and (done - told >= REPORT_EVERY or done >= updates):
            tell(f"update {done} of {updates}: critic loss {metrics['critic_loss']:.3f}, Q {metrics['q_mean']:.1f}")
            told = done


def transfer(run: SavedRun, updates: int, tell: Callable[[str], None]) -> bytes:
    """A control graph of a run's networks under its settings of now.

    Args:
        run: The run, opened with the settings that the graph is to have.
        updates: See `relearn`; 0 keeps critics and policy as the run left them.
        tell: Takes lines of progress.
    """
    if updates:
        relearn(run, updates, tell)
    return run.training.graph()
