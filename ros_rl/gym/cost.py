# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""What a training in an environment will cost, measured for a moment before it begins."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch

from ros_rl.agents.agent import Agent
from ros_rl.agents.factory import make_agent
from ros_rl.gym.environment import Environment
from ros_rl.gym.graph_actor import GraphActor
from ros_rl.gym.observations import Observed
from ros_rl.replay.buffer import ReplayBuffer
from ros_rl.settings.tree import Settings

_MEASURED_SECONDS = 1.0  # of decisions, and of updates
_FIRST, _FEWEST, _MOST = 2, 5, 400  # calls: those that are not counted, and how many of the others
_RANDOM_STEPS = 200
_WORTH_TELLING = 180.0  # s
_FEW_STEPS = 500  # so few are over soon enough, and not worth a measurement


@dataclass(frozen=True)
class Cost:
    """Seconds that each part of an environment step takes on this machine, as it is now.

    Attributes:
        decision: Of the agent [s].
        updates: All that are due at a step [s].
        step: Of the environment [s].
        evaluations: Number of evaluation episodes, the final ones among them.
        episode_steps: Length of each at most; None if the environment does not tell.
    """

    decision: float
    updates: float
    step: float
    evaluations: int
    episode_steps: int | None

    def training_seconds(self, steps: int, random: int) -> float:
        """So many steps, of which some are random and without updates."""
        return steps * self.step + (steps - random) * (self.decision + self.updates)

    @property
    def evaluation_seconds(self) -> float:
        """All evaluations, at most; 0 if nobody knows."""
        return self.evaluations * (self.episode_steps or 0) * (self.decision + self.step)

    def line(self, steps: int, random: int) -> str:
        """What it will take, for the terminal; empty if it is over in a few minutes.

        Args:
            steps: Of the training, from now on.
            random: How many of them are random.
        """
        training, judging = self.training_seconds(steps, random), self.evaluation_seconds
        if training + judging < _WORTH_TELLING:
            return ""
        each = (f"{1e3 * value:.1f} ms" for value in (self.decision, self.updates, self.step))
        parts = "about {} a decision, {} of updates and {} of the environment a step".format(*each)
        also = f", their {self.evaluations} evaluation episodes at most {_duration(judging)}" if judging else ""
        return f"{parts}, on this machine as it is now: {steps} steps take about {_duration(training)}{also}"


def measure(settings: Settings, environment: Environment) -> Cost | None:
    """Measure with an agent of the same settings, which is then forgotten; no random number of the run is drawn.

    Args:
        settings: Of the run.
        environment: One that the run will reset with a seed before it uses it.

    Returns:
        None if there are too few steps to be worth it.
    """
    learner, judged = settings.learner, settings.evaluator
    steps = settings.training_steps
    if not settings.agent.learns or settings.agent.offline or steps - learner.warmup_steps < _FEW_STEPS:
        return None
    with torch.random.fork_rng():
        agent = make_agent(environment.layout, settings)
        replay, observation, step = _acted_at_random(settings, environment)
        actor = GraphActor(agent.graph, 1.0, settings.seed)
        updates = _mean_seconds(_trains(agent, replay, steps))
        decision = _mean_seconds(lambda tick: actor.act(observation, tick))
    count = (steps - 1) // judged.every if judged.every else 0
    evaluations = count * judged.episodes + judged.final_episodes
    return Cost(decision, updates, step, evaluations, environment.step_limit)


def _acted_at_random(settings: Settings, environment: Environment) -> tuple[ReplayBuffer, Observed, float]:
    """A buffer of random steps, a last observation, and the time that a step took [s]."""
    layout, rng = environment.layout, np.random.default_rng(settings.seed)
    sizes = (max(100, _RANDOM_STEPS), layout.size, layout.action_size)
    agent, drawn_as = settings.agent, settings.learner.replay
    seen = (layout.images, agent.frames, agent.chunk)
    replay = ReplayBuffer(*sizes, settings.seed, agent.gamma, drawn_as, *seen)
    taken, episode, observation = 0.0, 0, environment.reset(settings.seed)
    for tick in range(_RANDOM_STEPS):
        drawn = rng.uniform(-1.0, 1.0, layout.action_size)
        action = np.floor(0.5 * (drawn + 1.0) * layout.choices) if layout.choices else drawn
        started = time.perf_counter()
        after, reward, terminated, truncated = environment.step(action.astype(np.float32))
        taken += time.perf_counter() - started
        replay.add(observation.to(after, tick + episode, episode, action, reward, terminated, truncated))
        observation = environment.reset() if terminated or truncated else after
        episode += terminated or truncated
        if taken > _MEASURED_SECONDS and tick + 1 >= _FEWEST:
            break
    return replay, observation, taken / (tick + 1)


def _trains(agent: Agent, replay: ReplayBuffer, steps: int) -> Callable[[int], object]:
    """A round of updates as they are in the middle of a training."""
    return lambda number: agent.train(replay, steps // 2 + number)


def _mean_seconds(call: Callable[[int], object]) -> float:
    """Mean time of a call [s], the first ones aside, in which memory is allocated."""
    for number in range(_FIRST):
        call(number)
    started = time.perf_counter()
    for done in range(1, _MOST + 1):
        call(_FIRST + done)
        passed = time.perf_counter() - started
        if passed > _MEASURED_SECONDS and done >= _FEWEST:
            break
    return passed / done


def _duration(seconds: float) -> str:
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 90 * 60 else f"{seconds / 3600:.1f} h"
